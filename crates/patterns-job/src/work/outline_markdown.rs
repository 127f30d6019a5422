//! Outlines as Markdown, to be edited and taken back.
//!
//! ```text
//! # Small harbours
//!
//! ## What it costs
//!
//! - id: costs
//! - words: 300
//! - after: history, silt
//!
//! What dredging costs, and who pays for it.
//! ```
//!
//! Only the headings are needed. A line of a brief that would be read as something else begins with a
//! backslash, as Markdown has it.

use std::fmt::Write;

use patterns_parallel::sectioning::{Outline, SectionBrief};

/// Writes an outline as Markdown. Reading that gives the outline again.
pub fn outline_markdown(outline: &Outline) -> String {
    let mut text = String::new();
    if let Some(title) = &outline.title {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# {title}");
    }
    for section in &outline.sections {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}## {}\n\n- id: {}", section.title, section.id);
        if let Some(words) = section.words {
            let _ = writeln!(text, "- words: {words}");
        }
        if !section.depends_on.is_empty() {
            let _ = writeln!(text, "- after: {}", section.depends_on.join(", "));
        }
        if !section.brief.is_empty() {
            let _ = writeln!(text, "\n{}", escaped(&section.brief));
        }
    }
    text
}

/// Reads an outline that is written as Markdown, and checks it, or says what is wrong with it.
pub(crate) fn read_outline(text: &str) -> Result<Outline, String> {
    let mut outline = Outline::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end();
        let wrong = |what: &str| format!("line {}: {what}", number + 1);
        if let Some(title) = heading(line, "##") {
            outline.sections.push(SectionBrief::named(title));
        } else if let Some(section) = outline.sections.last_mut() {
            take_line(section, line).map_err(|it| wrong(&it))?;
        } else if let Some(title) = heading(line, "#") {
            outline.title = Some(title.to_owned());
        } else if !line.trim().is_empty() {
            return Err(wrong(
                "a section begins with a heading, such as `## History`",
            ));
        }
    }
    if outline.sections.is_empty() {
        return Err("there is no section; each begins with a heading, such as `## History`".into());
    }
    outline.checked().map_err(|it| it.to_string())
}

fn heading<'a>(line: &'a str, level: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(level)?;
    rest.starts_with([' ', '\t']).then_some(rest)
}

/// Takes a line below the heading of a section.
fn take_line(section: &mut SectionBrief, line: &str) -> Result<(), String> {
    if heading(line, "#").is_some() {
        return Err(
            "there is one title, above all sections; their headings begin with `##`".into(),
        );
    }
    let entry = line.strip_prefix("- ").filter(|_| section.brief.is_empty());
    let entry = entry.and_then(|it| it.split_once(':'));
    match entry.map(|(key, value)| (key.trim(), value.trim())) {
        Some(("id", value)) => value.clone_into(&mut section.id),
        Some(("words", value)) => {
            let words = value.parse().ok().filter(|it| *it > 0);
            let no_number = || format!("{value:?} is no number of words");
            section.words = Some(words.ok_or_else(no_number)?);
        }
        Some(("after", value)) => {
            let ids = value.split(',').filter(|it| !it.trim().is_empty());
            section.depends_on.extend(ids.map(str::to_owned));
        }
        _ => {
            let line = line.trim();
            let line = line.strip_prefix('\\').unwrap_or(line);
            if !section.brief.is_empty() && !line.is_empty() {
                section.brief.push(' ');
            }
            section.brief.push_str(line);
        }
    }
    Ok(())
}

/// Keeps a brief from being read as a heading, as an entry, or as escaped.
fn escaped(brief: &str) -> String {
    match brief.starts_with(['#', '-', '\\']) {
        true => format!("\\{brief}"),
        false => brief.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_outline_by_hand_needs_headings_only() {
        let text = "# Harbours\n\n## History\nFrom 1850 on,\nin short.\n\n- the quay\n\n## Costs\n\
                    - words: 200\n- after: History\n## End\n";
        let outline = read_outline(text).unwrap();
        insta::assert_snapshot!(outline_markdown(&outline), @r"
        # Harbours

        ## History

        - id: history

        From 1850 on, in short. - the quay

        ## Costs

        - id: costs
        - words: 200
        - after: history

        ## End

        - id: end
        ");
    }

    #[test]
    fn what_is_no_outline_is_said_with_its_line() {
        let wrong = |text| read_outline(text).unwrap_err();
        insta::assert_snapshot!(
            [
                wrong(""),
                wrong("# Title\n\nSome text."),
                wrong("## A\n- words: many"),
                wrong("## A\n# B"),
                wrong("## A\n## a"),
            ]
            .join("\n"),
            @r##"
        there is no section; each begins with a heading, such as `## History`
        line 3: a section begins with a heading, such as `## History`
        line 2: "many" is no number of words
        line 2: there is one title, above all sections; their headings begin with `##`
        two sections have the title "a"
        "##
        );
    }

    fn outlines() -> impl Strategy<Value = Outline> {
        let text = "[a-z#\\\\:, \"<\\-\n\u{85}\u{e4}]{0,20}";
        let section = (
            text,
            text,
            any::<Option<u32>>(),
            prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        );
        let sections = prop::collection::vec(section, 1..8);
        (any::<Option<bool>>(), text, sections).prop_map(|(has_title, title, sections)| {
            let briefs = sections.iter().enumerate().map(|(n, it)| SectionBrief {
                id: String::new(),
                title: format!("{}{n}", it.0),
                brief: it.1.clone(),
                words: it.2,
                depends_on: Vec::new(),
            });
            let mut outline = Outline::new(briefs.collect::<Vec<_>>());
            outline.title = has_title.map(|_| title);
            let mut outline = outline.checked().unwrap();
            let ids: Vec<String> = outline.sections.iter().map(|it| it.id.clone()).collect();
            for (n, (section, drawn)) in outline.sections.iter_mut().zip(&sections).enumerate() {
                let earlier = drawn
                    .3
                    .iter()
                    .filter(|_| n > 0)
                    .map(|it| it.index(n.max(1)));
                section.depends_on = earlier.map(|it| ids[it].clone()).collect();
            }
            outline
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_unchanged(outline in outlines()) {
            let outline = outline.checked().unwrap();
            let text = outline_markdown(&outline);
            let read = read_outline(&text);
            prop_assert_eq!(read.as_ref(), Ok(&outline), "{}", text);
            prop_assert_eq!(outline_markdown(&read.unwrap()), text);
        }
    }
}

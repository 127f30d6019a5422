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
//! backslash, as Markdown has it. Front matter, and comments that begin a line, are for those who edit it.

use std::fmt::Write;
use std::ops::Range;

use patterns_core::nearest;
use patterns_parallel::sectioning::{Outline, SectionBrief};
use pulldown_cmark::{Event, Tag};

use super::markdown::{
    FILE, Heading, Open, edited, events, heading_line, headings, left_open, unescaped_end,
};

/// Writes an outline as Markdown. Reading that gives the outline again, if it was checked.
pub fn outline_text(outline: &Outline) -> String {
    let mut text = String::new();
    if let Some(title) = &outline.title {
        text += &format!("{}\n", heading_line(1, title));
    }
    for section in &outline.sections {
        let gap = if text.is_empty() { "" } else { "\n" };
        let heading = heading_line(2, &section.title);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{gap}{heading}\n\n- id: {}", section.id);
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

/// Reads an outline that is written as Markdown, and checks it; says what is wrong, and in which line.
pub(crate) fn read_outline(text: &str) -> Result<Outline, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n");
    let outline = read(&text).map_err(|(at, what)| {
        let line = text[..at].matches('\n').count() + 1;
        format!("line {line}: {what}")
    })?;
    if outline.sections.is_empty() {
        return Err(
            "there is no section; each begins with a heading, such as `## History`".to_owned(),
        );
    }
    outline.checked().map_err(|it| it.to_string())
}

/// What is wrong, and at which byte.
type Wrong = (usize, String);

fn read(text: &str) -> Result<Outline, Wrong> {
    if let Some(open) = left_open(text, FILE) {
        let (at, what) = match open {
            Open::Fence(at, _) => (at, "fence"),
            Open::Markup(at) => (at, "comment or markup"),
        };
        let what = format!("nothing closes this {what}, so all that follows is a part of it");
        return Err((at, what));
    }
    let headings = headings(text, FILE).into_iter();
    let headings: Vec<Heading> = headings.filter(|it| it.is_top && it.level <= 2).collect();
    let mut ends = headings.iter().map(|it| it.range.start).chain([text.len()]);
    let text = without_comments(text);
    let mut outline = Outline::default();
    no_words(lines(&text, 0..ends.next().unwrap_or_default()))?;
    for (n, (heading, end)) in headings.iter().zip(ends).enumerate() {
        let below = lines(&text, heading.range.end..end);
        let title = unescaped_end(&heading.source);
        match heading.level {
            1 if n > 0 => {
                let what = "there is one title, above all sections; their headings begin with `##`";
                return Err((heading.range.start, what.to_owned()));
            }
            1 => {
                no_words(below)?;
                outline.title = Some(title);
            }
            _ if title.is_empty() => {
                return Err((heading.range.start, "a section has no title".to_owned()));
            }
            _ => {
                let mut section = SectionBrief::named(title);
                for (at, line) in below {
                    take_line(&mut section, line).map_err(|it| (at, it))?;
                }
                outline.sections.push(section);
            }
        }
    }
    Ok(outline)
}

/// Refuses words above the first section.
fn no_words<'a>(mut lines: impl Iterator<Item = (usize, &'a str)>) -> Result<(), Wrong> {
    match lines.find(|it| !it.1.trim().is_empty()) {
        None => Ok(()),
        Some((at, _)) => {
            let what = "a section begins with a heading, such as `## History`";
            Err((at, what.to_owned()))
        }
    }
}

/// Puts blanks in the place of what is no part of an outline: comments and front matter.
fn without_comments(text: &str) -> String {
    let hidden = events(text, FILE).filter_map(|(event, range)| match event {
        Event::Start(Tag::MetadataBlock(_)) => Some(range),
        Event::Start(Tag::HtmlBlock) => {
            let comments = comments(&text[range.clone()]);
            Some(range.start..range.start + comments)
        }
        _ => None,
    });
    let blank = |it: u8| if it == b'\n' { '\n' } else { ' ' };
    let blanks = hidden.map(|it| (it.clone(), text[it].bytes().map(blank).collect()));
    edited(text, blanks.collect())
}

/// Returns where the comments end with which markup begins.
fn comments(markup: &str) -> usize {
    let mut end = 0;
    while markup[end..].trim_start().starts_with("<!--") {
        let close = markup[end..].find("-->");
        end = close.map_or(markup.len(), |it| end + it + 3);
    }
    end
}

/// Returns the lines of a part of a text, each with its place.
fn lines(text: &str, part: Range<usize>) -> impl Iterator<Item = (usize, &str)> {
    let mut at = part.start;
    text[part].split_inclusive('\n').map(move |line| {
        at += line.len();
        (at - line.len(), line)
    })
}

/// Takes a line below the heading of a section.
fn take_line(section: &mut SectionBrief, line: &str) -> Result<(), String> {
    let line = line.trim();
    let entry = line
        .strip_prefix(['-', '*', '+'])
        .filter(|it| it.starts_with([' ', '\t']));
    let entry = entry.filter(|_| section.brief.is_empty());
    let entry = entry.and_then(|it| it.split_once(':'));
    let entry = entry.map(|(key, value)| (key.trim().to_lowercase(), value.trim()));
    let Some((key, value)) = entry else {
        add_to_brief(section, line);
        return Ok(());
    };
    let is_again = match key.as_str() {
        "id" => !std::mem::replace(&mut section.id, value.to_owned()).is_empty(),
        "words" => {
            let words = value.parse().ok().filter(|it| *it > 0);
            let no_number = || format!("{value:?} is no number of words");
            section
                .words
                .replace(words.ok_or_else(no_number)?)
                .is_some()
        }
        "after" => {
            let named = value.split(',').map(|it| it.trim().to_owned());
            let named = named.filter(|it| !it.is_empty()).collect();
            !std::mem::replace(&mut section.depends_on, named).is_empty()
        }
        "depends_on" => return Err("write `- after: …` for what a section builds on".to_owned()),
        other => match nearest(other, ["words", "after"]) {
            // Of `- works: with oars`, the brief is made.
            Some(meant)
                if meant.len().abs_diff(other.len()) <= 1
                    && (meant == "after" || value.parse::<u32>().is_ok()) =>
            {
                return Err(format!("there is no `{other}`; did you mean `{meant}`?"));
            }
            _ => {
                add_to_brief(section, line);
                false
            }
        },
    };
    match is_again {
        true => Err(format!("the section has `{key}` already")),
        false => Ok(()),
    }
}

fn add_to_brief(section: &mut SectionBrief, line: &str) {
    let line = line.strip_prefix('\\').unwrap_or(line);
    if !section.brief.is_empty() && !line.is_empty() {
        section.brief.push(' ');
    }
    section.brief.push_str(line);
}

/// Keeps a brief from being read as a heading, an entry, a fence, a comment, or as escaped.
fn escaped(brief: &str) -> String {
    let has_meaning = brief.starts_with(['#', '-', '*', '+', '\\', '`', '~', '<']);
    format!("{}{brief}", if has_meaning { "\\" } else { "" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_outline_by_hand_needs_headings_only() {
        let text = "\u{feff}---\ntitle: of a blog\n---\n# Harbours\r\n\n<!-- to do:\n## No -->\n## History ##\nFrom \
                    1850 on,\nin short.\n\n- the quay\n### Early\n```\n## no\n```\nCosts, and fees\n---\n* Words: \
                    200\n+ After: History\n<!-- x --> <!-- y --> So.\n## C #\n\n- after: costs-and-fees, history\n- works: so\n";
        insta::assert_snapshot!(outline_text(&read_outline(text).unwrap()), @r"
        # Harbours

        ## History

        - id: history

        From 1850 on, in short. - the quay ### Early ``` ## no ```

        ## Costs, and fees

        - id: costs-and-fees
        - words: 200
        - after: history

        So.

        ## C

        - id: c
        - after: costs-and-fees, history

        \- works: so
        ");
    }

    #[test]
    fn what_is_no_outline_is_said_with_its_line() {
        let wrong = |text| read_outline(text).unwrap_err();
        insta::assert_snapshot!(
            [
                wrong(""),
                wrong("# Title\n\nSome text."),
                wrong("\nSome text.\n## A"),
                wrong("## A\n- words: many"),
                wrong("## A\n# B"),
                wrong("## A\n## a"),
                wrong("## A\n\n## \n"),
                wrong("## A\n```\n## B\n## C"),
                wrong("## A\n<!-- ## B\n## C"),
                wrong("## A\n- word: 20"),
                wrong("## A\n- depends_on: b"),
                wrong("## A\n- words: 20\n- words: 30"),
                wrong("## A\n- after: A, b"),
            ]
            .join("\n"),
            @r##"
        there is no section; each begins with a heading, such as `## History`
        line 3: a section begins with a heading, such as `## History`
        line 2: a section begins with a heading, such as `## History`
        line 2: "many" is no number of words
        line 2: there is one title, above all sections; their headings begin with `##`
        two sections have the title "a"
        line 3: a section has no title
        line 2: nothing closes this fence, so all that follows is a part of it
        line 2: nothing closes this comment or markup, so all that follows is a part of it
        line 2: there is no `word`; did you mean `words`?
        line 2: write `- after: …` for what a section builds on
        line 3: the section has `words` already
        "A" builds on "b", which is no section; there is a
        "##
        );
    }

    fn outlines() -> impl Strategy<Value = Outline> {
        let text = "[a-z#\\\\:, \"<>!`~*_+=|\\[\\]()&0-9.\\-\n\u{85}\u{e4}\u{202e}\u{1f6a2}]{0,20}";
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
                title: format!("{n}{}", it.0),
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
            let text = outline_text(&outline);
            let read = read_outline(&text);
            prop_assert_eq!(read.as_ref(), Ok(&outline), "{}", text);
            prop_assert_eq!(outline_text(&read.unwrap()), text);
        }
    }
}

//! Puts a text that a model has written in its place in a piece.
//!
//! It was written as if it were alone. Here its headings go below that of its section, what it leaves open is
//! closed, its links no longer lead by names that another section may define otherwise, and its footnotes
//! have names of their own.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};

use crate::sectioning::markdown::{
    Heading, PART, edited, events, heading_line, headings, sealed, verbatim,
};
use crate::sectioning::wording::one_line;

/// Puts the text of a section with this title, whose heading is on this level, in its place. The names of
/// footnotes in the piece so far are told, and added to.
pub(super) fn placed(
    content: &str,
    (title, level): (&str, usize),
    footnotes: &mut HashSet<String>,
) -> String {
    let text = lowered(&sealed(content.trim()), title, level);
    let text = with_footnotes_of_its_own(&without_references(text), footnotes);
    text.trim().to_owned()
}

/// Puts the headings of a text below one of this level, and leaves out a first line that only repeats it: as a
/// heading, in bold letters, or bare.
fn lowered(text: &str, title: &str, level: usize) -> String {
    let headings = headings(text, PART).into_iter();
    let edits = headings.map(|it| lower(text, it, level));
    let mut edits: Vec<(Range<usize>, String)> = edits.collect();
    if let Some(end) = repeated(text, title) {
        edits.insert(0, (0..end, String::new()));
    }
    edited(text, edits)
}

/// Returns where the title has its end with which a text begins. A text that is nothing else keeps it.
fn repeated(text: &str, title: &str) -> Option<usize> {
    let first = headings(text, PART).into_iter().next();
    let first = first.filter(|it| it.is_top && text[..it.range.start].trim().is_empty());
    let (end, is_repeated) = match first {
        Some(it) => (it.range.end, is_same(&it.shown, title)),
        None => {
            let line = text.lines().next().unwrap_or_default();
            (line.len(), is_same(line, title))
        }
    };
    (is_repeated && !text[end..].trim().is_empty()).then_some(end)
}

/// Puts a heading below one of this level.
fn lower(text: &str, heading: Heading, level: usize) -> (Range<usize>, String) {
    let Range { start, end } = heading.range;
    match heading.marks {
        // Its line is below it.
        0 => {
            let end = start + text[start..end].trim_end().len();
            (
                start..end,
                heading_line(heading.level + level, &heading.source),
            )
        }
        marks => (start..start + marks, "#".repeat((marks + level).min(6))),
    }
}

/// Returns whether a heading says the same as a title, its number aside.
fn is_same(heading: &str, title: &str) -> bool {
    let (heading, title) = (one_line(heading), one_line(title));
    let heading = heading.trim_matches(['*', '_']).trim_end_matches(':');
    let numbered = heading.split_once(' ').filter(|it| {
        let is_number = |it: char| it.is_ascii_digit() || it == '.';
        it.0.chars().all(is_number)
    });
    let bare = numbered.map_or(heading, |it| it.1.trim());
    [heading, bare]
        .iter()
        .any(|it| it.to_lowercase() == title.to_lowercase())
}

/// Writes where links lead to into the links, and leaves out the list of it.
fn without_references(mut text: String) -> String {
    // What was defined twice is a definition once the first is gone.
    for _ in 0..8 {
        let parser = Parser::new_ext(&text, PART);
        let definitions = parser.reference_definitions().iter();
        let mut edits: Vec<(Range<usize>, String)> = definitions
            .map(|(_, it)| (with_gap(&text, it.span.clone()), String::new()))
            .collect();
        if edits.is_empty() {
            break;
        }
        // Where what a link shows has its end, for all links that are open.
        let mut open: Vec<(Option<String>, usize, bool)> = Vec::new();
        for (event, range) in parser.into_offset_iter() {
            // That of `[a][]` has its end before the last two.
            let behind = text[range.end..].starts_with("[]");
            let mut end = range.end;
            match event {
                Event::Start(
                    Tag::Link {
                        link_type,
                        dest_url,
                        title,
                        ..
                    }
                    | Tag::Image {
                        link_type,
                        dest_url,
                        title,
                        ..
                    },
                ) => {
                    let is_named = matches!(
                        link_type,
                        LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut
                    );
                    let to = is_named.then(|| target(&dest_url, &title));
                    open.push((to, range.start, link_type == LinkType::Collapsed));
                }
                Event::End(TagEnd::Link | TagEnd::Image) => {
                    if let Some((Some(to), shown, is_collapsed)) = open.pop() {
                        end += if is_collapsed && behind { 2 } else { 0 };
                        edits.push((shown..end, to));
                    }
                    open.iter_mut().for_each(|it| it.1 = it.1.max(end));
                }
                _ => open.iter_mut().for_each(|it| it.1 = it.1.max(end)),
            }
        }
        text = edited(&text, edits);
    }
    text
}

/// Adds the gap behind them to lines that go.
fn with_gap(text: &str, mut lines: Range<usize>) -> Range<usize> {
    if lines.start == 0 || text[..lines.start].ends_with('\n') {
        lines.end = text.len() - text[lines.end..].trim_start_matches('\n').len();
    }
    lines
}

/// Writes the end of a link.
fn target(url: &str, title: &str) -> String {
    let is_plain = !url.is_empty() && !url.contains(['<', '>', '(', ')', '\\']);
    let is_plain = is_plain && !url.contains(|it: char| it.is_whitespace() || it.is_control());
    let url = match is_plain {
        true => url.to_owned(),
        false => format!(
            "<{}>",
            one_line(url).replace('<', "%3C").replace('>', "%3E")
        ),
    };
    match one_line(title).replace('"', "\\\"").as_str() {
        "" => format!("]({url})"),
        title => format!("]({url} \"{title}\")"),
    }
}

/// Gives footnotes other names where theirs are taken. A mark of none, which might be one of another section,
/// is shown as it is.
fn with_footnotes_of_its_own(text: &str, taken: &mut HashSet<String>) -> String {
    if !text.contains("[^") {
        return text.to_owned();
    }
    let mut own: HashMap<String, String> = HashMap::new();
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (event, range) in events(text, PART) {
        let (Event::FootnoteReference(name) | Event::Start(Tag::FootnoteDefinition(name))) = event
        else {
            continue;
        };
        let name = name.to_lowercase();
        let new = own.entry(name.clone()).or_insert_with(|| {
            let numbered = (2..).map(|n: u32| format!("{name}-{n}"));
            let mut names = std::iter::once(name.clone()).chain(numbered);
            names
                .find(|it| taken.insert(it.clone()))
                .unwrap_or_default()
        });
        if let Some(length) = text[range.start..].find(']') {
            edits.push((range.start..range.start + length, format!("[^{new}")));
        }
    }
    let fixed = verbatim(text);
    let known: HashSet<usize> = edits.iter().map(|it| it.0.start).collect();
    let foreign = text.match_indices("[^").map(|it| it.0).filter(|at| {
        let is_fixed = fixed.iter().any(|it| it.contains(at));
        !is_fixed && !known.contains(at) && !text[..*at].ends_with('\\')
    });
    let escapes: Vec<_> = foreign.map(|at| (at..at, "\\".to_owned())).collect();
    edits.extend(escapes);
    edited(text, edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        let mut taken = HashSet::from(["1".to_owned()]);
        placed(text, ("Silt", 2), &mut taken)
    }

    #[test]
    fn headings_go_below_that_of_the_section_however_they_are_written() {
        for (text, placed) in [
            ("# 1. Silt\n\nIt settles.", "It settles."),
            ("Silt\n====\nIt settles.", "It settles."),
            ("# Silt and mud", "### Silt and mud"),
            ("Why\n===\nIt *is\nso*\n---\n", "### Why\n#### It *is so*"),
            ("#1 of all\n===", "### #1 of all"),
            ("~~~\n# no\n~~~\n  ## Why", "~~~\n# no\n~~~\n  #### Why"),
            ("> # Said\n\n- # Listed", "> ### Said\n\n- ### Listed"),
            ("#\tWhy #", "###\tWhy #"),
            ("###### Deep", "###### Deep"),
        ] {
            assert_eq!(of(text), placed, "{text}");
        }
    }

    #[test]
    fn a_first_line_that_only_repeats_the_title_is_left_out() {
        for first in [
            "# Silt",
            "### 1. silt ##",
            "**Silt**",
            "Silt",
            "2.1 Silt:",
            "# *Silt*",
        ] {
            let content = format!("{first}\n\nIt settles.\nSilt");
            assert_eq!(of(&content), "It settles.\nSilt", "{first}");
        }
        for first in ["Silt settles.", "`Silt`", "- Silt"] {
            let content = format!("{first}\n\nIt settles.");
            assert_eq!(of(&content), content);
        }
        assert_eq!(of("Silt"), "Silt");
    }

    #[test]
    fn names_of_one_section_mean_nothing_in_another() {
        for (text, placed) in [
            (
                "See [it][a], [a], [A][].\n\n[a]: http://x",
                "See [it](http://x), [a](http://x), [A](http://x).",
            ),
            (
                "![p][a]\n\n[a]: <x y> \"A \\\"b\\\"\"\n[a]: z",
                "![p](<x y> \"A \\\"b\\\"\")",
            ),
            ("[![p][a]][b]\n\n[a]: c\n[b]: d(e)", "[![p](c)](<d(e)>)"),
            (
                "So [^1] and [^b].\n\n[^1]: One.\n[^b]: Two.",
                "So [^1-2] and [^b].\n\n[^1-2]: One.\n[^b]: Two.",
            ),
            ("So [^1] `[^2]`.", "So \\[^1] `[^2]`."),
            ("[a] and `[a]: b`", "[a] and `[a]: b`"),
            (
                "So.\n\n[a]: b\n[c]: d\n\nSo.\n\n> [e]: f\n> So.",
                "So.\n\nSo.\n\n> \n> So.",
            ),
        ] {
            assert_eq!(of(text), placed, "{text}");
        }
    }
}

//! Puts a text that a model has written in its place in a piece.
//!
//! It was written as if it were alone. Here its headings go below that of its section, what it leaves open is
//! closed, its links no longer lead by names that another section may define otherwise, and its footnotes
//! are numbered with those of the others.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Parser, Tag};

use super::markdown::{Heading, PART, brackets, edited, events, heading_line, headings, sealed};
use super::wording::one_line;

/// Puts the text of a section with this title, whose heading is on this level, in its place, behind so many
/// footnotes.
pub(super) fn placed(content: &str, (title, level): (&str, usize), footnotes: &mut u32) -> String {
    let text = lowered(&sealed(content.trim()), title, level);
    let text = with_numbered_footnotes(&without_references(text), footnotes);
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
        let events = parser.into_offset_iter();
        edits.extend(events.filter_map(|(event, range)| inline(&text, event, range)));
        text = edited(&text, edits);
    }
    text
}

/// Returns the end of a link that names where it leads to, and what it is with that written into it.
fn inline(text: &str, event: Event<'_>, link: Range<usize>) -> Option<(Range<usize>, String)> {
    let Event::Start(
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
    ) = event
    else {
        return None;
    };
    let shown = &text[link.clone()];
    let (start, end) = match link_type {
        LinkType::Reference => (shown.rfind("][")?, link.end),
        // That of `[a][]` has its end before the last two.
        LinkType::Collapsed if text[link.end..].starts_with("[]") => {
            (shown.rfind(']')?, link.end + 2)
        }
        LinkType::Collapsed => (shown.rfind("][")?, link.end),
        LinkType::Shortcut => (shown.rfind(']')?, link.end),
        _ => return None,
    };
    Some((link.start + start..end, target(&dest_url, &title)))
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

/// Numbers footnotes through the whole piece, of which this was the last number so far. A mark of none, which
/// might be one of another section, is shown as it is.
fn with_numbered_footnotes(text: &str, last: &mut u32) -> String {
    let (mut numbers, mut edits) = (HashMap::new(), Vec::new());
    if !text.contains("[^") {
        return text.to_owned();
    }
    for (event, range) in events(text, PART) {
        let (Event::FootnoteReference(name) | Event::Start(Tag::FootnoteDefinition(name))) = event
        else {
            continue;
        };
        let number = *numbers.entry(name.to_lowercase()).or_insert_with(|| {
            *last += 1;
            *last
        });
        if let Some(length) = text[range.start..].find(']') {
            edits.push((range.start..range.start + length, format!("[^{number}")));
        }
    }
    let foreign = brackets(text)
        .into_iter()
        .filter(|it| text[*it..].starts_with("[^"));
    edits.extend(foreign.map(|at| (at..at, "\\".to_owned())));
    edited(text, edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        placed(text, ("Silt", 2), &mut 6)
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
                "So [^7] and [^8].\n\n[^7]: One.\n[^8]: Two.",
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

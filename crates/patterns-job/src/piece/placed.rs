//! Puts a text that a model has written in its place in a piece.
//!
//! It was written as if it were alone. Here its headings go below that of its section, what it leaves open is
//! closed, and names of links and of footnotes, which another section may define otherwise, define nothing.

use std::ops::Range;

use patterns_core::text::one_line;
use pulldown_cmark::{Event, Parser, Tag};

use super::markdown::{Heading, PART, edited, heading_line, headings, sealed};

/// Puts the text of a section with this title, whose heading is on this level, in its place.
pub(super) fn placed(content: &str, title: &str, level: usize) -> String {
    // Of a definition that a line of dashes follows, its mark makes a heading; and without its first line, a
    // text may begin with a definition.
    let text = without_definitions(sealed(content.trim()));
    let text = without_definitions(lowered(&text, title, level));
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
    let [heading, title] = [heading, title].map(|it| one_line(it).to_lowercase());
    let heading = heading.trim_matches(['*', '_']).trim_end_matches(':');
    let is_of_number = |it: char| it.is_ascii_digit() || it == '.';
    let bare = heading.trim_start_matches(is_of_number);
    title == heading || bare.strip_prefix(' ') == Some(&*title)
}

/// Shows definitions of links and of footnotes as they are written. Without one, their names mean nothing, here
/// and in every other section.
pub(super) fn without_definitions(mut text: String) -> String {
    // What was defined twice is a definition once the first is none.
    loop {
        let parser = Parser::new_ext(&text, PART);
        let links = parser.reference_definitions().iter();
        let mut starts: Vec<usize> = links.map(|it| it.1.span.start).collect();
        let of_note = |it: &Event<'_>| matches!(it, Event::Start(Tag::FootnoteDefinition(_)));
        let notes = parser.into_offset_iter().filter(|it| of_note(&it.0));
        starts.extend(notes.map(|it| it.1.start));
        if starts.is_empty() {
            return text;
        }
        let edits = starts.into_iter().map(|at| (at..at, "\\".to_owned()));
        text = edited(&text, edits.collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        placed(text, "Silt", 2)
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
        // A summary has no title that its first line could repeat.
        assert_eq!(placed("42\n\nSo.", "", 1), "42\n\nSo.");
        assert_eq!(placed("5G nets\n\nSo.", "G nets", 2), "5G nets\n\nSo.");
    }

    #[test]
    fn names_of_one_section_mean_nothing_in_another() {
        for (text, placed) in [
            (
                "See [it][a], [a] `[a]: b`.\n\n[a]: http://x\n",
                "See [it][a], [a] `[a]: b`.\n\n\\[a]: http://x",
            ),
            (
                "A.\n\n[a]: b\n\nB.\n\n[a]: c",
                "A.\n\n\\[a]: b\n\nB.\n\n\\[a]: c",
            ),
            (
                "So [^1] and [^b].\n\n[^1]: One.\n[^b]: Two.",
                "So [^1] and [^b].\n\n\\[^1]: One.\n\\[^b]: Two.",
            ),
            ("> [e]: f\n> So.", "> \\[e]: f\n> So."),
            ("[g]: h\n---\n\nSo.", "#### \\[g]: h\n\nSo."),
        ] {
            assert_eq!(of(text), placed, "{text}");
        }
        let placed = of(&"[a]: b\n\n".repeat(12));
        assert_eq!(placed.matches("\\[a]: b").count(), 12);
    }
}

//! Reads Markdown as CommonMark and GitHub have it: where its headings are, what is shown as it is, and what
//! is left open at its end.
//!
//! An outline that somebody has written and a text that a model has written are read in the same way, so a
//! `#` in a fence is a heading in neither.

use std::ops::Range;

use patterns_core::text::one_line;
use pulldown_cmark::{
    CodeBlockKind, Event, HeadingLevel, OffsetIter, Options, Parser, Tag, TagEnd,
};

/// What a text may have that is a part of another; marks of citations are looked for in the same (`remarked`).
pub(super) const PART: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_FOOTNOTES);

/// What a file may have: front matter, too.
pub(super) const FILE: Options = PART.union(Options::ENABLE_YAML_STYLE_METADATA_BLOCKS);

pub(super) fn events(text: &str, options: Options) -> OffsetIter<'_> {
    Parser::new_ext(text, options).into_offset_iter()
}

/// A heading of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heading {
    /// 1 is the highest.
    pub(super) level: usize,
    /// All of it, in bytes.
    pub(super) range: Range<usize>,
    /// How many `#` it begins with; none if a line is below it instead.
    pub(super) marks: usize,
    /// Whether it stands in nothing else, such as a quotation.
    pub(super) is_top: bool,
    /// What is written, on one line, without what makes it a heading.
    pub(super) source: String,
    /// What is shown of that.
    pub(super) shown: String,
}

/// Returns the headings of a text, in order.
pub(super) fn headings(text: &str, options: Options) -> Vec<Heading> {
    let (mut found, mut open, mut depth) = (Vec::new(), None::<Heading>, 0);
    // Where the words of the one that is open have their end.
    let mut end = 0;
    for (event, range) in events(text, options) {
        match (event, &mut open) {
            (Event::Start(Tag::Heading { level, .. }), _) => {
                end = range.start;
                open = Some(Heading {
                    level: level as usize,
                    range,
                    is_top: depth == 0,
                    ..Heading::default()
                });
            }
            (Event::End(TagEnd::Heading(_)), Some(_)) => {
                found.extend(open.take().map(|it| it.written(text, end)));
            }
            (event, Some(heading)) => {
                end = end.max(range.end);
                match event {
                    Event::Text(it) | Event::Code(it) => heading.shown += &it,
                    Event::SoftBreak | Event::HardBreak => heading.shown.push(' '),
                    _ => {}
                }
            }
            (Event::Start(_), None) => depth += 1,
            (Event::End(_), None) => depth -= 1,
            _ => {}
        }
    }
    found
}

impl Heading {
    /// Sets what is written in it, whose end is here.
    fn written(mut self, text: &str, end: usize) -> Self {
        let all = &text[self.range.clone()];
        // One that is underlined has two lines or more.
        if !all.trim_end().contains('\n') {
            self.marks = all.len() - all.trim_start_matches('#').len();
        }
        self.source = if self.marks > 0 {
            let start = self.range.start + self.marks;
            one_line(&text[start..end.max(start)])
        } else {
            // Its line is below it; in a quotation, each line has a mark.
            let lines: Vec<&str> = all.trim_end().lines().collect();
            let lines = lines[..lines.len().saturating_sub(1)].iter();
            let lines: Vec<&str> = lines.map(|it| it.trim_start_matches(['>', ' '])).collect();
            one_line(&lines.join(" "))
        };
        self
    }
}

/// Writes a heading. What is written in it stays in it: on one line, and signs at its end that would be taken
/// for the end of a heading with a backslash before them.
pub(super) fn heading_line(level: usize, source: &str) -> String {
    let mut source = one_line(source);
    let words = source.trim_end_matches('#').len();
    if words < source.len() && (words == 0 || source[..words].ends_with([' ', '\\'])) {
        source.insert(words, '\\');
    }
    format!(
        "{} {source}",
        "#".repeat(level.min(HeadingLevel::H6 as usize))
    )
}

/// Returns what was written in a heading that [`heading_line`] wrote.
pub(super) fn unescaped_end(source: &str) -> String {
    let words = source.trim_end_matches('#').len();
    match source[..words].strip_suffix('\\') {
        Some(before) if words < source.len() => format!("{before}{}", &source[words..]),
        _ => source.to_owned(),
    }
}

/// Puts a title on one line, and has the markup in it shown, not interpreted: it may come from anybody.
pub(super) fn inert(title: &str) -> String {
    let line = one_line(title);
    let is_markup = |it: &(Event<'_>, Range<usize>)| matches!(it.0, Event::InlineHtml(_));
    let escapes = events(&line, PART)
        .filter(is_markup)
        .map(|(_, range)| (range.start..range.start, "\\".to_owned()));
    edited(&line, escapes.collect())
}

/// Returns the places of words, in order: of what is neither code, heading nor markup, and leads nowhere.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let (mut words, mut is_left_out) = (Vec::new(), false);
    for (event, range) in events(text, PART) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::Heading { .. }) => is_left_out = true,
            Event::End(TagEnd::CodeBlock | TagEnd::Heading(_)) => is_left_out = false,
            Event::Text(_) if !is_left_out => words.push(range),
            _ => {}
        }
    }
    words
}

/// What a text leaves open, so that all that comes behind it is a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// A fence that begins here, and what would close it.
    Fence(usize, String),
    /// Markup that begins here, such as a comment.
    Markup(usize),
}

/// Returns what a text leaves open.
pub(super) fn left_open(text: &str, options: Options) -> Option<Open> {
    let probed = format!("{text}\n\n# .\n");
    let (mut depth, mut last) = (0, None);
    for (event, range) in events(&probed, options) {
        match event {
            Event::Start(tag) => {
                if depth == 0 {
                    last = Some((tag, range.start));
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    match last? {
        (Tag::CodeBlock(CodeBlockKind::Fenced(_)), start) => {
            let line = probed[start..].trim_start();
            let mark = line.chars().next()?;
            let fence = line.chars().take_while(|it| *it == mark).collect();
            Some(Open::Fence(start, fence))
        }
        (Tag::HtmlBlock, start) => Some(Open::Markup(start)),
        _ => None,
    }
}

/// Closes what a text leaves open.
pub(super) fn sealed(text: &str) -> String {
    let mut text = text.to_owned();
    // What was markup may be a fence without it, and the other way round.
    for _ in 0..4 {
        match left_open(&text, PART) {
            None => break,
            Some(Open::Fence(_, fence)) => text = format!("{text}\n{fence}"),
            Some(Open::Markup(start)) => {
                let shown = text[start..].replace('<', "\\<");
                text.replace_range(start.., &shown);
            }
        }
    }
    text
}

/// Puts other texts in places of a text. Of two that meet, the first is put in.
pub(super) fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|it| it.0.start);
    let (mut done, mut at) = (String::new(), 0);
    for (range, with) in edits {
        if range.start >= at {
            done += &text[at..range.start];
            done += &with;
            at = range.end;
        }
    }
    done + &text[at..]
}

/// Writes a text so that Markdown shows it as it is.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let mut before = ' ';
    let mut signs = text.chars().peekable();
    while let Some(it) = signs.next() {
        // In a word it means nothing.
        let is_in_word = |next: Option<&char>| {
            before.is_alphanumeric() && next.is_some_and(|it| it.is_alphanumeric())
        };
        let is_meant = match it {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' => true,
            '_' => !is_in_word(signs.peek()),
            '&' => signs
                .peek()
                .is_some_and(|it| it.is_alphabetic() || *it == '#'),
            _ => false,
        };
        if is_meant {
            escaped.push('\\');
        }
        escaped.push(it);
        before = it;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_what_commonmark_calls_so() {
        let text = "---\ntitle: no\n---\n# One #\n\n```\n# no\n~~~\n```\n> ## In *it*\n\n    # no\n\nTwo\nlines\n---\n\
                    <!--\n# no\n-->\n#no\n  ### C #\\#\n- # of a list\n\n#1\n==\n";
        let found = headings(text, FILE);
        let found = found
            .iter()
            .map(|it| (it.level, it.is_top, &*it.source, &*it.shown));
        let expected = [
            (1, true, "One", "One"),
            (2, false, "In *it*", "In it"),
            (2, true, "Two lines", "Two lines"),
            (3, true, "C #\\#", "C ##"),
            (1, false, "of a list", "of a list"),
            (1, true, "#1", "#1"),
        ];
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_heading_keeps_what_is_written_in_it() {
        for (source, line) in [
            ("C#", "## C#"),
            ("C #", "## C \\#"),
            ("##", "## \\##"),
            ("C \\#", "## C \\\\#"),
            ("A\n# <b>", "## A # <b>"),
            ("\\*a*", "## \\*a*"),
            ("`Vec<u8>` *of* it", "## `Vec<u8>` *of* it"),
        ] {
            assert_eq!(heading_line(2, source), line);
            let read = headings(line, FILE).remove(0).source;
            assert_eq!(unescaped_end(&read), one_line(source));
        }
        assert_eq!(inert("A\n<b> `<i>` <"), "A \\<b> `<i>` <");
    }

    #[test]
    fn what_is_open_is_closed() {
        for (text, closed) in [
            ("It is.", "It is."),
            ("```rust\nlet a;", "```rust\nlet a;\n```"),
            ("~~~~\n```\n~~~", "~~~~\n```\n~~~\n~~~~"),
            ("- a\n  ```\n  code", "- a\n  ```\n  code"),
            (
                "A <b> word\n\n<!-- no end\n\n<b>",
                "A <b> word\n\n\\<!-- no end\n\n\\<b>",
            ),
            ("<!-- a\n```", "\\<!-- a\n```\n```"),
            ("<script>\n\nlet a", "\\<script>\n\nlet a"),
        ] {
            assert_eq!(sealed(text), closed, "{text}");
            assert_eq!(left_open(closed, PART), None, "{text}");
        }
    }

    #[test]
    fn what_is_escaped_is_shown_as_it_is() {
        for text in ["a_b *c* [d](e) `f` <g> &amp; h & i", "\\_x_ ~~y~~ ![z](w)"] {
            let shown = headings(&format!("# {}", escaped(text)), PART)
                .remove(0)
                .shown;
            assert_eq!(shown, text);
        }
        assert_eq!(escaped("max_len of 2"), "max_len of 2");
    }
}

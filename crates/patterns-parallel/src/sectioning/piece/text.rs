//! Writes a piece as Markdown, section by section: headings, numbers, marks of what is cited, and the sources
//! at its end.

use std::collections::HashSet;
use std::fmt::Write;

use pulldown_cmark::{Event, Tag};

use super::placed::placed;
use crate::sectioning::citation::remarked;
use crate::sectioning::markdown::{PART, escaped, events, heading_line, inert, verbatim};
use crate::sectioning::wording::one_line;
use crate::sectioning::{Citation, Section};

/// A piece under way, as Markdown. Its sections are put in one after the other.
#[derive(Clone, Debug, Default)]
pub struct PieceText {
    has_numbers: bool,
    has_key_points: bool,
    /// The number of the last section on each level.
    numbers: Vec<u32>,
    /// What was cited, each once.
    sources: Vec<Citation>,
    /// The names of footnotes.
    footnotes: HashSet<String>,
}

impl PieceText {
    /// Begins a piece whose sections are numbered: an article.
    pub fn numbered() -> Self {
        Self {
            has_numbers: true,
            ..Self::default()
        }
    }

    /// Begins a piece whose sections have their key points below them: a brief.
    pub fn with_key_points() -> Self {
        Self {
            has_key_points: true,
            ..Self::default()
        }
    }

    /// Writes the title.
    pub fn title(&self, title: &str) -> String {
        format!("{}\n", heading_line(1, &inert(title)))
    }

    /// Writes what a model says of all sections.
    pub fn summary(&mut self, text: &str) -> String {
        format!("\n{}\n", placed(text, ("", 1), &mut self.footnotes))
    }

    /// Writes a section, or that it could not be written.
    pub fn section(&mut self, title: &str, depth: u32, section: Option<&Section>) -> String {
        let level = 2 + depth as usize;
        let heading = self.heading(title, depth);
        let mut text = format!("\n{}\n\n", heading_line(level, &inert(&heading)));
        let Some(section) = section else {
            text += "*(this section could not be written)*\n";
            return text;
        };
        if let Some(gaps) = &section.gaps {
            let _ = writeln!(text, "*(made without all of it: {gaps})*\n");
        }
        let mut points: Vec<String> = match self.has_key_points {
            true => section.key_points.iter().map(|it| one_line(it)).collect(),
            false => Vec::new(),
        };
        let content = placed(&section.content, (title, level), &mut self.footnotes);
        // What only a point relies on that is not shown is not shown either.
        let is_hidden = |it: &&Citation| {
            let quote = one_line(&it.quote);
            let is_of_point = section
                .key_points
                .iter()
                .any(|it| one_line(it).contains(&quote));
            !self.has_key_points && is_of_point && !content.contains(it.quote.trim())
        };
        let hidden: Vec<bool> = section.citations.iter().map(|it| is_hidden(&it)).collect();
        text += &self.cited(&content, (&section.citations, &hidden), &mut points);
        text.push('\n');
        if !points.is_empty() {
            text.push('\n');
        }
        for point in points {
            let _ = writeln!(text, "- {point}");
        }
        text
    }

    /// Writes what the sections cite; nothing if they cite nothing.
    pub fn sources(&self) -> String {
        let mut text = String::new();
        if !self.sources.is_empty() {
            text += "\n## Sources\n\n";
        }
        for (n, it) in self.sources.iter().enumerate() {
            let not = if it.holds { "" } else { " *(not found in it)*" };
            let (source, quote) = (
                escaped(&one_line(&it.source)),
                escaped(&one_line(&it.quote)),
            );
            let _ = writeln!(text, "{}. {source}: \u{201c}{quote}\u{201d}{not}", n + 1);
        }
        text
    }

    fn heading(&mut self, title: &str, depth: u32) -> String {
        let depth = depth as usize;
        self.numbers.truncate(depth + 1);
        self.numbers.resize(depth + 1, 0);
        self.numbers[depth] += 1;
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        match (self.has_numbers, numbers.as_slice()) {
            (false, _) => one_line(title),
            (true, [number]) => format!("{number}. {title}"),
            (true, numbers) => format!("{} {title}", numbers.join(".")),
        }
    }

    /// Puts the numbers that citations have in the whole piece in the place of those that they have in
    /// their section. What has no mark there gets one behind its words, in the text or in a point, else at
    /// the end of the text.
    fn cited(
        &mut self,
        content: &str,
        (citations, hidden): (&[Citation], &[bool]),
        points: &mut [String],
    ) -> String {
        if citations.is_empty() {
            return content.to_owned();
        }
        let mut is_used = vec![false; citations.len()];
        for text in std::iter::once(content).chain(points.iter().map(String::as_str)) {
            remarked(text, citations.len(), |it| {
                it.into_iter().for_each(|n| is_used[n] = true);
                String::new()
            });
        }
        let mut numbers = vec![0; citations.len()];
        for n in (0..citations.len()).filter(|n| is_used[*n] || !hidden[*n]) {
            numbers[n] = self.number(&citations[n]);
        }
        let renumbered = |text: &str| {
            remarked(text, numbers.len(), |it| match it {
                Some(n) => format!("[{}]", numbers[n]),
                None => "[?]".to_owned(),
            })
        };
        let mut text = renumbered(content);
        text.truncate(text.trim_end().len());
        points.iter_mut().for_each(|it| *it = renumbered(it));
        let used = (0..numbers.len()).filter(|n| is_used[*n]);
        let mut marked: HashSet<usize> = used.map(|n| numbers[n]).collect();
        for (n, number) in numbers.iter().enumerate() {
            if *number == 0 || !marked.insert(*number) {
                continue;
            }
            let (mark, quote) = (format!(" [{number}]"), citations[n].quote.trim());
            let mut quoting = points.iter_mut().filter(|it| it.contains(&one_line(quote)));
            if let Some(at) = place_behind(&text, quote) {
                text.insert_str(at, &mark);
            } else if let Some(point) = quoting.next().filter(|_| !quote.is_empty()) {
                *point += &mark;
            } else {
                text += if ends_in_words(&text) { "" } else { "\n\n" };
                text += if text.ends_with('\n') {
                    mark.trim_start()
                } else {
                    &mark
                };
            }
        }
        text
    }

    fn number(&mut self, citation: &Citation) -> usize {
        let known = self.sources.iter().position(|it| it == citation);
        known.unwrap_or_else(|| {
            self.sources.push(citation.clone());
            self.sources.len() - 1
        }) + 1
    }
}

/// Returns where a mark of a quote can be in a text: behind it, unless that is code.
fn place_behind(text: &str, quote: &str) -> Option<usize> {
    let found = text.find(quote).filter(|_| !quote.is_empty())?;
    let end = found + quote.len();
    let is_code = verbatim(text)
        .iter()
        .any(|it| it.start < end && end <= it.end);
    (!is_code).then_some(end)
}

/// Returns whether a text ends in words, to which others can be added: behind a fence, they would open it
/// again.
fn ends_in_words(text: &str) -> bool {
    let (mut blocks, mut is_in_words) = (Vec::new(), false);
    for (event, _) in events(text, PART) {
        match event {
            Event::Start(tag) => blocks.push(matches!(
                tag,
                Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::Table(_) | Tag::Heading { .. }
            )),
            Event::End(_) => {
                blocks.pop();
            }
            Event::Rule => is_in_words = false,
            _ => is_in_words = !blocks.contains(&true),
        }
    }
    is_in_words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(content: &str, quotes: &[(&str, bool)]) -> Section {
        let citations = quotes.iter().map(|(quote, holds)| Citation {
            source: "a.md".to_owned(),
            quote: (*quote).to_owned(),
            holds: *holds,
        });
        Section {
            content: content.to_owned(),
            key_points: vec!["A\npoint.".to_owned()],
            citations: citations.collect(),
            ..Section::default()
        }
    }

    #[test]
    fn what_models_write_keeps_to_its_place() {
        let mut text = PieceText::numbered();
        let first = section(
            "# 1. Silt\n\n## Why\nIt settles [2](x) [1].\n```\n# no heading\n```",
            &[("It settles.", true)],
        );
        let second = section(
            "Boats pay [2], and [1] more [3].",
            &[("Fees rose.", false), ("It settles.", true)],
        );
        let whole = [
            text.title("Harbours"),
            text.section("Silt", 0, Some(&first)),
            text.section("Depth", 1, None),
            text.section("Fees", 0, Some(&second)),
            text.sources(),
        ];
        insta::assert_snapshot!(whole.concat(), @"
        # Harbours

        ## 1. Silt

        #### Why
        It settles [2](x) [1].
        ```
        # no heading
        ```

        ### 1.1 Depth

        *(this section could not be written)*

        ## 2. Fees

        Boats pay [1], and [2] more [?].

        ## Sources

        1. a.md: “It settles.”
        2. a.md: “Fees rose.” *(not found in it)*
        ");
    }

    #[test]
    fn an_article_cites_what_it_shows() {
        let mut text = PieceText::numbered();
        let mut it = section(
            "It settles fast.",
            &[("It settles", true), ("A point.", true)],
        );
        it.key_points = vec!["A point.".to_owned()];
        let shown = text.section("Silt", 0, Some(&it)) + &text.sources();
        assert_eq!(
            shown,
            "\n## 1. Silt\n\nIt settles [1] fast.\n\n## Sources\n\n1. a.md: \u{201c}It settles\u{201d}\n"
        );
    }

    #[test]
    fn a_brief_has_key_points_and_no_numbers() {
        let mut text = PieceText::with_key_points();
        let it = section("It settles.", &[("It settles.", true)]);
        insta::assert_snapshot!(text.section("Silt", 0, Some(&it)), @"
        ## Silt

        It settles. [1]

        - A point.
        ");
    }

    #[test]
    fn a_mark_is_put_where_it_is_one() {
        let quotes = [("let a", true), ("It settles", true)];
        for (content, marked) in [
            ("`let a` It settles", "`let a` It settles [2] [1]"),
            ("```\nlet a;\n```", "```\nlet a;\n```\n\n[1] [2]"),
            ("| a |\n| --- |\n| b |", "| a |\n| --- |\n| b |\n\n[1] [2]"),
            ("- One.\n- Two.", "- One.\n- Two. [1] [2]"),
            ("One.\n\n---", "One.\n\n---\n\n[1] [2]"),
            ("One `[1]`\n\n    a[1]", "One `[1]`\n\n    a[1]\n\n[1] [2]"),
        ] {
            let shown = PieceText::numbered().section("S", 0, Some(&section(content, &quotes)));
            assert_eq!(shown, format!("\n## 1. S\n\n{marked}\n"), "{content}");
        }
    }

    /// They would stand for what another section cites.
    #[test]
    fn marks_in_points_have_the_numbers_of_the_whole() {
        let mut text = PieceText::with_key_points();
        text.section(
            "Fees",
            0,
            Some(&section("Boats pay [1].", &[("Boats pay", true)])),
        );
        let mut it = section("It settles.", &[("It settles.", true)]);
        it.key_points = vec!["Mud [1].".to_owned()];
        let shown = text.section("Silt", 0, Some(&it));
        assert_eq!(shown, "\n## Silt\n\nIt settles.\n\n- Mud [2].\n");
    }

    #[test]
    fn sources_show_what_they_quote() {
        let mut text = PieceText::numbered();
        text.section(
            "Silt",
            0,
            Some(&section("It is [1].", &[("![x](http://y) <b>", true)])),
        );
        let sources = text.sources();
        assert!(
            sources.contains("\u{201c}!\\[x\\](http://y) \\<b>\u{201d}"),
            "{sources}"
        );
    }
}

//! Writes a piece as Markdown, section by section: headings, numbers, a table of contents, and the
//! sources at its end.
//!
//! What a model has written keeps to its place: its headings are put below that of its section, and one
//! that only repeats it is left out.

use std::collections::HashSet;
use std::fmt::Write;

use crate::sectioning::citation::remarked;
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
        format!("# {title}\n")
    }

    /// Writes a table of contents, of headings and how many sections are above each.
    pub fn contents<'a>(&self, sections: impl Iterator<Item = (&'a str, u32)>) -> String {
        let mut counting = self.clone();
        let mut text = String::from("\n");
        for (title, depth) in sections {
            let heading = counting.heading(title, depth);
            let indent = "  ".repeat(depth as usize);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{indent}- [{heading}](#{})", Self::anchor(&heading));
        }
        text
    }

    /// Writes a section, or that it could not be written.
    pub fn section(&mut self, title: &str, depth: u32, section: Option<&Section>) -> String {
        let level = 2 + depth as usize;
        let heading = self.heading(title, depth);
        let mut text = format!("\n{} {heading}\n\n", "#".repeat(level.min(6)));
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
        let content = below(&section.content, title, level);
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
            let (source, quote) = (one_line(&it.source), one_line(&it.quote));
            let _ = writeln!(text, "{}. {source}: \u{201c}{quote}\u{201d}{not}", n + 1);
        }
        text
    }

    /// Returns the anchor that a heading has where Markdown is shown.
    pub fn anchor(heading: &str) -> String {
        let lower = heading.to_lowercase();
        let kept = lower.chars().filter_map(|it| match it {
            ' ' => Some('-'),
            it if it.is_alphanumeric() || matches!(it, '-' | '_') => Some(it),
            _ => None,
        });
        kept.collect()
    }

    fn heading(&mut self, title: &str, depth: u32) -> String {
        let depth = depth as usize;
        self.numbers.truncate(depth + 1);
        self.numbers.resize(depth + 1, 0);
        self.numbers[depth] += 1;
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        match (self.has_numbers, numbers.as_slice()) {
            (false, _) => title.to_owned(),
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
        let mut is_used = vec![false; citations.len()];
        remarked(content, citations.len(), |n| {
            is_used[n] = true;
            String::new()
        });
        let mut numbers = vec![0; citations.len()];
        for n in (0..citations.len()).filter(|n| is_used[*n] || !hidden[*n]) {
            numbers[n] = self.number(&citations[n]);
        }
        let mut text = remarked(content, numbers.len(), |n| format!("[{}]", numbers[n]));
        text.truncate(text.trim_end().len());
        let used = (0..numbers.len()).filter(|n| is_used[*n]);
        let mut marked: HashSet<usize> = used.map(|n| numbers[n]).collect();
        for (n, number) in numbers.iter().enumerate() {
            if *number == 0 || !marked.insert(*number) {
                continue;
            }
            let (mark, quote) = (format!(" [{number}]"), citations[n].quote.trim());
            let mut quoting = points.iter_mut().filter(|it| it.contains(&one_line(quote)));
            if let Some(at) = text.find(quote).filter(|_| !quote.is_empty()) {
                text.insert_str(at + quote.len(), &mark);
            } else if let Some(point) = quoting.next().filter(|_| !quote.is_empty()) {
                *point += &mark;
            } else {
                text += &mark;
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

/// Puts the headings of a text below one of this level, and leaves out a first line that only repeats it:
/// as a heading, in bold letters, or bare.
fn below(content: &str, title: &str, level: usize) -> String {
    let mut is_code = false;
    let mut is_first = true;
    let mut lines: Vec<String> = Vec::new();
    for line in content.trim().lines() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        let marks = line.len() - line.trim_start_matches('#').len();
        let is_heading = !is_code && (1..=6).contains(&marks) && line[marks..].starts_with(' ');
        let words = if is_heading { &line[marks..] } else { line };
        let is_repeated = is_first && is_same(words, title);
        if !is_repeated {
            lines.push(match is_heading {
                true => format!("{}{}", "#".repeat((marks + level).min(6)), &line[marks..]),
                false => line.to_owned(),
            });
        }
        is_first = is_first && line.trim().is_empty();
    }
    lines.join("\n").trim().to_owned()
}

/// Returns whether a heading says the same as a title, its number aside.
fn is_same(heading: &str, title: &str) -> bool {
    let heading = heading.trim().trim_end_matches('#').trim();
    let heading = heading.trim_matches(['*', '_']).trim_end_matches(':');
    let numbered = heading.split_once(' ').filter(|it| {
        let is_number = |it: char| it.is_ascii_digit() || it == '.';
        it.0.chars().all(is_number)
    });
    let bare = numbered.map_or(heading, |it| it.1.trim());
    [heading, bare]
        .iter()
        .any(|it| it.to_lowercase() == title.trim().to_lowercase())
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
        let parts = [("Silt", 0), ("Depth", 1), ("Fees", 0)];
        let whole = [
            text.title("Harbours"),
            text.contents(parts.into_iter()),
            text.section("Silt", 0, Some(&first)),
            text.section("Depth", 1, None),
            text.section("Fees", 0, Some(&second)),
            text.sources(),
        ];
        insta::assert_snapshot!(whole.concat(), @"
        # Harbours

        - [1. Silt](#1-silt)
          - [1.1 Depth](#11-depth)
        - [2. Fees](#2-fees)

        ## 1. Silt

        #### Why
        It settles [2](x) [1].
        ```
        # no heading
        ```

        ### 1.1 Depth

        *(this section could not be written)*

        ## 2. Fees

        Boats pay [1], and [2] more [3].

        ## Sources

        1. a.md: “It settles.”
        2. a.md: “Fees rose.” *(not found in it)*
        ");
    }

    #[test]
    fn a_first_line_that_only_repeats_the_title_is_left_out() {
        for first in ["# Silt", "### 1. silt ##", "**Silt**", "Silt", "2.1 Silt:"] {
            let content = format!("{first}\n\nIt settles.\nSilt");
            assert_eq!(below(&content, "Silt", 2), "It settles.\nSilt", "{first}");
        }
        for first in ["Silt settles.", "`Silt`", "- Silt"] {
            let content = format!("{first}\n\nIt settles.");
            assert_eq!(below(&content, "Silt", 2), content);
        }
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
}

//! A piece as Markdown, which code stitches of its sections: headings, numbers, marks of what is cited, and the
//! sources at its end. No call is made for it.

use std::collections::HashSet;
use std::fmt::Write;

use patterns_core::text::one_line;
use patterns_parallel::sectioning::{Change, Citation, Section, SynthesisTask, remarked};
use serde::{Deserialize, Serialize};

use super::Anchors;
use super::markdown::{PART, escaped, heading_line, headings, inert, words};
use super::placed::{placed, without_definitions};

/// A piece stitched of its sections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// What it is called.
    pub title: String,
    /// Its sections.
    pub sections: Vec<Section>,
    /// The names of those that could not be written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The sections that were written again, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// All of it as Markdown: a title, a table of contents, numbered sections, and what they cite.
    pub text: String,
}

impl Piece {
    /// Stitches sections.
    pub fn of(task: SynthesisTask<Section>) -> Self {
        let mut text = PieceText::numbered();
        let title = text.title(&task.title);
        let (mut body, mut starts) = (String::new(), Vec::new());
        for it in &task.sections {
            // Behind the gap.
            starts.push((title.len() + body.len() + 1, it.depth));
            body += &text.section(&it.title, it.depth, it.answer.as_ref());
        }
        let contents = contents(&format!("{title}{body}"), &starts);
        Self {
            text: format!("{title}{contents}{body}{}", text.sources()),
            missing: task.missing().into_iter().map(str::to_owned).collect(),
            title: task.title,
            sections: task
                .sections
                .into_iter()
                .filter_map(|it| it.answer)
                .collect(),
            changes: task.changes,
        }
    }
}

/// Writes a table of contents, of the headings that begin here, and how many are above each. All others are
/// counted, too: of equal ones, each has an anchor of its own.
fn contents(text: &str, starts: &[(usize, u32)]) -> String {
    let (mut anchors, mut contents) = (Anchors::default(), String::from("\n"));
    for heading in headings(text, PART) {
        let anchor = anchors.of(&heading.shown);
        if let Some((_, depth)) = starts.iter().find(|it| it.0 == heading.range.start) {
            let indent = "  ".repeat(*depth as usize);
            let shown = escaped(&heading.shown);
            contents += &format!("{indent}- [{shown}](#{anchor})\n");
        }
    }
    contents
}

/// A piece under way, as Markdown. Its sections are put in one after the other.
#[derive(Clone, Debug, Default)]
pub struct PieceText {
    /// Whether it is an article: one with numbers, and without key points.
    is_article: bool,
    /// The number of the last section on each level.
    numbers: Vec<u32>,
    /// What was cited, each once.
    sources: Vec<Citation>,
}

impl PieceText {
    /// Begins a piece whose sections are numbered: an article.
    pub fn numbered() -> Self {
        Self {
            is_article: true,
            ..Self::default()
        }
    }

    /// Begins a piece whose sections have their key points below them: a brief.
    pub fn with_key_points() -> Self {
        Self::default()
    }

    /// Writes the title.
    pub fn title(&self, title: &str) -> String {
        format!("{}\n", heading_line(1, &inert(title)))
    }

    /// Writes what a model says of all sections.
    pub fn summary(&self, text: &str) -> String {
        format!("\n{}\n", placed(text, "", 1))
    }

    /// Writes a section, or that it could not be written.
    pub fn section(&mut self, title: &str, depth: u32, section: Option<&Section>) -> String {
        let level = 2 + depth as usize;
        let heading = self.heading(title, depth as usize);
        let mut text = format!("\n{}\n\n", heading_line(level, &inert(&heading)));
        let Some(section) = section else {
            text += "*(this section could not be written)*\n";
            return text;
        };
        if let Some(gaps) = &section.gaps {
            text += &format!("*(made without all of it: {gaps})*\n\n");
        }
        let content = placed(&section.content, title, level);
        let points = section.key_points.iter();
        let points = points.map(|it| without_definitions(one_line(it)));
        let (content, points) = self.cited(&content, points.collect(), &section.citations);
        text += &format!("{content}\n");
        if !self.is_article && !points.is_empty() {
            text += &format!("\n- {}\n", points.join("\n- "));
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
            let [source, quote] = [&it.source, &it.quote].map(|it| escaped(&one_line(it)));
            let _ = writeln!(text, "{}. {source}: \u{201c}{quote}\u{201d}{not}", n + 1);
        }
        text
    }

    fn heading(&mut self, title: &str, depth: usize) -> String {
        self.numbers.resize(depth + 1, 0);
        self.numbers[depth] += 1;
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        match (self.is_article, numbers.as_slice()) {
            (false, _) => title.to_owned(),
            (true, [number]) => format!("{number}. {title}"),
            (true, numbers) => format!("{} {title}", numbers.join(".")),
        }
    }

    /// Numbers the marks in a text and in its points through the whole piece. What is cited without a mark gets
    /// one behind its words, else at the end of the text.
    fn cited(
        &mut self,
        content: &str,
        mut points: Vec<String>,
        citations: &[Citation],
    ) -> (String, Vec<String>) {
        if citations.is_empty() {
            return (content.to_owned(), points);
        }
        let (mut marked, is_article) = (HashSet::new(), self.is_article);
        let mut numbered = |text: &str| {
            remarked(text, citations.len(), |it| {
                let number = it.map(|n| self.number(&citations[n]));
                marked.extend(number);
                number.map_or_else(|| "[?]".to_owned(), |it| format!("[{it}]"))
            })
        };
        let mut text = numbered(content).trim_end().to_owned();
        // An article does not show its points, nor what they alone rely on.
        if !is_article {
            points.iter_mut().for_each(|it| *it = numbered(it));
        }
        for citation in citations {
            let quote = citation.quote.trim();
            let at = place_behind(&text, quote);
            let quoting = points.iter_mut().find(|it| it.contains(&one_line(quote)));
            let quoting = quoting.filter(|_| at.is_none() && !quote.is_empty());
            // What an article shows as code is shown, though no mark can be in it.
            let quoting = quoting.filter(|_| !is_article || !text.contains(quote));
            if is_article && quoting.is_some() {
                continue;
            }
            let number = self.number(citation);
            if !marked.insert(number) {
                continue;
            }
            let mark = format!(" [{number}]");
            match (at, quoting) {
                (Some(at), _) => text.insert_str(at, &mark),
                (None, Some(point)) => *point += &mark,
                // Behind a heading, a fence or a table, it would be a part of it.
                (None, None) if ends_in_words(&text) => text += &mark,
                (None, None) => text += &format!("\n\n{}", mark.trim_start()),
            }
        }
        (text, points)
    }

    fn number(&mut self, citation: &Citation) -> usize {
        let known = self.sources.iter().position(|it| it == citation);
        known.unwrap_or_else(|| {
            self.sources.push(citation.clone());
            self.sources.len() - 1
        }) + 1
    }
}

/// Returns whether a text ends in words, which may be emphasised.
fn ends_in_words(text: &str) -> bool {
    let end = words(text).last().map_or(0, |it| it.end);
    end > 0 && text[end..].chars().all(|it| matches!(it, '*' | '_' | '~'))
}

/// Returns where a mark of a quote can be in a text: behind it, where that is in words below a heading, and no
/// link would be made of it.
fn place_behind(text: &str, quote: &str) -> Option<usize> {
    let words = words(text);
    let ends = text.match_indices(quote).filter(|_| !quote.is_empty());
    let mut ends = ends.map(|it| it.0 + quote.len());
    ends.find(|end| {
        let word = words.get(words.partition_point(|it| it.end < *end));
        word.is_some_and(|it| it.start < *end) && !text[*end..].starts_with(['(', ':'])
    })
}

#[cfg(test)]
mod tests;

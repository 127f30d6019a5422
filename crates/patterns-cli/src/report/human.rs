//! Outcomes as text, for people.

use patterns_core::Branch;
use patterns_parallel::map_reduce::DocumentSummary;
use serde_json::Value;

use super::failure::words;
use crate::escape::{escape, escape_line};
use crate::fold::fold;
use crate::terminal::{Paint, Style};

/// Text under construction. Everything that is put in is escaped.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    /// Begins a page with what all answers must be labelled with.
    pub(crate) fn new(paint: Paint, labels: &[String]) -> Self {
        let mut page = Self {
            text: String::new(),
            paint,
        };
        for label in labels {
            page.line(Style::Dim, &format!("[{label}]"));
        }
        page.gap();
        page
    }

    /// Adds a line in a style.
    pub(crate) fn line(&mut self, style: Style, text: &str) {
        let text = self.paint.apply(style, &escape_line(text));
        self.add_folded(&text);
    }

    /// Adds why a document has no answer.
    pub(crate) fn no_answer<B>(&mut self, branch: &Branch<B>) {
        let why = branch
            .error()
            .map_or_else(|| "the run was ended before".to_owned(), words);
        self.line(Style::Red, &format!("(no answer: {why})"));
    }

    /// Adds text, in lines that fit the terminal where it is for one.
    fn add_folded(&mut self, text: &str) {
        match self.paint.columns() {
            Some(columns) => self.text.push_str(&fold(text, columns)),
            None => self.text.push_str(text),
        }
        self.text.push('\n');
    }

    /// Adds a heading.
    pub(crate) fn heading(&mut self, text: &str) {
        self.line(Style::Bold, text);
    }

    /// Adds a line that stays one, whatever others have written into it.
    pub(crate) fn plain_line(&mut self, text: &str) {
        self.text.push_str(&escape_line(text));
        self.text.push('\n');
    }

    /// Adds a text. Its lines are folded, but not those of code and of tables.
    pub(crate) fn paragraph(&mut self, text: &str) {
        let text = text.trim_end();
        if text.is_empty() {
            return self.verbatim("");
        }
        self.lines(text, |page, line| page.add_folded(&escape(line)));
    }

    fn lines(&mut self, text: &str, add: impl Fn(&mut Self, &str)) {
        let mut code = None;
        for line in text.lines() {
            let begun = line.trim_start();
            let fence = ["```", "~~~"].into_iter().find(|it| begun.starts_with(it));
            let is_kept = code.is_some() || fence.is_some() || begun.starts_with('|');
            code = match code {
                None => fence,
                open => open.filter(|_| fence != open),
            };
            match is_kept {
                true => self.verbatim(line),
                false => add(self, line),
            }
        }
    }

    /// Adds text as it is.
    fn verbatim(&mut self, text: &str) {
        self.text.push_str(&escape(text));
        self.text.push('\n');
    }

    /// Adds an empty line, unless nothing is above it.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Adds a text in Markdown as it is, its headings in their style.
    pub(crate) fn markdown(&mut self, text: &str) {
        self.lines(text, |page, line| match line.starts_with('#') {
            true => page.heading(line),
            false => page.add_folded(&escape(line)),
        });
    }

    /// Adds an answer of the user's own shape: a lone text as it is, all else as JSON.
    pub(crate) fn answer(&mut self, value: &Value) {
        let only = value.as_object().filter(|it| it.len() == 1);
        let text = only.and_then(|it| it.values().next()?.as_str());
        match text {
            Some(text) => self.paragraph(text),
            None => {
                let json = serde_json::to_string_pretty(value).unwrap_or_default();
                self.verbatim(&json);
            }
        }
    }

    /// Returns the text.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// Adds the documents, each with its summary.
pub(crate) fn document_page(page: &mut Page, branches: &[Branch<DocumentSummary>]) {
    for branch in branches {
        page.gap();
        page.heading(&branch.label);
        match branch.value() {
            Some(summary) => page.paragraph(&summary.summary),
            None => page.no_answer(branch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_tables_are_not_folded() {
        let long = "word ".repeat(30);
        let kept = [
            format!("```sh\n{long}"),
            format!("~~~\n{long}\n```"),
            format!("| {long}|"),
        ];
        for text in kept {
            for add in [Page::paragraph, Page::markdown] {
                let mut page = Page::new(Paint::plain().with_columns(40), &[]);
                add(&mut page, &text);
                assert_eq!(page.finish().trim_end(), text.trim_end());
            }
        }
        let mut page = Page::new(Paint::plain().with_columns(40), &[]);
        page.paragraph(&format!("```\n```\n{long}"));
        assert_eq!(page.finish().lines().count(), 2 + 5, "behind the code");
    }

    #[test]
    fn a_plain_line_stays_one_whatever_is_in_it() {
        let mut page = Page::new(Paint::plain(), &[]);
        page.plain_line("why\n  cost  $0");
        assert_eq!(page.finish(), "why␊  cost  $0\n");
    }
}

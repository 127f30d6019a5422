//! A paragraph of a DOCX: its text, and what makes it a heading or an item of a list.

use std::collections::HashMap;

use super::mark::Mark;

/// A paragraph under way.
#[derive(Default)]
pub(super) struct Paragraph {
    text: String,
    /// What is set otherwise, or goes on as it is, and has yet to be added to the text.
    last: (Mark, String),
    /// The level of the heading that it is, or 0.
    heading: usize,
    /// How deep the list is of which it is an item.
    item: Option<usize>,
}

impl Paragraph {
    pub(super) fn push(&mut self, mark: Mark, text: &str) {
        if self.last.0 != mark {
            self.settle();
            self.last.0 = mark;
        }
        self.last.1.push_str(text);
    }

    fn settle(&mut self) {
        let (mark, text) = std::mem::take(&mut self.last);
        self.text.push_str(&mark.show(&text));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.last.1.is_empty()
    }

    /// Takes out what stands before a text box.
    pub(super) fn split(&mut self) -> Self {
        let before = std::mem::take(self);
        self.heading = before.heading;
        before
    }

    /// Sets a property.
    pub(super) fn set(&mut self, name: &str, value: &str, styles: &HashMap<String, usize>) {
        let number = || value.parse::<usize>().ok();
        match name {
            "numPr" => self.item = Some(0),
            "ilvl" => self.item = self.item.and(number().map(|it| it.min(8))),
            // What a style made an item is none here.
            "numId" if value == "0" => self.item = None,
            "pStyle" => {
                if let Some(level) = styles.get(value).copied().or_else(|| level(value)) {
                    self.heading = level;
                }
            }
            "outlineLvl" => {
                if let Some(level) = number().filter(|it| *it < 9) {
                    self.heading = (level + 1).min(6);
                }
            }
            _ => {}
        }
    }

    /// Returns what stands before its text.
    pub(super) fn start(&self) -> String {
        match (self.heading, self.item) {
            (0, None) => String::new(),
            (0, Some(depth)) => format!("{}- ", "  ".repeat(depth)),
            (level, _) => format!("{} ", "#".repeat(level)),
        }
    }

    /// Returns all of its text.
    pub(super) fn finish(&mut self) -> String {
        self.settle();
        std::mem::take(&mut self.text)
    }
}

/// Returns the level of the heading that a style is by its name, which is English in every language.
pub(super) fn level(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("heading") {
        Some(level) => Some(level.trim().parse().unwrap_or(1).clamp(1, 6)),
        None => (name == "title").then_some(1),
    }
}

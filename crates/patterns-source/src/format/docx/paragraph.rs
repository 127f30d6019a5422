//! A paragraph of a DOCX: its text, and what makes it a heading or an item of a list.

use super::mark::Mark;
use super::styles::Styles;

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
    /// The list, and the depth that its style has in it.
    list: Option<(String, usize)>,
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
        let mut before = std::mem::take(self);
        self.heading = before.heading;
        // Where nothing stands before it, the number belongs to what follows.
        if before.is_empty() {
            (self.item, self.list) = (before.item.take(), before.list.take());
        }
        before
    }

    /// Sets a property.
    pub(super) fn set(&mut self, name: &str, value: &str, styles: &Styles) {
        let number = || value.parse::<usize>().ok();
        match name {
            "numPr" => self.item = Some(0),
            "ilvl" => self.item = self.item.and(number().map(|it| it.min(8))),
            // What a style made an item is none here.
            "numId" if value == "0" => (self.item, self.list) = (None, None),
            "numId" if self.item.is_some() => self.list = Some((value.to_owned(), 0)),
            "pStyle" => {
                let heading = styles.headings.get(value).copied();
                if let Some(level) = heading.or_else(|| level(value)) {
                    self.heading = level;
                }
                self.list = styles.items.get(value).cloned();
            }
            "outlineLvl" => {
                if let Some(level) = number().filter(|it| *it < 9) {
                    self.heading = (level + 1).min(6);
                }
            }
            _ => {}
        }
    }

    /// Returns the list of which it is an item, and how deep it is in it.
    pub(super) fn list(&self) -> Option<(&str, usize)> {
        let (list, depth) = self.list.as_ref()?;
        Some((list, self.item.unwrap_or(0).max(*depth)))
    }

    /// Returns what stands before its text, with its number in its list.
    pub(super) fn start(&self, number: Option<String>) -> String {
        let space = number.as_ref().map_or("", |_| " ");
        let number = number.unwrap_or_default();
        match (self.heading, self.item) {
            (0, Some(depth)) if number.is_empty() => format!("{}- ", "  ".repeat(depth)),
            (0, depth) => format!("{}{number}{space}", "  ".repeat(depth.unwrap_or(0))),
            (level, _) => format!("{} {number}{space}", "#".repeat(level)),
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

//! Takes a document apart into paragraphs of plain prose.
//!
//! Markdown, reStructuredText, mail-like headers and plain text are read by one set of rules,
//! because documents seldom say what they are. Code, tables, directives and footnotes are left
//! out; headings are kept beside the paragraphs they stand over.

use super::inline::plain;
use super::lines::{self, Line};
use super::skip::skipped;

/// A run of prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paragraph {
    /// The headings over it, outermost first, joined by " / ".
    pub(super) heading: String,
    /// The text, inline markup removed; line breaks are as in the source.
    pub(super) text: String,
    /// Whether it is an item of a list.
    pub(super) is_item: bool,
}

/// Returns the prose of a document, in order.
pub(super) fn paragraphs(source: &str) -> Vec<Paragraph> {
    let all: Vec<&str> = source.trim_start_matches('\u{feff}').lines().collect();
    let mut reader = Reader {
        title: String::new(),
        heading: String::new(),
        open: Vec::new(),
        is_item: false,
        done: Vec::new(),
    };
    let start = lines::front_matter(&all, &mut reader.title);
    reader.heading.clone_from(&reader.title);
    let skipped = skipped(&all[start..]);
    let mut after_blank = true;
    for (n, line) in all[start..].iter().enumerate() {
        if skipped[n] {
            reader.close();
            after_blank = true;
            continue;
        }
        let next = all.get(start + n + 1).copied().unwrap_or_default();
        reader.take(line, next, after_blank);
        after_blank = line.trim().is_empty();
    }
    reader.close();
    reader.done
}

struct Reader<'a> {
    title: String,
    heading: String,
    open: Vec<&'a str>,
    is_item: bool,
    done: Vec<Paragraph>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, line: &'a str, next: &str, after_blank: bool) {
        match lines::classify(line, next, after_blank, self.open.len(), self.is_item) {
            Line::Blank | Line::Rule => self.close(),
            Line::Heading(text) => {
                self.close();
                self.set_heading(text);
            }
            Line::Underline => {
                if let [only] = self.open[..] {
                    self.open.clear();
                    self.set_heading(only);
                }
                self.close();
            }
            Line::Item(text) => {
                self.close();
                self.is_item = true;
                self.open.push(text);
            }
            Line::Quoted(text) | Line::Text(text) => self.open.push(text),
        }
    }

    fn set_heading(&mut self, text: &str) {
        let text = plain(text.trim().trim_end_matches('#').trim());
        self.heading = match self.title.as_str() {
            "" => text,
            title => format!("{title} / {text}"),
        };
    }

    fn close(&mut self) {
        let text = plain(&self.open.join("\n"));
        self.open.clear();
        let is_item = std::mem::take(&mut self.is_item);
        if !text.trim().is_empty() {
            self.done.push(Paragraph {
                heading: self.heading.clone(),
                text,
                is_item,
            });
        }
    }
}

#[cfg(test)]
mod tests;

//! The text of one part of a DOCX.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::docx_symbol::symbol;

/// The part as it is read.
struct Page<'a> {
    styles: &'a HashMap<String, usize>,
    text: String,
    /// The paragraphs under way: in one there may be a text box with others.
    paragraphs: Vec<Paragraph>,
    /// The tables under way: in a cell there may be another one.
    tables: Vec<Table>,
    is_text: bool,
    /// How many elements around this one are passed over.
    passed_over: usize,
    /// For each alternative under way, whether its first choice has been there.
    choices: Vec<bool>,
}

#[derive(Default)]
struct Paragraph {
    text: String,
    /// The level of the heading that it is, or 0.
    heading: usize,
    is_item: bool,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    cell: String,
}

/// Returns the text of a part as Markdown.
pub(crate) fn text(xml: &str, styles: &HashMap<String, usize>) -> Result<String, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut page = Page {
        styles,
        text: String::new(),
        paragraphs: Vec::new(),
        tables: Vec::new(),
        is_text: false,
        passed_over: 0,
        choices: Vec::new(),
    };
    loop {
        match reader.read_event()? {
            Event::Start(tag) if page.passed_over > 0 || page.is_needless(&tag) => {
                page.passed_over += 1;
            }
            Event::End(_) if page.passed_over > 0 => page.passed_over -= 1,
            Event::Eof => return Ok(page.text),
            _ if page.passed_over > 0 => {}
            Event::Start(tag) => page.start(&tag),
            Event::Empty(tag) => page.empty(&tag),
            Event::Text(text) if page.is_text => page.push(&text.xml10_content()),
            Event::GeneralRef(name) if page.is_text => page.push(&entity(&name).to_string()),
            Event::End(tag) => page.end(tag.local_name().as_ref()),
            _ => {}
        }
    }
}

/// Returns the value of an attribute, whatever its prefix.
pub(crate) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes().flatten();
    let found = attributes.find(|it| it.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
}

/// Returns the level of the heading that a style is by its name, which is English in every language.
pub(crate) fn level(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("heading") {
        Some(level) => Some(level.trim().parse().unwrap_or(1).clamp(1, 6)),
        None => (name == "title").then_some(1),
    }
}

impl Page<'_> {
    /// Returns whether an element says again what another one says: the old form of a drawing beside the
    /// new one, and the place from which text was moved.
    fn is_needless(&mut self, tag: &BytesStart<'_>) -> bool {
        match tag.local_name().as_ref() {
            "moveFrom" => true,
            "AlternateContent" => {
                self.choices.push(false);
                false
            }
            "Choice" | "Fallback" => match self.choices.last_mut() {
                Some(has_been) => std::mem::replace(has_been, true),
                None => false,
            },
            _ => false,
        }
    }

    fn push(&mut self, text: &str) {
        if self.paragraphs.is_empty() {
            self.paragraphs.push(Paragraph::default());
        }
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.text.push_str(text);
        }
    }

    fn paragraph(&mut self) -> Option<&mut Paragraph> {
        self.paragraphs.last_mut()
    }

    fn start(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "t" => self.is_text = true,
            "p" => {
                // What stands before a text box comes before it.
                if let Some(outer) = self.paragraphs.last_mut() {
                    let heading = outer.heading;
                    let before = std::mem::take(outer);
                    outer.heading = heading;
                    self.end_paragraph(before);
                }
                self.paragraphs.push(Paragraph::default());
            }
            "tbl" => self.tables.push(Table::default()),
            "tr" => {
                if let Some(table) = self.tables.last_mut() {
                    table.rows.push(Vec::new());
                }
            }
            "footnote" => self.begin_note(tag, ""),
            "endnote" => self.begin_note(tag, "e"),
            _ => self.empty(tag),
        }
    }

    fn begin_note(&mut self, tag: &BytesStart<'_>, kind: &str) {
        // Lines that divide notes from the text are notes of a kind as well.
        let is_note = attribute(tag, "type").is_none_or(|it| it == "normal");
        if let Some(id) = attribute(tag, "id").filter(|_| is_note) {
            self.text.push_str(&format!("[^{kind}{id}]: "));
        }
    }

    fn empty(&mut self, tag: &BytesStart<'_>) {
        let value = || attribute(tag, "val").unwrap_or_default();
        match tag.local_name().as_ref() {
            "tab" if self.is_text || self.paragraph().is_some_and(|it| !it.text.is_empty()) => {
                self.push("\t");
            }
            "br" | "cr" => self.push("\n"),
            "noBreakHyphen" => self.push("-"),
            "sym" => {
                let number = attribute(tag, "char");
                let number = number.and_then(|it| u32::from_str_radix(&it, 16).ok());
                let font = attribute(tag, "font").unwrap_or_default();
                self.push(&symbol(&font, number.unwrap_or(0)).to_string());
            }
            "footnoteReference" => {
                self.push(&format!("[^{}]", attribute(tag, "id").unwrap_or_default()));
            }
            "endnoteReference" => {
                self.push(&format!("[^e{}]", attribute(tag, "id").unwrap_or_default()));
            }
            "numPr" => {
                if let Some(paragraph) = self.paragraph() {
                    paragraph.is_item = true;
                }
            }
            "pStyle" => {
                let style = value();
                let level = self.styles.get(&style).copied().or_else(|| level(&style));
                if let (Some(paragraph), Some(level)) = (self.paragraph(), level) {
                    paragraph.heading = level;
                }
            }
            "outlineLvl" => {
                let level = value().parse().ok().filter(|it: &usize| *it < 9);
                if let (Some(paragraph), Some(level)) = (self.paragraph(), level) {
                    paragraph.heading = (level + 1).min(6);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: &str) {
        match tag {
            "t" => self.is_text = false,
            "p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.end_paragraph(paragraph);
                }
            }
            "tc" => {
                if let Some(table) = self.tables.last_mut() {
                    let cell = std::mem::take(&mut table.cell);
                    if table.rows.is_empty() {
                        table.rows.push(Vec::new());
                    }
                    if let Some(row) = table.rows.last_mut() {
                        row.push(cell.trim().to_owned());
                    }
                }
            }
            "tbl" => {
                if let Some(table) = self.tables.pop() {
                    self.end_table(&table);
                }
            }
            "AlternateContent" => {
                self.choices.pop();
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self, paragraph: Paragraph) {
        let text = paragraph.text.trim_end();
        if text.trim().is_empty() {
            return;
        }
        if let Some(table) = self.tables.last_mut() {
            table.cell.push_str(&text.replace('\n', " "));
            table.cell.push(' ');
            return;
        }
        if paragraph.heading > 0 {
            self.text.push_str(&"#".repeat(paragraph.heading));
            self.text.push(' ');
        } else if paragraph.is_item {
            self.text.push_str("- ");
        }
        self.text.push_str(text);
        self.text.push_str("\n\n");
    }

    /// Writes a table; one within a cell is a part of what the cell says.
    fn end_table(&mut self, table: &Table) {
        if let Some(outer) = self.tables.last_mut() {
            let rows = table.rows.iter().map(|it| it.join(" · "));
            let rows: Vec<String> = rows.collect();
            outer.cell.push_str(&rows.join("; "));
            outer.cell.push(' ');
            return;
        }
        for (at, row) in table.rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|it| it.replace('|', "\\|")).collect();
            self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
            if at == 0 {
                let line = "---|".repeat(cells.len());
                self.text.push_str(&format!("|{line}\n"));
            }
        }
        self.text.push('\n');
    }
}

fn entity(name: &str) -> char {
    match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        other => {
            let number = other.strip_prefix('#');
            let number = number.and_then(|it| match it.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => it.parse().ok(),
            });
            number
                .and_then(char::from_u32)
                .unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    }
}

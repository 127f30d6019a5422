//! The text of DOCX files: paragraphs, headings and tables as Markdown.

use super::Reason;
use crate::Limits;

#[cfg(not(feature = "docx"))]
pub(crate) fn docx(_: Vec<u8>, _: Limits) -> Result<String, Reason> {
    Err(super::unsupported("a DOCX", "docx"))
}

#[cfg(feature = "docx")]
pub(crate) use reading::docx;

#[cfg(feature = "docx")]
mod reading {
    use std::io::{Cursor, Read};

    use quick_xml::Reader;
    use quick_xml::events::{BytesStart, Event};
    use zip::ZipArchive;

    use super::{Limits, Reason};
    use crate::UnreadableKind::{Broken, Empty, TooLarge};

    /// Where the text is. Nothing else is unpacked, and nothing to the disk.
    const BODY: &str = "word/document.xml";

    /// Returns the text of a DOCX.
    pub(crate) fn docx(bytes: Vec<u8>, limits: Limits) -> Result<String, Reason> {
        let compressed = bytes.len() as u64;
        let broken = |error: &dyn std::fmt::Display| {
            (Broken, format!("is no DOCX that can be read: {error}"))
        };
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
        let body = archive.by_name(BODY).map_err(|error| broken(&error))?;
        let most = limits
            .file
            .min(compressed.saturating_mul(limits.ratio).max(limits.document));
        let mut xml = Vec::new();
        body.take(most + 1)
            .read_to_end(&mut xml)
            .map_err(|error| broken(&error))?;
        if xml.len() as u64 > most {
            return Err((TooLarge, format!("expands to more than {most} bytes")));
        }
        let (xml, _) = crate::decode::decode(&xml).map_err(|reason| (Broken, reason))?;
        let text = text(&xml).map_err(|error| broken(&error))?;
        if text.trim().is_empty() {
            return Err((Empty, "is a DOCX without text".to_owned()));
        }
        Ok(text)
    }

    /// The document as it is read.
    #[derive(Default)]
    struct Page {
        text: String,
        paragraph: String,
        /// The level of the heading that the paragraph is, or 0.
        heading: usize,
        is_item: bool,
        /// The cells of the row under way, in a table.
        row: Option<Vec<String>>,
        is_first_row: bool,
        is_text: bool,
    }

    fn text(xml: &str) -> Result<String, quick_xml::Error> {
        let mut reader = Reader::from_str(xml);
        let mut page = Page::default();
        loop {
            match reader.read_event()? {
                Event::Start(tag) => page.start(&tag),
                Event::Empty(tag) => page.empty(&tag),
                Event::Text(text) if page.is_text => page.paragraph.push_str(&text.xml10_content()),
                Event::GeneralRef(name) if page.is_text => page.entity(&name),
                Event::End(tag) => page.end(tag.local_name().as_ref()),
                Event::Eof => return Ok(page.text),
                _ => {}
            }
        }
    }

    impl Page {
        fn start(&mut self, tag: &BytesStart<'_>) {
            match tag.local_name().as_ref() {
                "t" => self.is_text = true,
                "tbl" => self.is_first_row = true,
                "tr" => self.row = Some(Vec::new()),
                "tc" => self.paragraph.clear(),
                _ => self.empty(tag),
            }
        }

        fn empty(&mut self, tag: &BytesStart<'_>) {
            match tag.local_name().as_ref() {
                "tab" if self.is_text || !self.paragraph.is_empty() => self.paragraph.push('\t'),
                "br" | "cr" => self.paragraph.push('\n'),
                "numPr" => self.is_item = true,
                "pStyle" => {
                    let attributes = tag.attributes().flatten();
                    let style = attributes.filter(|it| it.key.local_name().as_ref() == "val");
                    for style in style {
                        self.style(&style.value);
                    }
                }
                _ => {}
            }
        }

        fn style(&mut self, style: &str) {
            if let Some(level) = style.strip_prefix("Heading") {
                self.heading = level.trim().parse().unwrap_or(1).clamp(1, 6);
            } else if style == "Title" {
                self.heading = 1;
            }
        }

        fn entity(&mut self, name: &str) {
            let text = match name {
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
            };
            self.paragraph.push(text);
        }

        fn end(&mut self, tag: &str) {
            match tag {
                "t" => self.is_text = false,
                "p" if self.row.is_none() => self.end_paragraph(),
                "p" => self.paragraph.push(' '),
                "tc" => {
                    let cell = std::mem::take(&mut self.paragraph);
                    let cell = cell.trim().replace('|', "\\|").replace('\n', " ");
                    self.row.get_or_insert_default().push(cell);
                }
                "tr" => self.end_row(),
                "tbl" => self.text.push('\n'),
                _ => {}
            }
        }

        fn end_paragraph(&mut self) {
            let paragraph = std::mem::take(&mut self.paragraph);
            let heading = std::mem::take(&mut self.heading);
            let is_item = std::mem::take(&mut self.is_item);
            if paragraph.trim().is_empty() {
                return;
            }
            if heading > 0 {
                self.text.push_str(&"#".repeat(heading));
                self.text.push(' ');
            } else if is_item {
                self.text.push_str("- ");
            }
            self.text.push_str(paragraph.trim_end());
            self.text.push_str("\n\n");
        }

        fn end_row(&mut self) {
            let Some(cells) = self.row.take() else { return };
            self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
            if std::mem::take(&mut self.is_first_row) {
                self.text
                    .push_str(&format!("|{}\n", "---|".repeat(cells.len())));
            }
        }
    }
}

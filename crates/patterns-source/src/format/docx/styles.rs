//! What the styles of a DOCX make of paragraphs: headings, and items of lists.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::attribute::attribute;
use super::numbering::Numbering;
use super::paragraph::level;

/// The styles of a document, and its lists.
#[derive(Default)]
pub(super) struct Styles {
    /// The levels of those that are headings, whatever they are called in the language of whoever wrote it.
    pub(super) headings: HashMap<String, usize>,
    /// The lists of those that are items, and their levels.
    pub(super) items: HashMap<String, (String, usize)>,
    pub(super) numbering: Numbering,
}

impl Styles {
    /// Reads the part that says what styles look like.
    pub(super) fn read(xml: &str, numbering: Numbering) -> Result<Self, quick_xml::Error> {
        let mut styles = Self {
            numbering,
            ..Self::default()
        };
        let mut reader = Reader::from_str(xml);
        let (mut style, mut item) = (String::new(), None);
        loop {
            match reader.read_event()? {
                Event::Start(tag) | Event::Empty(tag) => {
                    let value = attribute(&tag, "val").unwrap_or_default();
                    match tag.local_name().as_ref() {
                        "style" => {
                            style = attribute(&tag, "styleId").unwrap_or_default();
                            item = None;
                        }
                        "name" => {
                            if let Some(level) = level(&value) {
                                styles.headings.insert(style.clone(), level);
                            }
                        }
                        "outlineLvl" => {
                            let level = value.parse::<usize>().ok();
                            if let Some(level) = level.filter(|it| *it < 9 && !style.is_empty()) {
                                styles
                                    .headings
                                    .entry(style.clone())
                                    .or_insert((level + 1).min(6));
                            }
                        }
                        "ilvl" => item = value.parse().ok(),
                        "numId" if !style.is_empty() => {
                            let level = styles.numbering.level_of(&value, &style);
                            let level = level.or(item).unwrap_or(0);
                            styles.items.insert(style.clone(), (value, level));
                        }
                        _ => {}
                    }
                }
                Event::Eof => return Ok(styles),
                _ => {}
            }
        }
    }
}

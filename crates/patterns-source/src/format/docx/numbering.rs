//! The numbers that a DOCX sets before paragraphs: they stand in no text, and clauses are referred to by them.

use std::collections::{HashMap, HashSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::attribute::attribute;
use crate::format::numerals::{letters, roman};

/// How many levels lists have.
const LEVELS: usize = 9;

/// Longer texts are no numbers.
const MOST_TEXT: usize = 64;

/// The lists of a document.
#[derive(Default)]
pub(super) struct Numbering {
    /// The kinds of lists.
    kinds: HashMap<String, [Level; LEVELS]>,
    lists: HashMap<String, List>,
}

/// A list of a kind.
#[derive(Default)]
struct List {
    kind: String,
    /// Where its levels begin otherwise.
    starts: HashMap<usize, u32>,
    /// The levels that are its own.
    levels: HashMap<usize, Level>,
}

/// A level of a kind of lists.
#[derive(Clone, Default)]
struct Level {
    start: u32,
    format: String,
    /// What is shown: `%1.%2` are the numbers of the first two levels.
    text: String,
    /// The style whose paragraphs are on it.
    style: String,
    /// Whether the numbers of all levels are shown in the usual way (`1.1` below `I.`).
    is_legal: bool,
}

impl Numbering {
    /// Reads the part that says what lists look like.
    pub(super) fn read(xml: &str) -> Result<Self, quick_xml::Error> {
        let mut numbering = Self::default();
        let (mut kind, mut list, mut level) = (String::new(), String::new(), 0);
        let mut reader = Reader::from_str(xml);
        loop {
            let event = reader.read_event()?;
            let (Event::Start(tag) | Event::Empty(tag)) = &event else {
                match event {
                    Event::Eof => return Ok(numbering),
                    _ => continue,
                }
            };
            let value = |name: &str| attribute(tag, name).unwrap_or_default();
            match tag.local_name().as_ref() {
                "abstractNum" => {
                    kind = value("abstractNumId");
                    list.clear();
                    numbering.kinds.entry(kind.clone()).or_default();
                }
                "num" => {
                    list = value("numId");
                    numbering.lists.entry(list.clone()).or_default();
                }
                "lvl" | "lvlOverride" => {
                    level = value("ilvl").parse().unwrap_or(level);
                    let list = numbering.lists.get_mut(&list);
                    if let Some(list) = list.filter(|_| tag.local_name().as_ref() == "lvl") {
                        list.levels.entry(level).or_default();
                    }
                }
                name => {
                    let own = numbering.lists.get_mut(&list);
                    match (name, own) {
                        ("abstractNumId", Some(list)) => list.kind = value("val"),
                        ("startOverride", Some(list)) => {
                            let start = value("val").parse().ok();
                            list.starts.extend(start.map(|it| (level, it)));
                        }
                        (_, own) => {
                            let kind = numbering.kinds.get_mut(&kind);
                            let level = match own {
                                Some(list) => list.levels.get_mut(&level),
                                None => kind.and_then(|it| it.get_mut(level)),
                            };
                            if let Some(level) = level {
                                level.set(name, tag);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Returns what the levels of a list look like.
    fn levels<'a>(&'a self, list: &'a List) -> Option<[&'a Level; LEVELS]> {
        let kind = self.kinds.get(&list.kind)?;
        Some(std::array::from_fn(|at| {
            list.levels.get(&at).unwrap_or(&kind[at])
        }))
    }

    /// Returns the level of a list on which paragraphs of a style are.
    pub(super) fn level_of(&self, list: &str, style: &str) -> Option<usize> {
        let levels = self.levels(self.lists.get(list)?)?;
        levels.iter().position(|it| it.style == style)
    }
}

impl Level {
    fn set(&mut self, name: &str, tag: &BytesStart<'_>) {
        let value = attribute(tag, "val").unwrap_or_default();
        match name {
            "start" => self.start = value.parse().unwrap_or(1),
            "numFmt" => self.format = value,
            "lvlText" => self.text = value.chars().take(MOST_TEXT).collect(),
            "pStyle" => self.style = value,
            "isLgl" => self.is_legal = !matches!(value.as_str(), "0" | "false" | "off"),
            _ => {}
        }
    }
}

/// How far the lists of a part are.
#[derive(Default)]
pub(super) struct Counters {
    /// The numbers of the levels, by the kind of list: lists of a kind go on with each other.
    counts: HashMap<String, [Option<u32>; LEVELS]>,
    /// The levels that have begun where their list says.
    begun: HashSet<(String, usize)>,
}

impl Counters {
    /// Counts a paragraph, and returns what stands before it; nothing for a dot or the like.
    pub(super) fn next(&mut self, of: &Numbering, list: &str, level: usize) -> Option<String> {
        let of_list = of.lists.get(list)?;
        let levels = of.levels(of_list)?;
        let counts = self.counts.entry(of_list.kind.clone()).or_default();
        let here = (list.to_owned(), level);
        let count = counts.get_mut(level)?;
        let start = of_list
            .starts
            .get(&level)
            .filter(|_| !self.begun.contains(&here));
        *count = Some(match (start, *count) {
            (Some(start), _) => *start,
            (None, Some(count)) => count.saturating_add(1),
            (None, None) => levels[level].start,
        });
        if start.is_some() {
            self.begun.insert(here);
        }
        counts[level + 1..].fill(None);
        let is_number = !matches!(levels[level].format.as_str(), "bullet" | "none");
        let mut label = levels[level].text.clone();
        for (at, one) in levels.iter().enumerate().take(level + 1) {
            let count = counts[at].unwrap_or(one.start);
            let format = match levels[level].is_legal {
                true => "decimal",
                false => &one.format,
            };
            label = label.replace(&format!("%{}", at + 1), &written(count, format));
        }
        (is_number && !label.trim().is_empty()).then_some(label)
    }
}

/// Writes a number in the way of a list.
fn written(number: u32, format: &str) -> String {
    match format {
        "decimalZero" => format!("{number:02}"),
        "lowerLetter" => letters(number).to_lowercase(),
        "upperLetter" => letters(number),
        "lowerRoman" => roman(number).to_lowercase(),
        "upperRoman" => roman(number),
        _ => number.to_string(),
    }
}

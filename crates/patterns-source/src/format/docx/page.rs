//! The text of one part of a DOCX.

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesStart, Event};

use super::attribute::attribute;
use super::mark::{Formulas, Mark};
use super::numbering::Counters;
use super::paragraph::Paragraph;
use super::styles::Styles;
use super::symbol::{has_signs, symbol};
use super::table::Table;

/// A longer name of a font is none: it is looked at for each sign.
const LONGEST_FONT: usize = 64;

/// The part as it is read.
struct Page<'a> {
    styles: &'a Styles,
    counters: Counters,
    text: String,
    /// The paragraphs under way: in one there may be a text box with others.
    paragraphs: Vec<Paragraph>,
    /// The tables under way: in a cell there may be another one.
    tables: Vec<Table>,
    /// How the runs under way are set; none between them.
    runs: Vec<Mark>,
    /// The font of the run under way, if it has one of its own.
    font: String,
    formulas: Formulas,
    /// The reading of a word that is under way, which comes before the word in the file.
    reading: Option<String>,
    is_reading: bool,
    /// Whether the properties under way are those of a row.
    is_row: bool,
    /// Whether the box of a form under way is ticked.
    is_ticked: Option<bool>,
    /// The list of a form under way: which entry is chosen, and the entries.
    choice: Option<(Option<usize>, Vec<String>)>,
    /// The entry that was chosen, which stands in the text as well if the program wrote the result.
    entry: Option<String>,
    is_result: bool,
    is_text: bool,
    /// How many elements around this one are passed over.
    passed_over: usize,
    /// For each alternative under way, whether its first choice has been there.
    choices: Vec<bool>,
}

/// Returns the text of a part as Markdown.
pub(super) fn text(xml: &str, styles: &Styles) -> Result<String, Error> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut page = Page {
        styles,
        counters: Counters::default(),
        text: String::new(),
        paragraphs: Vec::new(),
        tables: Vec::new(),
        runs: Vec::new(),
        font: String::new(),
        formulas: Formulas::default(),
        reading: None,
        is_reading: false,
        is_row: false,
        is_ticked: None,
        choice: None,
        entry: None,
        is_result: false,
        is_text: false,
        passed_over: 0,
        choices: Vec::new(),
    };
    let mut depth = 0_usize;
    loop {
        let event = reader.read_event()?;
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            // What is missing may be most of it.
            Event::Eof if depth > 0 => {
                let missing = IllFormedError::MissingEndTag("document".to_owned());
                return Err(Error::IllFormed(missing));
            }
            _ => {}
        }
        match event {
            Event::Start(tag) if page.passed_over > 0 || page.is_needless(&tag) => {
                page.passed_over += 1;
            }
            Event::End(_) if page.passed_over > 0 => page.passed_over -= 1,
            Event::Eof => return Ok(page.text),
            _ if page.passed_over > 0 => {}
            Event::Start(tag) => page.start(&tag),
            Event::Text(text) if page.is_text => page.push_text(&text.xml10_content()),
            Event::CData(text) if page.is_text => page.push_text(&text.xml10_content()),
            Event::GeneralRef(name) if page.is_text => page.push_text(&entity(&name).to_string()),
            Event::End(tag) => page.end(tag.local_name().as_ref()),
            _ => {}
        }
    }
}

impl Page<'_> {
    /// Returns whether an element says again what another one says: the old form of a drawing beside the
    /// new one, the place from which text was moved, and how something was set before it was changed.
    fn is_needless(&mut self, tag: &BytesStart<'_>) -> bool {
        match tag.local_name().as_ref() {
            name if name.ends_with("PrChange") => true,
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

    /// Adds text, in which there may be signs of the font that it is set in.
    fn push_text(&mut self, text: &str) {
        let font = &self.font;
        let shown = text.chars().map(|it| match u32::from(it) {
            number @ 0xf020..=0xf0ff if has_signs(font) => match symbol(font, number) {
                char::REPLACEMENT_CHARACTER => it,
                sign => sign,
            },
            _ => it,
        });
        let shown: String = shown.collect();
        self.push(&shown);
    }

    fn push(&mut self, text: &str) {
        let mark = self.formulas.mark().or(self.runs.last().copied());
        self.push_as(mark.unwrap_or_default(), text);
    }

    fn push_as(&mut self, mark: Mark, text: &str) {
        if self.is_result && !text.trim().is_empty() {
            self.entry = None;
        }
        if let Some(reading) = self.reading.as_mut().filter(|_| self.is_reading) {
            reading.push_str(text);
            return;
        }
        if self.paragraphs.is_empty() {
            self.paragraphs.push(Paragraph::default());
        }
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.push(mark, text);
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
                    let before = outer.split();
                    self.end_paragraph(before);
                }
                self.paragraphs.push(Paragraph::default());
            }
            "r" => {
                self.runs.push(Mark::Plain);
                self.font.clear();
            }
            "tbl" => self.tables.push(Table::default()),
            "tr" => self.in_table(Table::begin_row),
            "trPr" => self.is_row = true,
            "ruby" => self.reading = Some(String::new()),
            "rt" => self.is_reading = true,
            "checkBox" => self.is_ticked = Some(false),
            "ddList" => self.choice = Some((None, Vec::new())),
            "fldChar" => match attribute(tag, "fldCharType").as_deref() {
                Some("separate") => self.is_result = true,
                Some("end") => self.end_field(),
                _ => {}
            },
            "footnote" => self.begin_note(tag, ""),
            "endnote" => self.begin_note(tag, "e"),
            _ => self.within(tag),
        }
    }

    /// Says what was chosen in a field, if its text does not.
    fn end_field(&mut self) {
        self.is_result = false;
        if let Some(entry) = self.entry.take() {
            self.push(&entry);
        }
    }

    fn in_table(&mut self, act: impl FnOnce(&mut Table)) {
        if let Some(table) = self.tables.last_mut() {
            act(table);
        }
    }

    fn begin_note(&mut self, tag: &BytesStart<'_>, kind: &str) {
        // Lines that divide notes from the text are notes of a kind as well.
        let is_note = attribute(tag, "type").is_none_or(|it| it == "normal");
        if let Some(id) = attribute(tag, "id").filter(|_| is_note) {
            self.text.push_str(&format!("[^{kind}{id}]: "));
        }
    }

    /// Reads what stands in a run or sets something.
    fn within(&mut self, tag: &BytesStart<'_>) {
        if let Some(before) = self.formulas.start(tag) {
            self.push(&before);
        }
        match tag.local_name().as_ref() {
            "tab" if self.is_text || self.paragraph().is_some_and(|it| !it.is_empty()) => {
                self.push("\t");
            }
            "ptab" => self.push("\t"),
            "br" | "cr" => self.push("\n"),
            "noBreakHyphen" => self.push("-"),
            "sym" => {
                let number = attribute(tag, "char");
                let number = number.and_then(|it| u32::from_str_radix(&it, 16).ok());
                let font = attribute(tag, "font").unwrap_or_default();
                self.push(&symbol(&font, number.unwrap_or(0)).to_string());
            }
            "footnoteReference" => self.refer(tag, ""),
            "endnoteReference" => self.refer(tag, "e"),
            _ => self.set(tag),
        }
    }

    fn refer(&mut self, tag: &BytesStart<'_>, kind: &str) {
        let id = attribute(tag, "id").unwrap_or_default();
        self.push_as(Mark::Plain, &format!("[^{kind}{id}]"));
    }

    /// Sets a property of what is under way.
    fn set(&mut self, tag: &BytesStart<'_>) {
        let value = || attribute(tag, "val").unwrap_or_default();
        let number = || value().parse::<usize>().ok();
        let is_on = || !matches!(value().as_str(), "0" | "false" | "off");
        if let (Some(run), Some(mark)) = (self.runs.last_mut(), Mark::of(tag)) {
            *run = mark;
            return;
        }
        if let Some((chosen, entries)) = &mut self.choice {
            match tag.local_name().as_ref() {
                "listEntry" => entries.push(value()),
                "result" | "default" => *chosen = chosen.or(number()),
                _ => {}
            }
        }
        match tag.local_name().as_ref() {
            "rFonts" if !self.runs.is_empty() => {
                let font = attribute(tag, "ascii").filter(|it| it.len() <= LONGEST_FONT);
                self.font = font.unwrap_or_default();
            }
            "default" | "checked" if self.is_ticked.is_some() => self.is_ticked = Some(is_on()),
            "gridSpan" => self.in_table(|it| it.span(number().unwrap_or(1))),
            "vMerge" if value() != "restart" => self.in_table(Table::go_on),
            "gridBefore" => self.in_table(|it| it.skip(number().unwrap_or(0))),
            "del" if self.is_row => self.in_table(Table::take_out_row),
            name => {
                let styles = self.styles;
                if let Some(paragraph) = self.paragraph() {
                    paragraph.set(name, &value(), styles);
                }
            }
        }
    }

    fn end(&mut self, tag: &str) {
        if let Some(after) = self.formulas.end(tag) {
            self.push(&after);
        }
        match tag {
            "t" => self.is_text = false,
            "r" => {
                self.runs.pop();
            }
            "rt" => self.is_reading = false,
            "ruby" => {
                let reading = self.reading.take().filter(|it| !it.is_empty());
                if let Some(reading) = reading {
                    self.push(&format!("({reading})"));
                }
            }
            "checkBox" => {
                if let Some(is_ticked) = self.is_ticked.take() {
                    self.push(if is_ticked { "☑ " } else { "☐ " });
                }
            }
            "ddList" => {
                if let Some((chosen, mut entries)) = self.choice.take() {
                    let chosen = chosen.unwrap_or(0);
                    self.entry = (chosen < entries.len()).then(|| entries.swap_remove(chosen));
                }
            }
            "p" => {
                self.end_field();
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.end_paragraph(paragraph);
                }
            }
            "tc" => self.in_table(Table::end_cell),
            "tr" => self.in_table(Table::end_row),
            "trPr" => self.is_row = false,
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

    fn end_paragraph(&mut self, mut paragraph: Paragraph) {
        let text = paragraph.finish();
        let text = text.trim_end();
        let number = paragraph.list().and_then(|(list, level)| {
            let numbering = &self.styles.numbering;
            self.counters.next(numbering, list, level)
        });
        if let Some(table) = self.tables.last_mut() {
            // Rows may have their numbers in a column of nothing else.
            let number = number.unwrap_or_default();
            let text = format!("{number} {}", text.replace('\n', " "));
            if !text.trim().is_empty() {
                table.push(text.trim());
            }
            return;
        }
        if text.trim().is_empty() {
            return;
        }
        self.text.push_str(&paragraph.start(number));
        self.text.push_str(text);
        self.text.push_str("\n\n");
    }

    /// Writes a table; one within a cell is a part of what the cell says.
    fn end_table(&mut self, table: &Table) {
        if let Some(outer) = self.tables.last_mut() {
            outer.push(&table.in_a_line());
            return;
        }
        self.text.push_str(&table.markdown());
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

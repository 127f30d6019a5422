//! Writes what pages show anew where the reader would lose text without a word.
//!
//! It does not know the operators that show text on the next line, and leaves out letters that no table
//! explains. Fonts of Chinese, Japanese and Korean often name a table that every viewer has (PDF 32000-1,
//! 9.7.5.2); most are the encodings of those languages, which are here, and the text is written in UTF-16.
//! Where nothing tells what letters mean, each becomes U+FFFD, which is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS};
use pdf_extract::content::{Content, Operation};
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

/// How the bytes of a text in a font are read.
#[derive(Clone, Copy)]
enum Letters {
    Utf16,
    Of(&'static Encoding),
    /// JIS X 0208, two bytes of seven bits for each letter.
    Jis,
    /// Two bytes for each letter, and nobody knows which.
    Unknown,
}

/// Writes such text anew, on all pages and in the forms that they show.
pub(crate) fn rewrite(document: &mut Document) {
    let mut fonts = Vec::new();
    for object in document.objects.values() {
        each_font(object, &mut |font| fonts.push(letters(document, font)));
    }
    let is_known = fonts.iter().all(Option::is_none);
    let mut rewriting = Rewriting {
        spells_out: !is_known && !shares_fonts_with_forms(document),
        used: BTreeSet::new(),
    };
    // A page may be shown more than once.
    let pages: BTreeSet<ObjectId> = document.get_pages().into_values().collect();
    for page in pages {
        rewriting.page(document, page);
    }
    let is_form = |it: &&ObjectId| form(document, **it).is_some();
    let forms: Vec<ObjectId> = document.objects.keys().filter(is_form).copied().collect();
    for id in forms {
        rewriting.form(document, id);
    }
    if !rewriting.spells_out {
        return;
    }
    let table = Stream::new(Dictionary::new(), table(&rewriting.used).into_bytes());
    let table = document.add_object(table);
    let mut fonts = fonts.into_iter();
    for object in document.objects.values_mut() {
        each_font_mut(object, &mut |font| {
            if fonts.next().flatten().is_some() {
                read_as_utf16(font, table);
            }
        });
    }
}

/// Returns a table in which each of these units of UTF-16 stands for itself.
fn table(units: &BTreeSet<u16>) -> String {
    let mut table = format!("{} beginbfchar", units.len());
    for unit in units {
        // Writing to a string cannot fail.
        let _ = write!(table, "\n<{unit:04X}> <{unit:04X}>");
    }
    table + "\nendbfchar"
}

fn read_as_utf16(font: &mut Dictionary, table: ObjectId) {
    font.set("Encoding", "Identity-H");
    font.set("ToUnicode", table);
    let latin = Object::Array(vec![500.into(); 95]);
    let letters = dictionary! {
        "Type" => "Font",
        "Subtype" => "CIDFontType2",
        "FontDescriptor" => Dictionary::new(),
        "DW" => 1000,
        "W" => vec![32.into(), latin],
    };
    font.set("DescendantFonts", vec![Object::Dictionary(letters)]);
}

/// Returns how text in a font is to be read, if the reader does not know.
fn letters(document: &Document, font: &Dictionary) -> Option<Letters> {
    let subtype = font.get(b"Subtype").and_then(Object::as_name);
    if !subtype.is_ok_and(|it| it == b"Type0") {
        return None;
    }
    let named = |key: &[u8]| {
        document
            .dereference(font.get(key).ok()?)
            .ok()
            .map(|it| it.1)
    };
    let table = named(b"ToUnicode");
    match named(b"Encoding").map(Object::as_name) {
        Some(Ok(b"Identity-H" | b"Identity-V")) => match table.map(Object::as_name) {
            Some(Ok(_)) => Some(Letters::Utf16),
            Some(Err(_)) => None,
            None => Some(Letters::Unknown),
        },
        Some(Ok(name)) => of_table(name),
        _ => None,
    }
}

/// Returns the encoding that a table of letters goes by, if it is one that is known here.
fn of_table(name: &[u8]) -> Option<Letters> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name
        .strip_suffix("-H")
        .or_else(|| name.strip_suffix("-V"))
        .unwrap_or(name);
    let known = |names: &[&str]| names.contains(&name);
    if name.starts_with("Uni") && (name.contains("UCS2") || name.contains("UTF16")) {
        Some(Letters::Utf16)
    } else if known(&["H", "V", "Add", "Ext"]) {
        Some(Letters::Jis)
    } else if name.contains("RKSJ") {
        Some(Letters::Of(SHIFT_JIS))
    } else if known(&["GB-EUC", "GBpc-EUC", "GBK-EUC", "GBKp-EUC", "GBK2K"]) {
        Some(Letters::Of(GB18030))
    } else if known(&["B5pc", "ETen-B5", "ETenms-B5", "HKscs-B5"]) {
        Some(Letters::Of(BIG5))
    } else if name.starts_with("KSC") && (name.contains("EUC") || name.contains("UHC")) {
        Some(Letters::Of(EUC_KR))
    } else if name == "EUC" {
        Some(Letters::Of(EUC_JP))
    } else {
        None
    }
}

impl Letters {
    /// Returns a text in UTF-16. What is no single unit is U+FFFD.
    fn utf16(self, bytes: &[u8]) -> Vec<u16> {
        let text = match self {
            Self::Utf16 => {
                let units = bytes.chunks(2).map(|it| match it {
                    [high, low] => u16::from_be_bytes([*high, *low]),
                    _ => 0xfffd,
                });
                char::decode_utf16(units)
                    .map(|it| it.unwrap_or('\u{fffd}'))
                    .collect()
            }
            Self::Of(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Jis => {
                let bytes: Vec<u8> = bytes.iter().map(|it| it | 0x80).collect();
                EUC_JP.decode_without_bom_handling(&bytes).0.into_owned()
            }
            Self::Unknown => "\u{fffd}".repeat(bytes.len().div_ceil(2)),
        };
        let units = text
            .chars()
            .map(|it| u16::try_from(u32::from(it)).unwrap_or(0xfffd));
        units.collect()
    }
}

/// The fonts of a page or a form whose text is written anew, by their names there.
type Fonts = BTreeMap<Vec<u8>, Letters>;

fn of_names<'a>(
    document: &Document,
    fonts: impl IntoIterator<Item = (&'a [u8], &'a Dictionary)>,
) -> Fonts {
    let fonts = fonts.into_iter();
    let fonts = fonts.filter_map(|(name, font)| Some((name.to_vec(), letters(document, font)?)));
    fonts.collect()
}

struct Rewriting {
    /// Whether text is written in UTF-16 where its font has no table.
    spells_out: bool,
    /// The units of UTF-16 that were written.
    used: BTreeSet<u16>,
}

impl Rewriting {
    fn page(&mut self, document: &mut Document, page: ObjectId) {
        let fonts = document.get_page_fonts(page).unwrap_or_default();
        let fonts = of_names(document, fonts.iter().map(|it| (it.0.as_slice(), *it.1)));
        let content = document.get_page_content(page);
        let Some(written) = content.ok().and_then(|it| self.written_anew(&it, &fonts)) else {
            return;
        };
        // Pages can share what they show.
        let content = document.add_object(Stream::new(Dictionary::new(), written));
        if let Ok(page) = document.get_dictionary_mut(page) {
            page.set("Contents", content);
        }
    }

    fn form(&mut self, document: &mut Document, id: ObjectId) {
        let Some((form, resources)) = form(document, id) else {
            return;
        };
        let fonts = resources.and_then(|it| dictionary_in(document, it, b"Font"));
        let fonts = fonts.into_iter().flatten().filter_map(|(name, font)| {
            let font = document.dereference(font).ok()?.1.as_dict().ok()?;
            Some((name.as_slice(), font))
        });
        let fonts = of_names(document, fonts);
        let content = form.get_plain_content();
        let written = content.ok().and_then(|it| self.written_anew(&it, &fonts));
        let form = document.get_object_mut(id).and_then(Object::as_stream_mut);
        if let (Some(written), Ok(form)) = (written, form) {
            form.set_plain_content(written);
        }
    }

    /// Writes what a page shows anew; nothing if the reader knows all of it.
    fn written_anew(&mut self, content: &[u8], fonts: &Fonts) -> Option<Vec<u8>> {
        let spells_out = self.spells_out && !fonts.is_empty();
        if !spells_out && !begins_lines(content) {
            return None;
        }
        let content = Content::decode(content).ok()?;
        let (mut font, mut kept, mut operations) = (None, Vec::new(), Vec::new());
        for mut operation in content.operations {
            match operation.operator.as_str() {
                // A picture in the page holds no text.
                "BI" => continue,
                "q" => kept.push(font),
                "Q" => font = kept.pop().unwrap_or(font),
                "Tf" => {
                    let name = operation.operands.first().map(Object::as_name);
                    font = name.and_then(|it| fonts.get(it.ok()?).copied());
                }
                "\"" | "'" => begin_line(&mut operation, &mut operations),
                _ => {}
            }
            if let (true, "Tj" | "TJ", Some(letters)) = (spells_out, &*operation.operator, font) {
                self.spell_out(&mut operation, letters);
            }
            operations.push(operation);
        }
        Content { operations }.encode().ok()
    }

    fn spell_out(&mut self, operation: &mut Operation, letters: Letters) {
        let mut write = |it: &mut Object| {
            if let Object::String(bytes, _) = it {
                let units = letters.utf16(bytes);
                *bytes = units.iter().flat_map(|it| it.to_be_bytes()).collect();
                self.used.extend(units);
            }
        };
        match operation.operands.last_mut() {
            Some(Object::Array(parts)) => parts.iter_mut().for_each(write),
            Some(text) => write(text),
            None => {}
        }
    }
}

/// Returns whether a page may have an operator that shows text on the next line.
fn begins_lines(content: &[u8]) -> bool {
    let quotes = content.iter().enumerate();
    let mut quotes = quotes.filter(|it| matches!(it.1, b'\'' | b'"'));
    quotes.any(|(at, _)| {
        let before = content[..at].trim_ascii_end().last();
        matches!(before, Some(b')' | b'>'))
    })
}

/// Makes an operator that shows text on the next line one that shows text, behind those that go there.
fn begin_line(operation: &mut Operation, before: &mut Vec<Operation>) {
    let spacing = operation.operands.len().saturating_sub(1);
    let spacing: Vec<Object> = operation.operands.drain(..spacing).collect();
    if let [word, letter] = spacing.as_slice() {
        before.push(Operation::new("Tw", vec![word.clone()]));
        before.push(Operation::new("Tc", vec![letter.clone()]));
    }
    before.push(Operation::new("T*", Vec::new()));
    "Tj".clone_into(&mut operation.operator);
}

/// Returns a form, and the fonts and other things that it names.
fn form(document: &Document, id: ObjectId) -> Option<(&Stream, Option<&Dictionary>)> {
    let form = document.get_object(id).and_then(Object::as_stream).ok()?;
    let subtype = form.dict.get(b"Subtype").and_then(Object::as_name);
    let resources = dictionary_in(document, &form.dict, b"Resources");
    let is_form = subtype.is_ok_and(|it| it == b"Form");
    is_form.then_some((form, resources))
}

/// Returns whether a form shows text and has no fonts of its own, and uses those of the page: which, is not
/// known here.
fn shares_fonts_with_forms(document: &Document) -> bool {
    let chooses_font = |form: &Stream| {
        let content = form.get_plain_content();
        content.map_or(true, |it| it.windows(2).any(|it| it == b"Tf"))
    };
    let mut forms = document.objects.keys().filter_map(|id| form(document, *id));
    forms.any(|(form, resources)| resources.is_none() && chooses_font(form))
}

fn dictionary_in<'a>(
    document: &'a Document,
    within: &'a Dictionary,
    key: &[u8],
) -> Option<&'a Dictionary> {
    document
        .dereference(within.get(key).ok()?)
        .ok()?
        .1
        .as_dict()
        .ok()
}

/// Shows every font that an object holds, those within it before itself.
fn each_font<'a>(object: &'a Object, show: &mut impl FnMut(&'a Dictionary)) {
    match object {
        Object::Dictionary(it) => {
            it.iter().for_each(|it| each_font(it.1, show));
            if it.has_type(b"Font") {
                show(it);
            }
        }
        Object::Stream(it) => it.dict.iter().for_each(|it| each_font(it.1, show)),
        Object::Array(items) => items.iter().for_each(|it| each_font(it, show)),
        _ => {}
    }
}

/// Shows the same fonts in the same order, to be changed.
pub(super) fn each_font_mut(object: &mut Object, show: &mut impl FnMut(&mut Dictionary)) {
    match object {
        Object::Dictionary(it) => {
            it.iter_mut().for_each(|it| each_font_mut(it.1, show));
            if it.has_type(b"Font") {
                show(it);
            }
        }
        Object::Stream(it) => it.dict.iter_mut().for_each(|it| each_font_mut(it.1, show)),
        Object::Array(items) => items.iter_mut().for_each(|it| each_font_mut(it, show)),
        _ => {}
    }
}

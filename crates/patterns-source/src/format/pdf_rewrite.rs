//! Writes what pages show anew where the reader would lose text without a word.
//!
//! It does not know the operators that show text on the next line, nor most tables of letters: such text is
//! written in UTF-16. It takes the fonts of a page and of the forms on it for the same where they have the
//! same name, so those of forms are given others.

use std::collections::{BTreeMap, BTreeSet};

use pdf_extract::content::{Content, Operation};
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::pdf_letters::{Letters, Tables, letters};
use super::pdf_names::LetterNames;
use super::pdf_resources::{hand_down, own_fonts};
use super::pdf_table::written;
use super::pdf_widths::say_widths;

/// Writes such text anew, on all pages and in the forms that they show.
pub(crate) fn rewrite(document: &mut Document) {
    name_letters(document);
    say_widths(document);
    hand_down(document);
    let (mut fonts, mut tables) = (Vec::new(), Tables::new());
    for object in document.objects.values() {
        each_font(object, &mut |font| {
            fonts.push(letters(document, font, &mut tables));
        });
    }
    let is_known = fonts.iter().all(Option::is_none);
    let mut rewriting = Rewriting {
        spells_out: !is_known,
        clashing: clashing(document),
        renamed: BTreeMap::new(),
        tables,
        used: BTreeMap::new(),
    };
    // A page may be shown more than once.
    let pages: BTreeSet<ObjectId> = document.get_pages().into_values().collect();
    for page in pages {
        rewriting.page(document, page);
    }
    let forms: Vec<ObjectId> = forms(document).collect();
    for id in forms {
        rewriting.form(document, id);
    }
    if rewriting.spells_out {
        all_as_utf16(document, &fonts, &rewriting.used);
    }
    for (fonts, names) in rewriting.renamed {
        let Ok(fonts) = document.get_dictionary_mut(fonts) else {
            continue;
        };
        for (name, other) in names {
            if let Ok(font) = fonts.get(&name).cloned() {
                fonts.set(other, font);
            }
        }
    }
}

/// Gives fonts names that the reader knows.
fn name_letters(document: &mut Document) {
    let mut fonts = Vec::new();
    for object in document.objects.values() {
        each_font(object, &mut |font| {
            fonts.push(LetterNames::of(document, font))
        });
    }
    let fonts = fonts.into_iter();
    let fonts: Vec<_> = fonts.map(|it| it.map(|it| it.give(document))).collect();
    let mut fonts = fonts.iter();
    for object in document.objects.values_mut() {
        each_font_mut(object, &mut |font| {
            if let Some(Some(give)) = fonts.next() {
                give(font);
            }
        });
    }
}

/// Has the fonts whose text was written anew, in the order in which they are shown, read as UTF-16.
fn all_as_utf16(document: &mut Document, fonts: &[Option<Letters>], used: &BTreeMap<char, u16>) {
    let letter = |it: &char| it.encode_utf16(&mut [0; 2]).to_vec();
    let letters = used.iter().map(|(it, code)| (u32::from(*code), letter(it)));
    let table = written(&letters.collect());
    let table = document.add_object(Stream::new(Dictionary::new(), table));
    let mut fonts = fonts.iter();
    for object in document.objects.values_mut() {
        each_font_mut(object, &mut |font| {
            if fonts.next().is_some_and(Option::is_some) {
                read_as_utf16(font, table);
            }
        });
    }
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

/// The fonts of a page or a form whose text is written anew, by their names there.
type Fonts = BTreeMap<Vec<u8>, Letters>;

fn of_names<'a>(
    document: &Document,
    fonts: impl IntoIterator<Item = (&'a [u8], &'a Dictionary)>,
    tables: &mut Tables,
) -> Fonts {
    let fonts = fonts.into_iter();
    let fonts =
        fonts.filter_map(|(name, font)| Some((name.to_vec(), letters(document, font, tables)?)));
    fonts.collect()
}

struct Rewriting {
    /// Whether text is written in UTF-16 where its font has no table.
    spells_out: bool,
    /// The names that more than one font has.
    clashing: BTreeSet<Vec<u8>>,
    /// The fonts that have other names in the text of forms, which they are still to be given.
    renamed: BTreeMap<ObjectId, Names>,
    tables: Tables,
    /// The codes that letters were written as.
    used: BTreeMap<char, u16>,
}

impl Rewriting {
    fn page(&mut self, document: &mut Document, page: ObjectId) {
        let fonts = document.get_page_fonts(page).unwrap_or_default();
        let fonts = fonts.iter().map(|it| (it.0.as_slice(), *it.1));
        let fonts = of_names(document, fonts, &mut self.tables);
        let content = document.get_page_content(page);
        let Some(written) = content
            .ok()
            .and_then(|it| self.written_anew(&it, &fonts, &Names::new()))
        else {
            return;
        };
        // Pages can share what they show.
        let content = document.add_object(Stream::new(Dictionary::new(), written));
        if let Ok(page) = document.get_dictionary_mut(page) {
            page.set("Contents", content);
        }
    }

    fn form(&mut self, document: &mut Document, id: ObjectId) {
        let place = own_fonts(document, id).unwrap_or(id);
        let Some((form, resources)) = form(document, id) else {
            return;
        };
        let named: Vec<_> = fonts_in(document, resources).collect();
        let fonts = of_names(document, named.iter().copied(), &mut self.tables);
        let clashing = named.iter().filter(|it| self.clashing.contains(it.0));
        let others: Names = clashing
            .map(|it| (it.0.to_vec(), name_in(place, it.0)))
            .collect();
        let content = form.get_plain_content();
        let written = content
            .ok()
            .and_then(|it| self.written_anew(&it, &fonts, &others));
        let form = document.get_object_mut(id).and_then(Object::as_stream_mut);
        if let (Some(written), Ok(form)) = (written, form) {
            form.set_plain_content(written);
            self.renamed.entry(place).or_default().extend(others);
        }
    }

    /// Writes what a page shows anew; nothing if the reader knows all of it.
    fn written_anew(&mut self, content: &[u8], fonts: &Fonts, others: &Names) -> Option<Vec<u8>> {
        let spells_out = self.spells_out && !fonts.is_empty();
        if !spells_out && others.is_empty() && !begins_lines(content) {
            return None;
        }
        let content = Content::decode(content).ok()?;
        let (mut font, mut kept, mut operations) = (None, Vec::new(), Vec::new());
        for mut operation in content.operations {
            match operation.operator.as_str() {
                // A picture in the page holds no text.
                "BI" => continue,
                "q" => kept.push(font.clone()),
                "Q" => font = kept.pop().unwrap_or(font),
                "Tf" => {
                    if let Some(Object::Name(name)) = operation.operands.first_mut() {
                        font = fonts.get(name).cloned();
                        if let Some(other) = others.get(name) {
                            name.clone_from(other);
                        }
                    }
                }
                "\"" | "'" => begin_line(&mut operation, &mut operations),
                _ => {}
            }
            if let (true, "Tj" | "TJ", Some(letters)) = (spells_out, &*operation.operator, &font) {
                self.spell_out(&mut operation, letters);
            }
            operations.push(operation);
        }
        Content { operations }.encode().ok()
    }

    fn spell_out(&mut self, operation: &mut Operation, letters: &Letters) {
        let mut write = |it: &mut Object| {
            if let Object::String(bytes, _) = it {
                let text = letters.text(bytes);
                let codes = text.chars().map(|it| self.code(it).to_be_bytes());
                *bytes = codes.flatten().collect();
            }
        };
        match operation.operands.last_mut() {
            Some(Object::Array(parts)) => parts.iter_mut().for_each(write),
            Some(text) => write(text),
            None => {}
        }
    }

    /// Returns the two bytes that stand for a letter: its own, or of those in whose place there is none.
    fn code(&mut self, letter: char) -> u16 {
        if let Some(code) = self.used.get(&letter) {
            return *code;
        }
        let far = self.used.range('\u{10000}'..).count();
        let spare = || u16::try_from(0xd800 + far).ok().filter(|it| *it < 0xe000);
        let code = u16::try_from(u32::from(letter)).ok().or_else(spare);
        let (letter, code) = match code {
            Some(code) => (letter, code),
            None => (char::REPLACEMENT_CHARACTER, 0xfffd),
        };
        self.used.insert(letter, code);
        code
    }
}

/// What fonts are called instead, by their names.
type Names = BTreeMap<Vec<u8>, Vec<u8>>;

/// Returns the names that mean one font here and another one there, where forms have fonts.
fn clashing(document: &Document) -> BTreeSet<Vec<u8>> {
    let forms = document.objects.keys();
    let forms = forms.filter_map(|id| Some(fonts_in(document, form(document, *id)?.1)));
    let mut first: BTreeMap<Vec<u8>, *const Dictionary> = BTreeMap::new();
    let mut clashing = BTreeSet::new();
    let mut see = |name: &[u8], font: *const Dictionary| {
        if *first.entry(name.to_vec()).or_insert(font) != font {
            clashing.insert(name.to_vec());
        }
    };
    let mut has_any = false;
    for (name, font) in forms.flatten() {
        see(name, font);
        has_any = true;
    }
    let pages = document.get_pages().into_values().filter(|_| has_any);
    for fonts in pages.filter_map(|it| document.get_page_fonts(it).ok()) {
        fonts.iter().for_each(|(name, font)| see(name, *font));
    }
    clashing
}

/// Returns a name that no font has elsewhere.
fn name_in(place: ObjectId, name: &[u8]) -> Vec<u8> {
    [name, format!("-of-{}-{}", place.0, place.1).as_bytes()].concat()
}

/// Returns the fonts that a form names.
fn fonts_in<'a>(
    document: &'a Document,
    resources: Option<&'a Dictionary>,
) -> impl Iterator<Item = (&'a [u8], &'a Dictionary)> {
    let fonts = resources.and_then(|it| dictionary_in(document, it, b"Font"));
    fonts.into_iter().flatten().filter_map(|(name, font)| {
        let font = document.dereference(font).ok()?.1.as_dict().ok()?;
        Some((name.as_slice(), font))
    })
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

/// Returns where the forms of a document are.
pub(super) fn forms(document: &Document) -> impl Iterator<Item = ObjectId> {
    let forms = document.objects.keys().copied();
    forms.filter(|it| form(document, *it).is_some())
}

/// Returns a form, and the fonts and other things that it names.
pub(super) fn form(document: &Document, id: ObjectId) -> Option<(&Stream, Option<&Dictionary>)> {
    let form = document.get_object(id).and_then(Object::as_stream).ok()?;
    let subtype = form.dict.get(b"Subtype").and_then(Object::as_name);
    let resources = dictionary_in(document, &form.dict, b"Resources");
    let is_form = subtype.is_ok_and(|it| it == b"Form");
    is_form.then_some((form, resources))
}

pub(super) fn dictionary_in<'a>(
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
pub(super) fn each_font<'a>(object: &'a Object, show: &mut impl FnMut(&'a Dictionary)) {
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

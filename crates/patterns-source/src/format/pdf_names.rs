//! What the names of letters in a font mean, where the reader does not know them and would show other letters.
//!
//! A font without a table of its own names its letters. Beside the names of the Adobe Glyph List there are
//! those that spell a code (`uni20AC`), put letters together (`f_f_i`) or add a style (`one.oldstyle`), and
//! numbers that mean nothing (`g12`). <https://github.com/adobe-type-tools/agl-specification>

use pdf_extract::{Dictionary, Document, Object, Stream};

use super::pdf_table::{Meanings, written};

/// Where the names of a font are given anew, and a table of what those mean that have no other name.
pub(super) struct LetterNames {
    encoding: Dictionary,
    table: Stream,
}

impl LetterNames {
    /// Looks at a font; nothing if all of its names are known.
    pub(super) fn of(document: &Document, font: &Dictionary) -> Option<Self> {
        let get = |it: &'_ Dictionary, key: &[u8]| {
            let found = document.dereference(it.get(key).ok()?).ok()?.1;
            Some(found.clone())
        };
        let is_known = font.has(b"ToUnicode") || !font.has(b"Encoding");
        let is_symbols = get(font, b"BaseFont").is_some_and(|it| {
            String::from_utf8_lossy(it.as_name().unwrap_or_default()).contains("Dingbats")
        });
        let Some(Object::Dictionary(mut encoding)) = get(font, b"Encoding") else {
            return None;
        };
        let Some(Object::Array(mut names)) = get(&encoding, b"Differences") else {
            return None;
        };
        if is_known || is_symbols {
            return None;
        }
        for name in &mut names {
            if let Ok(it) = document.dereference(name) {
                *name = it.1.clone();
            }
        }
        let drawn = get(font, b"CharProcs");
        let drawn = drawn.as_ref().and_then(|it| it.as_dict().ok());
        let meanings = given_anew(&mut names, drawn.is_some_and(is_counted));
        encoding.set("Differences", names);
        let table = Stream::new(Dictionary::new(), written(&meanings?));
        Some(Self { encoding, table })
    }

    /// Gives a font its names.
    pub(super) fn give(self, document: &mut Document) -> impl Fn(&mut Dictionary) + use<> {
        let table = document.add_object(self.table);
        let encoding = self.encoding;
        move |font| {
            font.set("Encoding", encoding.clone());
            font.set("ToUnicode", table);
        }
    }
}

/// Takes styles off names, and returns what those codes mean whose names are none of the list; nothing if all are
/// known.
fn given_anew(names: &mut [Object], is_counted: bool) -> Option<Meanings> {
    let (mut code, mut meanings, mut is_changed) = (0_u8, Meanings::new(), false);
    for name in names {
        match name {
            Object::Integer(at) => code = u8::try_from(*at).ok()?,
            Object::Name(bytes) => {
                let name = String::from_utf8_lossy(bytes).into_owned();
                let plain = name.split('.').next().filter(|it| !it.is_empty());
                let plain = plain.unwrap_or(&name);
                let is_number =
                    number(plain).is_some() && (is_counted || !(32..127).contains(&code));
                if let Some(meaning) = meaning(plain) {
                    meanings.insert(code.into(), meaning);
                } else if is_number {
                    meanings.insert(code.into(), vec![0xfffd]);
                } else if plain != name {
                    *bytes = plain.as_bytes().to_vec();
                    is_changed = true;
                }
                code = code.wrapping_add(1);
            }
            _ => return None,
        }
    }
    (is_changed || !meanings.is_empty()).then_some(meanings)
}

/// Returns what a name spells out, in UTF-16.
fn meaning(name: &str) -> Option<Vec<u16>> {
    let spelt = |part: &str| {
        let hex = part.strip_prefix("uni").filter(|it| it.len() % 4 == 0);
        let hex = hex.or_else(|| {
            part.strip_prefix('u')
                .filter(|it| (4..7).contains(&it.len()))
        });
        if let Some(hex) = hex.filter(|it| !it.is_empty() && it.is_ascii()) {
            let width = if part.starts_with("uni") {
                4
            } else {
                hex.len()
            };
            let codes = (0..hex.len()).step_by(width);
            let letter = |at| char::from_u32(u32::from_str_radix(&hex[at..at + width], 16).ok()?);
            return codes.map(letter).collect();
        }
        let is_letter = part.len() == 1 && name.contains('_');
        is_letter.then(|| part.to_owned())
    };
    let spelt: Option<String> = name.split('_').map(spelt).collect();
    Some(spelt?.encode_utf16().collect())
}

/// Returns the number of a letter that has no name.
fn number(name: &str) -> Option<u32> {
    let digits = name.trim_start_matches(|it: char| it.is_ascii_alphabetic());
    let kind = &name[..name.len() - digits.len()];
    let is_number = matches!(
        kind,
        "a" | "c" | "g" | "x" | "C" | "G" | "cid" | "gid" | "glyph" | "index"
    );
    digits
        .parse()
        .ok()
        .filter(|_| is_number && digits.len() < 6)
}

/// Returns whether the letters that a font draws are numbered in the order in which they were first used, so
/// that their codes mean nothing either.
fn is_counted(drawn: &Dictionary) -> bool {
    let names = drawn.iter().map(|it| String::from_utf8_lossy(it.0));
    let low = names.filter(|it| number(it).is_some_and(|it| it < 32));
    low.count() > 16
}

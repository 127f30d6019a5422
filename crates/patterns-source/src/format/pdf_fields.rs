//! What was filled into the form of a PDF page: it is shown on the page, but is no part of its text.

use pdf_extract::{Dictionary, Document, Object, ObjectId, decode_text_string};

/// How many levels of fields are looked through for what one inherits.
const MOST_LEVELS: usize = 16;

/// Returns a line for each field that has a value, and what was typed onto the page.
pub(crate) fn filled_in(document: &Document, page: ObjectId) -> Vec<String> {
    let page = document.get_dictionary(page).ok();
    let marks = page.and_then(|it| found(document, it, b"Annots")?.as_array().ok());
    let marks = marks.into_iter().flatten();
    let marks = marks.filter_map(|it| document.dereference(it).ok()?.1.as_dict().ok());
    marks
        .filter(|it| is_shown(it))
        .filter_map(|it| line(document, it))
        .collect()
}

/// Returns whether a mark on a page is not hidden (PDF 32000-1, 12.5.3).
fn is_shown(mark: &Dictionary) -> bool {
    const HIDDEN: i64 = 0b10;
    mark.get(b"F").and_then(Object::as_i64).unwrap_or(0) & HIDDEN == 0
}

fn line(document: &Document, mark: &Dictionary) -> Option<String> {
    match mark.get(b"Subtype").and_then(Object::as_name).ok()? {
        b"FreeText" => value(found(document, mark, b"Contents")?),
        b"Widget" => {
            let state = mark.get(b"AS").and_then(Object::as_name).ok();
            let value = match inherited(document, mark, b"FT")?.as_name().ok()? {
                b"Btn" => state.filter(|it| *it != b"Off").map(text_of)?,
                b"Tx" | b"Ch" => value(inherited(document, mark, b"V")?)?,
                _ => return None,
            };
            let name = inherited(document, mark, b"TU").or_else(|| inherited(document, mark, b"T"));
            Some(match name.and_then(self::value) {
                Some(name) => format!("{name}: {value}"),
                None => value,
            })
        }
        _ => None,
    }
}

/// Returns what a field or one of those above it says.
fn inherited<'a>(document: &'a Document, field: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    let mut field = field;
    for _ in 0..MOST_LEVELS {
        if let Some(it) = found(document, field, key) {
            return Some(it);
        }
        field = found(document, field, b"Parent")?.as_dict().ok()?;
    }
    None
}

fn found<'a>(document: &'a Document, within: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    Some(document.dereference(within.get(key).ok()?).ok()?.1)
}

/// Returns a value as text; nothing if there is none.
fn value(object: &Object) -> Option<String> {
    let text = match object {
        Object::Name(name) => text_of(name),
        Object::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(value).collect();
            items.join(", ")
        }
        text => decode_text_string(text).ok()?,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn text_of(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

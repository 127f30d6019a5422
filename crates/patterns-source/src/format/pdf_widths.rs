//! How wide the letters of composite fonts are, written in the one way that the reader understands.
//!
//! It passes over ranges (`3 17 318` is the width of letters 3 to 17), which most programs write, and takes the
//! letters in them for as wide as those that nothing is said of: words fell apart, and others became one.

use pdf_extract::{Dictionary, Document, Object};

use super::pdf_rewrite::{each_font, each_font_mut};

/// So many widths are read at most in all: a short range may name many.
const MOST: usize = 1 << 18;

/// Writes the widths of letters in the way that the reader knows.
pub(super) fn say_widths(document: &mut Document) {
    let (mut fonts, mut left) = (Vec::new(), MOST);
    for object in document.objects.values() {
        each_font(object, &mut |font| {
            fonts.push(widths(document, font, &mut left));
        });
    }
    let mut fonts = fonts.into_iter();
    for object in document.objects.values_mut() {
        each_font_mut(object, &mut |font| {
            if let Some(Some((widths, usual))) = fonts.next() {
                font.set("W", widths);
                font.set("DW", usual);
            }
        });
    }
}

/// Returns the widths of the letters of a font, and the width of all others; nothing if it is no part of a
/// composite font, or the reader knows them.
fn widths(document: &Document, font: &Dictionary, left: &mut usize) -> Option<(Object, Object)> {
    let kind = font.get(b"Subtype").and_then(Object::as_name).ok()?;
    let found = |it| document.dereference(it).ok().map(|it| it.1);
    let given = font.get(b"W").ok().and_then(found);
    let given = given.and_then(|it| it.as_array().ok());
    let given = given.map_or(&[][..], Vec::as_slice);
    let usual = font.get(b"DW").ok();
    let is_known = usual.is_none_or(|it| it.as_i64().is_ok()) && are_known(given);
    if !kind.starts_with(b"CIDFont") || is_known {
        return None;
    }
    let usual = usual.and_then(found).and_then(|it| it.as_float().ok());
    let usual = usual.unwrap_or(1000.0);
    let width = |it| {
        let width = found(it).and_then(|it| it.as_float().ok());
        Object::Real(width.unwrap_or(usual))
    };
    let mut parts = given.iter().map(|it| found(it).unwrap_or(&Object::Null));
    let mut written = Vec::new();
    while let (Some(first), Some(next)) = (parts.next().map(letter), parts.next()) {
        let widths: Vec<Object> = match (next, first, letter(next)) {
            (Object::Array(widths), ..) => widths.iter().take(*left).map(width).collect(),
            (_, first, last) => {
                let count = first.zip(last).map(|it| (it.1 + 1).saturating_sub(it.0));
                let Some(width) = parts.next().map(width) else {
                    break;
                };
                vec![width; count.unwrap_or(0).min(*left)]
            }
        };
        if let Some(first) = first.filter(|_| !widths.is_empty()) {
            *left -= widths.len();
            written.extend([Object::Integer(first as i64), widths.into()]);
        }
    }
    Some((written.into(), Object::Integer(usual as i64)))
}

/// Returns whether widths are told in the one way that the reader knows.
fn are_known(widths: &[Object]) -> bool {
    let is_known = |it: &[Object]| match it {
        [Object::Integer(first), Object::Array(widths)] => {
            *first >= 0 && widths.iter().all(|it| it.as_float().is_ok())
        }
        _ => false,
    };
    widths.chunks(2).all(is_known)
}

/// Returns the number of a letter.
fn letter(object: &Object) -> Option<usize> {
    let number = object.as_float().ok();
    let number = number.filter(|it| (0.0..=65_535.0).contains(it))?;
    Some(number as usize)
}

#[cfg(test)]
mod tests {
    use pdf_extract::dictionary;

    use super::*;

    #[test]
    fn a_short_file_names_no_more_widths_than_there_is_memory_for() {
        let mut document = Document::new();
        let many = document.add_object(vec![Object::Integer(500); 1_000]);
        let each = vec![Object::Integer(0), many.into()];
        let font = dictionary! { "Subtype" => "CIDFontType2", "W" => vec![each; 10].concat() };
        let mut left = 2_500;
        let (written, _) = widths(&document, &font, &mut left).unwrap();
        assert_eq!((written.as_array().unwrap().len(), left), (6, 0));
        // These the reader knows.
        let known = vec![Object::Integer(0), vec![Object::Integer(500); 10].into()];
        let font = dictionary! { "Subtype" => "CIDFontType2", "W" => known };
        assert_eq!(widths(&document, &font, &mut 5), None);
    }
}

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
/// composite font.
fn widths(document: &Document, font: &Dictionary, left: &mut usize) -> Option<(Object, Object)> {
    let kind = font.get(b"Subtype").and_then(Object::as_name).ok()?;
    if !kind.starts_with(b"CIDFont") {
        return None;
    }
    let found = |it| document.dereference(it).ok().map(|it| it.1);
    let usual = font.get(b"DW").ok().and_then(found);
    let usual = usual.and_then(|it| it.as_float().ok()).unwrap_or(1000.0);
    let width = |it| {
        let width = found(it).and_then(|it| it.as_float().ok());
        Object::Real(width.unwrap_or(usual))
    };
    let given = font.get(b"W").ok().and_then(found);
    let given = given.and_then(|it| it.as_array().ok());
    let mut parts = given.into_iter().flatten().filter_map(found);
    let mut written = Vec::new();
    while let (Some(first), Some(next)) = (parts.next().and_then(letter), parts.next()) {
        let widths: Vec<Object> = match (next, letter(next)) {
            (Object::Array(widths), _) => widths.iter().map(width).collect(),
            (_, Some(last)) => match parts.next() {
                Some(it) => vec![width(it); (last + 1).saturating_sub(first).min(*left)],
                None => break,
            },
            _ => break,
        };
        *left = left.saturating_sub(widths.len());
        written.extend([Object::Integer(first as i64), widths.into()]);
    }
    Some((written.into(), Object::Integer(usual as i64)))
}

/// Returns the number of a letter.
fn letter(object: &Object) -> Option<usize> {
    let number = object.as_float().ok();
    let number = number.filter(|it| (0.0..=65_535.0).contains(it))?;
    Some(number as usize)
}

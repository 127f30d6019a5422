//! Mends PDF files that viewers show: offsets and lengths that are wrong, bytes around the file, odd fonts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use pdf_extract::{Dictionary, Document, Object, ObjectId};
use regex::bytes::Regex;

use super::pdf_rewrite::each_font_mut;
use super::pdf_table::{Table, written};

/// Takes off what is around the file: a header of HTTP before it, comments of a server after it.
pub(crate) fn trimmed(bytes: &[u8]) -> Cow<'_, [u8]> {
    let start = find(bytes, b"%PDF-").unwrap_or(0);
    let bytes = &bytes[start..];
    let end = bytes.windows(5).rposition(|it| it == b"%%EOF");
    match end {
        Some(at) => Cow::Borrowed(&bytes[..at + 5]),
        None => Cow::Owned([bytes, b"\n%%EOF\n"].concat()),
    }
}

/// Returns a file with a new table of its objects, wherever they are; `None` if there are none.
pub(crate) fn rebuilt(bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = &with_lengths(bytes)?;
    let object =
        Regex::new(r"(?-u)(?:^|[^0-9])(\d{1,9})[ \t\r\n]+(\d{1,5})[ \t\r\n]+obj\b").ok()?;
    let mut objects = BTreeMap::new();
    for found in object.captures_iter(bytes) {
        let (number, generation) = (number(&found[1])?, number(&found[2])?);
        objects.insert(number, (generation, found.get(1)?.start()));
    }
    let last = *objects.keys().next_back()?;
    let root = last_match(bytes, r"(?-u)/Root\s+(\d+)\s+\d+\s+R").and_then(number);
    let root = root.filter(|it| objects.contains_key(it));
    let root = root.or_else(|| catalog(bytes, &objects))?;
    let mut file = bytes.clone();
    let mut trailer = format!("/Root {root} {} R", objects.get(&root)?.0);
    if let Some(id) = last_match(bytes, r"(?-u)/ID\s*(\[[^\]]*\])") {
        trailer += &format!(" /ID {}", String::from_utf8_lossy(id));
    }
    if let Some(locked) = last_match(bytes, r"(?-u)/Encrypt\s+(\d+\s+\d+\s+R)") {
        trailer += &format!(" /Encrypt {}", String::from_utf8_lossy(locked));
    } else if let Some(locked) = dictionary(bytes, b"/Encrypt") {
        // It is looked for in an object of its own.
        let number = last + 1;
        file.push(b'\n');
        objects.insert(number, (0, file.len()));
        file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        file.extend_from_slice(locked);
        file.extend_from_slice(b"\nendobj\n");
        trailer += &format!(" /Encrypt {number} 0 R");
    }
    file.push(b'\n');
    let start = file.len();
    let mut table = String::from("xref\n0 1\n0000000000 65535 f \n");
    for (number, (generation, at)) in &objects {
        table += &format!("{number} 1\n{at:010} {generation:05} n \n");
    }
    let size = objects.keys().next_back()? + 1;
    table += &format!("trailer\n<< /Size {size} {trailer} >>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(table.as_bytes());
    Some(file)
}

/// Returns a file whose streams are as long as they say, as far as their ends can be found.
fn with_lengths(bytes: &[u8]) -> Option<Vec<u8>> {
    const END: &[u8] = b"endstream";
    let stream =
        r"(?s-u)/Length\s+(\d+(?:\s+\d+\s+R)?)\b.{0,1000}?>>\s*stream(?:[ \t]*\r?\n|[ \t]*\r)";
    let stream = Regex::new(stream).ok()?;
    let (mut mended, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(found) = stream.captures_at(bytes, at) {
        let (length, start) = (found.get(1)?, found.get(0)?.end());
        let between = &bytes[length.end()..start];
        if memchr::memmem::find(between, b"obj").is_some() {
            // It is the length of something else.
            mended.extend_from_slice(&bytes[at..length.end()]);
            at = length.end();
            continue;
        }
        let said = number(length.as_bytes()).and_then(|it| usize::try_from(it).ok());
        let after = |it: &usize| bytes.get(start.checked_add(*it)?..);
        let is_end = |it: &[u8]| {
            let mut ends = [&b"\r\n"[..], b"\n", b"\r", b""].into_iter();
            ends.any(|end| it.strip_prefix(end).is_some_and(|it| it.starts_with(END)))
        };
        let said = said.filter(|it| after(it).is_some_and(is_end));
        let found = || {
            let content = &bytes[start..start + memchr::memmem::find(&bytes[start..], END)?];
            let content = content.strip_suffix(b"\n").unwrap_or(content);
            Some(content.strip_suffix(b"\r").unwrap_or(content).len())
        };
        let Some(real) = said.or_else(found) else {
            break;
        };
        mended.extend_from_slice(&bytes[at..length.start()]);
        mended.extend_from_slice(real.to_string().as_bytes());
        mended.extend_from_slice(between);
        mended.extend_from_slice(&bytes[start..start + real]);
        at = start + real;
    }
    mended.extend_from_slice(&bytes[at..]);
    Some(mended)
}

/// Returns the number of the object that holds the pages.
fn catalog(bytes: &[u8], objects: &BTreeMap<u64, (u64, usize)>) -> Option<u64> {
    let catalog = Regex::new(r"(?-u)/Type\s*/Catalog\b").ok()?;
    let at = catalog.find_iter(bytes).last()?.start();
    let before = objects.iter().filter(|(_, (_, start))| *start < at);
    before.max_by_key(|(_, (_, start))| *start).map(|it| *it.0)
}

fn last_match<'a>(bytes: &'a [u8], pattern: &str) -> Option<&'a [u8]> {
    let pattern = Regex::new(pattern).ok()?;
    let found = pattern.captures_iter(bytes).last()?;
    found.get(1).map(|it| it.as_bytes())
}

/// Returns the dictionary that follows the last use of a name.
fn dictionary<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(name.len()).rposition(|it| it == name)? + name.len();
    let rest = &bytes[at..];
    let start = rest.iter().position(|it| !it.is_ascii_whitespace())?;
    let rest = &rest[start..];
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(two) = rest.get(at..at + 2) {
        let step = match two {
            b"<<" => {
                depth += 1;
                2
            }
            b">>" => {
                depth = depth.checked_sub(1)?;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            return (step == 2).then(|| &rest[..at]);
        }
    }
    None
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|it| it == what)
}

/// Gives fonts what the reader insists on: a name, a known kind, and a table of letters as it knows
/// them.
pub(crate) fn mend_fonts(document: &mut Document) {
    let mut tables = Vec::new();
    for object in document.objects.values_mut() {
        each_font_mut(object, &mut |font| tables.extend(mend_font(font)));
    }
    for id in tables {
        let stream = document.get_object_mut(id).and_then(Object::as_stream_mut);
        let Ok(stream) = stream else { continue };
        if let Ok(content) = stream.get_plain_content() {
            let mut table = Table::default();
            table.add(&content);
            stream.set_plain_content(written(&table.into_meanings()));
        }
    }
}

/// Mends a font, and returns where its table of letters is.
fn mend_font(font: &mut Dictionary) -> Option<ObjectId> {
    let kind = font.get(b"Subtype").and_then(Object::as_name).ok();
    let is_part = kind.is_some_and(|it| it.starts_with(b"CIDFont"));
    let is_composite = kind == Some(b"Type0");
    let is_simple =
        kind.is_some_and(|it| [&b"Type1"[..], b"Type3", b"MMType1", b"TrueType"].contains(&it));
    if !(is_part || is_composite || is_simple) {
        font.set("Subtype", "Type1");
    }
    if !font.has(b"BaseFont") {
        font.set("BaseFont", "Helvetica");
    }
    if is_part && !font.has(b"FontDescriptor") {
        font.set("FontDescriptor", Dictionary::new());
    }
    if is_composite && !font.has(b"Encoding") {
        font.set("Encoding", "Identity-H");
    }
    match font.get(b"ToUnicode") {
        Ok(Object::Reference(id)) => Some(*id),
        Ok(Object::Stream(_)) | Err(_) => None,
        Ok(_) => {
            font.remove(b"ToUnicode");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_mended_where_they_belong() {
        for (given, mended) in [
            (
                "<< /Length 9 >>stream\nAB\nendstream",
                "<< /Length 2 >>stream\nAB\nendstream",
            ),
            (
                "<< /Length 6 0 R >> stream\r\nAB\r\nendstream",
                "<< /Length 2 >> stream\r\nAB\r\nendstream",
            ),
            (
                "<< /Length 3 >> stream \nAB\n\nendstream",
                "<< /Length 3 >> stream \nAB\n\nendstream",
            ),
            (
                "<< /Length 9 >> stream\rAB\nendstream",
                "<< /Length 2 >> stream\rAB\nendstream",
            ),
            (
                "<< /Length 128 >> endobj 5 0 obj << /Length 9 >> stream\nAB\nendstream",
                "<< /Length 128 >> endobj 5 0 obj << /Length 2 >> stream\nAB\nendstream",
            ),
        ] {
            let written = with_lengths(given.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&written), mended);
        }
    }
}

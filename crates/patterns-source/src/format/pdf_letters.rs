//! What the bytes of a text in a font mean, where the reader of PDF files does not know.
//!
//! Fonts of Chinese, Japanese and Korean often name a table of letters that every viewer has (PDF 32000-1,
//! 9.7.5.2); most are the encodings of those languages, which are here. Where nothing tells what letters mean,
//! each becomes U+FFFD, which is counted.

use std::collections::BTreeMap;
use std::rc::Rc;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_8};
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};

use super::pdf_table::Table;

/// How the bytes of a text in a font are read.
#[derive(Clone)]
pub(super) enum Letters {
    Utf16,
    Utf32,
    Of(&'static Encoding),
    /// JIS X 0208, two bytes of seven bits for each letter.
    Jis,
    /// By a table in the file.
    Told(Rc<Table>),
    /// Two bytes for each letter, and nobody knows which.
    Unknown,
}

/// The tables in the file, which many fonts may share, by where their codes and their meanings are.
pub(super) type Tables = BTreeMap<[Option<ObjectId>; 2], Option<Rc<Table>>>;

/// Returns how text in a font is to be read, if the reader does not know.
pub(super) fn letters(
    document: &Document,
    font: &Dictionary,
    tables: &mut Tables,
) -> Option<Letters> {
    let subtype = font.get(b"Subtype").and_then(Object::as_name);
    if !subtype.is_ok_and(|it| it == b"Type0") {
        return None;
    }
    let named = |key: &[u8]| {
        let found = document.dereference(font.get(key).ok()?).ok()?;
        Some(found)
    };
    let (table, encoding) = (named(b"ToUnicode"), named(b"Encoding"));
    let places = [encoding, table].map(|it| it?.0);
    let [encoding, table] = [encoding, table].map(|it| Some(it?.1));
    if let Some(Object::Stream(codes)) = encoding {
        let meanings = table.and_then(|it| it.as_stream().ok());
        let read = tables.entry(places);
        let read = read.or_insert_with(|| told(codes, meanings).map(Rc::new));
        return read.clone().map(Letters::Told);
    }
    match encoding.map(Object::as_name) {
        Some(Ok(b"Identity-H" | b"Identity-V")) => match table.map(Object::as_name) {
            Some(Ok(_)) => Some(Letters::Utf16),
            Some(Err(_)) => None,
            None => Some(Letters::Unknown),
        },
        Some(Ok(name)) => of_table(name),
        _ => None,
    }
}

/// Reads a table in the file; nothing if it is as good as none: the reader knows those with two bytes for each
/// letter, which is its number as well.
fn told(codes: &Stream, meanings: Option<&Stream>) -> Option<Table> {
    let content = |it: &Stream| it.get_plain_content().unwrap_or_default();
    let codes = content(codes);
    let dense = codes.iter().filter(|it| !it.is_ascii_whitespace());
    let dense: Vec<u8> = dense.map(u8::to_ascii_lowercase).collect();
    let says = |it: &[u8]| memchr::memmem::find_iter(&dense, it).count();
    let mut read = Table::default();
    read.add(&codes);
    let is_plain = says(b"endcid") == 1 && says(b"<0000><ffff>0endcidrange") == 1;
    if is_plain && read.has_pairs() && meanings.is_some() {
        return None;
    }
    read.add(&meanings.map(content).unwrap_or_default());
    Some(read)
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
    } else if name.starts_with("Uni") && name.contains("UTF32") {
        Some(Letters::Utf32)
    } else if name.starts_with("Uni") && name.contains("UTF8") {
        Some(Letters::Of(UTF_8))
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
    /// Returns a text. What means nothing is U+FFFD.
    pub(super) fn text(&self, bytes: &[u8]) -> String {
        match self {
            Self::Utf16 => {
                let units = bytes.chunks(2).map(|it| match it {
                    [high, low] => u16::from_be_bytes([*high, *low]),
                    _ => 0xfffd,
                });
                char::decode_utf16(units)
                    .map(|it| it.unwrap_or('\u{fffd}'))
                    .collect()
            }
            Self::Utf32 => {
                let codes = bytes
                    .chunks(4)
                    .map(|it| it.try_into().map(u32::from_be_bytes));
                let letters = codes.map(|it| it.ok().and_then(char::from_u32));
                letters.map(|it| it.unwrap_or('\u{fffd}')).collect()
            }
            Self::Of(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Jis => {
                let bytes: Vec<u8> = bytes.iter().map(|it| it | 0x80).collect();
                EUC_JP.decode_without_bom_handling(&bytes).0.into_owned()
            }
            Self::Told(table) => String::from_utf16_lossy(&table.utf16(bytes)),
            Self::Unknown => "\u{fffd}".repeat(bytes.len().div_ceil(2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use pdf_extract::dictionary;

    use super::*;

    #[test]
    fn fonts_share_a_table_in_the_file() {
        let mut document = Document::new();
        let table = document.add_object(Stream::new(Dictionary::new(), Vec::new()));
        let font = dictionary! { "Subtype" => "Type0", "Encoding" => table, "ToUnicode" => table };
        let mut tables = Tables::new();
        let [first, second] = [(); 2].map(|()| letters(&document, &font, &mut tables));
        let (Some(Letters::Told(first)), Some(Letters::Told(second))) = (first, second) else {
            panic!("they have a table");
        };
        assert!(Rc::ptr_eq(&first, &second));
    }
}

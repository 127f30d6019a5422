//! What the bytes of a text in a font mean, where the reader of PDF files does not know.
//!
//! Fonts of Chinese, Japanese and Korean often name a table of letters that every viewer has (PDF 32000-1,
//! 9.7.5.2); most are the encodings of those languages, which are here. Where nothing tells what letters mean,
//! each becomes U+FFFD, which is counted.

use std::rc::Rc;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_8};
use pdf_extract::{Dictionary, Document, Object};

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

/// Returns how text in a font is to be read, if the reader does not know.
pub(super) fn letters(document: &Document, font: &Dictionary) -> Option<Letters> {
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
    let encoding = named(b"Encoding");
    if let Some(Object::Stream(codes)) = encoding {
        let mut read = Table::default();
        for table in [Some(codes), table.and_then(|it| it.as_stream().ok())] {
            let content = table.and_then(|it| it.get_plain_content().ok());
            read.add(&content.unwrap_or_default());
        }
        return Some(Letters::Told(Rc::new(read)));
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
    /// Returns a text in UTF-16. What is no single unit is U+FFFD.
    pub(super) fn utf16(&self, bytes: &[u8]) -> Vec<u16> {
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
        };
        let units = text
            .chars()
            .map(|it| u16::try_from(u32::from(it)).unwrap_or(0xfffd));
        units.collect()
    }
}

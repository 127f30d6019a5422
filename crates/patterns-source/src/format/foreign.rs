//! Names the formats that are not read, by how a file begins, and what can be done about each.
//!
//! Without this an Excel file called `.csv` would be read as rows of rubbish, and "is binary" would not say
//! that it only has to be saved otherwise.

use super::{Format, Reason};
use crate::{Unreadable, UnreadableKind};

const UNPACK: &str = "unpack it";
const AS_PICTURE: &str = "save it as PNG or JPEG";
const AS_ROWS: &str = "save it as CSV, JSONL or Parquet";
const AS_TEXT: &str = "save it as DOCX, PDF or text";

/// How files begin that nothing else begins with.
const SURE: [(&[u8], &str, &str); 21] = [
    (
        b"\xfd7zXZ\0",
        "packed with xz",
        "unpack it, or pack it with gzip",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "packed with zstd",
        "unpack it, or pack it with gzip",
    ),
    (
        b"\x04\x22\x4d\x18",
        "packed with lz4",
        "unpack it, or pack it with gzip",
    ),
    (
        b"\x1f\x9d",
        "packed with compress",
        "unpack it, or pack it with gzip",
    ),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"\x1f\x8b\x08", "packed twice", "unpack it once"),
    (b"{\\rtf", "an RTF text", AS_TEXT),
    (
        b"SQLite format 3\0",
        "an SQLite database",
        "export its rows as CSV or JSONL",
    ),
    (b"ARROW1\0", "an Arrow file", AS_ROWS),
    (b"Obj\x01", "an Avro file", AS_ROWS),
    (b"\x89HDF\r\n", "an HDF5 file", AS_ROWS),
    (b"\x93NUMPY", "a NumPy array", AS_ROWS),
    (b"II*\0", "a TIFF picture", AS_PICTURE),
    (b"MM\0*", "a TIFF picture", AS_PICTURE),
    (b"\x7fELF", "a program", "leave it out"),
    (b"\xcf\xfa\xed\xfe", "a program", "leave it out"),
    (b"\xca\xfe\xba\xbe", "a program", "leave it out"),
    (b"OggS\0", "a recording", "transcribe it first"),
    (b"fLaC\0", "a recording", "transcribe it first"),
    (b"ID3\x03\0", "a recording", "transcribe it first"),
];

/// The same for beginnings that a text may have, too: there are control characters soon after them.
const LIKELY: [(&[u8], &str, &str); 5] = [
    (
        b"BZh",
        "packed with bzip2",
        "unpack it, or pack it with gzip",
    ),
    (
        b"PARE",
        "a Parquet file with an encrypted footer",
        "decrypt it",
    ),
    (b"ORC", "an ORC file", AS_ROWS),
    (b"BM", "a BMP picture", AS_PICTURE),
    (b"MZ", "a program", "leave it out"),
];

/// Refuses a file that is of a format that is not read.
pub(crate) fn refuse_foreign(bytes: &[u8], format: Format, place: &str) -> Result<(), Unreadable> {
    match foreign(bytes, format) {
        Some((kind, reason)) => Err(Unreadable::new(kind, place, format!("the file {reason}"))),
        None => Ok(()),
    }
}

/// Returns why a file that begins like this is not read, if that can be told. What is a ZIP archive may be
/// the `DOCX` that its name promises.
fn foreign(bytes: &[u8], format: Format) -> Option<Reason> {
    let found = if bytes.starts_with(b"PK\x03\x04") {
        archive(bytes).or((format != Format::Docx).then_some(("a ZIP archive", UNPACK)))
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        Some(old_office(bytes))
    } else if bytes.get(4..8) == Some(b"ftyp") {
        Some(film(bytes))
    } else if bytes.get(257..262) == Some(b"ustar") {
        Some(("a tar archive", UNPACK))
    } else {
        let has_controls = || bytes.iter().take(64).any(|it| *it < 9);
        let begins = |it: &&(&[u8], _, _)| bytes.starts_with(it.0);
        let likely = LIKELY.iter().find(begins).filter(|_| has_controls());
        let found = SURE.iter().find(begins).or(likely);
        found.map(|(_, what, advice)| (*what, *advice))
    };
    let (what, advice) = found?;
    let reason = format!("is {what}, which is not read; {advice}");
    Some((UnreadableKind::Unsupported, reason))
}

/// Returns what a ZIP archive is by what is in it; one with a `word/` in it is read.
fn archive(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let has = |name: &[u8]| memchr::memmem::find(bytes, name).is_some();
    let kinds: [(&[u8], _, _); 6] = [
        (b"xl/", "an Excel file", "save it as CSV"),
        (b"ppt/", "a PowerPoint file", "save it as PDF"),
        (b"opendocument.text", "an OpenDocument text", AS_TEXT),
        (
            b"opendocument.spreadsheet",
            "an OpenDocument table",
            "save it as CSV",
        ),
        (
            b"opendocument.presentation",
            "an OpenDocument presentation",
            "save it as PDF",
        ),
        (
            b"application/epub+zip",
            "an EPUB book",
            "convert it to HTML or text",
        ),
    ];
    let found = kinds.into_iter().find(|(name, _, _)| has(name));
    found.map(|(_, what, advice)| (what, advice))
}

fn old_office(bytes: &[u8]) -> (&'static str, &'static str) {
    let locked: Vec<u8> = "EncryptedPackage".bytes().flat_map(|it| [it, 0]).collect();
    match memchr::memmem::find(bytes, &locked) {
        Some(_) => ("an Office file with a password", "save it without one"),
        None => (
            "a file of an old Office (.doc, .xls, .ppt, .msg)",
            "save it as DOCX, CSV or PDF",
        ),
    }
}

fn film(bytes: &[u8]) -> (&'static str, &'static str) {
    let is_picture = bytes.get(8..12).is_some_and(|it| {
        [&b"heic"[..], b"heix", b"hevc", b"mif1", b"msf1", b"avif"].contains(&it)
    });
    match is_picture {
        true => ("a HEIC or AVIF picture", AS_PICTURE),
        false => ("a film or recording", "transcribe it first"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<&str>) {
        let found = foreign(bytes, Format::Csv).map(|(_, reason)| reason);
        let expected = expected.map(|it| format!("is {it}"));
        assert_eq!(found, expected, "{}", bytes.escape_ascii());
    }

    #[test]
    fn what_is_not_read_is_named_with_the_next_step() {
        let zip = |name: &str| [b"PK\x03\x04....", name.as_bytes()].concat();
        check(
            &zip("xl/workbook.xml"),
            Some("an Excel file, which is not read; save it as CSV"),
        );
        check(
            &zip("mimetypeapplication/vnd.oasis.opendocument.text"),
            Some("an OpenDocument text, which is not read; save it as DOCX, PDF or text"),
        );
        check(
            &zip("a.txt"),
            Some("a ZIP archive, which is not read; unpack it"),
        );
        assert_eq!(foreign(&zip("a.txt"), Format::Docx), None);
        check(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0",
            Some(
                "a file of an old Office (.doc, .xls, .ppt, .msg), which is not read; save it as DOCX, CSV or PDF",
            ),
        );
        check(
            b"\x1f\x9d\x90i\xc8",
            Some("packed with compress, which is not read; unpack it, or pack it with gzip"),
        );
        check(
            b"BZh91AY&SY\0\0",
            Some("packed with bzip2, which is not read; unpack it, or pack it with gzip"),
        );
        check(
            b"{\\rtf1\\ansi Hello}",
            Some("an RTF text, which is not read; save it as DOCX, PDF or text"),
        );
        check(
            b"\0\0\0\x18ftypheic\0\0",
            Some("a HEIC or AVIF picture, which is not read; save it as PNG or JPEG"),
        );
        for text in [
            "BMW drives",
            "PARENTS, dear",
            "MZ is a code",
            "ORC,ELF\n1,2",
            "",
            "PK",
            "BZh",
        ] {
            check(text.as_bytes(), None);
        }
    }
}

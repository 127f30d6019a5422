//! Recognises the encodings of East Asia in letters of ASCII that are not read: what they say would be sent as
//! `~{<:Ky~}`.

use encoding_rs::GBK;

/// Says that a text is in an encoding that is not read, if it is.
pub(crate) fn refuse_unread(bytes: &[u8]) -> Result<(), String> {
    match unread_encoding(bytes) {
        Some(name) => Err(format!(
            "is in {name}, which is not read; iconv makes UTF-8 of it"
        )),
        None => Ok(()),
    }
}

fn unread_encoding(bytes: &[u8]) -> Option<&'static str> {
    let marks: [(&[u8], _); 4] = [
        (b"\x1b$)C", "ISO-2022-KR"),
        (b"\x1b$)A", "ISO-2022-CN"),
        (b"\x1b$)G", "ISO-2022-CN"),
        (b"\x1b$*H", "ISO-2022-CN"),
    ];
    if !bytes.is_ascii() {
        return None;
    }
    let mut marks = marks.into_iter();
    let found = marks.find(|(mark, _)| memchr::memmem::find(bytes, mark).is_some());
    found
        .map(|(_, name)| name)
        .or_else(|| is_hz(bytes).then_some("HZ"))
}

/// Returns whether all that stands between `~{` and `~}` are pairs of letters that are Chinese characters, most of
/// them of every day, which begin with no small letter; the same marks are in programs in Lisp and in templates.
fn is_hz(bytes: &[u8]) -> bool {
    let mut pairs = Vec::new();
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, b"~{") {
        rest = &rest[at + 2..];
        let line = rest.split(|it| *it == b'\n').next().unwrap_or_default();
        let end = memchr::memmem::find(line, b"~}").unwrap_or(line.len());
        pairs.extend(line[..end].chunks(2));
        rest = &rest[end..];
    }
    let are_pairs = pairs
        .iter()
        .all(|it| matches!(it, [0x21..=0x77, 0x21..=0x7e]));
    let of_every_day = pairs.iter().filter(|it| matches!(it, [0x30..=0x57, _]));
    let are_usual = pairs.len() > 1 && 2 * of_every_day.count() >= pairs.len();
    let raised: Vec<u8> = pairs.concat().iter().map(|it| it | 0x80).collect();
    are_usual && are_pairs && !GBK.decode_without_bom_handling(&raised).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_told_by_its_marks() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(unread_encoding(text.as_bytes()), expected, "{text:?}");
        };
        check("\x1b$)C\n\x0e1[;S\x0f\n", Some("ISO-2022-KR"));
        check("\x1b$)A\x0e<:Ky\x0f", Some("ISO-2022-CN"));
        check("This is ~{<:Ky2;TZ~} a saying.", Some("HZ"));
        check("This is ~{<:Ky2;TZ\nand no end", Some("HZ"));
        for text in [
            "(format t \"~{~a~^, ~}\" list)",
            "(format t \"~{x=~a~} and ~{ab~}\")",
            "home is ~{user}",
            "~{users} of ~{groups}",
            "(format t \"~{abcd~}\" list)",
            "~{user~} stands for whoever is here",
            "grüßt ~{<:Ky~}",
            "\x1b$B<:Ky\x1b(B",
            "",
        ] {
            check(text, None);
        }
    }
}

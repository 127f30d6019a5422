//! The head of a mail: by it a file is known as a mail or a mailbox, and below it the text begins.

use super::Format;

/// Returns what stands in a head from the first line on that is no part of one: a text, if there is no blank line
/// above it.
pub(super) fn stray(head: &[u8]) -> Option<&[u8]> {
    let mut from = 0;
    for line in head.split_inclusive(|it| *it == b'\n') {
        if !is_field(line) && !line.trim_ascii().is_empty() && !line.starts_with(b">From ") {
            return Some(&head[from..]);
        }
        from += line.len();
    }
    None
}

/// Returns whether a line of a head is a field, or a field goes on in it.
fn is_field(line: &[u8]) -> bool {
    let is_name = |it: &u8| it.is_ascii_alphanumeric() || b"-_.".contains(it);
    let end = line.iter().position(|it| *it == b':');
    let name = end.map(|at| line[..at].trim_ascii_end());
    line.starts_with(b" ")
        || line.starts_with(b"\t")
        || name.is_some_and(|it| !it.is_empty() && it.iter().all(is_name))
}

/// Returns whether a line begins a mail: `From ada@example.org Tue Mar  3 10:00:00 2026`.
pub(crate) fn is_begin(line: &[u8]) -> bool {
    const DAYS: &[&str] = &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: &[&str] = &[
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    if !line.starts_with(b"From ") || line.len() > 1 << 10 {
        return false;
    }
    let line = String::from_utf8_lossy(line);
    let has = |is_it: &dyn Fn(&str) -> bool| {
        let mut words = line.split([' ', ',']).skip(1);
        words.any(is_it)
    };
    let is_number = |it: &str| it.starts_with(|it: char| it.is_ascii_digit());
    let is_time = |it: &str| {
        let parts = it.split_once(':');
        parts.is_some_and(|(hours, rest)| is_number(hours) && is_number(rest))
    };
    has(&|it| DAYS.contains(&it)) && has(&|it| MONTHS.contains(&it)) && has(&is_time)
}

/// Returns whether a file that begins like this has a head of which there is more to come.
pub(crate) fn is_within_head(bytes: &[u8]) -> bool {
    const NAMES: &str = "return-path received delivered-to from to date subject message-id mime-version content-type";
    let first = bytes.split(|it| *it == b'\n').next().unwrap_or_default();
    let name = first.split(|it| *it == b':').next().unwrap_or_default();
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let is_known = || NAMES.split(' ').any(|it| it == name);
    let is_own = || {
        ["x-", "dkim-", "arc-"]
            .iter()
            .any(|it| name.starts_with(it))
    };
    let is_head = is_begin(first) || is_field(first) && (is_known() || is_own());
    is_head && blank_line(bytes).is_none()
}

fn blank_line(bytes: &[u8]) -> Option<usize> {
    let ends = [&b"\n\n"[..], b"\r\n\r\n"].map(|it| memchr::memmem::find(bytes, it));
    ends.into_iter().flatten().min()
}

/// Returns whether a file that begins like this is a mail, or a mailbox of them.
pub(super) fn mail_format(bytes: &[u8]) -> Option<Format> {
    let end = blank_line(bytes)?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let first = bytes.split(|it| *it == b'\n').next().unwrap_or_default();
    let is_mailbox = is_begin(first);
    let fields = head.lines().skip(usize::from(is_mailbox));
    let has = |name: &str, value: &str| {
        let mut values = fields.clone().filter_map(|it| it.strip_prefix(name));
        values.any(|it| it.trim_start().starts_with(value))
    };
    if !fields.clone().all(|it| is_field(it.as_bytes())) {
        return None;
    }
    match is_mailbox {
        true => has("from:", "").then_some(Format::Mailbox),
        false => has("mime-version:", "1.0").then_some(Format::Mail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_known_by_its_head() {
        let check = |bytes: &str, expected: Option<Format>| {
            assert_eq!(mail_format(bytes.as_bytes()), expected, "{bytes:?}");
        };
        let long = "X-Checked-By: everybody on the way\r\n".repeat(1_000);
        let mime = "From: a@b.org\r\nMIME-Version: 1.0\r\n";
        check(&format!("{long}{mime}\r\nx"), Some(Format::Mail));
        check(
            &format!("{mime}Content-Type: x;\r\n y=z\r\n\r\nx"),
            Some(Format::Mail),
        );
        let begin = "From a@b.org Tue Mar  3 10:00:00 2026\n";
        check(&format!("{begin}From: a@b.org\n\nx"), Some(Format::Mailbox));
        for plain in [
            "An essay on mail.\nMIME-Version: 1.0\nContent-Type: multipart/mixed\n\nx",
            "From: a@b.org\nContent-Type: multipart/mixed\n\nno version",
            "From Ada at 10:00\nabout mails\n\nFrom: nobody",
            "From a letter.\n\nFrom: nobody",
            mime,
        ] {
            check(plain, None);
        }
    }

    #[test]
    fn a_mail_begins_with_a_line_of_a_program_and_no_sentence_does() {
        for line in [
            "From ada@example.org Tue Mar  3 10:00:00 2026",
            "From - Tue Mar 03 10:00:00 2026",
            "From 1856@xxx Tue Mar 03 10:00:00 +0000 2026\r",
            "From 1f2e3d4c Mon Sep 17 00:00:00 2001",
            "From ada Sat, 3 May 2026 9:05:00 GMT",
        ] {
            assert!(is_begin(line.as_bytes()), "{line}");
        }
        for line in [
            "From 10:00 on, the office is closed.",
            "From Mon to Fri we are here from 10:00 on.",
            "From Mar 3 on, doors open at 10:00.",
            "From: ada Tue Mar  3 10:00:00 2026",
            "From us to you",
        ] {
            assert!(!is_begin(line.as_bytes()), "{line}");
        }
    }
}

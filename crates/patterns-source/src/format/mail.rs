//! Reads mails: the lines of the head that people look at, and the text; what is attached is named.
//!
//! Of a text in several forms the plain one is read, unless it is a stub of the page beside it. A mail within a mail
//! stands below it. What is in a text is decoded as that of any file, by the charset that its part declares.

use std::collections::HashSet;

use encoding_rs::{Encoding, ISO_2022_JP};
use mailparse::body::Body;
use mailparse::{DispositionType, MailHeaderMap, ParsedMail, parse_mail};
use patterns_core::some_of;

use super::mail_head::{is_begin, stray};
use super::{Reason, html};
use crate::decode::{declared, decode};
use crate::{TextEncoding, UnreadableKind};

/// What people look at of a head.
const SHOWN: [&str; 5] = ["From", "To", "Cc", "Date", "Subject"];

/// So deep may mails be within mails.
const DEEPEST: u8 = 8;

/// So many steps may it take to look for what is encoded in lines.
const MOST_STEPS: usize = 1 << 30;

/// A page that has so many times the words of the plain text beside it is what was meant to be read.
const STUB: usize = 10;

/// What a mail says, or a part of it.
#[derive(Default)]
struct Mail {
    /// The texts that it has; none if there is no part with one.
    texts: Vec<String>,
    attached: Vec<String>,
    notes: Vec<String>,
}

/// Returns the text of a mail, and what the user should know about it.
pub(crate) fn mail(
    bytes: &[u8],
    encoding: Option<TextEncoding>,
) -> Result<(String, Vec<String>), Reason> {
    let Mail {
        texts,
        attached,
        mut notes,
    } = message(bytes, encoding, DEEPEST)?;
    if !attached.is_empty() {
        notes.push(format!("not read of the mail: {}", named(&attached)));
    }
    let mut said = HashSet::new();
    notes.retain(|it| said.insert(it.clone()));
    Ok((texts.concat(), notes))
}

fn message(bytes: &[u8], encoding: Option<TextEncoding>, depth: u8) -> Result<Mail, Reason> {
    if steps(bytes) > MOST_STEPS {
        let reason = "has lines that would take too long to decode";
        return Err((UnreadableKind::Broken, reason.to_owned()));
    }
    let is_first = is_begin(bytes.split(|it| *it == b'\n').next().unwrap_or_default());
    let begin = memchr::memchr(b'\n', bytes).filter(|_| is_first);
    let parsed = parse_mail(&bytes[begin.map_or(0, |at| at + 1)..]).map_err(damaged)?;
    let mut mail = Mail::default();
    mail.add(&parsed, encoding, depth)?;
    if parsed.ctype.mimetype.starts_with("multipart") && parsed.subparts.is_empty() {
        let reason = "has parts that cannot be told apart";
        return Err((UnreadableKind::Broken, reason.to_owned()));
    }
    if mail.texts.is_empty() {
        let what = named(&mail.attached);
        let reason =
            format!("has no text of its own, but {what}, which is not read; save that by itself");
        return Err((UnreadableKind::Unsupported, reason));
    }
    let mut text = String::new();
    for name in SHOWN {
        for header in parsed.headers.get_all_headers(name) {
            let raw = header.get_value_raw();
            let value = match std::str::from_utf8(raw) {
                Ok(_) => header.get_value(),
                Err(_) => mail.raw(raw, &parsed, encoding),
            };
            text.push_str(&format!("{name}: {}\n", one_line(&value)));
        }
    }
    let is_encoded = text.contains("=?") && text.contains("?=");
    if text.contains(char::REPLACEMENT_CHARACTER) || is_encoded {
        mail.notes
            .push("not all of the head can be read".to_owned());
    }
    if !mail.attached.is_empty() {
        text.push_str(&format!("Attachments: {}\n", mail.attached.join(", ")));
    }
    for part in mail.texts.iter().filter(|it| !it.trim().is_empty()) {
        text.push('\n');
        text.push_str(part.trim_end());
        text.push('\n');
    }
    mail.texts = vec![text];
    Ok(mail)
}

impl Mail {
    /// Adds what a part says.
    fn add(
        &mut self,
        part: &ParsedMail<'_>,
        encoding: Option<TextEncoding>,
        depth: u8,
    ) -> Result<(), Reason> {
        let kind = part.ctype.mimetype.as_str();
        let disposition = part.get_content_disposition();
        let is_attached = disposition.disposition == DispositionType::Attachment;
        let has_text = kind.starts_with("text") || kind.starts_with("multipart");
        if let Some(stray) = stray(part.get_headers().get_raw_bytes()).filter(|_| has_text) {
            self.texts
                .push(String::from_utf8_lossy(stray).replace("\r\n", "\n"));
            let note = "the blank line below its head is missing";
            self.notes.push(note.to_owned());
        }
        let mut found = Self::default();
        if kind == "multipart/alternative" && !part.subparts.is_empty() {
            found = Self::one_of(&part.subparts, encoding, depth)?;
        } else if !part.subparts.is_empty() {
            for part in &part.subparts {
                found.add(part, encoding, depth)?;
            }
        } else if let Some(mail) = within(part, encoding, depth) {
            found = mail;
        } else if kind.starts_with("text") && !is_attached {
            found.add_text(part, encoding)?;
        } else {
            let params = [&disposition.params, &part.ctype.params];
            let [file, name] = [params[0].get("filename"), params[1].get("name")];
            let name = file.or(name).filter(|it| !it.trim().is_empty());
            found.attached.push(one_line(name.map_or(kind, |it| it)));
        }
        self.texts.extend(found.texts);
        self.attached.extend(found.attached);
        self.notes.extend(found.notes);
        Ok(())
    }

    /// Returns the form of a text that is read, with what is attached to any of them.
    fn one_of(
        forms: &[ParsedMail<'_>],
        encoding: Option<TextEncoding>,
        depth: u8,
    ) -> Result<Self, Reason> {
        let (mut plain, mut rich, mut attached) = (None, None, Vec::new());
        let mut failed = None;
        for form in forms {
            let mut found = Self::default();
            if let Err(error) = found.add(form, encoding, depth) {
                let is_plain = form.ctype.mimetype == "text/plain";
                failed = failed.or(Some((error, if is_plain { "plain text" } else { "page" })));
            }
            attached.append(&mut found.attached);
            let form = match form.ctype.mimetype.as_str() {
                "text/plain" => &mut plain,
                _ => &mut rich,
            };
            if form.is_none() && found.words() > 0 {
                *form = Some(found);
            }
        }
        if let Some((error, _)) = failed.take_if(|_| plain.is_none() && rich.is_none()) {
            return Err(error);
        }
        let words = plain.as_ref().map_or(0, Self::words);
        let is_stub = rich.as_ref().is_some_and(|it| it.words() > STUB * words);
        let empty = || Self {
            texts: vec![String::new()],
            ..Self::default()
        };
        let mut read = if is_stub { rich } else { plain }.unwrap_or_else(empty);
        if is_stub && words > 0 {
            let note = "its plain text is a stub, so its page was read";
            read.notes.push(note.to_owned());
        }
        let note = failed.map(|(_, what)| format!("its {what} cannot be read"));
        read.notes.extend(note);
        read.attached = attached;
        Ok(read)
    }

    /// Decodes what stands in a head as it is: it is in the encoding of the text.
    fn raw(&mut self, raw: &[u8], part: &ParsedMail<'_>, given: Option<TextEncoding>) -> String {
        match decode(raw, given.map(|it| it.0), told(charset(part))) {
            Ok(read) => {
                self.notes.extend(read.note);
                read.text
            }
            Err(_) => String::from_utf8_lossy(raw).into_owned(),
        }
    }

    fn words(&self) -> usize {
        let words = self.texts.iter().map(|it| it.split_whitespace().count());
        words.sum()
    }

    fn add_text(
        &mut self,
        part: &ParsedMail<'_>,
        given: Option<TextEncoding>,
    ) -> Result<(), Reason> {
        let bytes = match part.get_body_raw() {
            Ok(bytes) => bytes,
            Err(error) => {
                let cut = cut_base64(part).ok_or_else(|| damaged(error))?;
                let note = "its text is not closed; its end may be missing";
                self.notes.push(note.to_owned());
                cut
            }
        };
        let is_html = part.ctype.mimetype.contains("html");
        let label = charset(part);
        let told = told(label);
        let given = given.map(|it| it.0);
        // What is written in letters of ASCII alone does not show what it is.
        let given = given.or(told.filter(|it| *it == ISO_2022_JP));
        let told = told.or_else(|| declared(&bytes, is_html));
        let text = match label.is_some_and(|it| it.eq_ignore_ascii_case("utf-7")) {
            true => part.get_body().map_err(damaged)?,
            false => {
                let read = decode(&bytes, given, told);
                let read = read.map_err(|it| (UnreadableKind::NotText, it))?;
                self.notes.extend(read.note);
                read.text
            }
        };
        self.texts.push(match is_html {
            true => html(&text)?,
            false => text.replace("\r\n", "\n"),
        });
        Ok(())
    }
}

/// Returns what a text in base64 says whose end is missing.
fn cut_base64(part: &ParsedMail<'_>) -> Option<Vec<u8>> {
    let Body::Base64(body) = part.get_body_encoded() else {
        return None;
    };
    let letters = body.get_raw().iter().filter(|it| !it.is_ascii_whitespace());
    let mut letters: Vec<u8> = letters.copied().collect();
    letters.truncate(letters.len() - usize::from(letters.len() % 4 == 1));
    letters.resize(letters.len().next_multiple_of(4), b'=');
    let whole = [&b"Content-Transfer-Encoding: base64\n\n"[..], &letters].concat();
    parse_mail(&whole).ok()?.get_body_raw().ok()
}

fn charset<'a>(part: &'a ParsedMail<'_>) -> Option<&'a str> {
    part.ctype.params.get("charset").map(|it| it.trim())
}

/// Returns the encoding that a part declares; what declares nothing is said to be ASCII.
fn told(label: Option<&str>) -> Option<&'static Encoding> {
    let label = label.filter(|it| !it.eq_ignore_ascii_case("us-ascii"))?;
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// Returns how many steps it takes at most to decode the lines of a mail as those of heads: each beginning of an
/// encoded word is looked for from the start of its line, and so is each end that is none.
fn steps(bytes: &[u8]) -> usize {
    let lines = bytes.split(|it| *it == b'\n').map(|line| {
        let begins = memchr::memmem::find_iter(line, b"=?").count();
        let ends = || memchr::memmem::find_iter(line, b"?=").filter_map(|at| line.get(at + 2));
        let odd = match begins {
            0 => 0,
            // What is behind an end is looked for in the wrong place if a letter has several bytes.
            _ if !line.is_ascii() => ends().count(),
            _ => ends().filter(|it| !b" \t\r\"()<>,".contains(it)).count(),
        };
        begins.saturating_mul(line.len()).saturating_mul(1 + odd)
    });
    lines.fold(0, usize::saturating_add)
}

/// Returns what a mail within a mail says, if that can be read.
fn within(part: &ParsedMail<'_>, encoding: Option<TextEncoding>, depth: u8) -> Option<Mail> {
    let is_mail = part.ctype.mimetype == "message/rfc822";
    let depth = depth.checked_sub(1).filter(|_| is_mail)?;
    message(&part.get_body_raw().ok()?, encoding, depth).ok()
}

/// Names what is attached.
fn named(attached: &[String]) -> String {
    some_of(attached.iter().take(10), attached.len() as u64)
}

/// Returns what a mail says in one place, where it may end no line.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

fn damaged(error: mailparse::MailParseError) -> Reason {
    let reason = format!("is damaged ({error})");
    (UnreadableKind::Broken, reason)
}

//! Reads a file that is one document.

use patterns_core::{Attachment, MediaType};

use crate::decode::{declared, decode};
use crate::format::{Reason, docx, html, mail, pdf};
use crate::isolation::Task;
use crate::{Format, UnreadableKind};

/// What a file says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) text: String,
    /// What it is, if it has no text.
    pub(crate) attachment: Option<Attachment>,
    pub(crate) encoding: String,
    /// What the user should know about it.
    pub(crate) notes: Vec<String>,
}

/// Returns how many bytes of a file are read at most.
pub(crate) fn most(task: &Task) -> u64 {
    match task.format {
        Format::Html | Format::Pdf | Format::Docx | Format::Mail => task.limits.file,
        Format::Picture => task.limits.attachment,
        _ => task.limits.document,
    }
}

/// Says that a file is too large.
pub(crate) fn too_large(most: u64) -> Reason {
    let reason = format!("has more than {most} bytes");
    (UnreadableKind::TooLarge, reason)
}

/// Returns the text of a file.
pub(crate) fn whole(bytes: Vec<u8>, task: &Task) -> Result<Whole, Reason> {
    if bytes.is_empty() {
        return Err((UnreadableKind::Empty, "is empty".to_owned()));
    }
    let whole = match task.format {
        Format::Pdf => match pdf(&bytes) {
            Ok((text, notes)) => of(text, notes),
            Err((UnreadableKind::Empty, _)) => scanned(bytes, task)?,
            Err(error) => return Err(error),
        },
        Format::Picture => picture(bytes)?,
        Format::Docx => {
            let (text, notes) = docx(bytes, task.limits)?;
            of(text, notes)
        }
        Format::Mail => {
            let (text, notes) = mail(&bytes, task.encoding)?;
            of(text, notes)
        }
        format => {
            let given = task.encoding.map(|it| it.0);
            let is_html = format == Format::Html;
            let read = decode(&bytes, given, declared(&bytes, is_html));
            let read = read.map_err(|it| (UnreadableKind::NotText, it))?;
            Whole {
                attachment: None,
                text: if is_html {
                    html(&read.text)?
                } else {
                    read.text
                },
                encoding: read.encoding.to_owned(),
                notes: read.note.into_iter().collect(),
            }
        }
    };
    if whole.text.len() as u64 > task.limits.document {
        let reason = format!("has a text of more than {} bytes", task.limits.document);
        return Err((UnreadableKind::TooLarge, reason));
    }
    Ok(whole)
}

fn of(text: String, notes: Vec<String>) -> Whole {
    let encoding = "UTF-8".to_owned();
    Whole {
        text,
        attachment: None,
        encoding,
        notes,
    }
}

/// Returns a PDF as it is, since its pages are pictures.
fn scanned(bytes: Vec<u8>, task: &Task) -> Result<Whole, Reason> {
    let most = task.limits.attachment;
    if bytes.len() as u64 > most {
        let reason = format!(
            "is a PDF without text, and too large to be sent as it is: it has more than {most} bytes"
        );
        return Err((UnreadableKind::TooLarge, reason));
    }
    Ok(attached(MediaType::Pdf, bytes))
}

fn picture(bytes: Vec<u8>) -> Result<Whole, Reason> {
    match MediaType::of_beginning(&bytes).filter(|it| it.is_picture()) {
        Some(media_type) => Ok(attached(media_type, bytes)),
        None => {
            let reason = "is no PNG, JPEG, GIF or WebP picture, whatever its name says";
            Err((UnreadableKind::Broken, reason.to_owned()))
        }
    }
}

fn attached(media_type: MediaType, bytes: Vec<u8>) -> Whole {
    Whole {
        text: String::new(),
        attachment: Some(Attachment::new(media_type, bytes)),
        encoding: String::new(),
        notes: Vec::new(),
    }
}

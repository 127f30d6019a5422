//! Reads a file that is one document.

use crate::decode::{declared, decode};
use crate::format::{Reason, docx, html, pdf};
use crate::isolation::Task;
use crate::{Format, UnreadableKind};

/// What a file says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) text: String,
    pub(crate) encoding: String,
    /// What the user should know about it.
    pub(crate) notes: Vec<String>,
}

/// Returns how many bytes of a file are read at most.
pub(crate) fn most(task: &Task) -> u64 {
    match task.format {
        Format::Html | Format::Pdf | Format::Docx => task.limits.file,
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
        Format::Pdf => {
            let (text, notes) = pdf(&bytes)?;
            of(text, notes)
        }
        Format::Docx => of(docx(bytes, task.limits)?, Vec::new()),
        format => {
            let given = task.encoding.map(|it| it.0);
            let is_html = format == Format::Html;
            let read = decode(&bytes, given, declared(&bytes, is_html));
            let read = read.map_err(|it| (UnreadableKind::NotText, it))?;
            Whole {
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
        encoding,
        notes,
    }
}

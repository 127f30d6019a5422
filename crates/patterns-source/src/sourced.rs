//! A document that was read, and what it was read from.

use std::sync::Arc;

use patterns_core::Document;

use crate::{Format, Unreadable, UnreadableKind};

/// A document that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    /// Its id and text.
    pub document: Document,
    /// Where it is: a file, with the line where there is one.
    pub place: String,
    /// What it was read as.
    pub format: Format,
    /// The encoding of the file, such as `UTF-8`, as far as it is known by then.
    pub encoding: String,
    /// The names of all fields of the row that it is, if columns of rows are kept.
    pub names: Option<Arc<[String]>>,
}

impl Sourced {
    /// Says that nobody can be asked about it: what is no text cannot be sent to `model`.
    pub fn cannot_be_sent(&self, model: &str) -> Unreadable {
        let words = self.document.attachment.as_ref();
        let words = words.map_or("text", |it| it.media_type().words());
        let reason = format!("the file is a {words}, and {model} cannot be sent one");
        Unreadable::new(UnreadableKind::Unsupported, &*self.place, reason)
    }

    /// Returns the BLAKE3 digest of its text, or of the bytes of what is no text.
    pub fn digest(&self) -> [u8; 32] {
        if let Some(attachment) = &self.document.attachment {
            return *attachment.digest();
        }
        *blake3::hash(self.document.text.as_bytes()).as_bytes()
    }
}

pub(crate) type Item = Result<Sourced, Unreadable>;

/// Returns a document, if there is anything in it.
pub(crate) fn sourced(document: Document, place: String, format: Format, encoding: String) -> Item {
    if document.text.trim().is_empty() && document.attachment.is_none() {
        let reason = "there is no text";
        return Err(Unreadable::new(UnreadableKind::Empty, place, reason));
    }
    Ok(Sourced {
        document,
        place,
        format,
        encoding,
        names: None,
    })
}

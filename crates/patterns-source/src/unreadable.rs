//! What could not be read, and why.

use std::io;

use patterns_core::system_reason;

/// A document that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct Unreadable {
    kind: UnreadableKind,
    place: String,
    reason: String,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnreadableKind {
    /// It is not there, or may not be read: check names and permissions.
    Missing,
    /// It is no text in any known encoding: leave it out, or convert it.
    NotText,
    /// It is larger than a limit allows, or expands beyond it.
    TooLarge,
    /// It is not what its name or its beginning promises: cut off, damaged, or hostile.
    Broken,
    /// There is nothing in it.
    Empty,
    /// Its id has been used before.
    DuplicateId,
    /// A row has not the fields that were asked for.
    NoField,
    /// The reader of its format is not compiled in, or there is none.
    Unsupported,
}

impl UnreadableKind {
    const NAMES: [(Self, &'static str); 8] = [
        (Self::Missing, "missing"),
        (Self::NotText, "not-text"),
        (Self::TooLarge, "too-large"),
        (Self::Broken, "broken"),
        (Self::Empty, "empty"),
        (Self::DuplicateId, "duplicate-id"),
        (Self::NoField, "no-field"),
        (Self::Unsupported, "unsupported"),
    ];

    /// Returns its name between processes.
    pub(crate) fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(kind, _)| *kind == self);
        found.map_or("broken", |(_, name)| name)
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(_, it)| *it == name);
        found.map(|(kind, _)| *kind)
    }
}

impl Unreadable {
    pub(crate) fn new(
        kind: UnreadableKind,
        place: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            place: place.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn io(place: impl Into<String>, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => UnreadableKind::Broken,
            io::ErrorKind::FileTooLarge => UnreadableKind::TooLarge,
            _ => UnreadableKind::Missing,
        };
        Self::new(kind, place, reason(error))
    }

    /// Says that whoever read has ended without a last word, so that documents may be missing.
    pub fn broken_off() -> Self {
        Self::new(UnreadableKind::Broken, "the rest", "reading was broken off")
    }

    /// Returns what to do about it.
    pub fn kind(&self) -> UnreadableKind {
        self.kind
    }

    /// Returns where it is: a file, with the line where there is one.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Returns why it could not be read.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Returns why an operation of the system failed, to go on within a sentence.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = system_reason(error);
    let mut letters = text.chars();
    let first = letters.next().map(|it| it.to_lowercase());
    first.into_iter().flatten().chain(letters).collect()
}

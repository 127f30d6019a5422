//! What a file is read as: by its name, or by how it begins.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use patterns_core::{MediaType, meant};

use super::mail_head::mail_format;

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Text as it is: one document, or one per record.
    Text,
    /// Markdown as it is.
    Markdown,
    /// HTML, turned into Markdown; scripts and styles are left out.
    Html,
    /// The text of a PDF.
    Pdf,
    /// The text of a DOCX, headings and tables as Markdown.
    Docx,
    /// A mail, or a page that was saved as one (MHTML): the lines of its head that people look at, and its
    /// text, of which what is attached is no part.
    Mail,
    /// The mails of a mailbox (mbox).
    Mailbox,
    /// A JSON object per line.
    Jsonl,
    /// Values with commas between them, the names in the first line.
    Csv,
    /// The same with tabs.
    Tsv,
    /// The rows of a Parquet file.
    Parquet,
    /// A PNG, JPEG, GIF or WebP picture, as it is.
    Picture,
}

/// The name of no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format; {meant}", meant = meant(.0, &Format::ALL.map(Format::name)))]
pub struct UnknownFormat(String);

impl Format {
    const ALL: [Self; 12] = [
        Self::Text,
        Self::Markdown,
        Self::Html,
        Self::Pdf,
        Self::Docx,
        Self::Mail,
        Self::Mailbox,
        Self::Jsonl,
        Self::Csv,
        Self::Tsv,
        Self::Parquet,
        Self::Picture,
    ];

    /// Returns the format that the name of a file promises; [`Text`](Self::Text) for unknown ones.
    pub fn of(path: &Path) -> Self {
        let name = path
            .file_name()
            .and_then(|it| it.to_str())
            .unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("md" | "markdown") => Self::Markdown,
            Some("html" | "htm" | "xhtml") => Self::Html,
            Some("pdf") => Self::Pdf,
            Some("docx" | "docm") => Self::Docx,
            Some("eml" | "mht" | "mhtml") => Self::Mail,
            Some("mbox") => Self::Mailbox,
            Some("jsonl" | "ndjson" | "jl" | "jsonlines") => Self::Jsonl,
            Some("csv" | "psv") => Self::Csv,
            Some("tsv" | "tab") => Self::Tsv,
            Some("parquet") => Self::Parquet,
            Some("png" | "jpg" | "jpeg" | "gif" | "webp") => Self::Picture,
            _ => Self::Text,
        }
    }

    /// Returns the format by the first bytes, where they leave no doubt, whatever the name says.
    pub(crate) fn by_beginning(self, bytes: &[u8]) -> Self {
        match bytes {
            [b'P', b'A', b'R', b'1', ..] => Self::Parquet,
            [b'P', b'K', 3, 4, ..] if bytes.windows(5).any(|it| it == b"word/") => Self::Docx,
            _ => match MediaType::of_beginning(bytes) {
                Some(MediaType::Pdf) => Self::Pdf,
                Some(_) => Self::Picture,
                None if self == Self::Mail => self,
                None => mail_format(bytes).unwrap_or(self),
            },
        }
    }

    /// Returns whether a file holds rows.
    pub fn has_rows(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv | Self::Tsv | Self::Parquet)
    }

    /// Returns whether a file can be divided into records; a mail is a text as well.
    pub(crate) fn is_text(self) -> bool {
        matches!(
            self,
            Self::Text | Self::Markdown | Self::Mail | Self::Mailbox
        )
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Mail => "mail",
            Self::Mailbox => "mailbox",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::Picture => "picture",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|it| it.name() == name);
        found.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

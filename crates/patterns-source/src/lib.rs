//! Documents of the real world, one after the other: whatever their number, one is in memory.
//!
//! A [`Source`] turns paths, directories, globs and standard input into [`Documents`], an iterator
//! of texts with stable ids. What cannot be read is an [`Unreadable`] in its place, and the iterator
//! goes on: nothing is left out silently, and nothing hostile (bombs, endless lines, broken files)
//! ends in more than an error.
//!
//! | files | are read as |
//! |---|---|
//! | text, Markdown, source code | one document each |
//! | `.jsonl`, `.csv`, `.tsv`, `.parquet` | one document per row |
//! | any text, with [`Records`] | one document per record, as of a log |
//! | `.html`, `.pdf`, `.docx` | their text, as Markdown where it has structure |
//! | `.eml`, `.mht`, and each mail of a `.mbox` | what is looked at of its head, and its text; what is attached is named |
//! | `.png`, `.jpg`, `.gif`, `.webp`, and PDF files without text | as they are, for models that can look at them |
//! | any of these with `.gz` | the same |
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use patterns_source::Source;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("rows.jsonl");
//! std::fs::write(&path, "{\"id\": 1, \"text\": \"Hello.\"}\n{\"id\": 2, \"text\": \"\"}\n")?;
//! let mut documents = Source::new([path]).open()?;
//! assert_eq!(documents.next().unwrap()?.document.id, "1");
//! let unreadable = documents.next().unwrap().unwrap_err();
//! assert!(unreadable.to_string().ends_with("rows.jsonl:2: there is no text"));
//! # Ok(()) }
//! ```
//!
//! Each reader that is heavy, or whose files are hostile by nature, is a feature: `html`, `pdf`, `docx`, `parquet`;
//! mails are always read. The feature `split` cuts documents that are too long, and finds the passages that
//! concern a section.

mod columns;
mod decode;
mod decoding;
mod documents;
mod encoding;
mod find;
mod format;
mod isolation;
mod json_row;
mod limits;
mod lines;
mod mailbox;
mod opened;
mod record;
mod record_reader;
mod row_documents;
mod rows;
mod sample;
mod separated;
mod source;
mod sourced;
#[cfg(feature = "split")]
mod split;
mod table;
mod template;
mod twice;
mod unpack;
mod unreadable;
mod utf32;
mod wanted;
mod whole;

pub use columns::{ColumnKind, FoundColumns, Keep};
pub use documents::Documents;
pub use encoding::{TextEncoding, UnknownEncoding};
pub use find::Found;
pub use format::{Format, UnknownFormat};
pub use isolation::{Isolated, Isolation, Task, read_isolated, temporary};
pub use limits::Limits;
pub use record::{Records, RecordsError};
pub use rows::{Row, RowReader};
pub use sample::Sample;
pub use source::{Source, SourceError};
pub use sourced::Sourced;
#[cfg(feature = "split")]
pub use split::{Passages, Splitter, SplitterError};
pub use template::{Template, TemplateError};
pub use unreadable::{Unreadable, UnreadableKind};

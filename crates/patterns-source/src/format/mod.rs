//! What files are read as, and the readers of those that are no plain text.

mod contained;
mod docx;
mod foreign;
mod html;
mod kind;
mod mail;
mod mail_head;
#[cfg(any(feature = "docx", feature = "html"))]
mod numerals;
mod parquet;
mod pdf;
#[cfg(feature = "pdf")]
mod pdf_fields;
#[cfg(feature = "pdf")]
mod pdf_letters;
#[cfg(feature = "pdf")]
mod pdf_names;
#[cfg(feature = "pdf")]
mod pdf_repair;
#[cfg(feature = "pdf")]
mod pdf_resources;
#[cfg(feature = "pdf")]
mod pdf_rewrite;
#[cfg(feature = "pdf")]
mod pdf_table;
#[cfg(feature = "pdf")]
mod pdf_text;
#[cfg(feature = "pdf")]
mod pdf_widths;

pub use kind::{Format, UnknownFormat};

pub(crate) use docx::docx;
pub(crate) use foreign::refuse_foreign;
pub(crate) use html::html;
pub(crate) use mail::mail;
pub(crate) use mail_head::{is_begin, is_within_head};
pub(crate) use parquet::{Bytes as ParquetBytes, Rows as ParquetRows, rows as parquet_rows};
pub(crate) use pdf::pdf;

/// Why a file is not what it seems.
pub(crate) type Reason = (crate::UnreadableKind, String);

/// Says that a reader is not compiled in.
#[cfg(not(all(
    feature = "docx",
    feature = "html",
    feature = "parquet",
    feature = "pdf"
)))]
pub(crate) fn unsupported(what: &str, feature: &str) -> Reason {
    let reason = format!("is {what}, and the feature `{feature}` is not compiled in");
    (crate::UnreadableKind::Unsupported, reason)
}

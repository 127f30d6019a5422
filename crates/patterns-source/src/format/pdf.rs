//! The text of PDF files.

use super::Reason;

/// Returns the text of a PDF.
#[cfg(feature = "pdf")]
pub(crate) fn pdf(bytes: &[u8]) -> Result<String, Reason> {
    use crate::UnreadableKind::{Broken, Empty};

    let text = super::contained::contained(|| {
        let text = pdf_extract::extract_text_from_mem(bytes);
        text.map_err(|error| {
            (
                Broken,
                format!("is no PDF that can be read: {}", first_line(&error)),
            )
        })
    })?;
    if text.trim().is_empty() {
        let reason = "is a PDF without text; perhaps it holds pictures of pages";
        return Err((Empty, reason.to_owned()));
    }
    Ok(text)
}

#[cfg(feature = "pdf")]
fn first_line(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

#[cfg(not(feature = "pdf"))]
pub(crate) fn pdf(_: &[u8]) -> Result<String, Reason> {
    Err(super::unsupported("a PDF", "pdf"))
}

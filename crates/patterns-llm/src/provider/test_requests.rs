//! Requests that the wire of every provider is tested with.

use patterns_core::{Attachment, Document, MediaType, Message, Part, Request};

/// A picture and a PDF between words.
pub(crate) fn attached() -> Request {
    let attached = |id, media_type, bytes: &[u8]| {
        Part::Document(Document::attached(id, Attachment::new(media_type, bytes)))
    };
    Request {
        messages: vec![Message::user([
            Part::text("Look."),
            attached("a.png", MediaType::Png, b"png"),
            attached("b.pdf", MediaType::Pdf, b"pdf"),
            Part::text("What is it?"),
        ])],
        ..Request::default()
    }
}

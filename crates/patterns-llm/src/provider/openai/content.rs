//! What is said in a message: a text, or, where there are pictures and files, pieces.

use std::borrow::Cow;

use patterns_core::{Attachment, Message, Part};
use serde::Serialize;

/// What is said: a text, or, where there are pictures and files, pieces.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Pieces(Vec<Piece<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Piece<'a> {
    Text { text: Cow<'a, str> },
    ImageUrl { image_url: ImageUrl },
    File { file: File<'a> },
}

#[derive(Debug, Serialize)]
pub(super) struct ImageUrl {
    url: String,
}

#[derive(Debug, Serialize)]
pub(super) struct File<'a> {
    filename: &'a str,
    file_data: String,
}

pub(super) fn content(message: &Message) -> Content<'_> {
    let parts = &message.parts;
    if parts.iter().any(|it| it.attachment().is_some()) {
        return Content::Pieces(parts.iter().flat_map(pieces).collect());
    }
    Content::Text(match parts.as_slice() {
        [Part::Text(text)] => Cow::Borrowed(text),
        _ => Cow::Owned(message.to_text()),
    })
}

pub(super) fn piece(text: Cow<'_, str>) -> Piece<'_> {
    Piece::Text { text }
}

/// Returns a part as text, and what is attached to it.
fn pieces(part: &Part) -> impl Iterator<Item = Piece<'_>> {
    let (text, attached) = match part {
        Part::Text(text) => (Cow::Borrowed(&**text), None),
        Part::Document(document) => {
            let attached = document
                .attachment
                .as_ref()
                .map(|it| attached(&document.id, it));
            (Cow::Owned(document.to_string()), attached)
        }
    };
    [piece(text)].into_iter().chain(attached)
}

fn attached<'a>(name: &'a str, attachment: &Attachment) -> Piece<'a> {
    let media_type = attachment.media_type();
    let url = format!("data:{media_type};base64,{}", attachment.to_base64());
    match media_type.is_picture() {
        true => Piece::ImageUrl {
            image_url: ImageUrl { url },
        },
        false => Piece::File {
            file: File {
                filename: name,
                file_data: url,
            },
        },
    }
}

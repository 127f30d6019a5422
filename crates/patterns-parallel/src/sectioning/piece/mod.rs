//! The piece as a text, stitched by code.

mod markdown;
#[expect(
    clippy::module_inception,
    reason = "the file is named after its main type"
)]
mod piece;

pub use markdown::{PieceText, anchor};
pub use piece::{Draft, DraftSection, Piece};

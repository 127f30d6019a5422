//! The piece as a text: stitched by code, and measured.

mod figures;
mod markdown;
#[expect(
    clippy::module_inception,
    reason = "the file is named after its main type"
)]
mod piece;

pub use figures::{Figures, longest_chain};
pub use markdown::{PieceText, anchor};
pub use piece::{Draft, DraftSection, Piece};

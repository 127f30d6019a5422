//! A piece of writing as Markdown: stitched of its sections, and its outline, to be edited and taken back.

mod anchors;
mod markdown;
mod outline_text;
mod piece_text;
mod placed;

pub use anchors::Anchors;
pub use outline_text::outline_text;
pub(crate) use outline_text::read_outline;
pub use piece_text::{Piece, PieceText};

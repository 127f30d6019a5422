//! Documents that are too long for one call, as chunks.
//!
//! ```text
//! document ─► Splitter ─► chunk #1, #2, … each with the headings above it
//!                            └─ still too long for the model? ─► two halves, once
//! ```

mod chunk;
#[cfg(feature = "split")]
mod code;
mod halve;
#[cfg(feature = "split")]
mod outline;
#[cfg(feature = "split")]
mod overlap;
mod seam;
#[cfg(feature = "split")]
mod splitter;

pub use chunk::{Chunk, Half, Heading};
pub use seam::Split;
#[cfg(feature = "split")]
pub use splitter::{Boundary, Splitter, SplitterError};

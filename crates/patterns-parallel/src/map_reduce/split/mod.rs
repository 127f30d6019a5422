//! Cuts documents that are too long for one call into chunks.
//!
//! ```text
//! document ─► Splitter ─► chunk #1, #2, … each with the headings above it
//!                            └─ still too long for the model? ─► in halves
//! ```

mod chunk;
#[cfg(feature = "split")]
mod code;
mod middle;
#[cfg(feature = "split")]
mod outline;
#[cfg(feature = "split")]
mod overlap;
#[cfg(feature = "split")]
mod splitter;

pub use chunk::{Chunk, Half, Heading, Split};
#[cfg(feature = "split")]
pub use splitter::{Splitter, SplitterError};

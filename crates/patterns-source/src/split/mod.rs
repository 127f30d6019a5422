//! Cuts documents that are too long for one call, and finds the passages of long ones that concern a section.
//!
//! ```text
//! document ─► Splitter ─► chunk #1, #2, … each with the headings above it
//!                            ├─ still too long for the model? ─► in halves
//!                            └─ Passages: those that concern a query, within a budget of tokens
//! ```

mod code;
mod headings;
mod overlap;
mod passages;
mod splitter;

pub use passages::Passages;
pub use splitter::{Splitter, SplitterError};

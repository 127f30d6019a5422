//! Reads streamed answers and puts them together to the very bodies that would have come whole, so that
//! one table reads both.

mod assembly;
mod sse;
mod streamed;

pub(crate) use assembly::Assembly;
pub(super) use assembly::{Blanks, broken};
pub(super) use sse::Event;
pub(super) use streamed::{looks_streamed, stored, streamed};

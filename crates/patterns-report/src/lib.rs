//! Makes one self-contained HTML page of a recorded run.
//!
//! The page needs no network and may use none: its policy allows the one style and the one script that
//! are in it, by their hashes. Whatever a model, a file or a provider has written is data to it: the
//! script shows it as text and never as markup.
//!
//! [`recorded_calls`] reads the calls out of a store, and [`write_page`] writes the page; it streams: it holds the calls of one block at a time, so that a run of a hundred
//! thousand calls needs little memory.

mod call;
mod columns;
mod error;
mod excerpt;
mod html;
mod json;
mod page;
mod plain;
mod recorded;
mod report;
mod result;
mod summary;
mod texts;
mod texts_of;
mod timing;

pub use call::{Call, CallEnd, Timing};
pub use error::PageError;
pub use page::write_page;
pub use recorded::{RecordedCalls, Totals, recorded_calls};
pub use report::{Fact, Report, RunState};

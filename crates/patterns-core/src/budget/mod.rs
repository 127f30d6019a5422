//! A hard cap on what a run may spend: room is reserved before an attempt and settled after it.
//!
//! Kept at every moment, whatever the order of events:
//!
//! ```text
//! committed + possibly billed + reserved ≤ cap        as long as no attempt uses more than reserved
//! ```
//!
//! `ledger.rs` decides, without clock, lock or waiting; `handle.rs` shares it between calls and lets
//! them wait for each other; `journal.rs` is who knows of a reservation before it is used.

mod handle;
mod journal;
mod ledger;
mod money;
mod spend;

pub use handle::{Budget, Reservation, Reserve};
pub use journal::Journal;
pub use ledger::{NoRoom, Spent};
pub use money::{Money, MoneyError};
pub use spend::{Caps, Exhausted, Limit, Spend};

#[cfg(test)]
mod tests;

//! Shares paid answers between processes: in a Postgres database, so that what one of them has paid for, none
//! pays for again.
//!
//! ```text
//! pattern ─► own store ─► SharedLayer ─► model stack ─► provider
//! ```
//!
//! A [`SharedStore`] keeps answers by their [`CallKey`](patterns_core::CallKey), as a
//! [`Store`](patterns_store::Store) does, and what they have cost. Runs, prompts and the account of a budget
//! stay in the store that each process has of its own, which is asked first: it belongs in front, and it is
//! what keeps a paid answer when the database is lost in the middle.

mod address;
mod error;
mod lease;
mod outage;
mod queries;
mod row;
mod shared_layer;
mod shared_store;
mod upkeep;
mod versions;

pub use error::{SharedError, SharedErrorKind};
pub use shared_layer::{Shared, SharedLayer};
pub use shared_store::SharedStore;

//! Records paid calls durably, so that none is paid for twice.
//!
//! A [`Store`] keeps answers by their [`CallKey`](patterns_core::CallKey): equal words and equal
//! sample number find the recorded answer, another sample never does, so votes do not collapse.
//! [`StoreLayer`] puts a store in front of any model; it belongs outermost in the stack, because a
//! recorded answer costs nothing.
//!
//! An answer is committed before anybody sees it, so a run is a function of its inputs and the store:
//! to resume a run is to run it again.

mod connection;
mod error;
mod in_flight;
mod known;
mod layer;
mod record;
mod runs;
mod status;
mod store;
mod transfer;
mod upkeep;
mod writer;

pub use connection::Durability;
pub use error::{StoreError, StoreErrorKind};
pub use layer::{StoreLayer, StorePolicy, Stored};
pub use record::Record;
pub use runs::RunRecord;
pub use status::CallStatus;
pub use store::Store;
pub use upkeep::{Health, Stats};

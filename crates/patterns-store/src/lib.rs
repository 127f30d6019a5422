//! Records answered calls, so that none is paid for twice.
//!
//! A [`Store`] keeps answers by their [`CallKey`](patterns_core::CallKey): equal words and equal
//! sample number find the recorded answer, another sample never does, so votes do not collapse.
//! [`StoreLayer`] puts a store in front of any model; it belongs outermost in the stack, because a
//! recorded answer costs nothing.
//!
//! The store of this version lives in memory and ends with its process.

mod layer;
mod store;

pub use layer::{StoreLayer, Stored};
pub use store::Store;

//! Merges keys that mean the same: cheap candidates first, then an agent on the few that are left.

mod candidates;
mod key_agent;
mod merges;
#[cfg(test)]
mod tests;

pub(super) use candidates::{KeyCount, key_candidates};
pub use key_agent::{KeyPair, SameKey, key_agent};
pub(super) use merges::KeyMerges;

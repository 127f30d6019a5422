//! Merges keys that mean the same: cheap candidates first, then an agent on the few that are left.

mod agent;
mod candidates;
mod merges;
#[cfg(test)]
mod tests;

pub use agent::{KeyPair, SameKey, key_agent};
pub use candidates::{KeyCandidates, KeyCount, key_candidates};
pub use merges::KeyMerges;

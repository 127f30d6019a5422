//! How far voters agree, and how far shares of votes can be trusted.

mod alpha;
mod reliability;
mod table;
mod wilson;

pub use alpha::Agreement;
pub use reliability::{Reliability, ReliabilityBin, ReliabilityError, reliability};
pub use table::VoteTable;
pub use wilson::{ShareInterval, wilson_interval};

#[cfg(test)]
mod tests;

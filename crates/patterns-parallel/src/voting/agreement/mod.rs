//! How far voters agree, how good each of them is, and how far shares can be trusted.

mod alpha;
mod dawid_skene;
mod kappa;
mod reliability;
mod table;
mod wilson;

pub use alpha::{MeasurementLevel, NotOnTheScale};
pub use dawid_skene::{LikelyAnswer, PanelEstimate, VoterEstimate};
pub use kappa::Agreement;
pub use reliability::{Reliability, ReliabilityBin, ReliabilityError, reliability};
pub use table::VoteTable;
pub use wilson::{ShareInterval, wilson_interval};

#[cfg(test)]
mod tests;

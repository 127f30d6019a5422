//! Voting by rankings: ballots that put options in order, and the rules that count them.

mod ballots;
mod election;
mod irv;
mod positional;
mod rule;
mod schulze;

pub use ballots::{RankingError, Rankings};
pub use election::{RankedElection, RankedOption};
pub use rule::{RankedRule, RankedRuleError};

#[cfg(test)]
mod tests;

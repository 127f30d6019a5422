//! The voting rules: each a pure function from ballots to a ruling, with its own type of winner.

mod best_of;
pub(in crate::voting) mod count;
pub(in crate::voting) mod median;
mod plurality;
pub(in crate::voting) mod rule;
mod same_meaning;
pub(in crate::voting) mod share;
mod tie_break;

pub use best_of::BestOf;
pub use count::{AnswerCount, AnswerWeight};
pub use median::{Median, Spread};
pub use plurality::{Plurality, Weights};
pub use rule::{Rule, RuleError, Ruling};
pub use same_meaning::SameMeaning;
pub use share::{LeastShare, Share, ShareInterval, wilson_interval};
pub use tie_break::{Decision, TieBreak};

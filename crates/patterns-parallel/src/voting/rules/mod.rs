//! The voting rules: each a pure function from ballots to a ruling, with its own type of winner.

mod any_rule;
mod best_of;
pub(in crate::voting) mod count;
pub(in crate::voting) mod median;
mod plurality;
pub(in crate::voting) mod rule;
pub(in crate::voting) mod rule_text;
mod same_meaning;
mod share;
mod tie_break;

pub use any_rule::{AnyDetail, AnyRule};
pub use best_of::BestOf;
pub use count::AnswerCount;
pub use median::{Median, Spread, read_number};
pub use plurality::{AnswerWeight, Plurality, Weights};
pub use rule::{Rule, Ruling};
pub use rule_text::RuleError;
pub use same_meaning::SameMeaning;
pub use share::{LeastShare, Share, ShareInterval, wilson_interval};
pub use tie_break::{Decision, TieBreak};

//! Voting: the same question to several voters, then a consensus.
//!
//! ```text
//! question ─► panel of voters ─► ballots ─► rule (and a judge) ─► Election
//!                 ▲                 │
//!                 └── stopping rule ◄┘
//! ```
//!
//! A [`Panel`] casts ballots, a [`Rule`] decides on them, a [`StoppingRule`] says when no more voters
//! are asked, and [`Voting`] puts these together.

mod ballot;
mod election;
mod elections;
mod fields;
mod judge;
mod panel;
mod question;
mod rules;
mod stop;
mod voter;
#[expect(
    clippy::module_inception,
    reason = "a file has the name of its main type"
)]
mod voting;

pub use ballot::{Ballot, BallotTask, Vote};
pub use election::{BatchElection, BatchTally, Election, Standing};
pub use fields::{FieldElection, Fields};
pub use judge::{JudgeTask, Judgement};
pub use panel::Panel;
pub use question::Question;
pub(crate) use rules::name_and_value;
pub use rules::{
    AnswerCount, BestOf, Decision, Detail, Median, Plurality, Rule, RuleError, Ruling, SameMeaning,
    Share, ShareInterval, Spread, TieBreak,
};
pub use stop::{Step, StopReason, StoppingRule};
pub use voter::Voter;
pub use voting::{Asking, Voting};

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
mod field;
mod judge;
mod panel;
mod question;
mod rules;
mod stop;
#[expect(
    clippy::module_inception,
    reason = "a file has the name of its main type"
)]
mod voting;

pub use crate::normalise::read_number;
pub use ballot::{
    Ballot, BallotTask, Vote, ballot_agent_for, name_option, number_agent, vote_agent,
};
pub use election::{BatchElection, BatchTally, Election, Standing};
pub use field::{FieldElection, FieldRule, Fields, ObjectElection, ValueCount};
pub use judge::{JudgeTask, Judged, JudgedAnswer, JudgedBy, Judgement, Judgements, judge_agent};
pub use panel::{Panel, Voter};
pub use question::{Question, named_option};
pub(crate) use rules::rule::name_and_value;
pub use rules::{
    AnswerCount, AnswerWeight, BestOf, Decision, LeastShare, Median, Plurality, Rule, RuleError,
    Ruling, SameMeaning, Share, ShareInterval, Spread, TieBreak, Weights, wilson_interval,
};
pub use stop::{ForeseenVotes, Step, StopReason, Stopper, StoppingRule, Tally};
pub use voting::{Asking, Voting};

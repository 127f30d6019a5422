//! Voting: the same question to several voters, then a consensus.
//!
//! ```text
//! question ─► voters (samples of one agent, or a panel) ─► ballots ─► tally ─► rule ─► Election
//! ```

mod agreement;
mod allotment;
mod answer;
mod ballot;
mod batch;
mod bench;
mod course;
mod detail;
mod elect;
mod explain;
mod field;
mod hold;
mod judging;
mod manner;
mod models;
mod normalise;
mod numeric;
mod pattern;
mod polls;
mod rule;
mod rule_text;
mod stop;
mod voter;
mod voting_rule;
mod weighted;

pub use agreement::{
    Agreement, Reliability, ReliabilityBin, ReliabilityError, ShareInterval, VoteTable,
    reliability, wilson_interval,
};
pub use answer::{Vote, ballot_agent, ballot_agent_for, name_option, number_agent, vote_agent};
pub use ballot::{Ballot, BallotTask, Question, named_option};
pub use batch::{BatchElection, BatchTally};
pub use detail::RuleDetail;
pub use explain::{CourseStep, Next, course};
pub use field::{
    FieldElection, FieldRule, FieldRuleError, FieldRules, ObjectElection, ValueCount, decide_fields,
};
pub(crate) use field::{exact, segments};
pub use judging::{
    JudgeTask, JudgedAnswer, JudgedElection, JudgedRule, Judgement, Verdict, judge_agent,
};
pub use normalise::normalise;
pub use numeric::{
    NumericElection, Spread, Tolerance, ToleranceError, decide_numbers, read_number,
};
pub use pattern::Voting;
pub use rule::{AnswerCount, Decision, Election, Rule, TieBreak};
pub use rule_text::VotingRuleError;
pub use stop::{
    CallIndex, Forecast, PlanGoal, PlanLoss, PlanPrice, Prediction, Step, StopReason, Stopper,
    StoppingRule, StoppingRuleError, Tally, beta_confidence,
};
pub use voter::Voter;
pub use voting_rule::VotingRule;
pub use weighted::{AnswerWeight, WeightedElection};

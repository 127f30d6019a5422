//! Voting: the same question to several voters, then a consensus.
//!
//! ```text
//! question ─► voters (samples of one agent, or a panel) ─► ballots ─► tally ─► rule ─► Election
//! ```

mod answer;
mod ballot;
mod batch;
mod normalise;
mod pattern;
mod rule;
mod stop;

pub use answer::Vote;
pub use ballot::{Ballot, BallotTask, Question};
pub use batch::{BatchElection, BatchTally};
pub use normalise::normalise;
pub use pattern::Voting;
pub use rule::{AnswerCount, Decision, Election, Rule, TieBreak};
pub use stop::{
    CallIndex, Forecast, PlanGoal, PlanLoss, PlanPrice, Prediction, Step, StopReason, Stopper,
    StoppingRule, StoppingRuleError, Tally, beta_confidence, dirichlet_confidence,
};

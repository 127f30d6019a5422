//! What a run returns, failures included.
//!
//! A fatal error is part of it: its value is then an [`AggregateError`] of kind `Stopped`, and the branches that
//! were paid for are still there. Only a run that never began has no outcome.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AgentError, BranchId, Columns, Coverage, RunId, Usage, grouped};

/// The result of a run: the aggregate, and an account of every branch.
///
/// A failed branch is data here. `Err` in place of an outcome means that the run could not be
/// carried out at all.
#[derive(Debug)]
#[must_use]
pub struct Outcome<A, B> {
    /// The run.
    pub run: RunId,
    /// What the branches were combined into, or why they could not be.
    pub value: Result<A, AggregateError>,
    /// The branches of the fan-out, in input order.
    pub branches: Vec<Branch<B>>,
    /// The single steps around the fan-out: outline, synthesis, reduce nodes.
    pub steps: Vec<Branch<()>>,
    /// How branches and steps ended.
    pub counts: Counts,
    /// What all of them used.
    pub usage: Usage,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// What became of the documents, where the pattern works on any.
    pub coverage: Option<Coverage>,
}

impl<A, B> Outcome<A, B> {
    /// Returns the outcome with other branches.
    pub fn with_branches<C>(self, branches: Vec<Branch<C>>) -> Outcome<A, C> {
        self.turned(|value, _| (value, branches))
    }

    /// Returns the outcome with its value, if there is one, turned into another.
    pub fn map<C>(self, turn: impl FnOnce(A) -> C) -> Outcome<C, B> {
        self.turned(|value, branches| (value.map(turn), branches))
    }

    fn turned<C, D>(
        self,
        turn: impl FnOnce(Value<A>, Vec<Branch<B>>) -> (Value<C>, Vec<Branch<D>>),
    ) -> Outcome<C, D> {
        let (value, branches) = turn(self.value, self.branches);
        Outcome {
            run: self.run,
            value,
            branches,
            steps: self.steps,
            counts: self.counts,
            usage: self.usage,
            warnings: self.warnings,
            coverage: self.coverage,
        }
    }
}

type Value<A> = Result<A, AggregateError>;

/// One unit of fan-out and how it ended.
#[derive(Clone, Debug)]
pub struct Branch<B> {
    /// Its number within the run.
    pub id: BranchId,
    /// What it was for.
    pub role: StepRole,
    /// Its name: a section, a voter, a document.
    pub label: String,
    /// What it used, even if it failed.
    pub usage: Usage,
    /// How it ended.
    pub end: BranchEnd<B>,
    /// Columns of the row that its document is, if they were to come back.
    pub columns: Option<Columns>,
}

impl<B> Branch<B> {
    /// Returns the value, if there is one.
    pub fn into_value(self) -> Option<B> {
        match self.end {
            BranchEnd::Answered(value) => Some(value),
            BranchEnd::Failed(_) | BranchEnd::Cancelled => None,
        }
    }

    /// Returns the value of an answered branch.
    pub fn value(&self) -> Option<&B> {
        match &self.end {
            BranchEnd::Answered(value) => Some(value),
            BranchEnd::Failed(_) | BranchEnd::Cancelled => None,
        }
    }

    /// Returns the error of a failed branch.
    pub fn error(&self) -> Option<&AgentError> {
        match &self.end {
            BranchEnd::Failed(error) => Some(error),
            BranchEnd::Answered(_) | BranchEnd::Cancelled => None,
        }
    }

    /// Makes the same branch with another value.
    pub fn map<C>(self, f: impl FnOnce(B) -> C) -> Branch<C> {
        self.and_then(|value| Some(f(value)))
    }

    /// Makes the same branch with another value, or cancelled if there is none.
    pub fn and_then<C>(self, f: impl FnOnce(B) -> Option<C>) -> Branch<C> {
        let end = match self.end {
            BranchEnd::Answered(value) => {
                f(value).map_or(BranchEnd::Cancelled, BranchEnd::Answered)
            }
            BranchEnd::Failed(error) => BranchEnd::Failed(error),
            BranchEnd::Cancelled => BranchEnd::Cancelled,
        };
        Branch {
            id: self.id,
            role: self.role,
            label: self.label,
            usage: self.usage,
            end,
            columns: self.columns,
        }
    }
}

/// How a branch ended.
#[derive(Clone, Debug)]
pub enum BranchEnd<B> {
    /// With a value.
    Answered(B),
    /// With an error.
    Failed(AgentError),
    /// Ended by the run, before it had a value.
    Cancelled,
}

/// How many branches ended in which way: `started = answered + failed + cancelled`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Branches that began.
    pub started: u64,
    /// Those that ended with a value.
    pub answered: u64,
    /// Those that ended with an error.
    pub failed: u64,
    /// Those that the run ended itself.
    pub cancelled: u64,
}

impl Counts {
    /// Counts one more branch that has ended.
    pub fn add<B>(&mut self, end: &BranchEnd<B>) {
        self.started += 1;
        match end {
            BranchEnd::Answered(_) => self.answered += 1,
            BranchEnd::Failed(_) => self.failed += 1,
            BranchEnd::Cancelled => self.cancelled += 1,
        }
    }
}

/// Writes how they add up, with those that have not ended yet if there are any.
impl Display for Counts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ended = [self.answered, self.failed, self.cancelled];
        let [answered, failed, cancelled] = ended.map(grouped);
        let started = grouped(self.started);
        write!(
            f,
            "{started} started = {answered} answered + {failed} failed + {cancelled} cancelled"
        )?;
        // What a damaged store says may be anything.
        let left = ended
            .iter()
            .fold(self.started, |left, it| left.saturating_sub(*it));
        match left {
            0 => Ok(()),
            more => write!(f, " + {} not ended", grouped(more)),
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.started += other.started;
        self.answered += other.answered;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
    }
}

/// The patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// Independent sections, then a synthesis.
    Sectioning,
    /// The same question to several voters, then a consensus.
    Voting,
    /// An agent per document, then a combination.
    MapReduce,
}

/// What a branch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepRole {
    /// Plans the sections.
    Outline,
    /// Writes one section.
    Section,
    /// Reads all sections together.
    Review,
    /// Writes one section again.
    Rewrite,
    /// Merges the sections.
    Synthesis,
    /// Casts one ballot.
    Ballot,
    /// Judges answers, or decides where voters did not.
    Judge,
    /// Works on one document.
    Map,
    /// Combines answers.
    Reduce,
}

impl StepRole {
    /// Returns its name, as it is written everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::Outline => "outline",
            Self::Section => "section",
            Self::Review => "review",
            Self::Rewrite => "rewrite",
            Self::Synthesis => "synthesis",
            Self::Ballot => "ballot",
            Self::Judge => "judge",
            Self::Map => "map",
            Self::Reduce => "reduce",
        }
    }
}

/// Something about a run that its user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// A short stable name in kebab case.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl Warning {
    /// Makes a warning.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

/// Why the branches of a run could not be combined; the branches themselves are kept.
#[derive(Debug)]
pub struct AggregateError {
    kind: AggregateErrorKind,
    source: Option<AgentError>,
}

/// What stood in the way of combining the branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AggregateErrorKind {
    /// No branch has answered.
    NothingAnswered,
    /// A branch met trouble that every other one would meet too, so the run stopped.
    Stopped,
    /// The run was told to end before everything was worked on.
    Drained,
    /// More branches failed than the failure policy allows.
    TooManyFailures,
    /// A step that the result needs failed: a plan, a combination.
    StepFailed,
    /// The answers to combine are too large for the token budget even two at a time.
    DoesNotFit,
}

impl AggregateError {
    /// Makes an error without a cause in an agent.
    pub fn new(kind: AggregateErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Makes an error with the agent's error that caused it.
    pub fn caused_by(kind: AggregateErrorKind, source: AgentError) -> Self {
        Self {
            kind,
            source: Some(source),
        }
    }

    /// Returns what stood in the way.
    pub fn kind(&self) -> AggregateErrorKind {
        self.kind
    }

    /// Returns the agent's error behind it.
    pub fn agent_error(&self) -> Option<&AgentError> {
        self.source.as_ref()
    }
}

impl fmt::Display for AggregateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            AggregateErrorKind::NothingAnswered => "no branch has answered",
            AggregateErrorKind::Stopped => "the run was stopped",
            AggregateErrorKind::Drained => "the run was ended before everything was worked on",
            AggregateErrorKind::TooManyFailures => "too many branches failed",
            AggregateErrorKind::StepFailed => "a step that the result needs has failed",
            AggregateErrorKind::DoesNotFit => {
                "the answers are too large for the token budget of a reduce call"
            }
        })
    }
}

impl Error for AggregateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_role_is_its_written_form() {
        for role in [
            StepRole::Outline,
            StepRole::Section,
            StepRole::Review,
            StepRole::Rewrite,
            StepRole::Synthesis,
            StepRole::Ballot,
            StepRole::Judge,
            StepRole::Map,
            StepRole::Reduce,
        ] {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
    }
}

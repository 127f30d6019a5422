//! The job of voting: one election, or a batch of them.

use std::num::NonZeroU16;
use std::path::PathBuf;

use patterns_parallel::voting::{StoppingRule, TieBreak};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::any_rule::AnyRule;
use super::input_part::InputPart;
use super::output_part::OutputPart;
use super::parts::{ModelPart, RunPart, SchemaSource, SpendPart, StorePart, is_default};
use super::spelled::Spelled;

/// Says that a job is one of voting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VotePattern {
    /// It always is.
    #[default]
    Vote,
}

/// A question that is put to several voters, or a batch of such questions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteJob {
    /// Which pattern it is.
    pub pattern: VotePattern,
    /// What to ask, if it is one question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The answers to choose from, for every question without its own; any answer where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Material that the answer should rest on: files, directories or globs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<PathBuf>,
    /// How many ballots a question gets at most, up to 1000; one per voter where it is missing, else 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub votes: Option<NonZeroU16>,
    /// How ballots become a result, such as `majority`, `threshold:0.8`, `median:1%` or `best-of`;
    /// `plurality` where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Spelled<AnyRule>>,
    /// When to stop asking: `fixed`, `exact` (which it is where it is missing), `ahead-by:4`,
    /// `adaptive:0.95` or `plan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Spelled<StoppingRule>>,
    /// What happens when several answers lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tie: Option<TieBreak>,
    /// The least number of valid votes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quorum: u16,
    /// Voters are asked one by one instead of in waves, with so many ballots more under way than
    /// needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare: Option<u16>,
    /// Whether the result tells how the election stood after each vote.
    #[serde(default, skip_serializing_if = "is_default")]
    pub explain: bool,
    /// A JSONL file of examples, each `{"input": …, "output": …}` with a question and a ballot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examples: Option<PathBuf>,
    /// The user's own ballot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ballot: Option<BallotPart>,
    /// The questions, if they are the rows of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchPart>,
    /// How many of the questions of a batch are asked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub input: InputPart,
    /// Models with a part of their own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub models: VoteModels,
    /// Who votes, in turns; samples of the model where there is nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voters: Vec<VoterSpec>,
    /// Who answers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub model: ModelPart,
    /// How the run is carried out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: RunPart,
    /// What it may spend.
    #[serde(default, skip_serializing_if = "is_default")]
    pub spend: SpendPart,
    /// Where answers are recorded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub store: StorePart,
    /// Where the result goes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: OutputPart,
}

/// The user's own ballot, in place of an answer with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BallotPart {
    /// Its schema.
    pub schema: SchemaSource,
    /// The field that is counted, by name or JSON pointer; `answer` where it is missing, else all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_field: Option<String>,
    /// Whether every field is decided on its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by_field: bool,
    /// The rules of single fields, such as `total=median:1%`, all being decided on their own then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

impl BallotPart {
    /// Returns whether every field is decided on its own.
    pub fn is_by_field(&self) -> bool {
        self.by_field || !self.fields.is_empty()
    }
}

/// Questions that are the rows of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchPart {
    /// A JSONL, CSV, TSV or Parquet file; a row may have its own `options`.
    pub file: PathBuf,
    /// The field with the question; `question` where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_field: Option<String>,
    /// The field with the id; `id` where it is missing, else the place of the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_field: Option<String>,
    /// The field with the right answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gold: Option<String>,
}

/// Models with a part of their own in an election.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VoteModels {
    /// Who judges the answers under a rule with a judge; the first who votes where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<String>,
    /// Who is asked, once, where the voters come to no consensus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate: Option<String>,
}

/// A voter. It has a name or a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VoterSpec {
    /// How it is called; like its model where it has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is told behind the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Its model, if it is not that of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How much its ballots weigh; 1 where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

impl VoteJob {
    /// How many ballots a question gets where nobody says.
    pub const DEFAULT_VOTES: usize = patterns_parallel::Voting::<()>::DEFAULT_VOTERS.get();

    /// Makes the job of asking one question.
    pub fn new(question: impl Into<String>) -> Self {
        Self {
            question: Some(question.into()),
            ..Self::default()
        }
    }

    /// Returns how many ballots a question gets at most.
    pub fn most_ballots(&self) -> usize {
        let usual = match self.voters.len() {
            0 => Self::DEFAULT_VOTES,
            voters => voters,
        };
        self.votes.map_or(usual, |it| usize::from(it.get()))
    }

    /// Returns whether some voters count for more than others.
    pub fn has_weights(&self) -> bool {
        let weights = self.voters.iter().map(|it| it.weight.unwrap_or(1.0));
        let weights: Vec<f64> = weights.collect();
        weights.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// Returns how ballots become a result, where it is not field by field.
    pub fn rule(&self) -> AnyRule {
        self.rule.as_deref().cloned().unwrap_or_default()
    }

    /// Returns when no more voters are asked.
    pub fn policy(&self) -> StoppingRule {
        self.policy.as_deref().copied().unwrap_or_default()
    }

    /// Returns what happens when several answers lead. With the first answer winning ties, the second
    /// of two voters could change nothing, so two voters come to no consensus where they differ.
    pub fn tie(&self) -> TieBreak {
        match self.tie {
            Some(tie) => tie,
            None if self.second_is_idle() => TieBreak::NoConsensus,
            None => TieBreak::FirstSeen,
        }
    }

    pub(crate) fn second_is_idle(&self) -> bool {
        let counts = !self.is_by_field()
            && matches!(self.rule(), AnyRule::Plurality(_))
            && !self.has_weights();
        counts && self.most_ballots() == 2 && self.policy() == StoppingRule::Exact
    }

    pub(crate) fn is_by_field(&self) -> bool {
        self.ballot.as_ref().is_some_and(BallotPart::is_by_field)
    }
}

//! Puts a question into the words for a voter, and keeps the answers.

use std::sync::Arc;

use patterns_core::{Part, Prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::question::Question;

/// Asks one voter for one ballot.
///
/// All voters get the same words but for their own at the end; samples of one voter differ in the
/// number only, and no model sees that.
#[derive(Clone, Debug)]
pub struct BallotTask {
    /// The question.
    pub question: Arc<Question>,
    /// Which draw of its agent this ballot is.
    pub sample: u32,
    /// What this voter is told behind the question.
    pub prompt: Option<Arc<str>>,
}

impl From<&BallotTask> for Prompt {
    fn from(task: &BallotTask) -> Self {
        let question = &task.question;
        let documents = question.context.iter().cloned();
        let mut parts: Vec<Part> = documents.map(Part::Document).collect();
        parts.push(Part::text(question.text.as_str()));
        if !question.options.is_empty() {
            let options = question.options.join("\n- ");
            parts.push(Part::text(format!("Answer with one of:\n- {options}")));
        }
        parts.extend(task.prompt.as_deref().map(Part::text));
        Self::new(parts).sample(task.sample)
    }
}

/// One voter's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ballot {
    /// Who voted.
    pub voter: String,
    /// The answer, word for word, or the option that it names; `None` for an abstention.
    pub answer: Option<String>,
    /// The answer as it was counted.
    pub normalised: Option<String>,
    /// How much it counts where votes are counted. It is the voter's, and no part of what is written
    /// of a ballot.
    #[serde(skip)]
    pub weight: f64,
}

impl Ballot {
    /// Makes a ballot of weight 1.
    pub fn new(
        voter: impl Into<String>,
        answer: Option<String>,
        normalised: Option<String>,
    ) -> Self {
        Self {
            voter: voter.into(),
            answer,
            normalised,
            weight: 1.0,
        }
    }

    /// Returns the answer as it is counted, and word for word, if it counts.
    pub(super) fn valid(&self) -> Option<(&str, &str)> {
        Some((self.normalised.as_deref()?, self.answer.as_deref()?))
    }
}

/// What a voter answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "vote")]
pub struct Vote<A = String> {
    /// The steps that lead to the answer.
    pub reasoning: String,
    /// The answer alone, as short as it can be: no sentence, no unit, no explanation.
    pub answer: A,
    /// How sure the answer is, from 0 (a guess) to 1 (certain).
    // Nothing decides by it, so it never fails a ballot: what is out of range is moved
    // into it, and what the voter did not say is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0.0, max = 1.0), extend("x-informs" = true))]
    pub confidence: Option<f64>,
}

//! The question of an election with its options, in the words for a voter, and the ballots on it. Says what an
//! answer counts as.

use std::collections::HashSet;
use std::sync::Arc;

use patterns_core::text::normalise;
use patterns_core::{Contract, Document, Part, Prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A question to vote on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The words.
    pub text: String,
    /// The answers to choose from; empty for an open question.
    pub options: Vec<String>,
    /// Material that the answer should rest on.
    pub context: Vec<Document>,
}

impl Question {
    /// Asks an open question.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Sets the answers to choose from.
    #[must_use]
    pub fn options<O: Into<String>>(mut self, options: impl IntoIterator<Item = O>) -> Self {
        self.options = options.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the form in which an answer is counted; `None` if it counts as none.
    ///
    /// With options that is the one that the answer names: the one that is written like it, sign by sign, or
    /// else the only one that differs in case, spaces, quotes and the like. An open answer loses just these.
    ///
    /// ```
    /// use patterns_parallel::voting::Question;
    ///
    /// let versions = Question::new("Which?").options(["1.1", "1.10", "None"]);
    /// assert_eq!(versions.counted(" none "), Some("None".to_owned()));
    /// assert_eq!(versions.counted("2.0"), None);
    /// assert_eq!(Question::new("").options(["no", "No"]).counted("NO"), None);
    /// assert_eq!(Question::new("Where?").counted("Rome."), Some("rome".to_owned()));
    /// ```
    pub fn counted(&self, answer: &str) -> Option<String> {
        if self.options.is_empty() {
            return normalise(answer);
        }
        self.named_option(answer).map(str::to_owned)
    }

    /// Returns an option that no answer can name, since it is written like one before it.
    pub(super) fn twice(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        let twice = self.options.iter().find(|it| !seen.insert(it.trim()));
        twice.map(String::as_str)
    }

    /// Returns the option that an answer names.
    pub(super) fn named_option(&self, answer: &str) -> Option<&str> {
        let same = |it: &&String| it.as_str() == answer || it.trim() == answer.trim();
        if let Some(option) = self.options.iter().find(same) {
            return Some(option);
        }
        let counted = normalise(answer)?;
        let is_alike = |it: &&String| normalise(it).is_some_and(|it| it == counted);
        let mut alike = self.options.iter().filter(is_alike);
        let option = alike.next()?;
        alike.next().is_none().then_some(option)
    }

    /// Takes an answer that names an option, but is written in another way, for the option: the answer is at this
    /// place of a ballot, which is a JSON pointer.
    pub fn mend<V>(self, ballot: Contract<V>, place: impl Into<String>) -> Contract<V> {
        let place = place.into();
        ballot.mended_by(move |ballot| {
            if let Some(Value::String(answer)) = ballot.pointer_mut(&place)
                && let Some(option) = self.named_option(answer)
            {
                option.clone_into(answer);
            }
        })
    }

    /// Adds material.
    #[must_use]
    pub fn context(mut self, documents: impl IntoIterator<Item = Document>) -> Self {
        self.context.extend(documents);
        self
    }
}

impl<T: Into<String>> From<T> for Question {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

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

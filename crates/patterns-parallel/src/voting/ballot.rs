//! What a voter is asked, and what is kept of its answer.

use std::sync::Arc;

use patterns_core::{Document, Part, Prompt};
use serde::{Deserialize, Serialize};

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
    pub words: Option<Arc<str>>,
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
        parts.extend(task.words.as_deref().map(Part::text));
        Self::new(parts).sample(task.sample)
    }
}

/// One voter's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    /// Who voted.
    pub voter: String,
    /// The answer, word for word; `None` for an abstention.
    pub answer: Option<String>,
    /// The answer as it was counted.
    pub normalised: Option<String>,
}

//! What a voter is asked, and what is kept of its answer.

use std::sync::Arc;

use patterns_core::{Document, Part, Prompt};
use serde::{Deserialize, Serialize};

use super::normalise::normalise;

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
    /// With options that is the one that the answer names, and nothing else is counted. An open
    /// answer is what [`normalise`] makes of it.
    ///
    /// ```
    /// use patterns_parallel::Question;
    ///
    /// let versions = Question::new("Which?").options(["1.1", "1.10", "None"]);
    /// assert_eq!(versions.counted(" none "), Some("None".to_owned()));
    /// assert_eq!(versions.counted("2.0"), None);
    /// assert_eq!(Question::new("Where?").counted("Rome."), Some("rome".to_owned()));
    /// ```
    pub fn counted(&self, answer: &str) -> Option<String> {
        if self.options.is_empty() {
            return normalise(answer);
        }
        named_option(&self.options, answer).map(str::to_owned)
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

/// Returns the option that an answer names: the one that is written like it, sign by sign, or else the
/// only one that [`normalise`] does not tell from it.
///
/// ```
/// use patterns_parallel::named_option;
///
/// let options = ["yes", "no", "No"].map(str::to_owned);
/// assert_eq!(named_option(&options, "Yes."), Some("yes"));
/// assert_eq!(named_option(&options, "No"), Some("No"));
/// assert_eq!(named_option(&options, "NO"), None);
/// ```
pub fn named_option<'a>(options: &'a [String], answer: &str) -> Option<&'a str> {
    let same = |it: &&String| it.as_str() == answer || it.trim() == answer.trim();
    if let Some(option) = options.iter().find(same) {
        return Some(option);
    }
    let counted = normalise(answer)?;
    let is_alike = |it: &&String| normalise(it).is_some_and(|it| it == counted);
    let mut alike = options.iter().filter(is_alike);
    let option = alike.next()?;
    alike.next().is_none().then_some(option)
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
    /// The answer, word for word, or the option that it names; `None` for an abstention.
    pub answer: Option<String>,
    /// The answer as it was counted.
    pub normalised: Option<String>,
}

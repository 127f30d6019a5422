//! The question of an election with its options. Says what an answer counts as.

use patterns_core::{Contract, Document};
use serde_json::Value;

use crate::normalise::normalise;

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

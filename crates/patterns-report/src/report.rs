//! What a page says of a run beside its calls.

use patterns_core::{Counts, Coverage};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What a page says of a run beside its calls. All its texts may be hostile.
#[derive(Debug, Default)]
pub struct Report {
    /// What tells the run from others, as other commands name it.
    pub run: String,
    /// What was asked, in one line.
    pub title: String,
    /// What kind of run it is: vote, map-reduce, section.
    pub pattern: String,
    /// How it stands.
    pub state: RunState,
    /// The same in words.
    pub state_words: String,
    /// The few numbers that are looked at first.
    pub figures: Vec<Fact>,
    /// Whatever else is known of the run, one thing a line.
    pub facts: Vec<Fact>,
    /// Said before everything else, such as that no language model has answered.
    pub notice: Option<String>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// The result, if it is small enough to be shown.
    pub result: Option<Value>,
    /// How the branches ended.
    pub counts: Option<Counts>,
    /// What became of the documents.
    pub coverage: Option<Coverage>,
    /// When the run began, in seconds since 1970.
    pub began: i64,
    /// The elections, each as JSON in the form that the command prints.
    pub elections: Vec<Box<RawValue>>,
    /// The statements of the result and the answers that they were made of, as the store keeps them.
    pub trace: Option<Box<RawValue>>,
    /// What is missing on the page, and why: prompts that were not kept, for example.
    pub lacks: Vec<String>,
}

/// A thing that is known, and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// What is known.
    pub value: String,
}

impl Fact {
    /// Makes a fact.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunState {
    /// It came to its end, and nothing is missing.
    Done,
    /// It came to its end, and something failed.
    Lacking,
    /// It was stopped or refused.
    Stopped,
    /// It has not ended: it is under way, or was killed.
    #[default]
    NotEnded,
}

impl RunState {
    /// Returns the name that the style knows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Lacking => "lacking",
            Self::Stopped => "stopped",
            Self::NotEnded => "open",
        }
    }
}

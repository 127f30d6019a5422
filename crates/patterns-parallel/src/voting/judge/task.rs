//! What a judge is asked, and what it answers.

use std::sync::Arc;

use patterns_core::{Document, Part, Prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::voting::question::Question;

/// Asks a judge about answers to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JudgeTask {
    /// Which of two answers is better.
    Compare {
        /// The question.
        question: Arc<Question>,
        /// The answer that is shown first.
        first: String,
        /// The answer that is shown second.
        second: String,
    },
    /// Whether two answers mean the same.
    Same {
        /// The question.
        question: Arc<Question>,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
}

/// What a judge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// To [`JudgeTask::Compare`].
    Better(Better),
    /// To [`JudgeTask::Same`].
    Same(bool),
}

/// An answer, or none.
// Its words are part of what the model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The first.
    First,
    /// The second.
    Second,
    /// Both are as good.
    Neither,
}

impl JudgeTask {
    /// Returns the question and the answers, in the order in which they are shown.
    fn parts(&self) -> (&Question, [&str; 2]) {
        match self {
            Self::Compare {
                question,
                first,
                second,
            }
            | Self::Same {
                question,
                first,
                second,
            } => (question, [first, second]),
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Compare { .. } => "Which answer to the question is better?",
            Self::Same { .. } => "Do both answers to the question mean the same?",
        }
    }
}

impl From<&JudgeTask> for Prompt {
    fn from(task: &JudgeTask) -> Self {
        let (question, answers) = task.parts();
        let material = question.context.iter().cloned();
        let mut parts: Vec<Part> = material.map(Part::Document).collect();
        parts.push(Part::text(format!("The question: {}", question.text)));
        for (n, answer) in answers.into_iter().enumerate() {
            let name = format!("answer {}", n + 1);
            parts.push(Part::Document(Document::new(name, answer)));
        }
        parts.push(Part::text(task.words()));
        Self::new(parts)
    }
}

//! What a judge is asked, and what it answers.

use std::sync::Arc;

use patterns_core::{Document, Part, Prompt};
use serde::{Deserialize, Serialize};

use crate::voting::ballot::Question;
use crate::voting::pairwise::Verdict;

/// Asks a judge about answers to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JudgeTask {
    /// How good an answer is.
    Score {
        /// The question.
        question: Arc<Question>,
        /// The answer.
        answer: String,
    },
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
    /// Which answer is most consistent with the others.
    MostConsistent {
        /// The question.
        question: Arc<Question>,
        /// The answers, each as often as it was given.
        answers: Vec<String>,
    },
}

/// What a judge says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// To [`JudgeTask::Score`]: from 0 (useless) to 10 (could not be better).
    Score(f64),
    /// To [`JudgeTask::Compare`].
    Better(Verdict),
    /// To [`JudgeTask::Same`].
    Same(bool),
    /// To [`JudgeTask::MostConsistent`]: the number of the answer as it was shown, from 1.
    MostConsistent(usize),
}

impl JudgeTask {
    /// Returns the question and the answers, in the order in which they are shown.
    fn parts(&self) -> (&Question, Vec<&str>) {
        match self {
            Self::Score { question, answer } => (question, vec![answer]),
            Self::Compare {
                question,
                first,
                second,
            }
            | Self::Same {
                question,
                first,
                second,
            } => (question, vec![first, second]),
            Self::MostConsistent { question, answers } => {
                (question, answers.iter().map(String::as_str).collect())
            }
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Score { .. } => "How good is this answer to the question?",
            Self::Compare { .. } => "Which answer to the question is better?",
            Self::Same { .. } => "Do both answers to the question mean the same?",
            Self::MostConsistent { .. } => {
                "Which answer to the question is the most consistent with all of them?"
            }
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

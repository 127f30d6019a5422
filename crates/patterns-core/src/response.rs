//! One complete answer of a model.

use serde::{Deserialize, Serialize};

use crate::Usage;

/// What a model answered.
///
/// A response is always whole: an answer that was cut off, refused or filtered is a
/// [`ModelError`](crate::ModelError) instead, so that nobody mistakes a stump for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The text of the answer.
    pub text: String,
    /// Why the model stopped.
    pub finish: FinishReason,
    /// What the call used, all its attempts included.
    pub usage: Usage,
    /// The model that answered, as the provider names it; it may differ from the one asked.
    pub model: String,
    /// The provider's own id of the request, to quote to its support.
    pub request_id: Option<String>,
}

impl Response {
    /// Makes a response that stopped by itself, with one call and one attempt on its bill.
    pub fn new(model: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            finish: FinishReason::Stop,
            usage: Usage {
                calls: 1,
                attempts: 1,
                ..Usage::default()
            },
            model: model.into(),
            request_id: None,
        }
    }
}

/// Why a model stopped writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It had said everything.
    Stop,
    /// A reason that this crate does not know, kept word for word.
    Other(String),
}

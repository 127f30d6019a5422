//! What a scripted model gives back for one call.

use patterns_core::{ModelError, Response, Usage};
use serde_json::Value;

/// What a scripted model gives back for one call: a text, a whole response or an error.
#[derive(Clone, Debug)]
pub struct Reply(pub(super) Result<Response, ModelError>);

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self::from(Response::new("scripted", text))
    }
}

impl From<Value> for Reply {
    fn from(answer: Value) -> Self {
        Self::from(answer.to_string())
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self(Ok(response))
    }
}

/// An error without a bill gets that of one call: somebody was asked.
impl From<ModelError> for Reply {
    fn from(error: ModelError) -> Self {
        if error.usage() != Usage::default() {
            return Self(Err(error));
        }
        Self(Err(error.with_usage(Usage {
            calls: 1,
            attempts: 1,
            ..Usage::default()
        })))
    }
}

impl<T: Into<Self>> From<Result<T, ModelError>> for Reply {
    fn from(result: Result<T, ModelError>) -> Self {
        result.map_or_else(Self::from, Into::into)
    }
}

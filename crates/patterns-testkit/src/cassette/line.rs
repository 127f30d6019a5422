//! The lines of a cassette: how calls are written and read.
//!
//! A cassette knows a call by what redaction leaves of it, not by its `CallKey`: a digest of a text that was
//! redacted would let anybody try guesses at it, and the next request may contain the redacted answer. So a
//! replay needs the redactor of its recording. Lines are in the order of what was asked, neither of arrival nor
//! of keys, so that a changed prompt changes its own lines only.

use std::sync::Arc;

use patterns_core::{
    CallKey, FinishReason, Message, ModelError, ModelErrorKind, ModelId, Request, Response,
    Sampling, Usage,
};
use serde::{Deserialize, Serialize};

use super::redactor::Redactor;

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) cassette: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) not_redacted_because: Option<String>,
}

/// One call, redacted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub(super) model: ModelId,
    pub(super) request: Asked,
    pub(super) key: String,
    pub(super) usage: Usage,
    pub(super) result: Outcome,
}

/// A request in readable form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) instructions: Arc<str>,
    pub(super) messages: Vec<Message>,
    pub(super) schema: Option<SchemaDigest>,
    pub(super) sampling: Sampling,
    pub(super) sample: u32,
}

/// Stands for a schema, which would be too long for each line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchemaDigest {
    pub(super) name: String,
    pub(super) digest: String,
}

/// What came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Outcome {
    Answered {
        text: String,
        finish: FinishReason,
        model: String,
    },
    Failed {
        kind: ModelErrorKind,
        status: Option<u16>,
        code: Option<String>,
    },
}

impl Asked {
    /// Makes the readable form of a request whose texts are redacted.
    pub(super) fn of(request: &Request) -> Self {
        let schema = request.schema.as_deref().map(|schema| SchemaDigest {
            name: schema.name().to_owned(),
            digest: hex(schema.digest()),
        });
        Self {
            instructions: Arc::clone(&request.instructions),
            messages: request.messages.clone(),
            schema,
            sampling: request.sampling,
            sample: request.sample,
        }
    }
}

impl Line {
    /// Makes the line of a call; the model and the request are redacted already. Whatever names the
    /// caller to the provider, such as its id of the request, is left out.
    pub(super) fn new(
        model: ModelId,
        request: &Request,
        result: &Result<Response, ModelError>,
        redactor: &Redactor,
    ) -> Self {
        let (usage, result) = match result {
            Ok(response) => (response.usage, answered(response, redactor)),
            Err(error) => (error.usage(), failed(error, redactor)),
        };
        Self {
            request: Asked::of(request),
            key: CallKey::of(&model, request).to_string(),
            model,
            usage,
            result,
        }
    }

    /// Returns what the model gave back.
    pub(super) fn result(&self) -> Result<Response, ModelError> {
        match &self.result {
            Outcome::Answered {
                text,
                finish,
                model,
            } => Ok(Response {
                text: text.clone(),
                finish: finish.clone(),
                usage: self.usage,
                model: model.clone(),
                request_id: None,
            }),
            Outcome::Failed { kind, status, code } => {
                let mut error = ModelError::new(*kind).with_usage(self.usage);
                if let Some(status) = status {
                    error = error.with_status(*status);
                }
                Err(match code {
                    Some(code) => error.with_code(code),
                    None => error,
                })
            }
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        matches!(self.result, Outcome::Answered { .. })
    }

    /// Returns what lines are sorted by: what was asked, whenever the answer came. Samples of one
    /// question stand together, in the order of their numbers.
    pub(super) fn order(&self) -> (String, u32) {
        let sample = self.request.sample;
        let asked = Asked {
            sample: 0,
            ..self.request.clone()
        };
        // Plain data always has a written form.
        let text = serde_json::to_string(&(&self.model, asked)).unwrap_or_default();
        (text, sample)
    }
}

fn answered(response: &Response, redactor: &Redactor) -> Outcome {
    Outcome::Answered {
        text: redactor.text(&response.text),
        finish: match &response.finish {
            FinishReason::Stop => FinishReason::Stop,
            FinishReason::Other(reason) => FinishReason::Other(redactor.text(reason)),
        },
        model: redactor.text(&response.model),
    }
}

fn failed(error: &ModelError, redactor: &Redactor) -> Outcome {
    Outcome::Failed {
        kind: error.kind(),
        status: error.status(),
        code: error.code().map(|code| redactor.text(code)),
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

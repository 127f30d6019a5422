//! A call and its reply, as they travel.
//!
//! A failure is a reply, not an error of the invocation: so it says everything that a local one says, its
//! bill too. It stands under its key like an answer. Who asks later, in a run of their own, must not be
//! told of it for ever, so a reply names who asked: a failure that somebody else was given is asked for
//! again, as the next *generation* of the same call.

use std::time::Duration;

use patterns_core::{CallKey, ModelError, ModelErrorKind, ModelId, Request, Response, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form of calls and replies. Another one is refused, not guessed at.
pub(crate) const FORM: u32 = 1;

/// One call of a model, as it travels. It has no key of a provider and no address that anything is sent to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The form of this.
    pub form: u32,
    /// The [`CallKey`], as the driver computes it.
    pub key: String,
    /// The name by which the worker is to find the model in its own configuration.
    pub model: String,
    /// The model that the driver means. A worker that knows another one by that name refuses the call.
    pub id: ModelId,
    /// What is asked.
    pub request: Request,
    /// How it is to be asked, in words that driver and worker share.
    pub settings: Value,
    /// How often the call has failed before, or its answer was of no use.
    pub generation: u32,
    /// Whether no answer that is recorded will do.
    pub is_fresh: bool,
    /// Who asks: a driver, and one run of it.
    pub asker: String,
}

impl Call {
    /// Returns the idempotency key under which it is invoked.
    pub(crate) fn invoked_as(&self) -> String {
        let asker = self.is_fresh.then_some(&*self.asker);
        invoked_as(&self.key, self.generation, asker)
    }

    /// Checks that this is a call which this version understands, and understands as it is meant.
    ///
    /// # Errors
    ///
    /// Returns the failure to reply with.
    pub fn check(&self) -> Result<CallKey, ModelError> {
        let refused = |why: &str| {
            ModelError::new(ModelErrorKind::InvalidRequest).with_cause(format!(
                "the driver and the worker {why}: give both one version"
            ))
        };
        if self.form != FORM {
            return Err(refused("write calls in different forms"));
        }
        let key = CallKey::of(&self.id, &self.request);
        match key.to_string() == self.key {
            true => Ok(key),
            false => Err(refused("read the same call differently")),
        }
    }
}

/// Returns the idempotency key of a generation of a call, which is a driver's own if it is to be fresh.
pub(crate) fn invoked_as(key: &str, generation: u32, fresh_for: Option<&str>) -> String {
    match (fresh_for, generation) {
        (Some(driver), _) => format!("{key}-{driver}-{generation}"),
        (None, 0) => key.to_owned(),
        (None, _) => format!("{key}-{generation}"),
    }
}

/// What came of a [`Call`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum Reply {
    /// An answer.
    Answered {
        /// Who asked first.
        asker: String,
        /// The answer, with its bill.
        response: Response,
    },
    /// None.
    Failed {
        /// Who asked first.
        asker: String,
        /// Why.
        failure: Failure,
    },
}

impl Reply {
    /// Makes the reply to what a driver has asked.
    pub(crate) fn new(asker: String, result: Result<Response, ModelError>) -> Self {
        match result {
            Ok(response) => Self::Answered { asker, response },
            Err(error) => Self::Failed {
                asker,
                failure: Failure::from(&error),
            },
        }
    }
}

/// A [`ModelError`] as it travels: all of it but its source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    kind: ModelErrorKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    took: Option<Duration>,
    usage: Usage,
    is_final: bool,
}

impl Failure {
    /// Returns whether it says only that no call can be taken: it has no bill.
    pub(crate) fn is_refusal(&self) -> bool {
        self.kind == ModelErrorKind::AllRejected && self.usage == Usage::default()
    }
}

impl From<&ModelError> for Failure {
    fn from(error: &ModelError) -> Self {
        Self {
            kind: error.kind(),
            status: error.status(),
            code: error.code().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            cause: error.cause().map(str::to_owned),
            detail: error.detail().map(str::to_owned),
            took: error.took(),
            usage: error.usage(),
            is_final: error.kind().is_transient() && !error.is_transient(),
        }
    }
}

impl From<Failure> for ModelError {
    fn from(failure: Failure) -> Self {
        let mut error = Self::new(failure.kind).with_usage(failure.usage);
        if let Some(status) = failure.status {
            error = error.with_status(status);
        }
        if let Some(code) = failure.code {
            error = error.with_code(code);
        }
        if let Some(id) = failure.request_id {
            error = error.with_request_id(id);
        }
        if let Some(cause) = failure.cause {
            error = error.with_cause(cause);
        }
        if let Some(detail) = failure.detail {
            error = error.with_detail(detail);
        }
        if let Some(took) = failure.took {
            error = error.with_took(took);
        }
        match failure.is_final {
            true => error.finally(),
            false => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use patterns_core::{
        AnswerSchema, Attachment, Document, Effort, MediaType, Message, Part, Sampling,
    };
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    impl Call {
        /// Makes a call of a driver that has asked for nothing else.
        pub(crate) fn first(id: ModelId, request: Request) -> Self {
            Self {
                form: FORM,
                key: CallKey::of(&id, &request).to_string(),
                model: "compatible:m".to_owned(),
                id,
                request,
                settings: Value::Null,
                generation: 0,
                is_fresh: false,
                asker: "me".to_owned(),
            }
        }
    }

    fn travelled(call: &Call) -> Call {
        serde_json::from_slice(&serde_json::to_vec(call).unwrap()).unwrap()
    }

    fn call(request: Request) -> Call {
        let id = ModelId::new("compatible", "m")
            .at("http://h:1/v1")
            .with_extra("{\"a\":1}");
        Call {
            settings: json!({"timeout": "2m"}),
            generation: 3,
            is_fresh: true,
            ..Call::first(id, request)
        }
    }

    fn everything() -> Request {
        let schema = json!({"type": "object", "properties": {"z": {"type": "string"},
            "a": {"type": "number", "minimum": 0.1}}, "required": ["z"]});
        let picture = Attachment::new(MediaType::Png, *b"\x89PNG\r\n\x1a\n\0\xff");
        let parts = vec![
            Part::text("words \u{0}\u{202e}\n"),
            Part::Document(Document::new("d", "text").context("Above")),
            Part::Document(Document::attached("p", picture)),
        ];
        Request {
            instructions: "be short".into(),
            messages: vec![
                Message::user(parts),
                Message::assistant("no"),
                Message::user([]),
            ],
            schema: Some(Arc::new(AnswerSchema::new("answer", schema))),
            sampling: Sampling {
                temperature: Some(0.1),
                top_p: Some(0.9),
                max_output_tokens: Some(7),
                seed: Some(-1),
                effort: Some(Effort::Low),
            },
            sample: 4,
            ..Request::default()
        }
    }

    #[test]
    fn a_call_that_has_travelled_is_the_same_call() {
        let call = call(everything());
        let travelled = travelled(&call);
        assert_eq!(travelled, call);
        assert_eq!(travelled.check().unwrap().to_string(), call.key);
    }

    proptest! {
        #[test]
        fn no_number_and_no_text_changes_the_key_on_the_way(
            text in any::<String>(), temperature in any::<f32>(), seed in any::<i64>(), sample in any::<u32>(),
        ) {
            let temperature = Some(temperature).filter(|it| it.is_finite());
            let call = call(Request {
                messages: vec![Message::user([Part::text(text)])],
                sampling: Sampling { temperature, seed: Some(seed), ..Sampling::default() },
                sample,
                ..Request::default()
            });
            prop_assert!(travelled(&call).check().is_ok());
        }
    }

    #[test]
    fn a_call_that_is_read_differently_is_refused() {
        let mut other = call(everything());
        other.request.sample += 1;
        let error = other.check().unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::InvalidRequest);
        insta::assert_snapshot!(error, @"the provider rejected the request: the driver and the worker read the same call differently: give both one version");
        let mut other = call(everything());
        other.form += 1;
        assert!(other.check().is_err());
    }

    #[test]
    fn a_failure_says_far_away_what_it_says_here() {
        let usage = Usage {
            attempts: 2,
            input_tokens: 9,
            ..Usage::default()
        };
        let wait = Some(Duration::from_secs(7));
        let error = ModelError::new(ModelErrorKind::RateLimited { retry_after: wait })
            .with_status(429)
            .with_code("slow")
            .with_request_id("r")
            .with_cause("too fast")
            .with_detail("their words")
            .with_took(Duration::from_millis(5))
            .with_usage(usage);
        for error in [error.clone(), error.finally()] {
            let failure = serde_json::to_string(&Failure::from(&error)).unwrap();
            let back = ModelError::from(serde_json::from_str::<Failure>(&failure).unwrap());
            assert_eq!(format!("{back:?} {back}"), format!("{error:?} {error}"));
            assert_eq!(back.detail(), error.detail());
            assert_eq!(back.took(), error.took());
            assert_eq!(back.is_transient(), error.is_transient());
        }
    }
}

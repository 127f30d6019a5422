//! What differs between providers: how a request is written down and an answer is read.

use std::borrow::Cow;
use std::fmt;

use patterns_core::{AnswerFormat, BoxFuture, Effort, ModelError, ModelErrorKind, Request};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::refused::LeftOut;
use super::reply::Completion;
use super::transport::{Reply, Server};

/// One way of speaking to models.
pub(crate) trait Dialect: fmt::Debug + Send + Sync {
    /// Returns the answer formats that servers may know, strongest first.
    fn formats(&self) -> &'static [AnswerFormat];

    /// Learns what has to be known of the server before it is asked; most need to know nothing.
    fn prepare<'a>(&'a self, server: &'a Server, model: &'a str) -> BoxFuture<'a, ()> {
        let _ = (server, model);
        Box::pin(std::future::ready(()))
    }

    /// Returns how an effort is put to a model: what says most exactly what is meant, and what is said
    /// where that is refused. What is written is one of these texts, or nothing.
    fn efforts(&self, model: &str, effort: Effort) -> &'static [&'static str];

    /// Writes a request down.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be sent.
    fn write(&self, request: &Request, put: &Put<'_>) -> Result<Written, Unwritable>;

    /// Sends what was written, under the key of the call.
    fn send<'a>(
        &'a self,
        server: &'a Server,
        call_key: String,
        written: &'a Written,
    ) -> BoxFuture<'a, Result<Reply, ModelError>> {
        Box::pin(server.post(&written.path, Some(call_key), &written.body))
    }

    /// Reads the body of a successful reply, which may have been put together from a stream; `None`, if
    /// it is no answer of this dialect.
    fn read(&self, body: &[u8]) -> Option<Completion>;

    /// Learns from the failure of what was written; returns whether that is now written differently.
    fn learn(&self, error: &ModelError, written: &Written) -> bool {
        let _ = (error, written);
        false
    }
}

/// How a request is put, as the server is known to take it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Put<'a> {
    /// The provider's name of the model.
    pub(crate) model: &'a str,
    pub(crate) format: AnswerFormat,
    pub(crate) left_out: LeftOut,
    /// The effort, as this dialect puts it.
    pub(crate) effort: Option<&'static str>,
    /// Whether the flex tier is asked for.
    pub(crate) is_flex: bool,
    /// Whether the instructions are the beginning of what the user says.
    pub(crate) folds_system: bool,
    pub(crate) streams: bool,
    /// Which beginnings of the request others share: all but its last part, and all of it.
    pub(crate) shared: [bool; 2],
    /// Whether the server is one of one's own, which may enforce a schema without showing it to its model.
    pub(crate) is_own: bool,
}

/// A request as it is sent.
#[derive(Debug)]
pub(crate) struct Written {
    /// What follows the base URL.
    pub(crate) path: Cow<'static, str>,
    pub(crate) body: Box<RawValue>,
    /// The parameters that are sent and can be left out, by their names on the wire.
    pub(crate) parameters: Vec<&'static str>,
    /// What the request asks for and the server has no way to be told, by the option's usual name.
    pub(crate) untold: &'static [&'static str],
    /// The size of the context that was asked for: a prompt that fills it was cut.
    pub(crate) window: Option<u64>,
    /// The room of an answer that was asked for because nobody has set one.
    pub(crate) usual_room: Option<u32>,
    /// How often the effort was refused before it was put as it is, if it is.
    pub(crate) effort: Option<u8>,
    /// Whether the flex tier is asked for.
    pub(crate) is_flex: bool,
}

/// Why a request is not written down.
#[derive(Debug)]
pub(crate) enum Unwritable {
    /// The schema has no form in this answer format; the words say where and why.
    Schema(String),
    /// It cannot be sent at all.
    Request(ModelError),
}

impl Written {
    pub(super) fn new(
        path: impl Into<Cow<'static, str>>,
        body: &impl Serialize,
        parameters: Vec<&'static str>,
    ) -> Result<Self, Unwritable> {
        let body = to_raw_value(body).map_err(|error| {
            let kind = ModelErrorKind::InvalidRequest;
            Unwritable::Request(ModelError::new(kind).with_source(error))
        })?;
        Ok(Self {
            path: path.into(),
            body,
            parameters,
            untold: &[],
            window: None,
            usual_room: None,
            effort: None,
            is_flex: false,
        })
    }
}

/// Names the parameters that are sent.
pub(super) fn sent<const N: usize>(parameters: [(&'static str, bool); N]) -> Vec<&'static str> {
    let sent = parameters.into_iter().filter(|(_, is_sent)| *is_sent);
    sent.map(|(name, _)| name).collect()
}

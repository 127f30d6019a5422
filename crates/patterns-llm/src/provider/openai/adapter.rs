//! The model behind a server of the chat completions protocol: asks, hands every reply to the
//! classification, and remembers which answer formats the server does not know.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_openai::Client;
use async_openai::error::OpenAIError;
use async_openai::traits::RequestOptionsBuilder;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use patterns_core::{
    AnswerFormat, BoxFuture, CallKey, Event, EventSink, Model, ModelError, ModelErrorKind, ModelId,
    Request, Response, Warning,
};
use secrecy::{ExposeSecret, SecretString};

use super::answer::one_attempt;
use super::classify::classify;
use super::endpoint::Endpoint;
use super::foreign::is_foreign;
use super::redact::Redactor;
use super::system_role;
use super::transport::{Reply, Transport};
use super::wire::{Body, Dialect};
use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::layer::Ladder;
use crate::pace::{Pool, RateLimits};

/// Carries the [`CallKey`] of each request, so that a gateway or a simulator can tell a repeated
/// attempt from another draw.
pub(super) const CALL_KEY_HEADER: &str = "x-call-key";

/// Everything an adapter is made of.
pub(crate) struct Setup {
    pub(crate) id: ModelId,
    pub(crate) base_url: String,
    pub(crate) key: Option<SecretString>,
    pub(crate) dialect: Dialect,
    /// Makes requests; the transport sends them.
    pub(crate) client: reqwest::Client,
    pub(crate) transport: Transport,
    pub(crate) pool: Arc<Pool>,
    /// Which answer formats the server knows, and whether it is to stream.
    pub(crate) ladder: Arc<Ladder>,
    pub(crate) events: Arc<dyn EventSink>,
}

/// A model of a server that speaks the chat completions protocol.
pub(crate) struct OpenAi {
    id: ModelId,
    client: Client<Endpoint>,
    dialect: Dialect,
    redactor: Redactor,
    pool: Arc<Pool>,
    /// Which answer formats this server has been found not to know.
    ladder: Arc<Ladder>,
    events: Arc<dyn EventSink>,
    /// Whether the user has been told that another model answers.
    is_told: AtomicBool,
}

impl OpenAi {
    pub(crate) fn new(setup: Setup) -> Result<Self, ConnectError> {
        let mut headers = HeaderMap::new();
        let key = setup.key.unwrap_or_default();
        if !key.expose_secret().is_empty() {
            headers.insert(AUTHORIZATION, bearer(&key)?);
        }
        let endpoint = Endpoint {
            base_url: setup.base_url,
            headers,
            key: key.clone(),
        };
        Ok(Self {
            id: setup.id,
            client: Client::build(setup.client, endpoint).with_http_service(setup.transport),
            dialect: setup.dialect,
            redactor: Redactor::new(key),
            pool: setup.pool,
            ladder: setup.ladder,
            events: setup.events,
            is_told: AtomicBool::default(),
        })
    }

    /// Asks once. A server that doesn't know the format is remembered, for whoever asks again.
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let from = self.ladder.format(request);
        let streams = self.ladder.streams();
        let has_system = !request.instructions.is_empty() && !self.ladder.folds_system();
        let mut result = self.attempt(request, from, streams).await;
        if let Err(error) = &mut result
            && streams
            && is_refused_stream(error)
        {
            // Asked again without, as in a weaker format.
            self.ladder.stop_streaming();
            let usage = error.usage();
            return Err(ModelError::new(ModelErrorKind::UnsupportedFormat).with_usage(usage));
        }
        if let Err(error) = &result
            && has_system
            && system_role::is_refused(error)
        {
            self.ladder.fold_system();
            let usage = error.usage();
            return Err(ModelError::new(ModelErrorKind::UnsupportedFormat).with_usage(usage));
        }
        if let Ok(response) = &result {
            self.ladder.answered(request, from);
            self.check_name(request, &response.model);
        }
        if let Err(error) = &result
            && error.kind() == ModelErrorKind::UnsupportedFormat
            && let Some(to) = self.ladder.step_down(request, from)
        {
            self.events.emit(Event::FormatSteppedDown {
                origin: request.origin,
                model: self.id.to_string(),
                from,
                to,
            });
        }
        result
    }

    /// Says once which other model answers, if one does.
    fn check_name(&self, request: &Request, answering: &str) {
        if is_foreign(&self.id.model, answering) && !self.is_told.swap(true, Ordering::Relaxed) {
            let answering = self.redactor.excerpt(answering, MAX_NAME);
            let message = format!(
                "{} was asked, and the server says that {answering:?} answered; name the model that \
                 is meant, or check what the server runs",
                self.id
            );
            self.events.emit(Event::WarningRaised {
                run: request.origin.run,
                warning: Warning::new("other-model", message),
            });
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        format: AnswerFormat,
        streams: bool,
    ) -> Result<Response, ModelError> {
        let mut body = Body::new(&self.id.model, request, format, self.dialect);
        if self.ladder.folds_system() {
            body = body.without_system();
        }
        if streams {
            body = body.streamed();
        }
        let key = CallKey::of(&self.id, request).to_string();
        let chat = self.client.chat().header(CALL_KEY_HEADER, key);
        let sent = match chat {
            Ok(chat) => chat.create_byot::<_, serde_json::Value>(&body).await,
            Err(error) => Err(error),
        };
        match sent {
            Err(OpenAIError::Boxed(error)) => match error.downcast::<Reply>() {
                Ok(reply) => {
                    if let Some(limits) = RateLimits::from_headers(&reply.headers) {
                        self.pool.learn(&limits);
                    }
                    classify(&reply, &self.id.model, &self.redactor)
                }
                Err(error) => Err(match error.downcast::<ExchangeError>() {
                    Ok(error) => no_reply(*error),
                    Err(error) => unreadable(Unread(error)),
                }),
            },
            Err(OpenAIError::Reqwest(error)) => {
                Err(ModelError::new(ModelErrorKind::InvalidRequest)
                    .with_usage(one_attempt())
                    .with_source(error.without_url()))
            }
            Err(error) => Err(unreadable(error)),
            // The transport never lets a reply through.
            Ok(_) => Err(ModelError::new(ModelErrorKind::Unreadable).with_usage(one_attempt())),
        }
    }
}

/// The most characters of a model's name that a server may have said.
const MAX_NAME: usize = 100;

fn bearer(key: &SecretString) -> Result<HeaderValue, ConnectError> {
    let text = format!("Bearer {}", key.expose_secret().trim());
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        let message = "the API key has characters that no header can carry";
        ConnectError::new(ConnectErrorKind::InvalidKey, message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns whether a server does not stream, or does not know how the bill is asked for.
fn is_refused_stream(error: &ModelError) -> bool {
    let names_it = |text: &str| text.to_ascii_lowercase().contains("stream");
    matches!(
        error.kind(),
        ModelErrorKind::InvalidRequest | ModelErrorKind::UnsupportedFormat
    ) && error.detail().is_some_and(names_it)
}

/// Says what to do about a request that got no whole reply.
fn no_reply(error: ExchangeError) -> ModelError {
    let kind = match error.kind() {
        ExchangeErrorKind::NotConnected => ModelErrorKind::Unreachable,
        ExchangeErrorKind::Timeout => ModelErrorKind::Timeout,
        ExchangeErrorKind::Broken | ExchangeErrorKind::Blank => {
            ModelErrorKind::Unavailable { retry_after: None }
        }
        ExchangeErrorKind::TooLong => ModelErrorKind::Unreadable,
    };
    ModelError::new(kind)
        .with_usage(one_attempt())
        .with_source(error)
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> ModelError {
    ModelError::new(ModelErrorKind::Unreadable)
        .with_usage(one_attempt())
        .with_source(error)
}

/// Lets a boxed error be a source.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Unread(Box<dyn std::error::Error + Send + Sync>);

impl Model for OpenAi {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi")
            .field("id", &self.id)
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}

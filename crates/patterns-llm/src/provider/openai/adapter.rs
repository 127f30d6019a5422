//! The model behind a server of the chat completions protocol: asks, steps down the ladder of answer
//! formats where it must, and hands every reply to the classification.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_openai::Client;
use async_openai::error::OpenAIError;
use async_openai::traits::RequestOptionsBuilder;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use patterns_core::{
    AnswerFormat, BoxFuture, CallKey, Event, EventSink, Model, ModelError, ModelErrorKind, ModelId,
    Request, Response, Usage,
};
use secrecy::{ExposeSecret, SecretString};

use super::answer::one_attempt;
use super::classify::classify;
use super::endpoint::Endpoint;
use super::redact::Redactor;
use super::transport::{Reply, Transport};
use super::wire::{Body, Dialect};
use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::pace::{Pool, RateLimits};

/// Carries the [`CallKey`] of each request, so that a gateway or a simulator can tell a repeated
/// attempt from another draw.
const CALL_KEY_HEADER: &str = "x-call-key";

/// The formats, strongest first.
const LADDER: [AnswerFormat; 3] = [
    AnswerFormat::JsonSchema,
    AnswerFormat::JsonObject,
    AnswerFormat::Prompt,
];

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
    pub(crate) events: Arc<dyn EventSink>,
}

/// A model of a server that speaks the chat completions protocol.
pub(crate) struct OpenAi {
    id: ModelId,
    client: Client<Endpoint>,
    dialect: Dialect,
    redactor: Redactor,
    /// How many rungs of the ladder this server has been found not to know.
    rung: AtomicU8,
    pool: Arc<Pool>,
    events: Arc<dyn EventSink>,
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
            rung: AtomicU8::new(0),
            pool: setup.pool,
            events: setup.events,
        })
    }

    /// Asks, and asks again in a weaker format if the server doesn't know the one that was used.
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let mut spent = Usage::default();
        loop {
            let rung = self.rung.load(Ordering::Relaxed);
            let format = LADDER[usize::from(rung)];
            let error = match self.attempt(request, format).await {
                Ok(response) => {
                    let usage = response.usage + spent;
                    return Ok(Response { usage, ..response });
                }
                Err(error) => error,
            };
            let weaker = format.step_down().filter(|_| request.schema.is_some());
            match weaker {
                Some(weaker) if error.kind() == ModelErrorKind::UnsupportedFormat => {
                    // The attempt is on the bill of the call that goes on.
                    let calls = 0;
                    spent += Usage {
                        calls,
                        ..error.usage()
                    };
                    self.step_down(rung, weaker, request);
                }
                _ => {
                    let usage = error.usage() + spent;
                    return Err(error.with_usage(usage));
                }
            }
        }
    }

    /// Remembers the weaker format; of several calls that find out together, one tells.
    fn step_down(&self, rung: u8, to: AnswerFormat, request: &Request) {
        let order = Ordering::Relaxed;
        let is_first = self.rung.compare_exchange(rung, rung + 1, order, order);
        if is_first.is_ok() {
            self.events.emit(Event::FormatSteppedDown {
                origin: request.origin,
                model: self.id.to_string(),
                from: LADDER[usize::from(rung)],
                to,
            });
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        format: AnswerFormat,
    ) -> Result<Response, ModelError> {
        let body = Body::new(&self.id.model, request, format, self.dialect);
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

fn bearer(key: &SecretString) -> Result<HeaderValue, ConnectError> {
    let text = format!("Bearer {}", key.expose_secret().trim());
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        let message = "the API key has characters that no header can carry";
        ConnectError::new(ConnectErrorKind::InvalidKey, message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Says what to do about a request that got no whole reply.
fn no_reply(error: ExchangeError) -> ModelError {
    let kind = match error.kind() {
        ExchangeErrorKind::NotConnected => ModelErrorKind::Unreachable,
        ExchangeErrorKind::Timeout => ModelErrorKind::Timeout,
        ExchangeErrorKind::Broken => ModelErrorKind::Unavailable { retry_after: None },
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

//! The model behind a server of the chat completions protocol: asks, hands every reply to the
//! classification, and remembers which answer formats the server does not know.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_openai::Client;
use async_openai::error::OpenAIError;
use async_openai::traits::RequestOptionsBuilder;
use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, HeaderValue};
use patterns_core::{
    AnswerFormat, BoxFuture, CallKey, Event, EventSink, Model, ModelError, ModelErrorKind, ModelId,
    Request, Response, Usage, Warning,
};
use secrecy::{ExposeSecret, SecretString};

use super::answer::one_attempt;
use super::classify::classify;
use super::endpoint::Endpoint;
use super::foreign::is_foreign;
use super::redact::{MAX_DETAIL, Redactor};
use super::refused::{LeftOut, refused};
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

/// More tokens than any call has; a bill with more is not believed.
const MOST_TOKENS: u64 = 1_000_000_000;

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
    /// What is asked.
    url: String,
    /// Whether the server has sent a bill that cannot be true.
    has_lied: AtomicBool,
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
        let url = format!("{}/chat/completions", setup.base_url);
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
            url,
            has_lied: AtomicBool::default(),
            pool: setup.pool,
            ladder: setup.ladder,
            events: setup.events,
            is_told: AtomicBool::default(),
        })
    }

    /// Asks once. A server that doesn't know the format or refuses a parameter is remembered, for
    /// whoever asks again.
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let from = self.ladder.format(request);
        let has_system = !request.instructions.is_empty() && !self.ladder.folds_system();
        let body = self.body(request, from);
        let (result, refused) = self.attempt(request, &body).await;
        if let Some(name) = refused {
            let spent = result.map_or_else(|error| error.usage(), |response| response.usage);
            self.leave_out(request, name);
            // Asked again without, as in a weaker format.
            return Err(ModelError::new(ModelErrorKind::UnsupportedFormat).with_usage(spent));
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

    /// Writes a request down as the server is known to take it.
    fn body<'a>(&'a self, request: &'a Request, format: AnswerFormat) -> Body<'a> {
        let mut body = Body::new(&self.id.model, request, format, self.dialect)
            .without(LeftOut(self.ladder.left_out()));
        if self.ladder.folds_system() {
            body = body.without_system();
        }
        if self.ladder.streams() {
            body = body.streamed();
        }
        body
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
            self.warn(request, "other-model", message);
        }
    }

    /// Remembers that the server refuses a parameter, and says so once.
    fn leave_out(&self, request: &Request, name: &str) {
        let left_out = LeftOut(self.ladder.left_out());
        let (is_news, instead) = match left_out.instead_of(name) {
            None => (
                self.ladder.stop_streaming(),
                "answers come whole".to_owned(),
            ),
            Some((parameter, instead)) => (self.ladder.leave_out(parameter as u8), instead),
        };
        if is_news {
            let message = format!("{} does not take `{name}`: {instead}", self.id);
            self.warn(request, "parameter-refused", message);
        }
    }

    fn warn(&self, request: &Request, code: &str, message: String) {
        let run = request.origin.run;
        let warning = Warning::new(code, message);
        self.events.emit(Event::WarningRaised { run, warning });
    }

    /// Sends a request; returns what came of it, and which parameter the server refused.
    async fn attempt(
        &self,
        request: &Request,
        body: &Body<'_>,
    ) -> (Result<Response, ModelError>, Option<&'static str>) {
        let key = CallKey::of(&self.id, request).to_string();
        let chat = self.client.chat().header(CALL_KEY_HEADER, key);
        let sent = match chat {
            Ok(chat) => chat.create_byot::<_, serde_json::Value>(body).await,
            Err(error) => Err(error),
        };
        let error = match sent {
            Err(OpenAIError::Boxed(error)) => match error.downcast::<Reply>() {
                Ok(reply) => return self.read(request, body, &reply),
                Err(error) => match error.downcast::<ExchangeError>() {
                    Ok(error) => no_reply(*error),
                    Err(error) => unreadable(Unread(error)),
                },
            },
            Err(OpenAIError::Reqwest(error)) => ModelError::new(ModelErrorKind::InvalidRequest)
                .with_usage(one_attempt())
                .with_source(error.without_url()),
            Err(error) => unreadable(error),
            // The transport never lets a reply through.
            Ok(_) => ModelError::new(ModelErrorKind::Unreadable).with_usage(one_attempt()),
        };
        (Err(error), None)
    }

    fn read(
        &self,
        request: &Request,
        body: &Body<'_>,
        reply: &Reply,
    ) -> (Result<Response, ModelError>, Option<&'static str>) {
        if let Some(limits) = RateLimits::from_headers(&reply.headers) {
            self.pool.learn(&limits);
        }
        let has_worked = self.pool.state().served > 0;
        let result = classify(reply, &self.id.model, &self.redactor, has_worked);
        match result {
            Ok(mut response) => {
                response.usage = self.believed(request, response.usage);
                (Ok(response), None)
            }
            Err(error) => {
                let refused = refused(error.kind(), &reply.body, &body.parameters());
                let usage = self.believed(request, error.usage());
                (Err(self.placed(error.with_usage(usage), reply)), refused)
            }
        }
    }

    /// Returns a bill, or one without tokens if it cannot be true; then the cap is kept by estimates.
    fn believed(&self, request: &Request, usage: Usage) -> Usage {
        let counts = [
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.output_tokens,
            usage.reasoning_tokens,
        ];
        if counts.iter().all(|it| *it <= MOST_TOKENS) {
            return usage;
        }
        if !self.has_lied.swap(true, Ordering::Relaxed) {
            let message = format!(
                "{} reports impossible numbers of tokens; such bills are not counted",
                self.id
            );
            self.warn(request, "impossible-usage", message);
        }
        one_attempt()
    }

    /// Says where a request went that found nobody, and where it was sent instead.
    fn placed(&self, error: ModelError, reply: &Reply) -> ModelError {
        let status = reply.status;
        let goal = reply.headers.get(LOCATION).and_then(|it| it.to_str().ok());
        if let Some(goal) = goal.filter(|_| status.is_redirection()) {
            let goal = goal.split(['?', '#']).next().unwrap_or_default();
            let goal = self.redactor.excerpt(goal, MAX_DETAIL);
            let url = &self.url;
            return error.with_cause(format!("{url} redirects to {goal}, which is not followed"));
        }
        match status.as_u16() {
            300..400 | 404 | 405 | 410 => error.with_cause(format!("asked {}", self.url)),
            _ => error,
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

/// Says what to do about a request that got no whole reply.
fn no_reply(error: ExchangeError) -> ModelError {
    let kind = match error.kind() {
        ExchangeErrorKind::NotConnected => ModelErrorKind::Unreachable,
        ExchangeErrorKind::Timeout => ModelErrorKind::Timeout,
        ExchangeErrorKind::Broken | ExchangeErrorKind::Blank => {
            ModelErrorKind::Unavailable { retry_after: None }
        }
        ExchangeErrorKind::TooLong | ExchangeErrorKind::NotHttp | ExchangeErrorKind::Garbled => {
            ModelErrorKind::Unreadable
        }
    };
    ModelError::new(kind)
        .with_usage(one_attempt())
        .with_cause(error.to_string())
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

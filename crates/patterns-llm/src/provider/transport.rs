//! The HTTP exchange under every dialect: one request, one reply, streamed or not, nothing repeated.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use patterns_core::{ModelError, ModelErrorKind};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::reply::{MAX_DETAIL, Redactor, one_attempt};
use super::stream::{Assembly, looks_streamed, stored, streamed};
use crate::exchange::{Exchange, ExchangeError, ExchangeErrorKind};
use crate::first_tokens::FirstTokens;
use crate::http::HttpClient;

/// Carries the [`CallKey`](patterns_core::CallKey) of each request, so that a gateway or a simulator can
/// tell a repeated attempt from another draw.
pub(super) const CALL_KEY_HEADER: &str = "x-call-key";

/// A whole reply, as it came.
pub(crate) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// How long after the request was sent a streamed answer began, if it was one.
    pub(super) began: Option<Duration>,
}

impl Reply {
    /// Says where a request went that found nobody, and where it was sent instead.
    pub(super) fn place(&self, url: &str, redactor: &Redactor) -> Option<String> {
        let goal = self.headers.get(LOCATION).and_then(|it| it.to_str().ok());
        if let Some(goal) = goal.filter(|_| self.status.is_redirection()) {
            let goal = goal.split(['?', '#']).next().unwrap_or_default();
            let goal = redactor.excerpt(goal, MAX_DETAIL);
            return Some(format!("{url} redirects to {goal}, which is not followed"));
        }
        let is_nobody = matches!(self.status.as_u16(), 300..400 | 404 | 405 | 410);
        is_nobody.then(|| format!("asked {url}"))
    }
}

/// A server, how it is reached, and what goes along with every request to it.
#[derive(Debug)]
pub(crate) struct Server {
    /// Makes requests; the transport sends them.
    pub(crate) client: reqwest::Client,
    pub(crate) transport: Transport,
    pub(crate) base_url: String,
    pub(crate) headers: HeaderMap,
}

impl Server {
    /// Sends a body and returns the whole reply, whatever its status.
    pub(super) async fn post(
        &self,
        path: &str,
        call_key: Option<String>,
        body: &RawValue,
    ) -> Result<Reply, ModelError> {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = call_key.and_then(|it| HeaderValue::try_from(it).ok()) {
            headers.insert(CALL_KEY_HEADER, key);
        }
        let url = format!("{}{path}", self.base_url);
        let body = Bytes::copy_from_slice(body.get().as_bytes());
        let made = || {
            let request = self.client.post(&url).headers(headers.clone());
            request.body(body.clone()).build()
        };
        let (request, again) = (made().map_err(unsendable)?, async { made().ok() });
        let reply = self.transport.exchange(request, again).await;
        reply.map_err(no_reply)
    }
}

/// Says that a request could not even be made.
pub(super) fn unsendable(error: reqwest::Error) -> ModelError {
    ModelError::new(ModelErrorKind::InvalidRequest)
        .with_usage(one_attempt())
        .with_source(error.without_url())
}

/// Says what to do about a request that got no whole reply.
pub(super) fn no_reply(error: ExchangeError) -> ModelError {
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

/// Sends requests and reads whole replies, streamed ones too.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) route: Route,
    /// Puts streamed answers together.
    pub(crate) assembly: fn() -> Box<dyn Assembly>,
    /// Who wants to know when an answer begins.
    pub(crate) first_tokens: Arc<FirstTokens>,
}

/// How requests get to the server.
#[derive(Clone)]
pub(crate) enum Route {
    /// Over the network.
    Network(HttpClient),
    /// In whatever way the caller has chosen.
    Custom(Arc<dyn Exchange>),
}

impl Transport {
    /// Sends a request and reads the reply; `again` makes the same request once more, should it get nowhere.
    pub(super) async fn exchange(
        &self,
        request: reqwest::Request,
        again: impl Future<Output = Option<reqwest::Request>>,
    ) -> Result<Reply, ExchangeError> {
        let key = request.headers().get(CALL_KEY_HEADER).cloned();
        let sent = Instant::now();
        let mut began = None;
        let begun = || {
            began = Some(sent.elapsed());
            if let Some(key) = key.as_ref().and_then(|it| it.to_str().ok()) {
                self.first_tokens.came(key);
            }
        };
        let (head, body) = match &self.route {
            Route::Network(client) => {
                let (head, mut incoming) = client.exchange(request, again).await?.into_parts();
                let body = match is_stream(&head.headers) {
                    // Boxed, so that a call whose answer comes whole doesn't take the room of it.
                    true => Box::pin(streamed(incoming, (self.assembly)(), begun)).await?,
                    false => {
                        let body = incoming.whole().await?;
                        self.whole(head.status, body, false, begun).await?
                    }
                };
                (head, body)
            }
            Route::Custom(exchange) => {
                let (head, body) = exchange.exchange(plain(request)?).await?.into_parts();
                let is_labelled = is_stream(&head.headers);
                let body = self.whole(head.status, body, is_labelled, begun).await?;
                (head, body)
            }
        };
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body,
            began,
        })
    }

    /// Reads a body that is there. A success may be a stream whatever its label says; an error is what it
    /// is.
    async fn whole(
        &self,
        status: StatusCode,
        body: Bytes,
        is_labelled: bool,
        begun: impl FnOnce(),
    ) -> Result<Bytes, ExchangeError> {
        match is_labelled || (status.is_success() && looks_streamed(&body)) {
            true => Box::pin(stored(body, is_labelled, (self.assembly)(), begun)).await,
            false => Ok(body),
        }
    }
}

/// The types of what comes in pieces; the second is Ollama's.
const STREAMS: [&[u8]; 3] = [
    b"text/event-stream",
    b"application/x-ndjson",
    b"application/ndjson",
];

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.unwrap_or_default().trim_start().as_bytes();
    STREAMS
        .iter()
        .any(|label| kind.len() >= label.len() && kind[..label.len()].eq_ignore_ascii_case(label))
}

/// Turns a request of reqwest into one of no client in particular.
fn plain(request: reqwest::Request) -> Result<http::Request<Bytes>, ExchangeError> {
    let request: http::Request<reqwest::Body> = request.try_into().map_err(|error| {
        ExchangeError::new(ExchangeErrorKind::Broken)
            .with_source(Box::<reqwest::Error>::from(error))
    })?;
    Ok(request.map(|body| Bytes::copy_from_slice(body.as_bytes().unwrap_or_default())))
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

impl std::error::Error for Reply {}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a reply with HTTP {}", self.status.as_u16())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

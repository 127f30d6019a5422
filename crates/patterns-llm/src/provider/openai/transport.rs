//! The HTTP exchange under async-openai: one request, one reply, streamed or not, nothing repeated.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use patterns_core::BoxFuture;
use tower_service::Service;

use super::adapter::CALL_KEY_HEADER;
use super::stream::{stored, streamed};
use crate::exchange::{Exchange, ExchangeError, ExchangeErrorKind};
use crate::first_tokens::FirstTokens;
use crate::http::HttpClient;

/// A whole reply, as it came.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Sends requests and reads whole replies, streamed ones too.
///
/// As a service it never succeeds: a reply travels to the adapter as the boxed "error", the one
/// thing that async-openai passes through untouched, headers and all.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) route: Route,
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
    async fn exchange(&self, request: reqwest::Request) -> Result<Reply, ExchangeError> {
        let key = request.headers().get(CALL_KEY_HEADER).cloned();
        let begun = || {
            if let Some(key) = key.as_ref().and_then(|it| it.to_str().ok()) {
                self.first_tokens.came(key);
            }
        };
        let (head, body) = match &self.route {
            Route::Network(client) => {
                let (head, incoming) = client.exchange(request).await?.into_parts();
                let body = match is_stream(&head.headers) {
                    true => streamed(incoming, begun).await?,
                    false => whole(head.status, incoming.whole().await?, false, begun).await?,
                };
                (head, body)
            }
            Route::Custom(exchange) => {
                let (head, body) = exchange.exchange(plain(request)?).await?.into_parts();
                let is_labelled = is_stream(&head.headers);
                let body = whole(head.status, body, is_labelled, begun).await?;
                (head, body)
            }
        };
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.unwrap_or_default().trim_start().as_bytes();
    let label = b"text/event-stream";
    kind.len() >= label.len() && kind[..label.len()].eq_ignore_ascii_case(label)
}

/// Reads a body that is there. A success may be a stream whatever its label says; an error is what it
/// is.
async fn whole(
    status: StatusCode,
    body: Bytes,
    is_labelled: bool,
    begun: impl FnOnce(),
) -> Result<Bytes, ExchangeError> {
    match is_labelled || status.is_success() {
        true => stored(body, is_labelled, begun).await,
        false => Ok(body),
    }
}

/// Turns a request of reqwest into one of no client in particular.
fn plain(request: reqwest::Request) -> Result<http::Request<Bytes>, ExchangeError> {
    let request: http::Request<reqwest::Body> = request.try_into().map_err(|error| {
        ExchangeError::new(ExchangeErrorKind::Broken)
            .with_source(Box::<reqwest::Error>::from(error))
    })?;
    Ok(request.map(|body| Bytes::copy_from_slice(body.as_bytes().unwrap_or_default())))
}

impl Service<HttpRequestFactory> for Transport {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<reqwest::Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move {
            let request = request.build().await?;
            Err(match transport.exchange(request).await {
                Ok(reply) => OpenAIError::Boxed(Box::new(reply)),
                Err(error) => OpenAIError::Boxed(Box::new(error)),
            })
        })
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

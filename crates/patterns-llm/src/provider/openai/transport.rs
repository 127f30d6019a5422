//! The HTTP exchange under async-openai: one request, one whole reply, nothing repeated.

use std::fmt;
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use http::{HeaderMap, StatusCode};
use patterns_core::BoxFuture;
use tower_service::Service;

/// A whole reply, as it came.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Sends requests and reads whole replies.
///
/// As a service it never succeeds: a reply travels to the adapter as the boxed "error", the one
/// thing that async-openai passes through untouched, headers and all.
#[derive(Clone)]
pub(super) struct Transport {
    pub(super) client: reqwest::Client,
    pub(super) max_reply_bytes: usize,
}

/// A reply that is longer than anything a model would say.
#[derive(Debug, thiserror::Error)]
#[error("the reply is longer than {limit} bytes")]
pub(super) struct TooLong {
    limit: usize,
}

impl Transport {
    async fn exchange(&self, request: HttpRequestFactory) -> Result<Reply, OpenAIError> {
        let request = request.build().await?;
        let mut reply = self.client.execute(request).await?;
        let announced = reply.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > self.max_reply_bytes {
            return Err(self.too_long());
        }
        let mut body = Vec::with_capacity(announced);
        while let Some(chunk) = reply.chunk().await? {
            if body.len() + chunk.len() > self.max_reply_bytes {
                return Err(self.too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status: reply.status(),
            headers: std::mem::take(reply.headers_mut()),
            body,
        })
    }

    fn too_long(&self) -> OpenAIError {
        OpenAIError::Boxed(Box::new(TooLong {
            limit: self.max_reply_bytes,
        }))
    }
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
            Err(match transport.exchange(request).await {
                Ok(reply) => OpenAIError::Boxed(Box::new(reply)),
                Err(error) => error,
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

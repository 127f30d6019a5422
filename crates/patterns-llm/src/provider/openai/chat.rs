//! The dialect of chat completions, and how its requests are sent.
//!
//! A reply comes out of async-openai as an error, since one thing passes through it untouched, headers and all:
//! a boxed error. So one table of ours reads every reply, good or bad, as it does for the other providers.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_openai::Client;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use async_openai::traits::RequestOptionsBuilder;
use patterns_core::{AnswerFormat, BoxFuture, Effort, ModelError, ModelErrorKind, Request};
use tower_service::Service;

use super::answer;
use super::endpoint::Endpoint;
use super::routing::Routing;
use super::wire::{Body, Flavour};
use crate::address::in_path;
use crate::exchange::ExchangeError;
use crate::provider::dialect::{Dialect, Put, Unwritable, Written};
use crate::provider::facts::Place;
use crate::provider::reply::{Completion, one_attempt};
use crate::provider::transport::{CALL_KEY_HEADER, Reply, Server, Transport, no_reply, unsendable};

/// Chat completions.
pub(super) struct Chat {
    client: Client<Endpoint>,
    flavour: Flavour,
    /// What follows the address of the server, with the version of the API.
    path: String,
    routing: Routing,
}

impl Chat {
    pub(super) fn new(flavour: Flavour, server: &Server, place: &Place) -> Self {
        let version = place.api_version.as_deref();
        let folder = match version {
            _ if flavour != Flavour::Azure => String::new(),
            None => "/openai/v1".to_owned(),
            Some(_) => format!("/openai/deployments/{}", in_path(&place.model)),
        };
        let query = version.map_or(String::new(), |it| format!("?api-version={it}"));
        let endpoint = Endpoint {
            base_url: format!("{}{folder}", server.base_url),
            api_version: place.api_version.clone(),
            headers: server.headers.clone(),
            key: Default::default(),
        };
        let service = Untouched(Arc::new(server.transport.clone()));
        Self {
            client: Client::build(server.client.clone(), endpoint).with_http_service(service),
            flavour,
            path: format!("{folder}/chat/completions{query}"),
            routing: Routing::default(),
        }
    }

    async fn send(&self, call_key: String, written: &Written) -> Result<Reply, ModelError> {
        let chat = self.client.chat().header(CALL_KEY_HEADER, call_key);
        let sent = match chat {
            Ok(chat) => {
                chat.create_byot::<_, serde_json::Value>(&*written.body)
                    .await
            }
            Err(error) => Err(error),
        };
        Err(match sent {
            Err(OpenAIError::Boxed(error)) => match error.downcast::<Reply>() {
                Ok(reply) => return Ok(*reply),
                Err(error) => match error.downcast::<ExchangeError>() {
                    Ok(error) => no_reply(*error),
                    Err(error) => unreadable(Unread(error)),
                },
            },
            Err(OpenAIError::Reqwest(error)) => unsendable(error),
            Err(error) => unreadable(error),
            // The service never lets a reply through.
            Ok(_) => ModelError::new(ModelErrorKind::Unreadable).with_usage(one_attempt()),
        })
    }
}

impl Dialect for Chat {
    fn formats(&self) -> &'static [AnswerFormat] {
        self.flavour.formats()
    }

    fn efforts(&self, _: &str, effort: Effort) -> &'static [&'static str] {
        Flavour::efforts(effort)
    }

    fn write(&self, request: &Request, put: &Put<'_>) -> Result<Written, Unwritable> {
        let body = Body::new(put.model, request, put.format, self.flavour).without(put.left_out);
        let mut body = body.thinking(put.effort, put.is_flex, self.flavour);
        if self.flavour == Flavour::OpenRouter {
            body = body.routed(self.routing.is_strict(put.format));
        }
        if put.folds_system {
            body = body.without_system();
        }
        if put.streams {
            body = body.streamed();
        }
        Written::new(self.path.clone(), &body, body.parameters())
    }

    fn send<'a>(
        &'a self,
        _: &'a Server,
        call_key: String,
        written: &'a Written,
    ) -> BoxFuture<'a, Result<Reply, ModelError>> {
        Box::pin(self.send(call_key, written))
    }

    fn read(&self, body: &[u8]) -> Option<Completion> {
        let mut completion = answer::read(body)?;
        // Others count in other coins, or for other accounts.
        if self.flavour != Flavour::OpenRouter {
            completion.usage.billed = None;
        }
        Some(completion)
    }

    fn learn(&self, error: &ModelError, written: &Written) -> bool {
        let is_strict = written.body.get().contains("\"require_parameters\":true");
        is_strict && self.routing.learn(error)
    }
}

impl fmt::Debug for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chat")
            .field("flavour", &self.flavour)
            .finish_non_exhaustive()
    }
}

/// Carries requests of async-openai to the transport.
///
/// It never succeeds: a reply travels back as the boxed "error", the one thing that async-openai passes
/// through untouched, headers and all.
#[derive(Clone)]
struct Untouched(Arc<Transport>);

impl Service<HttpRequestFactory> for Untouched {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<reqwest::Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let transport = Arc::clone(&self.0);
        Box::pin(async move {
            let again = async { request.build().await.ok() };
            Err(
                match transport.exchange(request.build().await?, again).await {
                    Ok(reply) => OpenAIError::Boxed(Box::new(reply)),
                    Err(error) => OpenAIError::Boxed(Box::new(error)),
                },
            )
        })
    }
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

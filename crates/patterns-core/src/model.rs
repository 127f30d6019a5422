//! The one seam to language models: a request goes in, an answer comes out.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ModelError, Request, Response};

/// A boxed future that can cross threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Answers requests.
///
/// Providers implement it, [layers](crate::Layer) wrap it, and everything else holds it as
/// `Arc<dyn Model>`.
///
/// # Cancellation
///
/// Dropping the future of [`generate`](Self::generate) cancels the call; nothing outlives it.
pub trait Model: Send + Sync {
    /// Returns the name under which the model was connected. Layers pass on their inner model's.
    fn id(&self) -> &ModelId;

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// Returns a [`ModelError`] unless the answer is complete.
    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>>;

    /// Says that the answer to a request was of no use, so that a record of it isn't given out
    /// again. Only models that keep records take notice; a layer that may be around one has to pass it on.
    fn disown(&self, request: &Request) {
        let _ = request;
    }

    /// Returns the model that [agents](crate::ModelAgent) ask instead where this one gives no answer that
    /// keeps their contract; there is none by default. It must be the outermost model that has one: layers
    /// do not pass it on.
    fn fallback(&self) -> Option<&Arc<dyn Model>> {
        None
    }
}

impl<M: Model + ?Sized> Model for Arc<M> {
    fn id(&self) -> &ModelId {
        (**self).id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        (**self).generate(request)
    }

    fn disown(&self, request: &Request) {
        (**self).disown(request);
    }

    fn fallback(&self) -> Option<&Arc<dyn Model>> {
        (**self).fallback()
    }
}

/// Names a model: who serves it and what it is called there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelId {
    /// The provider, such as `openai` or `ollama`.
    pub provider: String,
    /// The provider's name of the model, such as `gpt-5-mini`; may be empty where there is one only.
    pub model: String,
    /// The server, where it is not the provider's only one. Two servers may well give one name to
    /// different models, so this is part of the identity.
    pub endpoint: Option<String>,
    /// What is sent with every request beside ours, such as an effort of reasoning: a JSON object in one
    /// spelling. It may change any answer, so it is part of the identity, but not of what is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<String>,
}

impl ModelId {
    /// Names a model at the provider's usual server.
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            model: model.into(),
            endpoint: None,
            extra: None,
        }
    }

    /// Names the server too.
    #[must_use]
    pub fn at(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Names what is sent with every request, too: a JSON object in one spelling.
    #[must_use]
    pub fn with_extra(mut self, extra: impl Into<String>) -> Self {
        self.extra = Some(extra.into());
        self
    }
}

/// Writes `provider:model`, or `provider` alone, with `@endpoint` behind it where there is one.
impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.provider)?;
        if !self.model.is_empty() {
            write!(f, ":{}", self.model)?;
        }
        if let Some(endpoint) = &self.endpoint {
            write!(f, "@{endpoint}")?;
        }
        Ok(())
    }
}

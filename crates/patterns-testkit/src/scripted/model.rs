//! A model that answers from a script.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use patterns_core::{BoxFuture, Model, ModelError, ModelErrorKind, ModelId, Request, Response};

use super::gauge::{Gauge, lock};
use super::reply::Reply;

/// A [`Model`] that answers from a script and remembers what it was asked.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use patterns_core::{Model, ModelError, ModelErrorKind, Request};
/// use patterns_testkit::{Reply, ScriptedModel};
///
/// let model = ScriptedModel::new([
///     Reply::from("first"),
///     Reply::from(ModelError::new(ModelErrorKind::Refused)),
/// ]);
/// let request = Request::default();
/// assert_eq!(model.generate(&request).await.unwrap().text, "first");
/// assert!(model.generate(&request).await.is_err());
/// assert_eq!(model.requests().len(), 2);
/// # }
/// ```
pub struct ScriptedModel {
    id: ModelId,
    script: Script,
    latency: Duration,
    requests: Mutex<Vec<Request>>,
    gauge: Gauge,
}

enum Script {
    InOrder(Mutex<VecDeque<Reply>>),
    By(Box<dyn Fn(&Request) -> Reply + Send + Sync>),
}

impl ScriptedModel {
    /// Makes a model that gives these replies in the order in which it is called; a call beyond
    /// them fails with the code `script-used-up`.
    pub fn new<T: Into<Reply>>(replies: impl IntoIterator<Item = T>) -> Self {
        let replies = replies.into_iter().map(Into::into).collect();
        Self::with_script(Script::InOrder(Mutex::new(replies)))
    }

    /// Makes a model whose reply follows from the request, whatever the order of calls.
    pub fn by<T: Into<Reply>>(reply: impl Fn(&Request) -> T + Send + Sync + 'static) -> Self {
        Self::with_script(Script::By(Box::new(move |request| reply(request).into())))
    }

    fn with_script(script: Script) -> Self {
        Self {
            id: ModelId::new("scripted", ""),
            script,
            latency: Duration::ZERO,
            requests: Mutex::default(),
            gauge: Gauge::default(),
        }
    }

    /// Names the model.
    #[must_use]
    pub fn id(mut self, id: ModelId) -> Self {
        self.id = id;
        self
    }

    /// Sets how long each call takes, by tokio's clock.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Returns what was asked so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.requests).clone()
    }

    /// Returns how many calls were in flight at once, at most.
    pub fn peak_in_flight(&self) -> usize {
        self.gauge.peak()
    }

    fn reply(&self, request: &Request) -> Reply {
        match &self.script {
            Script::By(reply) => reply(request),
            Script::InOrder(replies) => lock(replies).pop_front().unwrap_or_else(|| {
                let error = ModelError::new(ModelErrorKind::InvalidRequest);
                Reply::from(error.with_code("script-used-up"))
            }),
        }
    }
}

impl Model for ScriptedModel {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let _in_flight = self.gauge.enter();
            lock(&self.requests).push(request.clone());
            let reply = self.reply(request);
            if !self.latency.is_zero() {
                tokio::time::sleep(self.latency).await;
            }
            reply.0
        })
    }
}

impl fmt::Debug for ScriptedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedModel")
            .field("id", &self.id)
            .field("requests", &lock(&self.requests).len())
            .finish_non_exhaustive()
    }
}

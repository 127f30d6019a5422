//! Carries out calls that a Restate server hands out.
//!
//! A call is one step: nothing is journaled within it, since the reply itself is recorded, and the model
//! stack races, repeats and waits as it likes, which no handler that is replayed may. So a handler that is
//! cancelled while it runs goes on to its end, and what was paid for is kept.
//!
//! A server that hears nothing of an invocation suspends and aborts it and hands it out again, which would
//! pay for it again: after a minute and ten more, unless the service says otherwise. Answers take longer.

use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use patterns_core::{BoxFuture, ModelError, ModelErrorKind, Response};
use restate_sdk::endpoint::{
    Endpoint, HandleOptions, HandlerOptions, ProtocolMode, ServiceOptions,
};
use restate_sdk::prelude::{Context, HandlerResult, IntoServiceDefinition, Json, TerminalError};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::admin::VERSION;
use crate::call::{Call, Reply};
use crate::error::{RestateError, RestateErrorKind};
use crate::handed::{NOT_READ, RUN};
use crate::notices::GENERATE;
use crate::private::{Received, Way, read_call, read_job};
use crate::seal::Seal;

/// How long a call may say nothing; twice that, and it is handed out again.
const SILENCE: Duration = Duration::from_secs(30 * 60);

/// How long a job may say nothing.
const LONG_SILENCE: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long the server keeps answers, if nobody says so.
const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

/// Waits between tries of a worker that is not reached. They never end: a call waits for as long as it takes.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(10);
const MOST_RETRIES: u64 = 1_000_000;

/// Calls that are taken at once on one connection.
const STREAMS: u32 = 1000;

/// How long a listener that cannot accept rests.
const REST: Duration = Duration::from_millis(100);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, BoxError>;

/// Answers calls: finds the model by its name, looks into its own records, and asks. A failure of kind
/// [`NotSent`](ModelErrorKind::NotSent) is no reply: the server hands the call out again, to another worker.
pub type Answering =
    Arc<dyn Fn(Call) -> BoxFuture<'static, Result<Response, ModelError>> + Send + Sync>;

/// Carries out a whole job, and returns what came of it. An error is no end of it: the server hands the job out
/// again.
pub type Running =
    Arc<dyn Fn(Value) -> BoxFuture<'static, Result<Value, ModelError>> + Send + Sync>;

/// A worker.
#[derive(Clone)]
pub struct Worker {
    answering: Answering,
    running: Option<Running>,
    identity_keys: Vec<String>,
    seal: Option<Seal>,
    retention: Duration,
}

impl Worker {
    /// Makes a worker.
    pub fn new(answering: Answering) -> Self {
        Self {
            answering,
            running: None,
            identity_keys: Vec::new(),
            seal: None,
            retention: RETENTION,
        }
    }

    /// Takes calls of servers only that sign with the key of this public one, `publickeyv1_…`; of any, if none
    /// is set.
    #[must_use]
    pub fn identity_key(mut self, key: impl Into<String>) -> Self {
        self.identity_keys.push(key.into());
        self
    }

    /// Takes only what is sealed with one of these keys, and seals what comes of it.
    #[must_use]
    pub fn private(mut self, seal: Option<Seal>) -> Self {
        self.seal = seal;
        self
    }

    /// Takes whole jobs, too. They read and write where they say, so whoever can send one can do that.
    #[must_use]
    pub fn jobs(mut self, running: Running) -> Self {
        self.running = Some(running);
        self
    }

    /// Sets how long the server keeps answers; a week if it isn't set.
    #[must_use]
    pub fn retention(mut self, time: Duration) -> Self {
        self.retention = time;
        self
    }

    /// Serves until `end`; then takes nothing more and gives what is under way so much time. Returns how many
    /// calls were broken off: the server hands them out again.
    ///
    /// It must be driven by a tokio runtime. `GET /health` is 200 as long as calls are taken, for anybody; after
    /// `end` nobody listens.
    ///
    /// # Errors
    ///
    /// Returns an error if an identity key is none.
    pub async fn serve(
        self,
        listener: TcpListener,
        end: impl Future<Output = ()> + Send,
        drain: Duration,
    ) -> Result<usize, RestateError> {
        let under_way = Arc::new(AtomicUsize::new(0));
        let endpoint = self.endpoint(&under_way)?;
        let graceful = GracefulShutdown::new();
        let mut server = auto::Builder::new(TokioExecutor::new());
        server
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(Some(Duration::from_secs(20)));
        let mut end = std::pin::pin!(end);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut end => break,
            };
            let Ok((stream, _)) = accepted else {
                sleep(REST).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let endpoint = endpoint.clone();
            let service = service_fn(move |request| {
                let response = respond(&endpoint, request);
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = server.serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection.into_owned());
            #[expect(
                clippy::disallowed_methods,
                reason = "a server answers its connections side by side; they end with its runtime"
            )]
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!("a connection was broken off: {error}");
                }
            });
        }
        drop(listener);
        let _ = timeout(drain, graceful.shutdown()).await;
        Ok(under_way.load(Ordering::Relaxed))
    }

    fn endpoint(&self, under_way: &Arc<AtomicUsize>) -> Result<Endpoint, RestateError> {
        let service = Service {
            answering: Arc::clone(&self.answering),
            seal: self.seal.clone(),
            under_way: Arc::clone(under_way),
        };
        let generate = HandlerOptions::new()
            .inactivity_timeout(SILENCE)
            .abort_timeout(SILENCE);
        let run = HandlerOptions::new()
            .inactivity_timeout(LONG_SILENCE)
            .abort_timeout(LONG_SILENCE);
        let options = || {
            ServiceOptions::new()
                .idempotency_retention(self.retention)
                .retry_policy_initial_interval(FIRST_RETRY)
                .retry_policy_exponentiation_factor(2.0)
                .retry_policy_max_interval(LONGEST_RETRY)
                .retry_policy_max_attempts(MOST_RETRIES)
                .metadata("patterns", VERSION)
        };
        let jobs = Jobs {
            running: self.running.clone(),
            seal: self.seal.clone(),
            under_way: Arc::clone(under_way),
        };
        let jobs = jobs
            .into_service_definition()
            .options(options().handler(RUN, run));
        let mut endpoint = Endpoint::builder();
        for key in &self.identity_keys {
            endpoint = endpoint.identity_key(key).map_err(|error| {
                let words = format!("`{key}` is no identity key: {error}");
                RestateError::new(RestateErrorKind::InvalidKey, words)
            })?;
        }
        let options = options().handler(GENERATE, generate);
        let service = service.into_service_definition().options(options);
        Ok(endpoint.bind(service).bind(jobs).build())
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("identity_keys", &self.identity_keys)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

/// Responds to a request. Anybody may ask for the health; the rest is the endpoint's, which checks who asks.
fn respond(endpoint: &Endpoint, request: http::Request<Incoming>) -> http::Response<Body> {
    let path = request.uri().path();
    if path == "/health" {
        return plain(200, "{\"status\":\"ok\"}");
    }
    // The endpoint takes for granted that there are three parts.
    let is_known = path.ends_with("/discover") || path.split('/').rev().nth(2) == Some("invoke");
    if !is_known {
        return plain(
            404,
            "{\"message\":\"this is a worker for a Restate server\"}",
        );
    }
    let options = HandleOptions {
        protocol_mode: ProtocolMode::BidiStream,
    };
    let response = endpoint.handle_with_options(request, options);
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}

fn plain(status: u16, body: &'static str) -> http::Response<Body> {
    let body = Full::new(Bytes::from_static(body.as_bytes()));
    let mut response = http::Response::new(body.map_err(Into::into).boxed_unsync());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", json);
    response
}

/// The service that the server knows.
struct Service {
    answering: Answering,
    seal: Option<Seal>,
    under_way: Arc<AtomicUsize>,
}

#[restate_sdk::service(name = "Model", client_visibility = "pub(crate)")]
impl Service {
    #[handler]
    async fn generate(&self, _cx: Context<'_>, call: Sent) -> HandlerResult<Sent> {
        let _counted = Counted::new(&self.under_way);
        let received = read_call(call.into_inner().get(), self.seal.as_ref());
        let (call, way) = match received.map_err(terminal)? {
            Received::Call(call, way) => (*call, way),
            Received::Refused(reply) => return sent(&Way::Open, &*reply),
        };
        let asker = call.asker.clone();
        let answering = AssertUnwindSafe((self.answering)(call)).catch_unwind();
        let result = answering.await.unwrap_or_else(|_| Err(panicked()));
        match result {
            Err(error) if error.kind() == ModelErrorKind::NotSent => Err(error.into()),
            result => sent(&way, &Reply::new(asker, result)),
        }
    }

    /// That it was called is all that there is to know.
    #[handler]
    async fn disown(
        &self,
        _cx: Context<'_>,
        _nothing: Json<serde_json::Value>,
    ) -> HandlerResult<()> {
        Ok(())
    }
}

/// The service that carries out jobs.
struct Jobs {
    running: Option<Running>,
    seal: Option<Seal>,
    under_way: Arc<AtomicUsize>,
}

#[restate_sdk::service(name = "Job", client_visibility = "pub(crate)")]
impl Jobs {
    #[handler]
    async fn run(&self, _cx: Context<'_>, job: Sent) -> HandlerResult<Sent> {
        let Some(running) = &self.running else {
            let words = "this worker takes no whole jobs";
            return Err(TerminalError::new(words).into());
        };
        let _counted = Counted::new(&self.under_way);
        let (job, way) = read_job(job.into_inner().get(), self.seal.as_ref())
            .map_err(|why| TerminalError::new_with_code(NOT_READ, why))?;
        let running = AssertUnwindSafe(running(job)).catch_unwind();
        let ended = running.await.unwrap_or_else(|_| Err(panicked()));
        sent(&way, &ended?)
    }
}

/// What travels, as it is written.
type Sent = Json<Box<RawValue>>;

/// Writes what came of something, as what asked for it was written.
fn sent(way: &Way, value: &impl Serialize) -> HandlerResult<Sent> {
    way.write(value)
        .map(Json)
        .map_err(|why| terminal(why).into())
}

fn terminal(why: String) -> TerminalError {
    TerminalError::new_with_code(400, why)
}

fn panicked() -> ModelError {
    ModelError::new(ModelErrorKind::Unavailable { retry_after: None })
        .with_cause("the worker panicked; it has written why to its standard error")
        .finally()
}

/// One call under way.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

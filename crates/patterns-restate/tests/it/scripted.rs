//! A server that replies by a script, and remembers what it was asked.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use patterns_core::{ModelError, ModelId, Request, Response};
use patterns_restate::{Call, Driver, Durable, DurableModel, Failure, Reply, Server};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A request that came in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    /// Its method and path.
    pub(crate) line: String,
    pub(crate) key: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) body: Value,
}

impl Seen {
    pub(crate) fn call(&self) -> Call {
        serde_json::from_value(self.body.clone()).unwrap()
    }
}

/// What is done with a request.
pub(crate) enum Act {
    /// An invocation has ended.
    Ended(u16, Value),
    /// The server itself speaks.
    Own(u16, Value),
    /// It never comes to an end.
    Hang,
    /// The connection is lost.
    Lose,
}

type Script = Arc<dyn Fn(&Seen) -> Act + Send + Sync>;

/// A server, and what it was asked.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) more: Arc<Notify>,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) async fn start(script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::default(),
            more: Arc::default(),
            connections: Arc::default(),
        };
        let (here, script): (_, Script) = (server.clone(), Arc::new(script));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                here.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(here.clone().serve(stream, Arc::clone(&script)));
            }
        });
        server
    }

    async fn serve(self, stream: tokio::net::TcpStream, script: Script) {
        let lost = Arc::new(Notify::new());
        let service = service_fn(|request| {
            let (here, script, lost) = (self.clone(), Arc::clone(&script), Arc::clone(&lost));
            async move { Ok::<_, Infallible>(here.respond(request, &script, &lost).await) }
        });
        let builder = auto::Builder::new(TokioExecutor::new());
        let serving = builder.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            _ = serving => {}
            () = lost.notified() => {}
        }
    }

    async fn respond(
        &self,
        request: http::Request<hyper::body::Incoming>,
        script: &Script,
        lost: &Notify,
    ) -> http::Response<Full<Bytes>> {
        let header = |name: &str| {
            let value = request.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let line = format!("{} {}", request.method(), request.uri().path());
        let (key, token) = (header("idempotency-key"), header("authorization"));
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let seen = Seen {
            line,
            key,
            token,
            body,
        };
        self.seen.lock().unwrap().push(seen.clone());
        self.more.notify_one();
        let (status, is_own, body) = match script(&seen) {
            Act::Ended(status, body) => (status, false, body),
            Act::Own(status, body) => (status, true, body),
            Act::Hang => std::future::pending().await,
            Act::Lose => {
                lost.notify_one();
                std::future::pending().await
            }
        };
        let mut response = http::Response::builder().status(status);
        if is_own {
            response = response.header("x-restate-error-source", "ingress");
        }
        response.body(body.to_string().into()).unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns the lines that came in, and the keys behind the key of the call.
    pub(crate) fn lines(&self, key: &str) -> String {
        let line = |it: &Seen| match &it.key {
            Some(it_key) => format!("{} {}", it.line, it_key.replace(key, "KEY")),
            None => it.line.clone(),
        };
        let seen = self.seen();
        seen.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Waits until so many requests have come in.
    pub(crate) async fn has_seen(&self, count: usize) {
        while self.seen.lock().unwrap().len() < count {
            self.more.notified().await;
        }
    }

    pub(crate) fn server(&self) -> Server {
        Server::new(&self.url).unwrap().admin(&self.url).unwrap()
    }

    pub(crate) fn durable(&self) -> Durable {
        Durable::connect(self.server(), Driver::named("me")).unwrap()
    }
}

pub(crate) fn model(durable: &Durable) -> DurableModel {
    durable.model(ModelId::new("compatible", "m"), "sim:m")
}

pub(crate) fn request() -> Request {
    Request {
        instructions: "be short".into(),
        ..Request::default()
    }
}

/// An answer that was given to somebody first.
pub(crate) fn answered(asker: &str, text: &str) -> Act {
    let (asker, response) = (asker.to_owned(), Response::new("m", text));
    Act::Ended(200, json!(Reply::Answered { asker, response }))
}

/// A failure that somebody was told first.
pub(crate) fn failed(asker: &str, error: &ModelError) -> Act {
    let (asker, failure) = (asker.to_owned(), Failure::from(error));
    Act::Ended(200, json!(Reply::Failed { asker, failure }))
}

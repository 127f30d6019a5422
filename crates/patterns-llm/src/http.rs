//! The only place that opens sockets: how the HTTP client is set up, and a probe for local servers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::Deserialize;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

use crate::exchange::{ExchangeError, ExchangeErrorKind};

/// How long a pooled connection may idle. Servers close idle connections after 5 s (Node, uvicorn)
/// to 60 s and more; one that is closed just as a request is written to it costs an attempt, so we
/// let go first.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// Longest list of models that a probe reads.
const MAX_PROBE_BYTES: usize = 1 << 20;

/// Longest reply that is read: many times what any model says.
const MAX_REPLY_BYTES: usize = 32 << 20;

/// Most idle connections that are kept to one server.
const POOL_SIZE: usize = 256;

/// Exchanges requests for replies over the network.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    pub(crate) client: Client,
    /// Longest wait for the head of a reply.
    pub(crate) first_byte: Option<Duration>,
    /// Longest wait for a further piece of the body that is more than white space: some servers
    /// send blank lines to keep a connection open while a call queues, for as long as it takes.
    pub(crate) idle: Duration,
}

impl HttpClient {
    /// Sends a request; returns the head of its reply, and the body as it comes.
    pub(crate) async fn exchange(
        &self,
        request: reqwest::Request,
    ) -> Result<http::Response<Incoming>, ExchangeError> {
        let sending = self.client.execute(request);
        let reply = match self.first_byte {
            Some(limit) => timeout(limit, sending).await.map_err(too_slow)?,
            None => sending.await,
        };
        let mut reply = reply.map_err(no_reply)?;
        let announced = usize::try_from(reply.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        if announced > MAX_REPLY_BYTES {
            return Err(ExchangeError::new(ExchangeErrorKind::TooLong));
        }
        let status = reply.status();
        let headers = std::mem::take(reply.headers_mut());
        let mut response = http::Response::new(Incoming {
            reply,
            announced,
            read: 0,
            idle: self.idle,
        });
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The body of a reply that is coming in.
pub(crate) struct Incoming {
    reply: reqwest::Response,
    announced: usize,
    read: usize,
    /// Longest wait for more of it; keep-alives are no more of it.
    pub(crate) idle: Duration,
}

impl Incoming {
    /// Returns the next piece, however long it takes.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, ExchangeError> {
        let piece = self.reply.chunk().await.map_err(no_reply)?;
        self.read += piece.as_ref().map_or(0, Bytes::len);
        if self.read > MAX_REPLY_BYTES {
            return Err(ExchangeError::new(ExchangeErrorKind::TooLong));
        }
        Ok(piece)
    }

    /// Reads all of it.
    pub(crate) async fn whole(mut self) -> Result<Bytes, ExchangeError> {
        let mut body = Vec::with_capacity(self.announced);
        let mut deadline = Instant::now() + self.idle;
        while let Some(piece) = timeout_at(deadline, self.piece())
            .await
            .map_err(too_slow)??
        {
            if !piece.iter().all(u8::is_ascii_whitespace) {
                deadline = Instant::now() + self.idle;
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.into())
    }
}

pub(crate) fn too_slow(elapsed: Elapsed) -> ExchangeError {
    ExchangeError::new(ExchangeErrorKind::Timeout).with_source(elapsed)
}

/// Sorts a request that got no whole reply.
fn no_reply(error: reqwest::Error) -> ExchangeError {
    let kind = if error.is_connect() {
        ExchangeErrorKind::NotConnected
    } else if error.is_timeout() {
        ExchangeErrorKind::Timeout
    } else {
        ExchangeErrorKind::Broken
    };
    // A URL can contain what its user takes for a secret.
    ExchangeError::new(kind).with_source(error.without_url())
}

/// Makes a client that follows no redirect (a redirect would carry the key to another host),
/// repeats nothing by itself and looks for no proxy in the environment.
pub(crate) fn client(
    connect_timeout: Duration,
    proxy: Option<Proxy>,
) -> Result<Client, ClientError> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls()?)
        .user_agent(concat!("patterns/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_SIZE)
        .tcp_nodelay(true);
    let builder = match proxy {
        Some(proxy) => builder.proxy(proxy),
        None => builder,
    };
    builder.build().map_err(|error| error.without_url().into())
}

/// Says why no client could be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up")]
pub(crate) enum ClientError {
    /// TLS has no use for its settings.
    Tls(#[from] rustls::Error),
    /// The client has no use for them.
    Http(#[from] reqwest::Error),
}

/// Returns TLS that trusts whom the operating system trusts. Its cryptography is chosen here and
/// not for the process, which belongs to whoever uses this library.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let cryptography = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(cryptography)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth())
}

/// Asks an OpenAI-compatible server without a key which models it has (`GET {base_url}/models`),
/// say to find a local Ollama at [`OLLAMA_BASE_URL`](crate::OLLAMA_BASE_URL).
///
/// Returns `None` if no such server answers within `limit`.
pub async fn models_at(base_url: &str, limit: Duration) -> Option<Vec<String>> {
    let client = client(limit, None).ok()?;
    let url = format!("{}/models", base_url.trim_end_matches('/'));
    tokio::time::timeout(limit, list_models(&client, &url))
        .await
        .ok()?
}

async fn list_models(client: &Client, url: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct List {
        // Ollama sends `null` when it has no model yet.
        data: Option<Vec<Entry>>,
    }
    #[derive(Deserialize)]
    struct Entry {
        id: String,
    }
    let mut reply = client.get(url).send().await.ok()?;
    if !reply.status().is_success() {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = reply.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_PROBE_BYTES {
            return None;
        }
    }
    let list: List = serde_json::from_slice(&body).ok()?;
    let entries = list.data.unwrap_or_default();
    Some(entries.into_iter().map(|entry| entry.id).collect())
}

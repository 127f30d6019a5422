//! The only place that opens sockets: how the HTTP client is set up, and a probe for local servers.

use std::collections::HashSet;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, Url};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::inflate::Inflate;
use crate::model_list::listed;
use crate::no_reply::{Peer, causes, is_closed, no_reply};
use crate::proxies::Proxied;

/// How long a pooled connection may idle. Servers close idle connections after 5 s (Node, uvicorn)
/// to 60 s and more; one that is closed just as a request is written to it costs an attempt, so we
/// let go first.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// Longest list of models that a probe reads.
const MAX_PROBE_BYTES: usize = 1 << 20;

/// Longest reply that is kept: twice the longest answer that any contract takes.
pub(crate) const MAX_REPLY_BYTES: usize = 16 << 20;

/// Longest stream that is read. Most of it is no part of the answer, and is not kept.
const MAX_STREAM_BYTES: usize = 1 << 30;

/// A reply that is longer than this is long.
const LONG_REPLY_BYTES: usize = 1 << 20;

/// Most long replies of one model that are read at once, so that memory does not grow with the calls in
/// flight.
const LONG_REPLIES: usize = 4;

/// Most idle connections that are kept to one server.
const POOL_SIZE: usize = 256;

/// Exchanges requests for replies over the network.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    pub(crate) client: Client,
    /// Keeps no connection, so that what it sends goes over a new one.
    fresh: Client,
    /// The local ports of connections that have brought a reply: whatever else is sent there is sent
    /// over a connection that is used again.
    used: Arc<Mutex<HashSet<u16>>>,
    /// The host of the proxy.
    proxy: Option<String>,
    /// Longest wait for the head of a reply.
    first_byte: Option<Duration>,
    /// Longest wait for a further piece of the body that is more than white space: some servers
    /// send blank lines to keep a connection open while a call queues, for as long as it takes.
    idle: Duration,
    long: LongReplies,
}

impl HttpClient {
    /// Makes a client for one server.
    pub(crate) fn new(
        setup: &ClientSetup,
        first_byte: Option<Duration>,
        idle: Duration,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            client: setup.client(POOL_SIZE)?,
            fresh: setup.client(0)?,
            used: Arc::default(),
            proxy: setup.proxy.as_ref().map(|it| it.host.clone()),
            first_byte,
            idle,
            long: LongReplies::default(),
        })
    }

    /// Sends a request; returns the head of its reply, and the body as it comes.
    ///
    /// A server may close a connection just as a request is written to it (llama.cpp does so after
    /// every other streamed reply). Such a request got nowhere, so it is sent once more, over a new
    /// connection, as part of the same attempt; `again` makes it.
    ///
    /// A request has room of its own in each future that takes it, so this one only takes what comes of it.
    pub(crate) fn exchange(
        &self,
        request: reqwest::Request,
        again: impl Future<Output = Option<reqwest::Request>>,
    ) -> impl Future<Output = Result<http::Response<Incoming>, ExchangeError>> {
        let peer = Peer::of(request.url(), self.proxy.clone());
        self.reply(peer, self.client.execute(request), again)
    }

    async fn reply(
        &self,
        peer: Peer,
        sending: impl Future<Output = reqwest::Result<reqwest::Response>>,
        again: impl Future<Output = Option<reqwest::Request>>,
    ) -> Result<http::Response<Incoming>, ExchangeError> {
        let mut reply = self.in_time(sending).await?;
        if let Err(error) = &reply
            && self.was_closed_before(error)
            && let Some(again) = again.await
        {
            reply = Box::pin(self.in_time(self.fresh.execute(again))).await?;
        }
        let mut reply = reply.map_err(|error| no_reply(error, &peer))?;
        if let Some(info) = reply.extensions().get::<HttpInfo>() {
            self.used().insert(info.local_addr().port());
        }
        let status = reply.status();
        if let (407, Some(words)) = (status.as_u16(), peer.wants_login()) {
            return Err(ExchangeError::new(ExchangeErrorKind::NotConnected).with_words(words));
        }
        let headers = std::mem::take(reply.headers_mut());
        let mut response = http::Response::new(Incoming {
            reply,
            peer,
            inflate: Inflate::of(&headers),
            read: 0,
            idle: self.idle,
            long: self.long.clone(),
        });
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    async fn in_time(
        &self,
        sending: impl Future<Output = reqwest::Result<reqwest::Response>>,
    ) -> Result<reqwest::Result<reqwest::Response>, ExchangeError> {
        match self.first_byte {
            Some(limit) => timeout(limit, sending).await.map_err(too_slow),
            None => Ok(sending.await),
        }
    }

    /// Returns whether a connection that was used again was closed before anything came.
    fn was_closed_before(&self, error: &reqwest::Error) -> bool {
        let info = connection(error);
        is_closed(error) && info.is_some_and(|it| self.used().contains(&it.local_addr().port()))
    }

    fn used(&self) -> MutexGuard<'_, HashSet<u16>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the connection that an error came from.
fn connection(error: &reqwest::Error) -> Option<HttpInfo> {
    let error = causes(error).find_map(<dyn Error>::downcast_ref::<legacy::Error>)?;
    let mut found = http::Extensions::new();
    error.connect_info()?.get_extras(&mut found);
    found.remove()
}

/// Lets few long replies be read at once.
#[derive(Clone, Debug)]
pub(crate) struct LongReplies(Arc<Semaphore>);

impl Default for LongReplies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LONG_REPLIES)))
    }
}

impl LongReplies {
    /// Waits for a place once a reply has got long; returns whether it did. `place` keeps it.
    pub(crate) async fn admit(
        &self,
        kept: usize,
        place: &mut Option<OwnedSemaphorePermit>,
    ) -> bool {
        let is_due = kept > LONG_REPLY_BYTES && place.is_none();
        if is_due {
            *place = Arc::clone(&self.0).acquire_owned().await.ok();
        }
        is_due
    }
}

/// The body of a reply that is coming in.
pub(crate) struct Incoming {
    reply: reqwest::Response,
    peer: Peer,
    inflate: Option<Inflate>,
    read: usize,
    /// Longest wait for more of it; keep-alives are no more of it.
    pub(crate) idle: Duration,
    pub(crate) long: LongReplies,
}

impl Incoming {
    /// Returns the next piece, however long it takes.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, ExchangeError> {
        let piece = self.reply.chunk().await;
        let piece = piece.map_err(|error| no_reply(error, &self.peer))?;
        let piece = match (&mut self.inflate, piece) {
            (None, piece) => piece,
            (Some(inflate), Some(packed)) => Some(inflate.piece(&packed, MAX_REPLY_BYTES)?),
            (Some(inflate), None) => inflate.end().map(|()| None)?,
        };
        self.read += piece.as_ref().map_or(0, Bytes::len);
        if self.read > MAX_STREAM_BYTES {
            return Err(too_long());
        }
        Ok(piece)
    }

    /// Reads all of it.
    pub(crate) async fn whole(&mut self) -> Result<Bytes, ExchangeError> {
        let announced = self.reply.content_length().unwrap_or(0);
        if announced > MAX_REPLY_BYTES as u64 {
            return Err(too_long());
        }
        let mut body = Vec::new();
        let mut place = None;
        // Some send blanks while a request queues. Until more has come, the clock of the attempt is enough.
        let (mut deadline, mut is_begun) = (None, false);
        while let Some(piece) = match deadline {
            Some(deadline) => timeout_at(deadline, self.piece()).await.map_err(too_slow)?,
            None => self.piece().await,
        }? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_REPLY_BYTES {
                return Err(too_long());
            }
            let has_waited = self.long.admit(body.len(), &mut place).await;
            let is_blank = piece.iter().all(u8::is_ascii_whitespace);
            is_begun |= !is_blank;
            if is_begun && (has_waited || !is_blank) {
                deadline = Some(Instant::now() + self.idle);
            }
        }
        Ok(body.into())
    }
}

/// Most redirects that are followed one after the other.
const MAX_REDIRECTS: usize = 3;

/// Follows a redirect that asks for the same request at another path of the same server, as frameworks and
/// proxies do for a slash too many or too few. Others are answers: they would carry the key elsewhere, or
/// make another request of this one.
fn within_origin(attempt: Attempt<'_>) -> Action {
    let before = attempt.previous();
    let is_within = before.last().map(Url::origin) == Some(attempt.url().origin());
    let is_same = matches!(attempt.status().as_u16(), 307 | 308);
    match is_within && is_same && before.len() <= MAX_REDIRECTS {
        true => attempt.follow(),
        false => attempt.stop(),
    }
}

fn too_long() -> ExchangeError {
    ExchangeError::new(ExchangeErrorKind::TooLong)
}

pub(crate) fn too_slow(elapsed: Elapsed) -> ExchangeError {
    ExchangeError::new(ExchangeErrorKind::Timeout).with_source(elapsed)
}

/// How a client is made.
#[derive(Debug)]
pub(crate) struct ClientSetup {
    pub(crate) connect_timeout: Duration,
    pub(crate) proxy: Option<Proxied>,
    /// Whether the server or the proxy is asked for its certificate.
    pub(crate) is_secure: bool,
}

impl ClientSetup {
    /// Makes a client that follows no redirect to elsewhere (it would carry the key to another host),
    /// repeats nothing by itself and looks for no proxy in the environment. It says that it reads gzip
    /// and deflate, and reads them unasked too; deflate is [unpacked here](Inflate).
    fn client(&self, idle_connections: usize) -> Result<Client, ClientError> {
        let builder = Client::builder()
            .tls_backend_preconfigured(tls(self.is_secure)?)
            .user_agent(concat!("patterns/", env!("CARGO_PKG_VERSION")))
            .default_headers(announced())
            .redirect(Policy::custom(within_origin))
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(idle_connections)
            .tcp_nodelay(true);
        let builder = match &self.proxy {
            Some(proxied) => builder.proxy(proxied.proxy.clone()),
            None => builder,
        };
        builder.build().map_err(|error| error.without_url().into())
    }
}

/// Returns which encodings are announced.
fn announced() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip,deflate"))])
}

/// Says why no client could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// TLS has no use for its settings, or the system trusts nobody.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The client has no use for them.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
}

/// Returns TLS that trusts whom the operating system trusts. Its cryptography is chosen here and
/// not for the process, which belongs to whoever uses this library. Where nobody is asked for a
/// certificate, a system without any is good enough.
fn tls(is_secure: bool) -> Result<ClientConfig, rustls::Error> {
    let cryptography = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(cryptography).with_safe_default_protocol_versions()?;
    if !is_secure {
        let nobody = RootCertStore::empty();
        return Ok(config.with_root_certificates(nobody).with_no_client_auth());
    }
    Ok(config.with_platform_verifier()?.with_no_client_auth())
}

/// Asks an OpenAI-compatible server without a key which models it has (`GET {base_url}/models`),
/// say to find a local Ollama, which has such an endpoint below `/v1` of
/// [`OLLAMA_BASE_URL`](crate::OLLAMA_BASE_URL).
///
/// Returns `None` if no such server answers within `limit`.
pub async fn models_at(base_url: &str, limit: Duration) -> Option<Vec<String>> {
    let setup = ClientSetup {
        connect_timeout: limit,
        proxy: None,
        is_secure: base_url.starts_with("https:"),
    };
    let client = setup.client(0).ok()?;
    let url = format!("{}/models", base_url.trim_end_matches('/'));
    tokio::time::timeout(limit, list_models(&client, &url))
        .await
        .ok()?
}

async fn list_models(client: &Client, url: &str) -> Option<Vec<String>> {
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
    listed(&body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn few_long_replies_are_read_at_once_and_short_ones_wait_for_none() {
        let long = LongReplies::default();
        let mut places = [const { None }; LONG_REPLIES];
        for place in &mut places {
            assert!(long.admit(LONG_REPLY_BYTES + 1, place).await);
        }
        let mut place = None;
        assert!(!long.admit(LONG_REPLY_BYTES, &mut place).await);
        let waiting = long.admit(LONG_REPLY_BYTES + 1, &mut place);
        assert!(timeout(Duration::from_secs(60), waiting).await.is_err());
        places[0] = None;
        assert!(long.admit(LONG_REPLY_BYTES + 1, &mut place).await);
        assert!(
            !long.admit(LONG_REPLY_BYTES + 2, &mut place).await,
            "it has its place"
        );
    }
}

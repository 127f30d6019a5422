//! The HTTP server: reads requests, sends replies after their delay, and keeps the ledger.
//!
//! It is hyper driven in place, not axum, which spawns a task for each connection: dropping the future of the
//! simulator ends it whole, as with every future here.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, FuturesUnordered};
use http_body_util::{BodyExt, Either, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::answer::Reply;
use super::builder::SimulatorBuilder;
use super::dialect::{Dialect, ollama};
use super::faults::Faults;
use super::ledger::{Ledger, Pending};
use super::provider::{Delivery, Exchange, Provider};
use super::wire::{Refusal, models};

/// The longest body of a request, in bytes.
const MAX_BODY: usize = 64 << 20;
/// How long to wait before accepting again after a failure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// The time between two bytes that trickle.
const DRIP: Duration = Duration::from_millis(50);
/// How long hyper needs to send what it has before it is told to close the connection.
const FLUSH: Duration = Duration::from_millis(2);

/// A provider on loopback.
///
/// It answers as the OpenAI chat completions API does, and Anthropic's `/v1/messages`, Ollama's `/api/chat`
/// and Gemini's `generateContent`. An answer is a valid instance of the
/// JSON Schema that the request carries: as its `response_format`, or in its system message behind
/// the words "JSON Schema". It depends on nothing but the seed, the body and the `x-call-key`
/// header of the request: equal requests get equal answers after equal delays, in any order.
///
/// Every model name is accepted. `GET /v1/models` lists the one it was built with, and
/// `GET /ledger` returns the [`Ledger`] as JSON, with `?entries=true` including its entries.
/// Answers are streamed to who asks for it: the first piece comes after a fifth of the time, and the
/// others in equal steps. Requests for more than one choice are refused with status 400.
///
/// A simulator is a handle; its clones are the same simulator.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use patterns_simulator::Simulator;
///
/// let simulator = Simulator::builder().seed(7).bind().await?;
/// assert!(simulator.base_url().ends_with("/v1"));
///
/// let work = async { /* requests to simulator.base_url() */ };
/// tokio::select! {
///     never = simulator.serve() => match never {},
///     () = work => {}
/// }
/// assert_eq!(simulator.ledger().in_flight, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    listener: TcpListener,
    address: SocketAddr,
    provider: Provider,
}

impl Simulator {
    /// Starts to describe a simulator.
    pub fn builder() -> SimulatorBuilder {
        SimulatorBuilder::default()
    }

    pub(super) fn new(listener: TcpListener, provider: Provider) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let shared = Shared {
            listener,
            address,
            provider,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Returns what a client of the OpenAI API takes as its base URL, `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.shared.address)
    }

    /// Returns the address that the simulator listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.address
    }

    /// Returns what has happened so far, with its entries.
    pub fn ledger(&self) -> Ledger {
        self.shared.provider.recorder.snapshot(true)
    }

    /// Serves until the returned future is dropped. All connections are driven within it; nothing
    /// is spawned.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connections; requests that wait for their reply count as
    /// dropped. The port stays bound, with nobody to answer, until the last handle is gone.
    pub fn serve(&self) -> impl Future<Output = Infallible> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            let mut connections = FuturesUnordered::new();
            loop {
                tokio::select! {
                    stream = accept(&shared.listener) => {
                        connections.push(connection(&shared, stream));
                    }
                    Some(()) = connections.next() => {}
                }
            }
        }
    }
}

/// Waits for a client. If the system has no room for one more, it tries again a little later.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Drives one connection until either side closes it.
async fn connection(shared: &Shared, stream: TcpStream) {
    // A small reply must not wait for an acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| shared.handle(request));
    // Hyper ends with an error when the client goes away, or when the connection is to be closed;
    // the ledger has noted that by then.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The body of a reply: at once as a rule, in pieces where something goes wrong with it.
type Body = Either<Full<Bytes>, Pieces>;

/// The pieces of a body that does not arrive as it should.
type Pieces = StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>;

/// Tells hyper to close the connection.
fn closed() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

fn response(reply: Reply) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(reply.body)));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// Returns a response whose body promises to be whole and is not.
fn damaged(
    mut reply: Reply,
    pieces: BoxStream<'static, io::Result<Frame<Bytes>>>,
) -> Response<Body> {
    let length = HeaderValue::from(reply.body.len());
    reply.headers.insert(CONTENT_LENGTH, length);
    response(reply).map(|_| Either::Right(StreamBody::new(pieces)))
}

/// Returns a response whose pieces come one after the other, in what is left of its time. It counts as
/// answered with its last piece, and as dropped if nobody wants that any more.
fn streamed(mut reply: Reply, pending: Pending) -> Response<Body> {
    let frames = std::mem::take(&mut reply.frames);
    let rest = reply.delay - reply.delay / 5;
    let step = rest / u32::try_from(frames.len().max(2) - 1).unwrap_or(1);
    let status = reply.status.as_u16();
    let pieces = stream::unfold((frames.into_iter(), Some(pending), Duration::ZERO), {
        move |(mut frames, mut pending, wait)| async move {
            let frame = frames.next()?;
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            if frames.len() == 0
                && let Some(pending) = pending.take()
            {
                pending.answered(status);
            }
            Some((Ok(Frame::data(frame)), (frames, pending, step)))
        }
    });
    response(reply).map(|_| Either::Right(StreamBody::new(pieces.boxed())))
}

/// Waits and then tells hyper to close the connection.
async fn fail_after(time: Duration) -> io::Result<Frame<Bytes>> {
    tokio::time::sleep(time).await;
    Err(closed())
}

/// Sends white space, a byte at a time, for so long.
fn trickle(time: Duration) -> BoxStream<'static, io::Result<Frame<Bytes>>> {
    let drops = stream::iter(0..time.as_millis() / DRIP.as_millis()).then(|_| async {
        tokio::time::sleep(DRIP).await;
        Ok(Frame::data(Bytes::from_static(b" ")))
    });
    drops.chain(stream::once(fail_after(FLUSH))).boxed()
}

/// Replies to what is no request for a completion.
pub(super) fn other(method: &Method, path: &str) -> Reply {
    if (method, path) == (&Method::POST, "/api/show") {
        return Reply::json(StatusCode::OK, ollama::shown());
    }
    Reply::refusal(&Refusal {
        status: StatusCode::NOT_FOUND,
        param: None,
        code: Some("unknown_url"),
        message: format!("Unknown request URL: {method} {path}."),
    })
}

impl Shared {
    async fn handle(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let (method, path) = (request.method(), request.uri().path());
        if let (&Method::POST, Some(dialect)) = (method, Dialect::of(path)) {
            return self.complete(&dialect, request).await;
        }
        Ok(response(match (method, path) {
            (&Method::GET, "/v1/models") => {
                Reply::json(StatusCode::OK, models(&self.provider.model))
            }
            (&Method::GET, "/ledger") => {
                let with_entries = request.uri().query() == Some("entries=true");
                self.show_ledger(with_entries)
            }
            (method, path) => other(method, path),
        }))
    }

    async fn complete(
        &self,
        dialect: &Dialect,
        request: Request<Incoming>,
    ) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
            return Ok(response(Reply::refusal(&Refusal {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                ..Refusal::invalid(None, "The body is too long, or did not arrive whole.")
            })));
        };
        let key = head.headers.get("x-call-key").map(AsRef::as_ref);
        let Exchange {
            pending,
            reply,
            delivery,
        } = self.provider.complete(dialect, key, &body.to_bytes());
        let is_streamed = !reply.frames.is_empty() && delivery == Delivery::Whole;
        let first = if is_streamed {
            reply.delay / 5
        } else {
            reply.delay
        };
        if !first.is_zero() {
            tokio::time::sleep(first).await;
        }
        if is_streamed {
            return Ok(streamed(reply, pending));
        }
        let stall = self.provider.faults.as_ref().map(Faults::stall_for);
        let stall = stall.unwrap_or_default();
        let pieces = match delivery {
            Delivery::Whole => {
                pending.answered(reply.status.as_u16());
                return Ok(response(reply));
            }
            Delivery::Refused | Delivery::Reset => return Err(closed()),
            Delivery::Cut(bytes) => {
                let first = reply.body.slice(..bytes);
                let end = stream::once(fail_after(FLUSH));
                stream::iter([Ok(Frame::data(first))]).chain(end).boxed()
            }
            Delivery::Stalled => stream::once(fail_after(stall)).boxed(),
            Delivery::Trickling => trickle(stall),
        };
        Ok(damaged(reply, pieces))
    }

    fn show_ledger(&self, with_entries: bool) -> Reply {
        let ledger = self.provider.recorder.snapshot(with_entries);
        match serde_json::to_vec(&ledger) {
            Ok(json) => Reply::json(StatusCode::OK, json),
            Err(error) => Reply::refusal(&Refusal {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                ..Refusal::invalid(None, error.to_string())
            }),
        }
    }
}

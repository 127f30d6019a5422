//! The simulated provider without sockets, for tests in simulated time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::{HeaderMap, Method, StatusCode};

use super::dialect::Dialect;
use super::faults::Faults;
use super::ledger::Ledger;
use super::provider::{Delivery, Exchange, Provider};
use super::server::other;

/// How long it takes to be turned away.
const AT_ONCE: Duration = Duration::from_millis(10);

/// A provider that exists in memory only. It waits by the clock of tokio, which tests can pause;
/// otherwise it is what a [`Simulator`](super::Simulator) is. A handle: its clones are the same
/// provider.
#[derive(Clone)]
pub struct InMemory {
    provider: Arc<Provider>,
}

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InMemoryReply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// How a connection ended without a whole reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// There was none.
    #[error("the connection was refused")]
    Refused,
    /// It was closed before any byte of a reply.
    #[error("the connection was closed before the reply")]
    Reset,
    /// It was closed within the reply.
    #[error("the connection was closed within the reply")]
    CutOff,
}

impl InMemory {
    pub(super) fn new(provider: Provider) -> Self {
        Self {
            provider: Arc::new(provider),
        }
    }

    /// Asks for a completion, in the protocol of OpenAI.
    ///
    /// # Errors
    ///
    /// As [`post_to`](Self::post_to).
    ///
    /// # Cancellation
    ///
    /// As [`post_to`](Self::post_to).
    pub async fn post(&self, headers: &HeaderMap, body: Bytes) -> Result<InMemoryReply, Dropped> {
        self.post_to("/v1/chat/completions", headers, body).await
    }

    /// Asks for a completion, in the protocol that a path belongs to.
    ///
    /// # Errors
    ///
    /// Returns how the connection ended, if there was no whole reply.
    ///
    /// # Cancellation
    ///
    /// A request whose future is dropped counts as dropped in the ledger.
    pub async fn post_to(
        &self,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<InMemoryReply, Dropped> {
        let Some(dialect) = Dialect::of(path) else {
            let reply = other(&Method::POST, path);
            return Ok(InMemoryReply {
                status: reply.status,
                headers: reply.headers,
                body: reply.body,
            });
        };
        let key = headers.get("x-call-key").map(AsRef::as_ref);
        let Exchange {
            pending,
            reply,
            delivery,
        } = self.provider.complete(&dialect, key, &body);
        tokio::time::sleep(reply.delay.max(AT_ONCE)).await;
        match delivery {
            Delivery::Whole => {}
            Delivery::Refused => return Err(Dropped::Refused),
            Delivery::Reset => return Err(Dropped::Reset),
            Delivery::Cut(_) => return Err(Dropped::CutOff),
            Delivery::Stalled | Delivery::Trickling => {
                let stall = self.provider.faults.as_ref().map(Faults::stall_for);
                tokio::time::sleep(stall.unwrap_or_default()).await;
                return Err(Dropped::CutOff);
            }
        }
        pending.answered(reply.status.as_u16());
        Ok(InMemoryReply {
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
        })
    }

    /// Returns what has happened so far, with its entries.
    pub fn ledger(&self) -> Ledger {
        self.provider.recorder.snapshot(true)
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory")
            .field("provider", &self.provider)
            .finish()
    }
}

//! Tells the server what nobody needs any more: calls to be cancelled, and answers that were of no use.
//!
//! That is decided where nothing can wait (a future is dropped, an answer is disowned), so it is put down
//! here and told by [`Durable::keep_telling`](crate::Durable::keep_telling), which whoever connects has to
//! drive: this library starts no task. A call that nobody cancels is made and paid for, but only once, and
//! its answer is kept; so each is told once, and what cannot be told is counted and said.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::ingress::{Ingress, Lost};
use crate::verdict::words;

/// How long telling one may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many are told at once.
const AT_ONCE: usize = 64;

/// The service that workers are.
pub(crate) const SERVICE: &str = "Model";

/// Its handler that answers.
pub(crate) const GENERATE: &str = "generate";

/// Its handler that remembers which answers were of no use.
pub(crate) const DISOWN: &str = "disown";

/// Where an invocation is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The lane that it is in, if the server has lanes.
    pub(crate) lane: Option<String>,
    /// Its idempotency key.
    pub(crate) key: String,
}

impl Place {
    /// Returns where it is called.
    pub(crate) fn path<'a>(&'a self, handler: &'a str, how: &'a str) -> Vec<&'a str> {
        match &self.lane {
            Some(lane) => vec!["restate", "scope", lane, how, SERVICE, handler],
            None => vec!["restate", how, SERVICE, handler],
        }
    }

    /// Returns the question under which id it is known.
    pub(crate) fn lookup(&self, handler: &str) -> Bytes {
        let mut question = json!({
            "target": "idempotentInvocation",
            "service": SERVICE,
            "handler": handler,
            "idempotencyKey": self.key,
        });
        if let Some(lane) = &self.lane {
            question["scope"] = lane.as_str().into();
        }
        question.to_string().into()
    }
}

/// What the server is told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Notice {
    Cancel(Place),
    Disown(Place),
}

/// What is still to be told.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Notice>,
    under_way: usize,
    untold: Untold,
}

/// What could not be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Untold {
    pub(crate) count: usize,
    pub(crate) why: String,
}

impl Notices {
    pub(crate) fn cancel(&self, place: Place) {
        self.add(Notice::Cancel(place));
    }

    pub(crate) fn disown(&self, place: Place) {
        self.add(Notice::Disown(place));
    }

    fn add(&self, notice: Notice) {
        self.state().waiting.push(notice);
        self.changed.notify_waiters();
    }

    /// Tells what comes up, for ever.
    pub(crate) async fn keep_telling(&self, ingress: &Ingress) {
        loop {
            let changed = self.changed.notified();
            let batch = self.take();
            if batch.is_empty() {
                changed.await;
                continue;
            }
            let each = stream::iter(batch);
            let told = each.for_each_concurrent(AT_ONCE, |notice| self.tell(ingress, notice));
            told.await;
        }
    }

    fn take(&self) -> Vec<Notice> {
        let mut state = self.state();
        state.under_way += state.waiting.len();
        std::mem::take(&mut state.waiting)
    }

    async fn tell(&self, ingress: &Ingress, notice: Notice) {
        let telling = async {
            match &notice {
                Notice::Cancel(place) => cancel(ingress, place).await,
                Notice::Disown(place) => disown(ingress, place).await,
            }
        };
        let told = timeout(PATIENCE, telling).await;
        let told = told.unwrap_or_else(|_| Err(format!("no reply within {PATIENCE:?}")));
        let mut state = self.state();
        state.under_way -= 1;
        if let Err(why) = told {
            state.untold.count += 1;
            state.untold.why = why;
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits until all is told, as long as somebody tells it; returns what was not.
    pub(crate) async fn settled(&self, limit: Duration) -> Untold {
        let settled = async {
            loop {
                let changed = self.changed.notified();
                if self.open() == 0 {
                    break;
                }
                changed.await;
            }
        };
        let in_time = timeout(limit, settled).await.is_ok();
        let mut untold = self.state().untold.clone();
        if !in_time {
            untold.count += self.open();
            untold.why = "no time was left".to_owned();
        }
        untold
    }

    fn open(&self) -> usize {
        let state = self.state();
        state.waiting.len() + state.under_way
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is waited for: dropped before its end, it is one that nobody needs any more.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    notices: &'a Notices,
    place: Option<Place>,
    /// Whether the server may know of it: it is taken to, unless every try to send it came to nothing.
    is_known: Option<bool>,
}

impl<'a> Waiting<'a> {
    pub(crate) fn new(notices: &'a Notices, place: Place) -> Self {
        Self {
            notices,
            place: Some(place),
            is_known: None,
        }
    }

    /// Says of a try that has failed whether it may have got to the server.
    pub(crate) fn sent(&mut self, may_be_known: bool) {
        self.is_known = Some(may_be_known || self.is_known == Some(true));
    }

    /// Says that it has ended, or never began.
    pub(crate) fn over(mut self) {
        self.place = None;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take().filter(|_| self.is_known != Some(false)) {
            self.notices.cancel(place);
        }
    }
}

/// Returns the id of an invocation.
async fn id_of(ingress: &Ingress, place: &Place, handler: &str) -> Result<String, String> {
    let question = place.lookup(handler);
    let answer = ingress.post(&["restate", "lookup"], None, question).await;
    let answer = answer.map_err(|lost| lost.why)?;
    let found: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match found["invocationId"].as_str() {
        Some(id) => Ok(id.to_owned()),
        None => Err(words(&answer)),
    }
}

async fn cancel(ingress: &Ingress, place: &Place) -> Result<(), String> {
    let id = id_of(ingress, place, GENERATE).await?;
    let path = ["invocations", &id, "cancel"];
    let answer = ingress.admin(Method::PATCH, &path, None).await;
    let answer = answer.map_err(|lost| lost.why)?;
    match answer.status {
        // It has ended meanwhile, or never got there.
        200..300 | 404 | 409 => Ok(()),
        _ => Err(words(&answer)),
    }
}

async fn disown(ingress: &Ingress, place: &Place) -> Result<(), String> {
    let path = place.path(DISOWN, "send");
    let sent = ingress.post(&path, Some(&place.key), Bytes::from_static(b"{}"));
    let answer = sent.await.map_err(|lost| lost.why)?;
    match answer.status {
        200..300 => Ok(()),
        _ => Err(words(&answer)),
    }
}

/// Returns whether an answer was of no use to whoever got it.
pub(crate) async fn is_disowned(ingress: &Ingress, place: &Place) -> Result<bool, Lost> {
    let question = place.lookup(DISOWN);
    let answer = ingress.post(&["restate", "lookup"], None, question).await?;
    let found: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Some(id) = found["invocationId"].as_str() else {
        return Ok(false);
    };
    let output = ingress.get(&["restate", "output", id]).await?;
    Ok(matches!(output.status, 200 | 470))
}

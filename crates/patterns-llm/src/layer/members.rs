//! Asks one of several servers or keys, and the next one where that keeps failing.
//!
//! Each of them has a whole stack of its own, so that its pace and its outage are its own; what a server does
//! not know is found out once for all of its keys. There are two stacks around one connection: while another is
//! left to be asked, little is waited for; who is asked last is waited for as if it were alone. What is wrong
//! with the request, or with its answer, would be so everywhere, and is asked of nobody else. But a rejection
//! by one that has never answered may be its own, and servers of one model may have been started with
//! different contexts: what one has called too long, or cut, is asked of those that may read more, before it is
//! asked about in parts, and nothing as long is sent there again. Who fails at once has the fewest calls under
//! way and would be asked first until it counts as down, so it rests, longer each time that it fails again.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patterns_core::{
    BoxFuture, Event, Model, ModelError, ModelErrorKind, ModelId, Request, Response, Usage, Warning,
};

use tokio::time::Instant;

use super::budget::input_tokens;
use crate::pace::Pool;

/// How often a call that waits for a server looks whether that is down.
const LOOK: Duration = Duration::from_secs(2);

/// How long a member that has failed is asked only where no other is left; each further failure in a row doubles it.
const REST: Duration = Duration::from_secs(1);
const MOST_DOUBLED: u32 = 5;

/// A server, or a key of it.
pub(crate) struct Member {
    /// What it is called in warnings.
    name: String,
    /// Where it is; several keys are at one place.
    address: String,
    hasty: Arc<dyn Model>,
    patient: Arc<dyn Model>,
    pool: Arc<Pool>,
    under_way: AtomicUsize,
    is_out: AtomicBool,
    is_short: AtomicBool,
    /// Until when it rests, and after how many failures in a row.
    rest: Mutex<Option<(Instant, u32)>>,
    /// What has about so many tokens is too long for it.
    too_long: AtomicU64,
}

impl Member {
    pub(crate) fn new(
        name: String,
        address: String,
        hasty: Arc<dyn Model>,
        patient: Arc<dyn Model>,
        pool: Arc<Pool>,
    ) -> Self {
        Self {
            name,
            address,
            hasty,
            patient,
            pool,
            under_way: AtomicUsize::new(0),
            is_out: AtomicBool::new(false),
            is_short: AtomicBool::new(false),
            rest: Mutex::default(),
            too_long: AtomicU64::new(u64::MAX),
        }
    }

    fn is_down(&self) -> bool {
        self.pool.outage().is_some()
    }

    /// Takes note of how a call has ended.
    fn ended(&self, has_failed: bool) {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        *rest = match *rest {
            _ if !has_failed => None,
            // Calls that were in flight together fail of the same trouble.
            Some((until, _)) if now < until => return,
            before => {
                let before = before.map_or(0, |it| it.1);
                let rests = REST * 2_u32.pow(before.min(MOST_DOUBLED));
                Some((now + rests, before.saturating_add(1)))
            }
        };
    }

    fn rests(&self) -> bool {
        let rest = *self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.is_some_and(|(until, _)| Instant::now() < until)
    }

    /// How much speaks against asking it.
    fn burden(&self) -> (bool, bool, usize) {
        let under_way = self.under_way.load(Ordering::Relaxed);
        (self.is_down(), self.rests(), under_way)
    }
}

/// Counts a call of a member until this is dropped, be it that the call is.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Several servers or keys as one model, which goes by the name of the first.
pub(crate) struct Members(Vec<Member>);

impl Members {
    /// Takes one or more.
    pub(crate) fn new(all: Vec<Member>) -> Self {
        Self(all)
    }

    /// Returns who is asked next with so many tokens: of those that were not asked and may read them, the
    /// one with the fewest calls under way.
    fn next(&self, asked: &[bool], tokens: u64) -> Option<usize> {
        let reads = |it: &Member| tokens < it.too_long.load(Ordering::Relaxed);
        let all = self.0.iter().zip(asked).enumerate();
        let left = all.filter(|(_, (it, was_asked))| {
            !**was_asked && !it.is_out.load(Ordering::Relaxed) && reads(it)
        });
        let least = left.min_by_key(|(_, (it, _))| it.burden());
        least.map(|(at, _)| at)
    }

    /// Returns who is asked first: where it is too long for all of them, one of those that answer.
    fn first(&self, tokens: u64) -> usize {
        let nobody = vec![false; self.0.len()];
        let first = self.next(&nobody, tokens);
        // The last one is never left out, so there is one.
        first.or_else(|| self.next(&nobody, 0)).unwrap_or(0)
    }

    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let mut asked = vec![false; self.0.len()];
        let mut spent = Usage::default();
        let tokens = input_tokens(request);
        let mut at = self.first(tokens);
        loop {
            asked[at] = true;
            let other = self.next(&asked, tokens);
            let result = self.ask(at, request, other).await;
            let failure = result.as_ref().err().map(ModelError::kind);
            self.0[at].ended(failure.is_some_and(is_trouble));
            let error = match result {
                Ok(mut response) => {
                    response.usage += spent;
                    return Ok(response);
                }
                Err(error) => error,
            };
            let usage = error.usage() + spent;
            let is_short = error.kind() == ModelErrorKind::ContextTooLong;
            if is_short {
                self.note_too_long(at, tokens);
            }
            let next = other.and_then(|_| self.next(&asked, tokens));
            match next.filter(|_| is_short || self.is_of_the_member(at, error.kind())) {
                Some(next) => {
                    self.tell(at, request, &error);
                    at = next;
                }
                // The others were left out meanwhile, and little was waited for.
                None if other.is_some() && error.kind().is_transient() => {}
                None => return Err(error.with_usage(usage)),
            }
            // The attempts are on the bill of the call that goes on.
            spent = Usage { calls: 0, ..usage };
        }
    }

    /// Returns whether a failure is the server's or the key's own, so that another may do better: one that
    /// has never answered may reject what others take.
    fn is_of_the_member(&self, at: usize, kind: ModelErrorKind) -> bool {
        let is_rejection = matches!(
            kind,
            ModelErrorKind::InvalidRequest | ModelErrorKind::UnsupportedFormat
        );
        let is_new = || self.0[at].pool.state().served == 0;
        kind.is_transient() || is_for_good(kind) || (is_rejection && is_new())
    }

    /// Remembers what is too long at a place.
    fn note_too_long(&self, at: usize, tokens: u64) {
        let there = |it: &&Member| it.address == self.0[at].address;
        for member in self.0.iter().filter(there) {
            member.too_long.fetch_min(tokens, Ordering::Relaxed);
        }
    }

    /// Asks one of them, while it is not down or no other is left.
    async fn ask(
        &self,
        at: usize,
        request: &Request,
        next: Option<usize>,
    ) -> Result<Response, ModelError> {
        let member = &self.0[at];
        let _under_way = UnderWay::new(&member.under_way);
        let Some(next) = next.map(|it| &self.0[it]) else {
            return member.patient.generate(request).await;
        };
        let mut answer = member.hasty.generate(request);
        loop {
            match tokio::time::timeout(LOOK, &mut answer).await {
                Ok(result) => return result,
                Err(_) if member.is_down() && !next.is_down() => {
                    let retry_after = None;
                    return Err(ModelError::new(ModelErrorKind::Unavailable { retry_after }));
                }
                Err(_) => {}
            }
        }
    }

    /// Says once that nobody asks any more who will never answer, and that one reads less than others.
    fn tell(&self, at: usize, request: &Request, error: &ModelError) {
        let member = &self.0[at];
        let (told, code, what) = match error.kind() {
            kind if is_for_good(kind) => {
                (&member.is_out, "server-left-out", "is left out from now on")
            }
            ModelErrorKind::ContextTooLong => (
                &member.is_short,
                "server-reads-less",
                "does not read what is as long as this, which is asked of the others",
            ),
            _ => return,
        };
        if told.swap(true, Ordering::Relaxed) {
            return;
        }
        // These say nothing without the words of the server.
        let is_dumb = matches!(
            error.kind(),
            ModelErrorKind::ContextTooLong | ModelErrorKind::AllRejected
        );
        let words = error.detail().filter(|_| is_dumb);
        let words = words.map_or(String::new(), |it| format!(": {it}"));
        let message = format!("{} {what}: {error}{words}", member.name);
        request.scope.emit(Event::WarningRaised {
            run: request.scope.origin().run,
            warning: Warning::new(code, message),
        });
    }
}

/// Returns whether a failure is one that passes. What cannot be read at all is soon left out instead.
fn is_trouble(kind: ModelErrorKind) -> bool {
    kind.is_transient() && kind != ModelErrorKind::Unreadable
}

fn is_for_good(kind: ModelErrorKind) -> bool {
    matches!(
        kind,
        ModelErrorKind::Unauthorized
            | ModelErrorKind::QuotaExhausted
            | ModelErrorKind::UnknownModel
            | ModelErrorKind::AllRejected
    )
}

impl Model for Members {
    fn id(&self) -> &ModelId {
        self.0[0].patient.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }

    fn disown(&self, request: &Request) {
        self.0.iter().for_each(|it| it.patient.disown(request));
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|it| &it.name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests;

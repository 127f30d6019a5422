//! A pacer that calls can wait for: the async shell, fair and without busy waiting.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use patterns_core::{ModelErrorKind, Request, Waits};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::waiting::Waiting;
use super::{Admission, Demand, Pace, Pacer, PacerState, Permit, RateLimits, Reason, Verdict};

/// Admits the calls to one (provider, model, key), first come, first served.
pub struct Pool {
    pacer: Mutex<Pacer>,
    random: Mutex<StdRng>,
    start: OnceLock<Instant>,
    /// Whoever holds it is the next to be admitted; the others queue for it in order.
    turn: tokio::sync::Mutex<()>,
    retry_turn: tokio::sync::Mutex<()>,
    /// Tells the next in turn that a call has ended.
    ended: Notify,
    served: Notify,
    /// What went wrong last, in words.
    trouble: Mutex<String>,
    /// What whoever is next in turn waits for.
    waiting: Waiting,
    /// Whose calls are all rejected alike.
    rejected: watch::Sender<Option<Asking>>,
}

/// Tells agents apart by what the requests of one share.
type Asking = (usize, Option<usize>);

fn asking(request: &Request) -> Asking {
    let schema = request.schema.as_ref().map(|it| Arc::as_ptr(it).addr());
    (Arc::as_ptr(&request.instructions).addr(), schema)
}

impl Pool {
    /// Makes a pool of its own; `seed` is that of the jitter on a provider's hints.
    pub fn new(pace: Pace, seed: u64) -> Self {
        Self {
            pacer: Mutex::new(Pacer::new(pace)),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            start: OnceLock::new(),
            turn: tokio::sync::Mutex::new(()),
            retry_turn: tokio::sync::Mutex::new(()),
            ended: Notify::new(),
            served: Notify::new(),
            trouble: Mutex::default(),
            waiting: Waiting::default(),
            rejected: watch::Sender::default(),
        }
    }

    /// Returns the pool that everybody in this process uses for `key`, made now if there is none.
    /// One that has been closed for good, say for want of credit, is replaced.
    pub(crate) fn shared(key: PoolKey, pace: Pace, seed: u64) -> Arc<Self> {
        static POOLS: OnceLock<Mutex<HashMap<PoolKey, Weak<Pool>>>> = OnceLock::new();
        let mut pools = lock(POOLS.get_or_init(Mutex::default));
        pools.retain(|_, pool| pool.strong_count() > 0);
        let known = pools.get(&key).and_then(Weak::upgrade);
        let known = known.filter(|pool| !pool.state().is_closed);
        known.unwrap_or_else(|| {
            let pool = Arc::new(Self::new(pace, seed));
            pools.insert(key, Arc::downgrade(&pool));
            pool
        })
    }

    /// Waits until a call may be sent; `held` is told of waits that a user should know of, by one
    /// of the waiting calls at a time.
    ///
    /// # Errors
    ///
    /// Returns how the call ends if it may not be sent at all.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives up the place in the queue.
    pub async fn admit(
        self: &Arc<Self>,
        demand: Demand,
        mut held: impl FnMut(Duration, Reason),
    ) -> Result<Slot, ModelErrorKind> {
        let before = self.waiting.until(self.now());
        let _turn = self.turn.lock().await;
        loop {
            let now = self.now();
            // The lock must not be held over the match: a slot locks it when it is dropped.
            let admission = lock(&self.pacer).ask(now, demand);
            match admission {
                Admission::Go(permit) => {
                    self.waiting.ends(now);
                    return Ok(Slot {
                        pool: Arc::clone(self),
                        permit: Some(permit),
                        waited: self.waiting.since(before, now),
                    });
                }
                Admission::Closed(kind) => return Err(kind),
                Admission::Full => {
                    self.waiting.begins(now, Reason::Full);
                    self.ended.notified().await;
                }
                Admission::Wait(wait, reason) => {
                    self.waiting.begins(now, reason);
                    held(wait, reason);
                    // A call that ends may change the wait, say by healing an outage.
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.ended.notified() => {}
                    }
                }
            }
        }
    }

    /// Has `most` calls in flight at most from now on.
    pub fn set_most(&self, most: usize) {
        if lock(&self.pacer).set_most(most) {
            self.ended.notify_one();
        }
    }

    /// Returns a slot if there is one to spare: nobody waits for it, and the provider has had no
    /// reason to complain for a while.
    pub fn spare(self: &Arc<Self>, demand: Demand) -> Option<Slot> {
        let _turn = self.turn.try_lock().ok()?;
        let now = self.now();
        let mut pacer = lock(&self.pacer);
        let admission = pacer.is_calm(now).then(|| pacer.ask(now, demand));
        drop(pacer);
        match admission? {
            Admission::Go(permit) => Some(Slot {
                pool: Arc::clone(self),
                permit: Some(permit),
                waited: Waits::default(),
            }),
            Admission::Wait(..) | Admission::Full | Admission::Closed(_) => None,
        }
    }

    /// Waits until a failed call may be tried again.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives up the place in the queue.
    pub async fn admit_retry(&self) {
        let _turn = self.retry_turn.lock().await;
        loop {
            let wait = lock(&self.pacer).ask_retry(self.now());
            let Some(wait) = wait else { return };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.served.notified() => {}
            }
        }
    }

    /// Takes over what a reply says of the provider's limits.
    pub fn learn(&self, limits: &RateLimits) {
        lock(&self.pacer).learn(self.now(), limits);
    }

    /// Takes note that a call is not tried any more; `call` is that of its [`Demand`].
    pub fn gave_up(&self, call: u64) {
        lock(&self.pacer).gave_up(self.now(), call);
        self.ended.notify_one();
    }

    /// Turns away the calls that wait and are the same agent's as `request`, whose calls are all rejected
    /// alike. Those of others, and what is asked later, go on: what is rejected may be a schema of one section.
    pub(crate) fn reject(&self, request: &Request) {
        self.rejected.send_replace(Some(asking(request)));
    }

    /// Waits until such a call as this is turned away.
    pub(crate) async fn is_rejected(&self, request: &Request) {
        let mut rejected = self.rejected.subscribe();
        let is_this = |it: &Option<Asking>| *it == Some(asking(request));
        while rejected.changed().await.is_ok() && !is_this(&rejected.borrow()) {}
    }

    /// Keeps what went wrong last, to be told to whoever has to wait for it.
    pub fn keep_trouble(&self, words: String) {
        *lock(&self.trouble) = words;
    }

    /// Returns what went wrong last.
    pub fn trouble(&self) -> String {
        lock(&self.trouble).clone()
    }

    /// Returns how the provider is down, if it is, and how much longer that is waited out.
    pub fn outage(&self) -> Option<(ModelErrorKind, Duration)> {
        lock(&self.pacer).outage(self.now())
    }

    /// Returns how the pacer stands.
    pub fn state(&self) -> PacerState {
        lock(&self.pacer).state(self.now())
    }

    fn ended(&self, permit: Permit, verdict: Verdict) {
        let jitter = lock(&self.random).random();
        lock(&self.pacer).ended(self.now(), permit, verdict, jitter);
        self.ended.notify_one();
        if verdict.is_served() {
            self.served.notify_one();
        }
    }

    fn now(&self) -> Duration {
        self.start.get_or_init(Instant::now).elapsed()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// What a pool is for: a digest of the server, the model, the key and the pace that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PoolKey(pub(crate) u64);

/// The right to have one call in flight. Dropping it says that the call was given up.
#[derive(Debug)]
#[must_use]
pub struct Slot {
    pool: Arc<Pool>,
    permit: Option<Permit>,
    waited: Waits,
}

impl Slot {
    /// Returns what was waited for until there was one.
    pub fn waited(&self) -> Waits {
        self.waited
    }

    /// Says how the call ended.
    pub fn end(mut self, verdict: Verdict) {
        if let Some(permit) = self.permit.take() {
            self.pool.ended(permit, verdict);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.pool.ended(permit, Verdict::Abandoned);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A connection to a server: what the models of one driver share.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{CallKey, ModelId};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::error::{RestateError, RestateErrorKind};
use crate::idle::Idle;
use crate::ingress::Ingress;
use crate::model::DurableModel;
use crate::notices::{Notices, SERVICE};
use crate::seal::Seal;
use crate::server::Server;
use crate::verdict::words;

/// How long a server may be away.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long no answer comes until the server is asked why.
const SILENCE: Duration = Duration::from_secs(3);

/// The most calls at once, if nobody says so.
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(256).expect("it is not zero");

/// Whoever makes the calls: one process, one time.
#[derive(Clone, Debug)]
pub struct Driver {
    pub(crate) name: String,
    pub(crate) is_fresh: bool,
    pub(crate) at_once: NonZeroUsize,
    pub(crate) patience: Duration,
    pub(crate) seal: Option<Seal>,
    limits: HashMap<String, u32>,
    silence: Duration,
}

impl Driver {
    /// Names a driver so that no other one is named like it, of another time neither.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_fresh: false,
            at_once: AT_ONCE,
            patience: PATIENCE,
            seal: None,
            limits: HashMap::new(),
            silence: SILENCE,
        }
    }

    /// Sets whether every call is made, whatever is recorded.
    #[must_use]
    pub fn fresh(mut self, is_fresh: bool) -> Self {
        self.is_fresh = is_fresh;
        self
    }

    /// Seals what is sent, and takes only answers that are sealed. Workers need the same
    /// [key](crate::Worker::private).
    #[must_use]
    pub fn private(mut self, seal: Option<Seal>) -> Self {
        self.seal = seal;
        self
    }

    /// Sets how many calls are waited for at once; 256 if it isn't set.
    #[must_use]
    pub fn at_once(mut self, calls: NonZeroUsize) -> Self {
        self.at_once = calls;
        self
    }

    /// Sets how many calls of lanes the server lets through. No more than that are asked for at once: the
    /// others would only wait at the server, and be made there, and paid for, before it could be told that
    /// nobody needs them any more.
    #[must_use]
    pub fn limits(mut self, limits: HashMap<String, u32>) -> Self {
        self.limits = limits;
        self
    }

    /// Sets after how long without any answer the server is asked whether workers take calls; three seconds if
    /// it isn't set.
    #[must_use]
    pub fn silence(mut self, time: Duration) -> Self {
        self.silence = time;
        self
    }

    /// Sets how long the server may be away before calls are given up; ten minutes if it isn't set. Nothing
    /// is lost by it: what was answered meanwhile is there for the next run.
    #[must_use]
    pub fn patience(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }
}

/// A connection to a server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Durable {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) ingress: Ingress,
    pub(crate) driver: Driver,
    pub(crate) notices: Notices,
    pub(crate) slots: Semaphore,
    /// The slots of lanes that the server limits.
    lanes: HashMap<String, Arc<Semaphore>>,
    pub(crate) idle: Idle,
    /// Since when the server has been away.
    away: Mutex<Option<Instant>>,
    /// Which generation of a call is asked for, where that is not the first.
    generations: Mutex<HashMap<CallKey, u32>>,
}

impl Durable {
    /// Sets up connections to a server; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the HTTP client cannot be set up.
    pub fn connect(server: Server, driver: Driver) -> Result<Self, RestateError> {
        let at_once = driver.at_once.get();
        let limits = driver.limits.iter();
        let lanes =
            limits.map(|(lane, calls)| (lane.clone(), Arc::new(Semaphore::new(open(*calls)))));
        let shared = Shared {
            lanes: lanes.collect(),
            idle: Idle::default(),
            ingress: Ingress::new(server, at_once)?,
            driver,
            notices: Notices::default(),
            slots: Semaphore::new(at_once),
            away: Mutex::default(),
            generations: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Looks whether the server is there and has a worker.
    ///
    /// # Errors
    ///
    /// Returns an error of the kind [`Unreachable`](RestateErrorKind::Unreachable),
    /// [`Unauthorized`](RestateErrorKind::Unauthorized) or [`NoWorker`](RestateErrorKind::NoWorker).
    pub async fn check(&self) -> Result<(), RestateError> {
        #[derive(Deserialize)]
        struct Health {
            services: Vec<String>,
        }
        let ingress = &self.shared.ingress;
        let place = ingress.place();
        let answer = ingress
            .get(&["restate", "health"])
            .await
            .map_err(|lost| lost.error("no Restate server answers"))?;
        let health = serde_json::from_slice::<Health>(&answer.body);
        let (kind, words) = match (answer.status, health) {
            (200, Ok(it)) if it.services.iter().any(|it| it == SERVICE) => return Ok(()),
            (200, Ok(_)) => {
                let words = format!("no worker is registered with the Restate server at {place}");
                (RestateErrorKind::NoWorker, words)
            }
            (401 | 403, _) => {
                let words = format!("the Restate server at {place} wants a token, or another one");
                (RestateErrorKind::Unauthorized, words)
            }
            _ => {
                let said = words(&answer);
                let words = format!("what answers at {place} is no Restate server: {said}");
                (RestateErrorKind::Unreachable, words)
            }
        };
        Err(RestateError::new(kind, words))
    }

    /// Makes a model whose calls are carried out by a worker, which finds it by `name`.
    pub fn model(&self, id: ModelId, name: impl Into<String>) -> DurableModel {
        DurableModel {
            id,
            name: name.into(),
            lane: None,
            lane_slots: None,
            settings: Value::Null,
            shared: Arc::clone(&self.shared),
        }
    }

    /// Tells the server what nobody needs any more, as it comes up: calls whose futures were dropped are
    /// cancelled, and answers that were disowned are not given out again. It never ends; drop it to end it.
    ///
    /// Meanwhile it looks whether workers take calls: where none does, that is told as a pause.
    pub async fn keep_telling(&self) {
        let Shared {
            notices,
            idle,
            ingress,
            driver,
            ..
        } = &*self.shared;
        let looking = idle.keep_looking(ingress, driver.silence);
        tokio::join!(notices.keep_telling(ingress), looking);
    }

    /// Waits until all is [told](Self::keep_telling), at most so long; returns how many things could not be
    /// told and why, if there are any.
    pub async fn settled(&self, limit: Duration) -> Option<(usize, String)> {
        let untold = self.shared.notices.settled(limit).await;
        (untold.count > 0).then_some((untold.count, untold.why))
    }
}

/// Returns how many calls of a lane are asked for at once: as many as it lets through. Of more, the server
/// chooses which are made first, and a vote that waits for its first ballot pays for all that come before it.
fn open(limit: u32) -> usize {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    limit.clamp(1, Semaphore::MAX_PERMITS)
}

impl Shared {
    /// Returns the slots of a lane, if the server limits it.
    pub(crate) fn lane(&self, name: &str) -> Option<Arc<Semaphore>> {
        self.lanes.get(name).cloned()
    }

    /// Returns which generation of a call is asked for first.
    pub(crate) fn generation(&self, key: &CallKey) -> u32 {
        self.generations().get(key).copied().unwrap_or(0)
    }

    /// Says that a generation of a call is of no more use.
    pub(crate) fn spoilt(&self, key: CallKey, generation: u32) {
        let mut generations = self.generations();
        let next = generations.entry(key).or_default();
        *next = (*next).max(generation + 1);
    }

    fn generations(&self) -> MutexGuard<'_, HashMap<CallKey, u32>> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the server was not reached; returns whether that is news, and for how long it has been.
    pub(crate) fn is_away(&self) -> (bool, Duration) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = away.is_none();
        let since = *away.get_or_insert_with(Instant::now);
        (is_news, since.elapsed())
    }

    /// Notes that the server was reached.
    pub(crate) fn is_there(&self) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

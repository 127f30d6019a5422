//! The record of every request that the simulator was asked to answer.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// What the simulator has seen so far.
///
/// `requests` = `answered` + `dropped` + `in_flight`, always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Requests for a completion that arrived whole.
    pub requests: u64,
    /// Requests that a reply was sent to, whatever its status.
    pub answered: u64,
    /// Requests whose client went away before the reply.
    pub dropped: u64,
    /// Requests that wait for their reply.
    pub in_flight: u64,
    /// The most requests that ever waited at the same time. Without latency a request is answered
    /// as it arrives, so there is never more than one.
    pub peak_in_flight: u64,
    /// How many requests met which trouble, by its name in a [`Scenario`](super::Scenario);
    /// `limit` are those that were too fast, `outage` and `billing` speak for themselves.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub faults: BTreeMap<&'static str, u64>,
    /// Tokens of the requests that were worked on, as limits count them; only with a scenario.
    #[serde(skip_serializing_if = "is_zero")]
    pub tokens: u64,
    /// One entry per request, in order of arrival; empty if the simulator records none.
    pub entries: Vec<Entry>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The `x-call-key` header; without one, the first 16 hexadecimal digits of the body's BLAKE3.
    pub key: String,
    /// The place in the order of arrival, from 0.
    pub order: u64,
    /// When the request had arrived, since the simulator was bound.
    pub start: Duration,
    /// When it was answered or dropped.
    pub end: Option<Duration>,
    /// How many requests were waiting when it had arrived, itself included.
    pub in_flight: u64,
    /// The HTTP status of the reply; with an `end` but no status, the request was dropped.
    pub status: Option<u16>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Keeps a [`Ledger`] while requests come and go.
pub(super) struct Recorder {
    epoch: Instant,
    record_entries: bool,
    ledger: Mutex<Ledger>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Returns the time since the simulator was made.
    pub(super) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    pub(super) fn new(record_entries: bool) -> Self {
        Self {
            epoch: Instant::now(),
            record_entries,
            ledger: Mutex::default(),
        }
    }

    /// Notes that a request has arrived. It counts as dropped unless it is
    /// [answered](Pending::answered).
    pub(super) fn arrived(self: &Arc<Self>, key: impl FnOnce() -> String) -> Pending {
        let start = self.epoch.elapsed();
        let mut ledger = self.lock();
        let order = ledger.requests;
        ledger.requests += 1;
        ledger.in_flight += 1;
        ledger.peak_in_flight = ledger.peak_in_flight.max(ledger.in_flight);
        if self.record_entries {
            let in_flight = ledger.in_flight;
            ledger.entries.push(Entry {
                key: key(),
                order,
                start,
                end: None,
                in_flight,
                status: None,
            });
        }
        Pending {
            recorder: Arc::clone(self),
            order,
            status: None,
        }
    }

    /// Returns what is known now.
    pub(super) fn snapshot(&self, with_entries: bool) -> Ledger {
        let ledger = self.lock();
        Ledger {
            entries: if with_entries {
                ledger.entries.clone()
            } else {
                Vec::new()
            },
            faults: ledger.faults.clone(),
            ..*ledger
        }
    }

    /// Notes how many tokens a request has that is worked on.
    pub(super) fn took(&self, tokens: u64) {
        self.lock().tokens += tokens;
    }

    /// Notes that a request met trouble.
    pub(super) fn met(&self, fault: &'static str) {
        *self.lock().faults.entry(fault).or_default() += 1;
    }

    fn left(&self, order: u64, status: Option<u16>) {
        let end = self.epoch.elapsed();
        let mut ledger = self.lock();
        ledger.in_flight -= 1;
        match status {
            Some(_) => ledger.answered += 1,
            None => ledger.dropped += 1,
        }
        // Entries are pushed in order of arrival, so the order is the index.
        let index = usize::try_from(order).unwrap_or(usize::MAX);
        if let Some(entry) = ledger.entries.get_mut(index) {
            entry.end = Some(end);
            entry.status = status;
        }
    }

    /// The counters are consistent between any two statements that could panic, so a poisoned
    /// lock holds good data.
    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits for its reply.
#[derive(Debug)]
#[must_use]
pub(super) struct Pending {
    recorder: Arc<Recorder>,
    order: u64,
    status: Option<u16>,
}

impl Pending {
    /// Notes that the reply is sent.
    pub(super) fn answered(mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.recorder.left(self.order, self.status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answered_dropped_and_waiting_requests_add_up() {
        let recorder = Arc::new(Recorder::new(true));
        let first = recorder.arrived(|| "a".to_owned());
        let second = recorder.arrived(|| "b".to_owned());
        tokio::time::advance(Duration::from_secs(2)).await;
        first.answered(200);
        drop(second);
        let third = recorder.arrived(|| "c".to_owned());

        let ledger = recorder.snapshot(true);
        assert_eq!((ledger.requests, ledger.answered), (3, 1));
        assert_eq!((ledger.dropped, ledger.in_flight), (1, 1));
        assert_eq!(ledger.peak_in_flight, 2);
        let end = Some(Duration::from_secs(2));
        let ends: Vec<_> = ledger
            .entries
            .iter()
            .map(|it| (it.end, it.status))
            .collect();
        assert_eq!(ends, [(end, Some(200)), (end, None), (None, None)]);
        assert_eq!(ledger.entries[2].start, Duration::from_secs(2));
        assert_eq!(ledger.entries[2].in_flight, 1);
        drop(third);
    }

    #[tokio::test(start_paused = true)]
    async fn without_entries_no_key_is_made_and_counts_stay() {
        let recorder = Arc::new(Recorder::new(false));
        let pending = recorder.arrived(|| unreachable!("no entry needs the key"));
        pending.answered(200);
        let ledger = recorder.snapshot(true);
        assert_eq!((ledger.answered, ledger.entries), (1, Vec::new()));
    }
}

//! Counts how many calls are in flight, and how many were at most.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Gauge(Mutex<Level>);

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    now: usize,
    peak: usize,
}

impl Gauge {
    /// Counts one call until the guard is dropped.
    pub(super) fn enter(&self) -> InFlight<'_> {
        let mut level = lock(&self.0);
        level.now += 1;
        level.peak = level.peak.max(level.now);
        InFlight(self)
    }

    pub(super) fn peak(&self) -> usize {
        lock(&self.0).peak
    }
}

/// One call in flight.
pub(super) struct InFlight<'a>(&'a Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        lock(&self.0.0).now -= 1;
    }
}

/// Locks, even after a test has panicked with the lock held.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The record of answered calls.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patterns_core::{CallKey, Response};

/// Keeps answers by the key of their call. Clones share one record.
#[derive(Clone, Default)]
pub struct Store {
    answers: Arc<Mutex<HashMap<CallKey, Response>>>,
}

impl Store {
    /// Makes an empty store in memory.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Returns the recorded answer of a call.
    pub fn get(&self, key: &CallKey) -> Option<Response> {
        self.lock().get(key).cloned()
    }

    /// Records the answer of a call; the first one stays.
    pub fn put(&self, key: CallKey, answer: Response) {
        self.lock().entry(key).or_insert(answer);
    }

    /// Returns how many calls are recorded.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns whether no call is recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallKey, Response>> {
        // A panic elsewhere cannot leave the map half changed, so its record stays good.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("len", &self.len()).finish()
    }
}

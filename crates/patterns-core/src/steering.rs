//! Says what is changed of a run while it is under way: whether it begins calls, and how many at once.
//!
//! Whoever set up a run keeps one and says what changes; the fan-out and the calls that wait look at it. It
//! has no runtime and no clock: a token that the next change cancels wakes whoever waits for one.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// What is changed of a run while it is under way. Clones are one; by default nothing is ever changed.
///
/// ```
/// use patterns_core::Steering;
///
/// let steering = Steering::default();
/// let of_the_run = steering.clone();
/// steering.pause();
/// assert!(of_the_run.is_paused());
/// ```
#[derive(Clone, Default)]
pub struct Steering(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_paused: bool,
    concurrency: Option<NonZeroUsize>,
    /// Cancelled by the next change.
    changed: CancellationToken,
}

impl Steering {
    /// Begins no new call, until it is told to go on. What is in flight ends.
    pub fn pause(&self) {
        self.change(|it| it.is_paused = true);
    }

    /// Goes on.
    pub fn go_on(&self) {
        self.change(|it| it.is_paused = false);
    }

    /// Has at most so many calls in flight at once from now on, whatever was said when the run began. Those
    /// in flight beyond that end.
    pub fn set_concurrency(&self, most: NonZeroUsize) {
        self.change(|it| it.concurrency = Some(most));
    }

    /// Returns whether no new call begins.
    pub fn is_paused(&self) -> bool {
        self.lock().is_paused
    }

    /// Returns how many calls may be in flight at once, if that was changed.
    pub fn concurrency(&self) -> Option<NonZeroUsize> {
        self.lock().concurrency
    }

    /// Returns what the next change cancels. Take it before you look at anything, to miss nothing.
    pub fn changed(&self) -> CancellationToken {
        self.lock().changed.clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let changed = std::mem::take(&mut state.changed);
        drop(state);
        changed.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two are equal if they say the same now.
impl PartialEq for Steering {
    fn eq(&self, other: &Self) -> bool {
        (self.is_paused(), self.concurrency()) == (other.is_paused(), other.concurrency())
    }
}

impl fmt::Debug for Steering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steering")
            .field("is_paused", &self.is_paused())
            .field("concurrency", &self.concurrency())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_told_to_whoever_waited_for_it() {
        let steering = Steering::default();
        let changes: [fn(&Steering); 3] = [
            Steering::pause,
            |it| it.set_concurrency(NonZeroUsize::MIN),
            Steering::go_on,
        ];
        for change in changes {
            let changed = steering.changed();
            assert!(!changed.is_cancelled());
            change(&steering);
            assert!(changed.is_cancelled());
        }
        assert!(!steering.is_paused());
        assert_eq!(steering.concurrency(), Some(NonZeroUsize::MIN));
    }
}

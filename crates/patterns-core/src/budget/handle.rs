//! A budget that many calls share, and the queue of those that wait for room.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::journal::Journal;
use super::ledger::Ledger;
use super::{Caps, Exhausted, NoRoom, Spend, Spent};
use crate::ModelError;

/// A hard cap on what is spent, shared by all its clones.
///
/// Before an attempt, its cost at most is reserved; after it, what it really cost is settled, and
/// the difference is free again. So attempts in parallel never overshoot a cap together. If a
/// provider bills more than was reserved, the whole bill is recorded, and once a cap is overshot
/// nothing is let in any more.
///
/// ```
/// use patterns_core::{Budget, Caps, NoRoom, Spend};
///
/// let budget = Budget::new(Caps { max_tokens: Some(1000), ..Caps::default() });
/// let tokens = |tokens| Spend { calls: 1, tokens, ..Spend::ZERO };
///
/// let first = budget.try_reserve(tokens(800)).unwrap();
/// // Another 800 have no room as yet; but the first attempt may turn out cheap, and does.
/// assert_eq!(budget.try_reserve(tokens(800)).unwrap_err(), NoRoom::Wait);
/// first.settle(tokens(150));
/// let second = budget.try_reserve(tokens(800)).unwrap();
///
/// // How the second attempt ends nobody tells, so all of it may have been billed.
/// drop(second);
/// assert_eq!(budget.spent().possibly_billed.tokens, 800);
/// assert!(matches!(budget.try_reserve(tokens(51)), Err(NoRoom::Exhausted(_))));
/// ```
#[derive(Clone)]
pub struct Budget(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    ledger: Ledger,
    /// Those who wait, by the number they drew, so that the first comes first.
    queue: BTreeMap<u64, Waker>,
    next_number: u64,
    /// Who is to know of a reservation before it is used.
    journal: Option<Arc<dyn Journal>>,
}

impl State {
    /// Reserves for whoever has drawn `number`, or for somebody who has drawn none.
    fn reserve(&mut self, estimate: Spend, number: Option<u64>) -> Result<(), NoRoom> {
        let first = self.queue.keys().next().copied();
        let is_next = first.is_none() || first == number;
        if is_next {
            self.ledger.reserve(estimate)
        } else {
            // Who will never have room need not stand in line to hear it.
            self.ledger.room(estimate).and(Err(NoRoom::Wait))
        }
    }
}

impl Budget {
    /// Makes a budget with nothing spent.
    pub fn new(caps: Caps) -> Self {
        Self(Arc::new(Mutex::new(State {
            ledger: Ledger::new(caps),
            queue: BTreeMap::new(),
            next_number: 0,
            journal: None,
        })))
    }

    /// Adds what was spent before, say by an earlier session of the run. What was still reserved
    /// when that ended may have been billed.
    pub fn carry_over(&self, before: Spent) {
        let spent = &mut self.lock().ledger.spent;
        let before = before.abandoned();
        spent.committed += before.committed;
        spent.possibly_billed += before.possibly_billed;
    }

    /// Sets who is to know of every reservation before it is used.
    pub fn keep_in(&self, journal: Arc<dyn Journal>) {
        self.lock().journal = Some(journal);
    }

    /// Waits until everything that is reserved now is in the journal, if there is one. Whoever sends
    /// an attempt awaits this between its reservation and the attempt.
    ///
    /// # Errors
    ///
    /// Returns the error of the journal; then nothing may be sent.
    pub async fn kept(&self) -> Result<(), ModelError> {
        let journal = self.lock().journal.clone();
        match journal {
            Some(journal) => journal.keep().await,
            None => Ok(()),
        }
    }

    /// Returns the caps.
    pub fn caps(&self) -> Caps {
        self.lock().ledger.caps
    }

    /// Returns what is spent so far.
    pub fn spent(&self) -> Spent {
        self.lock().ledger.spent
    }

    /// Reserves room for an attempt that costs `estimate` at most.
    ///
    /// # Errors
    ///
    /// Returns [`NoRoom::Wait`] if there may be room once attempts under way have ended, and also
    /// if others wait already: they come first. Returns [`NoRoom::Exhausted`] if what is committed
    /// and possibly billed leaves too little for ever.
    pub fn try_reserve(&self, estimate: Spend) -> Result<Reservation, NoRoom> {
        self.lock().reserve(estimate, None)?;
        Ok(self.reservation(estimate))
    }

    /// Reserves room for an attempt that costs `estimate` at most, and waits for it as long as
    /// attempts under way may free enough. Who waits longest is served first.
    ///
    /// Needs no runtime: the end of an attempt wakes the next in line. Who holds a reservation must
    /// not wait for a second one, since it might wait for itself.
    ///
    /// # Errors
    ///
    /// The future returns [`Exhausted`] as soon as there will never be room.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives up the place in the line; nothing was reserved.
    pub fn reserve(&self, estimate: Spend) -> Reserve {
        Reserve {
            budget: self.clone(),
            estimate,
            number: None,
        }
    }

    fn reservation(&self, estimate: Spend) -> Reservation {
        Reservation {
            budget: self.clone(),
            estimate,
            is_settled: false,
        }
    }

    /// Changes the ledger and wakes the first in line, who may have room now.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let first = state.queue.values().next().cloned();
        drop(state);
        if let Some(waker) = first {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Budget")
            .field("caps", &state.ledger.caps)
            .field("spent", &state.ledger.spent)
            .field("waiting", &state.queue.len())
            .finish()
    }
}

/// Room for one attempt, made by a [`Budget`].
///
/// Dropping it unsettled keeps all of it as possibly billed: nobody knows what was used.
#[derive(Debug)]
#[must_use = "dropped, it counts as possibly billed"]
pub struct Reservation {
    budget: Budget,
    estimate: Spend,
    is_settled: bool,
}

impl Reservation {
    /// Puts what was really used in the place of what was reserved. It may be more.
    pub fn settle(mut self, actual: Spend) {
        self.is_settled = true;
        let estimate = self.estimate;
        self.budget.change(|it| it.ledger.settle(estimate, actual));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_settled {
            let estimate = self.estimate;
            self.budget.change(|it| it.ledger.abandon(estimate));
        }
    }
}

/// Waits for a [`Reservation`]; made by [`Budget::reserve`].
#[derive(Debug)]
#[must_use = "nothing is reserved before it is awaited"]
pub struct Reserve {
    budget: Budget,
    estimate: Spend,
    /// The place in the line, once it has one.
    number: Option<u64>,
}

impl Future for Reserve {
    type Output = Result<Reservation, Exhausted>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut state = this.budget.lock();
        let result = match state.reserve(this.estimate, this.number) {
            Err(NoRoom::Wait) => {
                let number = this.number.unwrap_or(state.next_number);
                if this.number.is_none() {
                    state.next_number += 1;
                    this.number = Some(number);
                }
                state.queue.insert(number, cx.waker().clone());
                return Poll::Pending;
            }
            Err(NoRoom::Exhausted(error)) => Err(error),
            Ok(()) => Ok(this.budget.reservation(this.estimate)),
        };
        drop(state);
        this.leave();
        Poll::Ready(result)
    }
}

impl Reserve {
    /// Leaves the line, so that the next one is asked.
    fn leave(&mut self) {
        if let Some(number) = self.number.take() {
            self.budget.change(|it| {
                it.queue.remove(&number);
            });
        }
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.leave();
    }
}

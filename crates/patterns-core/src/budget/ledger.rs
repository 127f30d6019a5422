//! The rules of a budget: a pure, synchronous state machine.

use serde::{Deserialize, Serialize};

use super::{Caps, Exhausted, Money, Spend};

/// What a budget has spent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// What providers have told to have used.
    pub committed: Spend,
    /// What was reserved for attempts of which nobody told how they ended: timed out, broken off or
    /// cancelled. The provider may have billed all of it, or nothing. It counts in full.
    pub possibly_billed: Spend,
    /// What attempts under way may still use.
    pub reserved: Spend,
}

impl Spent {
    /// Returns the same with what is reserved as possibly billed: what is left of a session that
    /// nobody heard the end of.
    #[must_use]
    pub fn abandoned(self) -> Self {
        Self {
            committed: self.committed,
            possibly_billed: self.possibly_billed + self.reserved,
            reserved: Spend::ZERO,
        }
    }

    /// Returns all of it together.
    pub fn total(self) -> Spend {
        self.committed + self.possibly_billed + self.reserved
    }
}

/// Why there is no room for an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// There may be room once attempts under way, or others that came earlier, have ended.
    #[error("attempts under way hold the room that is left")]
    Wait,
    /// There will never be room.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

/// What is spent, under caps.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) caps: Caps,
    pub(super) spent: Spent,
}

impl Ledger {
    pub(super) fn new(caps: Caps) -> Self {
        Self {
            caps,
            spent: Spent::default(),
        }
    }

    /// Returns whether `estimate` has room. What is committed or possibly billed never comes back,
    /// so an estimate that is beyond a cap together with those is so for ever.
    pub(super) fn room(&self, estimate: Spend) -> Result<(), NoRoom> {
        let Spent {
            committed,
            possibly_billed,
            reserved,
        } = self.spent;
        let gone = [committed, possibly_billed, estimate];
        if let Some(limit) = self.caps.exceeded_by(&gone) {
            return Err(Exhausted { limit }.into());
        }
        let all = [committed, possibly_billed, estimate, reserved];
        match self.caps.exceeded_by(&all) {
            Some(_) => Err(NoRoom::Wait),
            None => Ok(()),
        }
    }

    /// Reserves `estimate` if it has room.
    pub(super) fn reserve(&mut self, estimate: Spend) -> Result<(), NoRoom> {
        self.room(estimate)?;
        self.spent.reserved += estimate;
        Ok(())
    }

    /// Puts what was used in the place of what was reserved. An unknown cost is taken to be the
    /// estimated one.
    pub(super) fn settle(&mut self, estimate: Spend, actual: Spend) {
        self.release(estimate);
        self.spent.committed += Spend {
            cost: actual.cost.or(estimate.cost),
            ..actual
        };
    }

    /// Keeps what was reserved as possibly billed.
    pub(super) fn abandon(&mut self, estimate: Spend) {
        self.release(estimate);
        self.spent.possibly_billed += estimate;
    }

    fn release(&mut self, estimate: Spend) {
        let reserved = &mut self.spent.reserved;
        reserved.calls = reserved.calls.saturating_sub(estimate.calls);
        reserved.tokens = reserved.tokens.saturating_sub(estimate.tokens);
        // Under a cap on cost no estimate without one is let in, so what is unknown stays so.
        let cost = estimate.cost.unwrap_or(Money::ZERO);
        reserved.cost = reserved.cost.map(|it| it.saturating_sub(cost));
    }
}

//! Numbers the states of an election that the tables tell apart.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::tally::Tally;

/// The most votes of an election that can be foreseen.
pub(in crate::voting) const MOST_VOTES: u64 = 100;

/// Elections with this many answers, or more, are one state.
pub(super) const MOST_OPTIONS: usize = 10;

/// An election as one of its answers sees it.
///
/// The votes of all but two answers are known by their sum alone. Where it matters, they are
/// taken as spread evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The votes of the answer looked at.
    pub(super) own: usize,
    /// The most votes that any other answer has.
    pub(super) rival: usize,
    /// All other votes.
    pub(super) rest: usize,
    /// How many different answers were given, at most [`MOST_OPTIONS`].
    pub(super) options: usize,
}

impl State {
    /// The state before the first vote.
    pub(super) const EMPTY: Self = Self {
        own: 0,
        rival: 0,
        rest: 0,
        options: 0,
    };

    /// Returns `tally` as its leader sees it; `None` if there are more votes than can be counted.
    pub(super) fn of(tally: &Tally) -> Option<Self> {
        let (leader, runner_up) = tally.front();
        let rest = tally.votes().checked_sub(leader)?.checked_sub(runner_up)?;
        Some(Self {
            own: usize::try_from(leader).ok()?,
            rival: usize::try_from(runner_up).ok()?,
            rest: usize::try_from(rest).ok()?,
            options: tally.counts().len().min(MOST_OPTIONS),
        })
    }

    pub(super) fn votes(self) -> usize {
        self.own + self.rival + self.rest
    }

    /// Returns the same election as its leader sees it.
    pub(super) fn as_leader(self) -> Self {
        Self {
            own: self.own.max(self.rival),
            rival: self.own.min(self.rival),
            ..self
        }
    }

    /// Returns the states that one more vote can lead to: for the own answer, for the rival or
    /// one of the rest that passes it, for one of the rest, for an answer not seen before.
    #[inline]
    pub(super) fn successors(self) -> [Self; 4] {
        let own = Self {
            own: self.own + 1,
            options: self.options.max(1),
            ..self
        };
        let rival = Self {
            rival: self.rival + 1,
            ..self
        };
        let rest = Self {
            rest: self.rest + 1,
            ..self
        };
        let new = match self {
            Self { own: 0, .. } => own,
            Self { rival: 0, .. } => Self {
                options: 2,
                ..rival
            },
            _ => Self {
                options: MOST_OPTIONS.min(self.options + 1),
                ..rest
            },
        };
        [own, rival, rest, new]
    }
}

/// How many places there are for the states that differ in the number of answers alone: where there is a
/// rest, 3 to [`MOST_OPTIONS`]. Without one the votes say how many there are.
const PLACES: usize = MOST_OPTIONS - 2;

/// Returns the place of a state in tables, which have those with fewer votes first.
#[inline]
pub(super) fn place(state: State) -> usize {
    let others = state.rival + state.rest;
    triple(state.votes(), others, state.rest) * PLACES + state.options.saturating_sub(3)
}

/// Returns the places of the states with so many votes.
pub(super) fn places(votes: usize) -> Range<usize> {
    triple(votes, 0, 0) * PLACES..triple(votes + 1, 0, 0) * PLACES
}

/// Returns the states with so many votes, in the order of their places.
pub(super) fn states(votes: usize) -> impl Iterator<Item = State> {
    (0..=votes).flat_map(move |others| {
        (0..=others).flat_map(move |rest| {
            let (own, rival) = (votes - others, others - rest);
            options(own, rival, rest).map(move |options| State {
                own,
                rival,
                rest,
                options,
            })
        })
    })
}

/// A value for every state of an election with at most so many votes.
#[derive(Clone, Debug)]
pub(super) struct ByState<T>(Arc<[T]>);

impl<T: Copy> ByState<T> {
    /// Makes it of the values by place.
    pub(super) fn new(values: Vec<T>) -> Self {
        Self(values.into())
    }

    /// Returns the value of a state; `None` beyond the table.
    pub(super) fn get(&self, state: State) -> Option<T> {
        self.0.get(place(state)).copied()
    }
}

/// Numbers triples by their sum, then by what is not the first, then by the last.
#[inline]
fn triple(total: usize, others: usize, rest: usize) -> usize {
    total * (total + 1) * (total + 2) / 6 + others * (others + 1) / 2 + rest
}

/// Returns how many different answers such votes can have come from; an empty range for none.
#[expect(
    clippy::reversed_empty_ranges,
    reason = "an empty range says that there are none"
)]
#[inline]
fn options(own: usize, rival: usize, rest: usize) -> RangeInclusive<usize> {
    match (own, rival, rest) {
        (0, 0, 0) => 0..=0,
        (0, ..) | (_, 0, 1..) => 1..=0,
        (_, 0, 0) => 1..=1,
        (_, _, 0) => 2..=2,
        // None of the rest has more votes than the rival.
        _ => MOST_OPTIONS.min(2 + rest.div_ceil(rival))..=MOST_OPTIONS.min(2 + rest),
    }
}

//! Foresees how an election goes on: who wins when all votes are cast, and what a further call is worth.

use super::pitman_yor::{Chances, Mixture};
use super::state::{ByState, MOST_VOTES, State, place, places, states};
use super::tally::Tally;
use crate::RunError;

/// How elections with at most so many votes go on: how likely each state leads to which with the next vote.
#[derive(Debug)]
pub(in crate::voting) struct Chain {
    votes: usize,
    /// By place.
    chances: Vec<Chances>,
}

/// By which of its answers a state is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeenBy {
    /// By the one that it is about.
    Own,
    /// By its leader, whoever that is by then.
    Leader,
}

/// A state on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fork {
    pub(super) state: State,
    /// The state's place in tables.
    pub(super) place: usize,
    /// Each successor's place among the states with one vote more, and its probability; all 0 if
    /// no vote is left.
    edges: [(usize, f64); 4],
}

impl Fork {
    /// Returns where the next vote can lead, and how likely.
    #[inline]
    pub(super) fn chances(&self) -> impl Iterator<Item = (usize, f64)> {
        let edges = self.edges.into_iter();
        edges.filter(|(_, chance)| *chance > 0.0)
    }

    /// Returns the expectation of `value` after the next vote.
    fn expect<T>(&self, next: &[T], value: impl Fn(&T) -> f64) -> f64 {
        let terms = self.chances().map(|(to, chance)| chance * value(&next[to]));
        terms.sum()
    }
}

impl Chain {
    /// Looks so many votes ahead.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] for no votes and for more than [`MOST_VOTES`].
    pub(in crate::voting) fn new(max_votes: u64) -> Result<Self, RunError> {
        let votes = usize::try_from(max_votes).ok();
        let Some(votes) = votes.filter(|_| (1..=MOST_VOTES).contains(&max_votes)) else {
            return Err(RunError::Part(format!(
                "elections of 1 to {MOST_VOTES} votes can be foreseen, not those of {max_votes}"
            )));
        };
        let mixture = Mixture::new(votes);
        let mut chances = vec![Chances::default(); places(votes).start];
        for state in (0..votes).flat_map(states) {
            chances[place(state)] = mixture.chances(state);
        }
        Ok(Self { votes, chances })
    }

    /// Returns a value for each state.
    pub(super) fn table<T: Copy + Default>(&self) -> Vec<T> {
        vec![T::default(); places(self.votes).end]
    }

    /// Works back from the last vote to the first: hands over each state, with how many votes are left then
    /// and with what `of` made of the states with one vote more.
    pub(super) fn work_back<T: Copy + Default>(
        &self,
        seen: SeenBy,
        mut of: impl FnMut(&Fork, usize, &[T]) -> T,
    ) {
        let mut next = Vec::new();
        for votes in (0..=self.votes).rev() {
            let places = places(votes);
            let mut now = vec![T::default(); places.len()];
            for fork in self.forks(votes, seen) {
                now[fork.place - places.start] = of(&fork, self.votes - votes, &next);
            }
            next = now;
        }
    }

    /// Returns the states with `votes` votes.
    pub(super) fn forks(&self, votes: usize, seen: SeenBy) -> impl Iterator<Item = Fork> {
        let states = states(votes).filter(move |it| seen == SeenBy::Own || it.own >= it.rival);
        states.map(move |state| Fork {
            state,
            place: place(state),
            edges: self.edges(state, seen),
        })
    }

    fn edges(&self, state: State, seen: SeenBy) -> [(usize, f64); 4] {
        let mut edges = [(0, 0.0); 4];
        let Some(chances) = self.chances.get(place(state)) else {
            return edges;
        };
        let begin = places(state.votes() + 1).start;
        let successors = state.successors().into_iter().zip(chances);
        for (edge, (next, chance)) in edges.iter_mut().zip(successors) {
            let next = match seen {
                SeenBy::Own => next,
                SeenBy::Leader => next.as_leader(),
            };
            // A successor that cannot be has no place.
            if *chance > 0.0 {
                *edge = (place(next) - begin, *chance);
            }
        }
        edges
    }
}

/// How elections with N votes go on, under a mixture of Pitman–Yor processes fitted to recorded
/// votes of language models: by state, P(the answer looked at wins).
///
/// The number of answers need not be known. The table is made once for an N and then answers in
/// constant time.
#[derive(Clone, Debug)]
pub(in crate::voting) struct Forecast(ByState<f64>);

impl Forecast {
    pub(in crate::voting) fn of(chain: &Chain) -> Self {
        let mut win = chain.table();
        chain.work_back(SeenBy::Own, |fork, left, next| {
            win[fork.place] = match left {
                // Nobody wins before the first vote.
                _ if fork.state == State::EMPTY => 0.0,
                0 => at_the_end(fork.state),
                _ => fork.expect(next, |win| *win),
            };
            win[fork.place]
        });
        Self(ByState::new(win))
    }

    /// Returns the probability that the leader is the winner once all N votes are cast, a tie
    /// counting half; `None` before the first vote and beyond N votes.
    pub(in crate::voting) fn win_probability(&self, tally: &Tally) -> Option<f64> {
        self.0.get(State::of(tally).filter(|state| state.own > 0)?)
    }

    /// Returns P(another answer wins than the one looked at); it does before the first vote.
    pub(super) fn wrong(&self, state: State) -> f64 {
        1.0 - self.0.get(state).unwrap_or_default()
    }
}

/// Returns P(win) of a state without a vote left.
fn at_the_end(state: State) -> f64 {
    match state.own.cmp(&state.rival) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    }
}

/// The most further calls that are looked at.
const REACH: usize = 8;

/// The value of a further call, for elections that compete for calls.
///
/// Giving each call to the election with the highest index spends a shared budget where it
/// decides most: neither on what is settled nor on hopeless ties. In the words of the knowledge
/// gradient (Frazier et al. 2008): the best expected fall of P(wrong winner) per call over the
/// next 1 to 8 calls.
#[derive(Clone, Debug)]
pub(in crate::voting) struct CallIndex(ByState<f64>);

impl CallIndex {
    pub(in crate::voting) fn of(chain: &Chain) -> Self {
        let forecast = Forecast::of(chain);
        let mut index = chain.table();
        // P(wrong winner) expected after 0 to 8 further calls.
        chain.work_back(SeenBy::Leader, |fork, left, next: &[[f64; REACH + 1]]| {
            let mut wrong = [0.0; REACH + 1];
            wrong[0] = forecast.wrong(fork.state);
            for calls in 1..=REACH.min(left) {
                wrong[calls] = fork.expect(next, |wrong| wrong[calls - 1]);
                let fall = (wrong[0] - wrong[calls]) / calls as f64;
                index[fork.place] = fall.max(index[fork.place]);
            }
            wrong
        });
        Self(ByState::new(index))
    }

    /// Returns the index of an election that has a call left, 0 to 1.
    pub(in crate::voting) fn worth(&self, tally: &Tally) -> f64 {
        let state = State::of(tally);
        state.and_then(|it| self.0.get(it)).unwrap_or_default()
    }
}

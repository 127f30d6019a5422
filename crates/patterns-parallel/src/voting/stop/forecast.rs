//! Foresees how an election goes on: who wins when all votes are cast, and what a further call is worth.

use std::sync::Arc;

use super::pitman_yor::{Chances, Mixture};
use super::state::{ByState, Layout, MOST_VOTES, State};
use super::tally::Tally;
use crate::voting::rules::RuleError;

/// All states of an election with at most so many votes, and how likely each leads to which with the next
/// vote.
#[derive(Debug)]
pub(in crate::voting) struct Chain {
    layout: Arc<Layout>,
    chances: Vec<Chances>,
}

/// A state on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fork {
    pub(super) state: State,
    /// The state's place among all states.
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
    /// Returns a [`RuleError`] for no votes and for more than [`MOST_VOTES`].
    pub(in crate::voting) fn new(max_votes: u64) -> Result<Self, RuleError> {
        let votes = usize::try_from(max_votes).ok();
        let Some(votes) = votes.filter(|_| (1..=MOST_VOTES).contains(&max_votes)) else {
            return Err(RuleError::new(format!(
                "elections of 1 to {MOST_VOTES} votes can be foreseen, not those of {max_votes}"
            )));
        };
        let layout = Layout::new(votes);
        let mixture = Mixture::new(votes);
        let states = (0..votes).flat_map(|votes| layout.states(votes));
        let chances = states.map(|state| mixture.chances(state)).collect();
        Ok(Self {
            layout: Arc::new(layout),
            chances,
        })
    }

    pub(super) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Returns the states with `votes` votes, each seen by the answer that it is about.
    pub(super) fn forks(&self, votes: usize) -> impl Iterator<Item = Fork> {
        self.forks_with(votes, |state| state)
    }

    /// Returns the states with `votes` votes, each seen by its leader, whoever that is by then.
    pub(super) fn leader_forks(&self, votes: usize) -> impl Iterator<Item = Fork> {
        self.forks_with(votes, State::as_leader)
            .filter(|fork| fork.state.own >= fork.state.rival)
    }

    fn forks_with(&self, votes: usize, seen: fn(State) -> State) -> impl Iterator<Item = Fork> {
        let places = self.layout.places(votes);
        let states = self.layout.states(votes).zip(places);
        states.map(move |(state, place)| Fork {
            state,
            place,
            edges: self.edges(state, place, seen),
        })
    }

    fn edges(&self, state: State, place: usize, seen: fn(State) -> State) -> [(usize, f64); 4] {
        let mut edges = [(0, 0.0); 4];
        let Some(chances) = self.chances.get(place) else {
            return edges;
        };
        let begin = self.layout.places(state.votes() + 1).start;
        let successors = state.successors().into_iter().zip(chances);
        for (edge, (next, chance)) in edges.iter_mut().zip(successors) {
            // A successor that cannot be has no place.
            if *chance > 0.0 {
                *edge = (self.layout.place(seen(next)) - begin, *chance);
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
        let layout = chain.layout();
        let votes = layout.votes();
        let mut win = vec![0.0; layout.len()];
        for total in (1..=votes).rev() {
            let (now, next) = win.split_at_mut(layout.places(total).end);
            for fork in chain.forks(total) {
                now[fork.place] = if total == votes {
                    at_the_end(fork.state)
                } else {
                    fork.expect(next, |win| *win)
                };
            }
        }
        Self(ByState::new(layout, win))
    }

    /// Returns the probability that the leader is the winner once all N votes are cast, a tie
    /// counting half; `None` before the first vote and beyond N votes.
    pub(in crate::voting) fn win_probability(&self, tally: &Tally) -> Option<f64> {
        self.0.get(State::of(tally).filter(|state| state.own > 0)?)
    }

    /// Returns P(another answer wins than the one looked at) in the state with this place; nobody wins before
    /// the first vote.
    pub(super) fn wrong(&self, place: usize) -> f64 {
        1.0 - self.0.at(place)
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
        let layout = chain.layout();
        let mut index = vec![0.0; layout.len()];
        // By state with one vote more: P(wrong winner) expected after 0 to 8 further calls.
        let mut next: Vec<[f64; REACH + 1]> = Vec::new();
        for votes in (0..=layout.votes()).rev() {
            let reach = REACH.min(layout.votes() - votes);
            let places = layout.places(votes);
            let mut now = vec![[0.0; REACH + 1]; places.len()];
            for fork in chain.leader_forks(votes) {
                let wrong = &mut now[fork.place - places.start];
                wrong[0] = forecast.wrong(fork.place);
                for calls in 1..=reach {
                    wrong[calls] = fork.expect(&next, |wrong| wrong[calls - 1]);
                    let fall = (wrong[0] - wrong[calls]) / calls as f64;
                    index[fork.place] = fall.max(index[fork.place]);
                }
            }
            next = now;
        }
        Self(ByState::new(layout, index))
    }

    /// Returns the index of an election that has a call left, 0 to 1.
    pub(in crate::voting) fn worth(&self, tally: &Tally) -> f64 {
        let state = State::of(tally);
        state.and_then(|it| self.0.get(it)).unwrap_or_default()
    }
}

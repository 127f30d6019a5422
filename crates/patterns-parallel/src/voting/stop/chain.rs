//! Follows an election from state to state: where each leads with the next vote, and how likely.

use std::sync::Arc;

use super::pitman_yor::{Chances, Mixture};
use super::state::{Layout, State};

/// All states of an election with at most so many votes.
#[derive(Debug)]
pub(super) struct Chain {
    layout: Arc<Layout>,
    chances: Vec<Chances>,
}

/// A state on the way, seen by its leader.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fork {
    pub(super) state: State,
    /// The state's place among all states.
    pub(super) place: usize,
    /// Each successor's place among the states with one vote more, and its probability; all 0 if
    /// no vote is left.
    pub(super) edges: [(usize, f64); 4],
}

impl Fork {
    /// Returns where the next vote can lead, and how likely.
    #[inline]
    pub(super) fn chances(&self) -> impl Iterator<Item = (usize, f64)> {
        let edges = self.edges.into_iter();
        edges.filter(|(_, chance)| *chance > 0.0)
    }

    /// Returns the expectation of `value` after the next vote.
    pub(super) fn expect<T>(&self, next: &[T], value: impl Fn(&T) -> f64) -> f64 {
        let terms = self.chances().map(|(to, chance)| chance * value(&next[to]));
        terms.sum()
    }
}

impl Chain {
    pub(super) fn new(votes: usize) -> Self {
        let layout = Layout::new(votes);
        let mixture = Mixture::new(votes);
        let states = (0..votes).flat_map(|votes| layout.states(votes));
        let chances = states.map(|state| mixture.chances(state)).collect();
        Self {
            layout: Arc::new(layout),
            chances,
        }
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
        let states = self.layout.states(votes);
        states
            .zip(self.layout.places(votes))
            .map(move |(state, place)| Fork {
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
        for (edge, (next, chance)) in edges
            .iter_mut()
            .zip(state.successors().into_iter().zip(chances))
        {
            // A successor that cannot be has no place.
            if *chance > 0.0 {
                *edge = (self.layout.place(seen(next)) - begin, *chance);
            }
        }
        edges
    }
}

//! Finds the election that gains most from the next call, when many share a budget.

use std::sync::Arc;

use super::forecast::{Forecast, chain};
use super::state::{Layout, State};
use super::stopping_rule::StoppingRuleError;
use super::tally::Tally;

/// The most further calls that are looked at.
const REACH: usize = 8;

/// The value of a further call, for elections that compete for calls.
///
/// Giving each call to the election with the highest index spends a shared budget where it
/// decides most: neither on what is settled nor on hopeless ties. In the words of the knowledge
/// gradient (Frazier et al. 2008): the best expected fall of P(wrong winner) per call over the
/// next 1 to 8 calls.
#[derive(Clone, Debug)]
pub(in crate::voting) struct CallIndex {
    max_votes: u64,
    layout: Arc<Layout>,
    index: Arc<[f64]>,
}

impl CallIndex {
    /// Makes the table for elections with at most `max_votes` votes.
    ///
    /// # Errors
    ///
    /// Returns a [`StoppingRuleError`] for no votes and for more than [`Forecast::MOST_VOTES`].
    pub(in crate::voting) fn new(max_votes: u64) -> Result<Self, StoppingRuleError> {
        let chain = chain(max_votes, "index")?;
        let forecast = Forecast::of(&chain);
        let layout = Arc::clone(chain.layout());
        let mut index = vec![0.0; layout.len()];
        // By state with one vote more: P(wrong winner) expected after 0 to 8 further calls.
        let mut next: Vec<[f64; REACH + 1]> = Vec::new();
        for votes in (0..=layout.votes()).rev() {
            let reach = REACH.min(layout.votes() - votes);
            let places = layout.places(votes);
            let mut now = vec![[0.0; REACH + 1]; places.len()];
            for fork in chain.leader_forks(votes) {
                let wrong = &mut now[fork.place - places.start];
                wrong[0] = 1.0 - forecast.wins()[fork.place];
                for calls in 1..=reach {
                    wrong[calls] = fork.expect(&next, |wrong| wrong[calls - 1]);
                    let fall = (wrong[0] - wrong[calls]) / calls as f64;
                    index[fork.place] = fall.max(index[fork.place]);
                }
            }
            next = now;
        }
        Ok(Self {
            max_votes,
            layout,
            index: index.into(),
        })
    }

    /// Returns the index of an election, 0 to 1; 0 if it has no call left.
    pub(in crate::voting) fn of<K>(&self, tally: &Tally<K>) -> f64 {
        let left = tally.calls() < self.max_votes;
        let state = State::of(tally).filter(|_| left);
        let place = state.and_then(|state| self.layout.find(state));
        place.map_or(0.0, |place| self.index[place])
    }
}

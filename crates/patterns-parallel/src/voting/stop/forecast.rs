//! Foresees who wins when all votes are cast, by the votes so far.

use std::sync::Arc;

use super::chain::Chain;
use super::state::{Layout, MOST_VOTES, State};
use super::stopping_rule::StoppingRuleError;
use super::tally::Tally;

/// How elections with N votes go on, under a mixture of Pitman–Yor processes fitted to recorded
/// votes of language models.
///
/// The number of answers need not be known. The table is made once for an N and then answers in
/// constant time.
#[derive(Clone, Debug)]
pub(in crate::voting) struct Forecast {
    layout: Arc<Layout>,
    /// By state: P(the answer looked at wins).
    win: Arc<[f64]>,
}

impl Forecast {
    /// The most votes of an election that can be foreseen.
    pub(in crate::voting) const MOST_VOTES: u64 = MOST_VOTES;

    /// Makes the table for elections with `max_votes` votes.
    ///
    /// # Errors
    ///
    /// Returns a [`StoppingRuleError`] for no votes and for more than [`Self::MOST_VOTES`].
    pub(in crate::voting) fn new(max_votes: u64) -> Result<Self, StoppingRuleError> {
        Ok(Self::of(&chain(max_votes, "forecast")?))
    }

    pub(super) fn of(chain: &Chain) -> Self {
        let layout = Arc::clone(chain.layout());
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
        Self {
            layout,
            win: win.into(),
        }
    }

    /// Returns the probability that the leader is the winner once all N votes are cast, a tie
    /// counting half; `None` before the first vote and beyond N votes.
    pub(in crate::voting) fn win_probability<K>(&self, tally: &Tally<K>) -> Option<f64> {
        Some(self.win[self.find(tally)?])
    }

    fn find<K>(&self, tally: &Tally<K>) -> Option<usize> {
        let state = State::of(tally).filter(|state| state.own > 0)?;
        self.layout.find(state)
    }

    /// Returns P(win) by place; nobody wins before the first vote.
    pub(super) fn wins(&self) -> &[f64] {
        &self.win
    }
}

/// Makes the chain for a rule that looks `max_votes` votes ahead.
pub(super) fn chain(max_votes: u64, rule: &'static str) -> Result<Chain, StoppingRuleError> {
    match usize::try_from(max_votes) {
        Ok(0) => Err(StoppingRuleError::NoVotes),
        Ok(votes) if max_votes <= Forecast::MOST_VOTES => Ok(Chain::new(votes)),
        _ => Err(StoppingRuleError::TooManyVotes {
            rule,
            votes: max_votes,
            most: Forecast::MOST_VOTES,
        }),
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

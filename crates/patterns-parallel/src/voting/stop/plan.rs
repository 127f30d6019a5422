//! Finds the waves and stops that are cheapest on average, by backward induction over all states of an
//! election.

use super::forecast::{Chain, Forecast, Fork, SeenBy};
use super::state::{ByState, State};

/// The most calls in one wave.
const WIDEST: usize = 12;
/// By how many calls of a wave are still out.
type ByCallsOut = [f64; WIDEST + 1];

/// λ: what it costs, in calls, to stop at an answer that all N votes would not have chosen.
const LAMBDA: f64 = 300.0;
/// What a round of calls costs, in calls, for the time it takes.
const ROUND: f64 = 1.0;

/// How many calls to make in each state; 0 is to stop.
#[derive(Clone, Debug)]
pub(super) struct Plan(ByState<u8>);

impl Plan {
    /// Makes the cheapest plan.
    pub(super) fn new(chain: &Chain, forecast: &Forecast) -> Self {
        Self::at_price(chain, forecast, LAMBDA)
    }

    /// Works back from the last vote to the first.
    ///
    /// With j calls of a wave still out, U(s, j) = 1 + E U(s', j − 1) is what is to come, and
    /// U(s, 0) = W(s) = min(λ · P(another answer), 1 + min over j of U(s, j)) when the wave is in.
    pub(super) fn at_price(chain: &Chain, forecast: &Forecast, lambda: f64) -> Self {
        let mut waves = chain.table();
        chain.work_back(SeenBy::Leader, |fork, left, next| {
            let mut costs = going_on(fork, next);
            let stopping = lambda * forecast.wrong(fork.state);
            let (wave, cost) = cheapest(&costs[..=WIDEST.min(left)]);
            // Without a vote there is no answer to stop at.
            let must_go_on = fork.state == State::EMPTY;
            (costs[0], waves[fork.place]) = if must_go_on || cost < stopping {
                (cost, wave)
            } else {
                (stopping, 0)
            };
            costs
        });
        Self(ByState::new(waves))
    }

    /// Returns how many calls to make next, 0 to stop; `None` beyond the table.
    pub(super) fn wave(&self, state: State) -> Option<u64> {
        self.0.get(state).map(u64::from)
    }
}

/// Returns what each number of calls at once costs, with what is to come after them.
fn going_on(fork: &Fork, next: &[ByCallsOut]) -> ByCallsOut {
    let mut costs = [1.0; WIDEST + 1];
    for (to, chance) in fork.chances() {
        for (cost, later) in costs[1..].iter_mut().zip(&next[to]) {
            *cost += chance * later;
        }
    }
    costs
}

/// Returns the cheapest number of calls, and its cost with that of the round; infinity if no calls
/// are left.
fn cheapest(costs: &[f64]) -> (u8, f64) {
    let mut best = (0, f64::INFINITY);
    for (wave, cost) in (0..).zip(costs).skip(1) {
        if ROUND + cost < best.1 {
            best = (wave, ROUND + cost);
        }
    }
    best
}

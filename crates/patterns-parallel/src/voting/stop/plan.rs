//! Finds the waves and stops that are cheapest on average, by backward induction over all states of an
//! election.

use super::forecast::{Chain, Forecast, Fork};
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
        let layout = chain.layout();
        let mut waves = vec![0; layout.len()];
        let mut next: Vec<ByCallsOut> = Vec::new();
        for votes in (0..=layout.votes()).rev() {
            let widest = WIDEST.min(layout.votes() - votes);
            let places = layout.places(votes);
            let mut now = vec![ByCallsOut::default(); places.len()];
            for fork in chain.leader_forks(votes) {
                let costs = &mut now[fork.place - places.start];
                going_on(&fork, &next, costs);
                let stopping = lambda * forecast.wrong(fork.place);
                let (wave, cost) = cheapest(&costs[..=widest]);
                // Without a vote there is no answer to stop at.
                let must_go_on = votes == 0;
                (costs[0], waves[fork.place]) = if must_go_on || cost < stopping {
                    (cost, wave)
                } else {
                    (stopping, 0)
                };
            }
            next = now;
        }
        Self(ByState::new(layout, waves))
    }

    /// Returns how many calls to make next, 0 to stop; `None` beyond the table.
    pub(super) fn wave(&self, state: State) -> Option<u64> {
        self.0.get(state).map(u64::from)
    }
}

/// Fills in what each number of calls at once costs, with what is to come after them.
fn going_on(fork: &Fork, next: &[ByCallsOut], costs: &mut ByCallsOut) {
    costs.fill(1.0);
    for (to, chance) in fork.chances() {
        for (cost, later) in costs[1..].iter_mut().zip(&next[to]) {
            *cost += chance * later;
        }
    }
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

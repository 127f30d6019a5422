//! The cheapest waves and stops on average, by backward induction over all states of an election.

use std::sync::Arc;

use super::chain::{Chain, Fork};
use super::forecast::Forecast;
use super::rule::{PlanGoal, PlanLoss, PlanPrice};
use super::state::{Layout, State};

/// The most calls in one wave.
const WIDEST: usize = 12;
/// By how many calls of a wave are still out.
type ByCallsOut = [f64; WIDEST + 1];

/// λ from which, and up to which, a plan for a risk is looked for, and how often that is halved: to
/// about 2 %.
const LAMBDAS: (f64, f64) = (1.0, 1e5);
const HALVINGS: u32 = 9;

/// How many calls to make in each state; 0 is to stop.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    layout: Arc<Layout>,
    waves: Arc<[u8]>,
}

/// What a plan is expected to cost and to miss, on average over elections such as were recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prediction {
    /// Calls in an election.
    pub calls: f64,
    /// Waves of calls in an election.
    pub rounds: f64,
    /// How likely the winner is another than with all votes, 0 to 1. Ties count half, even those
    /// that are left when all votes are cast, so this errs on the careful side.
    pub disagreement: f64,
}

impl Plan {
    pub(super) fn new(chain: &Chain, forecast: &Forecast, goal: PlanGoal) -> Self {
        match goal {
            PlanGoal::Price(price) => Self::at_price(chain, forecast, price),
            PlanGoal::Risk(risk) => Self::at_risk(chain, forecast, risk),
        }
    }

    /// Finds the least λ that keeps the predicted disagreement within `risk`, by halving its
    /// logarithm.
    fn at_risk(chain: &Chain, forecast: &Forecast, risk: f64) -> Self {
        let at = |ln_lambda: f64| {
            let price = PlanPrice {
                error: ln_lambda.exp(),
                ..PlanPrice::default()
            };
            Self::at_price(chain, forecast, price)
        };
        let (mut low, mut high) = (LAMBDAS.0.ln(), LAMBDAS.1.ln());
        let mut best = None;
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            let plan = at(middle);
            if plan.predict(chain, forecast).disagreement <= risk {
                high = middle;
                best = Some(plan);
            } else {
                low = middle;
            }
        }
        best.unwrap_or_else(|| at(high))
    }

    /// Works back from the last vote to the first.
    ///
    /// With j calls of a wave still out, U(s, j) = 1 + E U(s', j − 1) is what is to come, and
    /// U(s, 0) = W(s) = min(λ · loss, ρ + min over j of U(s, j)) when the wave is in.
    fn at_price(chain: &Chain, forecast: &Forecast, price: PlanPrice) -> Self {
        let layout = Arc::clone(chain.layout());
        let mut waves = vec![0; layout.len()];
        let mut next: Vec<ByCallsOut> = Vec::new();
        for votes in (0..=layout.votes()).rev() {
            let widest = WIDEST.min(layout.votes() - votes);
            let places = layout.places(votes);
            let mut now = vec![ByCallsOut::default(); places.len()];
            for fork in chain.leader_forks(votes) {
                let costs = &mut now[fork.place - places.start];
                costs[1..].fill(1.0);
                for (to, chance) in fork.chances() {
                    for (cost, later) in costs[1..].iter_mut().zip(&next[to]) {
                        *cost += chance * later;
                    }
                }
                let stopping = stopping(&fork, forecast, price);
                let (wave, going_on) = cheapest(&costs[..=widest]);
                let going_on = price.round + going_on;
                // Without a vote there is no answer to stop at.
                let must_go_on = votes == 0;
                if wave > 0 && (must_go_on || going_on < stopping) {
                    costs[0] = going_on;
                    waves[fork.place] = wave;
                } else {
                    costs[0] = stopping;
                }
            }
            next = now;
        }
        Self {
            layout,
            waves: waves.into(),
        }
    }

    /// Follows all elections from the first vote on.
    pub(super) fn predict(&self, chain: &Chain, forecast: &Forecast) -> Prediction {
        let mut sum = Prediction::default();
        // By state: the probability to get there with so many calls of a wave still out.
        let mut now = vec![ByCallsOut::default()];
        now[0][0] = 1.0;
        for votes in 0..=self.layout.votes() {
            let begin = self.layout.places(votes).start;
            let mut next = vec![ByCallsOut::default(); self.layout.places(votes + 1).len()];
            for fork in chain.leader_forks(votes) {
                let mut here = now[fork.place - begin];
                match self.waves[fork.place] {
                    0 => sum.disagreement += here[0] * (1.0 - forecast.wins()[fork.place]),
                    wave => {
                        sum.calls += here[0] * f64::from(wave);
                        sum.rounds += here[0];
                        here[usize::from(wave)] += here[0];
                    }
                }
                for (to, chance) in fork.chances() {
                    for (later, probability) in next[to].iter_mut().zip(&here[1..]) {
                        *later += chance * probability;
                    }
                }
            }
            now = next;
        }
        sum
    }

    /// Returns how many calls to make next, 0 to stop; `None` beyond the table.
    pub(super) fn wave(&self, state: State) -> Option<u64> {
        let place = self.layout.find(state)?;
        Some(u64::from(self.waves[place]))
    }
}

fn stopping(fork: &Fork, forecast: &Forecast, price: PlanPrice) -> f64 {
    let loss = match price.loss {
        PlanLoss::Winner => 1.0 - forecast.wins()[fork.place],
        PlanLoss::Share => forecast.shortfalls()[fork.place],
    };
    price.error * loss
}

/// Returns the cheapest number of calls, and its cost; no calls if none are left.
fn cheapest(costs: &[f64]) -> (u8, f64) {
    let mut best = (0, f64::INFINITY);
    for (wave, cost) in (0..).zip(costs).skip(1) {
        if *cost < best.1 {
            best = (wave, *cost);
        }
    }
    best
}

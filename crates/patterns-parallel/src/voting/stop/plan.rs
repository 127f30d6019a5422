//! Finds the waves and stops that are cheapest on average, by backward induction over all states of an
//! election.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::chain::{Chain, Fork};
use super::forecast::Forecast;
use super::plan_goal::{PlanGoal, PlanLoss, PlanPrice};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Makes the plan, and predicts what it will cost and miss.
    pub(super) fn new(chain: &Chain, forecast: &Forecast, goal: PlanGoal) -> (Self, Prediction) {
        let outlook = Outlook {
            forecast,
            layout: chain.layout(),
            forks: (0..=chain.layout().votes())
                .map(|votes| chain.leader_forks(votes).collect())
                .collect(),
        };
        match goal {
            PlanGoal::Price(price) => outlook.at_price(price),
            PlanGoal::Risk(risk) => outlook.at_risk(risk),
        }
    }

    /// Returns how many calls to make next, 0 to stop; `None` beyond the table.
    pub(super) fn wave(&self, state: State) -> Option<u64> {
        let place = self.layout.find(state)?;
        Some(u64::from(self.waves[place]))
    }
}

/// All that can happen in an election, as its leader sees it.
struct Outlook<'a> {
    forecast: &'a Forecast,
    layout: &'a Arc<Layout>,
    /// By the number of votes.
    forks: Vec<Vec<Fork>>,
}

impl Outlook<'_> {
    /// Finds the least λ that keeps the predicted disagreement within `risk`, by halving its
    /// logarithm.
    fn at_risk(&self, risk: f64) -> (Plan, Prediction) {
        let at = |ln_lambda: f64| {
            let price = PlanPrice {
                error: ln_lambda.exp(),
                ..PlanPrice::default()
            };
            self.at_price(price)
        };
        let (mut low, mut high) = (LAMBDAS.0.ln(), LAMBDAS.1.ln());
        let mut best = None;
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            let plan = at(middle);
            if plan.1.disagreement <= risk {
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
    fn at_price(&self, price: PlanPrice) -> (Plan, Prediction) {
        let layout = self.layout;
        let mut waves = vec![0; layout.len()];
        let mut next: Vec<ByCallsOut> = Vec::new();
        for votes in (0..=layout.votes()).rev() {
            let widest = WIDEST.min(layout.votes() - votes);
            let places = layout.places(votes);
            let mut now = vec![ByCallsOut::default(); places.len()];
            for fork in &self.forks[votes] {
                let costs = &mut now[fork.place - places.start];
                going_on(fork, &next, costs);
                let stopping = stopping(fork, self.forecast, price);
                let (wave, cost) = cheapest(&costs[..=widest], price.round);
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
        let prediction = self.predict(&waves);
        let plan = Plan {
            layout: Arc::clone(layout),
            waves: waves.into(),
        };
        (plan, prediction)
    }

    /// Follows all elections from the first vote on.
    fn predict(&self, waves: &[u8]) -> Prediction {
        let mut sum = Prediction::default();
        // By state: the probability to get there with so many calls of a wave still out.
        let mut now = vec![ByCallsOut::default()];
        now[0][0] = 1.0;
        for votes in 0..=self.layout.votes() {
            let begin = self.layout.places(votes).start;
            let mut next = vec![ByCallsOut::default(); self.layout.places(votes + 1).len()];
            for fork in &self.forks[votes] {
                let mut here = now[fork.place - begin];
                match waves[fork.place] {
                    0 => sum.disagreement += here[0] * (1.0 - self.forecast.wins()[fork.place]),
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

/// Returns what it costs to stop here.
fn stopping(fork: &Fork, forecast: &Forecast, price: PlanPrice) -> f64 {
    let loss = match price.loss {
        PlanLoss::Winner => 1.0 - forecast.wins()[fork.place],
        PlanLoss::Share => forecast.shortfalls()[fork.place],
    };
    price.error * loss
}

/// Returns the cheapest number of calls, and its cost with that of the round; infinity if no calls
/// are left.
fn cheapest(costs: &[f64], round: f64) -> (u8, f64) {
    let mut best = (0, f64::INFINITY);
    for (wave, cost) in (0..).zip(costs).skip(1) {
        if round + cost < best.1 {
            best = (wave, round + cost);
        }
    }
    best
}

//! Finds the waves and stops that are cheapest on average, by backward induction over all states of an
//! election.

use super::forecast::{Chain, Forecast, Fork};
use super::state::{ByState, Layout, State};

/// The most calls in one wave.
const WIDEST: usize = 12;
/// By how many calls of a wave are still out.
type ByCallsOut = [f64; WIDEST + 1];

/// λ from which, and up to which, a plan for a risk is looked for, and how often that is halved: to
/// about 2 %.
const LAMBDAS: (f64, f64) = (1.0, 1e5);
const HALVINGS: u32 = 9;

/// λ: what it costs, in calls, to stop at an answer that all N votes would not have chosen, where no risk is given.
const USUAL_LAMBDA: f64 = 300.0;
/// What a round of calls costs, in calls, for the time it takes.
const ROUND: f64 = 1.0;

/// How many calls to make in each state; 0 is to stop.
#[derive(Clone, Debug)]
pub(super) struct Plan(ByState<u8>);

/// What a plan is expected to cost and to miss, on average over elections such as were recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Prediction {
    /// Calls in an election.
    pub(super) calls: f64,
    /// How likely the winner is another than with all votes, 0 to 1. Ties count half, even those
    /// that are left when all votes are cast, so this errs on the careful side.
    pub(super) disagreement: f64,
}

impl Plan {
    /// Makes the cheapest plan whose predicted disagreement is at most `risk`, or the most careful one if none is
    /// that safe; and predicts what it will cost and miss.
    pub(super) fn new(chain: &Chain, forecast: &Forecast, risk: Option<f64>) -> (Self, Prediction) {
        let outlook = Outlook::new(chain, forecast);
        match risk {
            None => outlook.at_price(USUAL_LAMBDA),
            Some(risk) => outlook.at_risk(risk),
        }
    }

    /// Makes the plan for a λ.
    #[cfg(test)]
    pub(super) fn at_price(chain: &Chain, forecast: &Forecast, lambda: f64) -> Self {
        Outlook::new(chain, forecast).at_price(lambda).0
    }

    /// Returns how many calls to make next, 0 to stop; `None` beyond the table.
    pub(super) fn wave(&self, state: State) -> Option<u64> {
        self.0.get(state).map(u64::from)
    }
}

/// All that can happen in an election, as its leader sees it.
struct Outlook<'a> {
    chain: &'a Chain,
    forecast: &'a Forecast,
    /// By the number of votes.
    forks: Vec<Vec<Fork>>,
}

impl<'a> Outlook<'a> {
    fn new(chain: &'a Chain, forecast: &'a Forecast) -> Self {
        Self {
            chain,
            forecast,
            forks: (0..=chain.layout().votes())
                .map(|votes| chain.leader_forks(votes).collect())
                .collect(),
        }
    }

    /// Finds the least λ that keeps the predicted disagreement within `risk`, by halving its
    /// logarithm.
    fn at_risk(&self, risk: f64) -> (Plan, Prediction) {
        let at = |ln_lambda: f64| self.at_price(ln_lambda.exp());
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
    /// U(s, 0) = W(s) = min(λ · P(another answer), 1 + min over j of U(s, j)) when the wave is in.
    fn at_price(&self, lambda: f64) -> (Plan, Prediction) {
        let layout = self.layout();
        let mut waves = vec![0; layout.len()];
        let mut next: Vec<ByCallsOut> = Vec::new();
        for votes in (0..=layout.votes()).rev() {
            let widest = WIDEST.min(layout.votes() - votes);
            let places = layout.places(votes);
            let mut now = vec![ByCallsOut::default(); places.len()];
            for fork in &self.forks[votes] {
                let costs = &mut now[fork.place - places.start];
                going_on(fork, &next, costs);
                let stopping = lambda * self.forecast.wrong(fork.place);
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
        let prediction = self.predict(&waves);
        (Plan(ByState::new(self.chain.layout(), waves)), prediction)
    }

    fn layout(&self) -> &Layout {
        self.chain.layout()
    }

    /// Follows all elections from the first vote on.
    fn predict(&self, waves: &[u8]) -> Prediction {
        let mut sum = Prediction::default();
        // By state: the probability to get there with so many calls of a wave still out.
        let mut now = vec![ByCallsOut::default()];
        now[0][0] = 1.0;
        for votes in 0..=self.layout().votes() {
            let begin = self.layout().places(votes).start;
            let mut next = vec![ByCallsOut::default(); self.layout().places(votes + 1).len()];
            for fork in &self.forks[votes] {
                let mut here = now[fork.place - begin];
                match waves[fork.place] {
                    0 => sum.disagreement += here[0] * self.forecast.wrong(fork.place),
                    wave => {
                        sum.calls += here[0] * f64::from(wave);
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

//! Says how likely each next vote is, by a mixture of Pitman–Yor processes fitted to recorded votes, and
//! draws votes from it.

use libm::lgamma;

use super::stopping_rule::StoppingRule;
use super::tally::{MOST_OPTIONS, State};

const DISCOUNTS: [f64; 3] = [0.0, 0.3, 0.6];

/// (θ, place in [`DISCOUNTS`], weight). The weights were fitted by expectation maximisation to
/// the partitions of recorded votes; the golden file of the tests has the same ones.
const PRIOR: [(f64, usize, f64); 15] = [
    (0.02, 0, 0.05707518112586132),
    (0.02, 1, 0.3411436302950853),
    (0.02, 2, 0.3372899986390881),
    (0.1, 0, 0.19326497069110943),
    (0.1, 1, 0.004518841672864449),
    (0.1, 2, 0.012845593587477958),
    (0.5, 0, 0.0019417862199439795),
    (0.5, 1, 0.00194174757282068),
    (0.5, 2, 0.0019418360704208514),
    (2.0, 0, 0.001941747572815533),
    (2.0, 1, 0.001941747572815533),
    (2.0, 2, 0.001941761778277447),
    (10.0, 0, 0.0019417475728155343),
    (10.0, 1, 0.02184290255337035),
    (10.0, 2, 0.018426507075233432),
];

/// The mixture, with the logarithms of its likelihood tabulated for up to so many votes.
///
/// Source: Pitman and Yor, "The two-parameter Poisson–Dirichlet distribution derived from a stable
/// subordinator" (1997).
#[derive(Debug)]
pub(super) struct Mixture {
    /// By component: ln(weight · Π (θ + i d)), by how many answers were given.
    ln_new: Vec<[f64; MOST_OPTIONS as usize + 1]>,
    /// By component: ln(Γ(θ + n) / Γ(θ + 1)), by the number of votes.
    ln_norm: Vec<Vec<f64>>,
    /// By discount: ln(Γ(c − d) / Γ(1 − d)), by the votes of one answer.
    ln_run: [Vec<f64>; 3],
    /// By discount: the same for all the rest, spread evenly, by answers and votes.
    ln_rest: [Vec<Vec<f64>>; 3],
}

/// The probabilities of [`State::successors`].
pub(super) type Chances = [f64; 4];

impl Mixture {
    pub(super) fn new(votes: usize) -> Self {
        let ln_new = |&(theta, discount, weight): &(f64, usize, f64)| {
            let mut sum = weight.ln();
            let mut sums = [sum; MOST_OPTIONS as usize + 1];
            for (seen, slot) in sums.iter_mut().enumerate().skip(2) {
                sum += (theta + (seen - 1) as f64 * DISCOUNTS[discount]).ln();
                *slot = sum;
            }
            sums
        };
        let ln_norm = |&(theta, ..): &(f64, usize, f64)| {
            let base = lgamma(theta + 1.0);
            let norm = |n: usize| lgamma(theta + n as f64) - base;
            (0..=votes).map(norm).collect()
        };
        // An answer without a vote has no likelihood of its own.
        let run = |votes: f64, discount: f64| match votes {
            0.0 => 0.0,
            _ => lgamma(votes - discount) - lgamma(1.0 - discount),
        };
        let even = |votes: usize, answers: usize, discount: f64| {
            let answers = answers as f64;
            answers * run((votes as f64 / answers).max(1.0), discount)
        };
        let rest = |discount: f64| {
            (0..=usize::from(MOST_OPTIONS) - 2).map(move |answers| match answers {
                0 => vec![0.0; votes + 1],
                _ => (0..=votes)
                    .map(|votes| even(votes, answers, discount))
                    .collect(),
            })
        };
        Self {
            ln_new: PRIOR.iter().map(ln_new).collect(),
            ln_norm: PRIOR.iter().map(ln_norm).collect(),
            ln_run: DISCOUNTS.map(|d| (0..=votes).map(|n| run(n as f64, d)).collect()),
            ln_rest: DISCOUNTS.map(|d| rest(d).collect()),
        }
    }

    /// Returns how likely each of the state's successors is.
    pub(super) fn chances(&self, state: State) -> Chances {
        if state == State::EMPTY {
            return [0.0, 0.0, 0.0, 1.0];
        }
        let weights = self.weights(state);
        let votes = state.votes() as f64;
        let total: f64 = weights.iter().sum();
        let mut chances = Chances::default();
        for (weight, &(theta, discount, _)) in weights.iter().zip(&PRIOR) {
            let share = weight / total / (votes + theta);
            let parts = parts(state, theta, DISCOUNTS[discount]);
            for (chance, part) in chances.iter_mut().zip(parts) {
                *chance += share * part;
            }
        }
        chances
    }

    /// Returns the components' weights given the state, up to a common factor.
    fn weights(&self, state: State) -> [f64; PRIOR.len()] {
        let [own, rival, rest, options] = state.sizes();
        let spread = [0, 1, 2].map(|d| {
            self.ln_run[d][own]
                + self.ln_run[d][rival]
                + self.ln_rest[d][options.saturating_sub(2)][rest]
        });
        let mut weights = [0.0; PRIOR.len()];
        for (component, weight) in weights.iter_mut().enumerate() {
            *weight = spread[PRIOR[component].1] + self.ln_new[component][options]
                - self.ln_norm[component][state.votes()];
        }
        let most = weights.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
        weights.map(|weight| (weight - most).exp())
    }
}

/// Returns the odds of the successors in one component; they add up to n + θ.
fn parts(state: State, theta: f64, discount: f64) -> Chances {
    let [own, rival, rest, options] = state.sizes();
    let others = options.saturating_sub(2);
    // Spread evenly, so many of the rest have as many votes as the rival, and pass it with one more.
    let level = (rest + others).saturating_sub(rival * others).min(others);
    let is_all_level = rest == rival * others;
    let rest = rest as f64 - others as f64 * discount;
    let of_rival = (rival as f64 - discount).max(0.0);
    let passing = match is_all_level {
        true => rest,
        false => f64::min(rest, level as f64 * of_rival),
    };
    let new = theta + options as f64 * discount;
    [
        own as f64 - discount,
        of_rival + passing,
        rest - passing,
        new,
    ]
}

impl StoppingRule {
    /// Draws the next vote on a question: like votes of language models that were recorded, all of one
    /// answer on most questions, of several on some. [`Plan`](Self::Plan) foresees such votes.
    ///
    /// The seed stands for the question, and `counts` are the votes before of each answer, in the order
    /// of first appearance. Returns the place of the answer among those; that of a new one is the next.
    ///
    /// ```
    /// use patterns_parallel::voting::StoppingRule;
    ///
    /// assert_eq!(StoppingRule::foreseen_vote(7, &[]), 0);
    /// assert_eq!(StoppingRule::foreseen_vote(7, &[4]), 0);
    /// ```
    pub fn foreseen_vote(seed: u64, counts: &[u64]) -> usize {
        let mut left = drawn(seed, 0);
        let process = PRIOR.iter().find(|(_, _, weight)| {
            left -= weight;
            left < 0.0
        });
        let (theta, discount, _) = *process.unwrap_or(&PRIOR[0]);
        let votes: u64 = counts.iter().sum();
        let mut left = drawn(seed, 1 + votes) * (votes as f64 + theta);
        let answer = counts.iter().position(|count| {
            left -= (*count as f64 - DISCOUNTS[discount]).max(0.0);
            left < 0.0
        });
        answer.unwrap_or(counts.len())
    }
}

/// Returns the number of so many draws before it by a seed, from 0 to below 1.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
fn drawn(seed: u64, before: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(before + 1));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voting::stop::Foresight;
    use crate::voting::stop::Tally;

    /// What a drawn election comes to is foreseen from the same mixture, so both ways must agree.
    #[test]
    fn drawn_elections_end_as_often_as_foreseen() {
        for votes in [5, 20] {
            let forecast = Foresight::new(votes).unwrap();
            let (mut foreseen, mut won) = (0.0, 0.0);
            for seed in 0..4000 {
                let mut counts = Vec::new();
                let mut tally = Tally::default();
                for vote in 0..votes {
                    let answer = StoppingRule::foreseen_vote(seed, &counts);
                    tally.count(Some(&answer.to_string()));
                    counts.resize(counts.len().max(answer + 1), 0);
                    counts[answer] += 1;
                    if vote == 1 {
                        foreseen += forecast.win_probability(&tally).unwrap();
                    }
                }
                let (most, others) = tally.front();
                won += match tally.counts()[0].1 {
                    first if first < most => 0.0,
                    _ if most == others => 0.5,
                    _ => 1.0,
                };
            }
            assert!(
                (won / foreseen - 1.0_f64).abs() < 0.03,
                "{votes}: {won} {foreseen}"
            );
        }
    }

    #[test]
    fn what_was_cast_is_gone_on_with() {
        let mut counts = vec![1000];
        for _ in 0..100 {
            let answer = StoppingRule::foreseen_vote(3, &counts);
            counts.resize(counts.len().max(answer + 1), 0);
            counts[answer] += 1;
        }
        assert!(counts[0] > 1090, "{counts:?}");
    }
}

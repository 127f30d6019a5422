//! Draws how the votes on a question may fall, before any is cast.

use super::pitman_yor::{DISCOUNTS, PRIOR};

/// Votes on one question, drawn one after the other: like those of language models that were recorded, all
/// of one answer on most questions, of several on some.
///
/// ```
/// use patterns_parallel::voting::ForeseenVotes;
///
/// let votes: Vec<usize> = ForeseenVotes::new(7).take(5).collect();
/// assert_eq!(votes[0], 0);
/// assert_eq!(votes, ForeseenVotes::new(7).take(5).collect::<Vec<_>>());
/// ```
#[derive(Clone, Debug)]
pub struct ForeseenVotes {
    random: SplitMix,
    theta: f64,
    discount: f64,
    /// The votes of each answer, in the order of first appearance.
    counts: Vec<u64>,
    votes: u64,
}

impl ForeseenVotes {
    /// Begins with a question that is drawn by the seed.
    pub fn new(seed: u64) -> Self {
        let mut random = SplitMix(seed);
        let mut left = random.share();
        let drawn = PRIOR.iter().find(|(_, _, weight)| {
            left -= weight;
            left < 0.0
        });
        let (theta, discount, _) = *drawn.unwrap_or(&PRIOR[0]);
        Self {
            random,
            theta,
            discount: DISCOUNTS[discount],
            counts: Vec::new(),
            votes: 0,
        }
    }

    /// Takes note of a vote that is known: of an answer by its number, which may be the next one.
    pub fn note(&mut self, answer: usize) {
        if self.counts.len() <= answer {
            self.counts.resize(answer + 1, 0);
        }
        self.counts[answer] += 1;
        self.votes += 1;
    }
}

/// Never ends: each is the number of an answer, counted from 0 in the order of first appearance.
impl Iterator for ForeseenVotes {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let mut left = self.random.share() * (self.votes as f64 + self.theta);
        let drawn = self.counts.iter().position(|count| {
            left -= (*count as f64 - self.discount).max(0.0);
            left < 0.0
        });
        let answer = drawn.unwrap_or(self.counts.len());
        self.note(answer);
        Some(answer)
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
#[derive(Clone, Debug)]
struct SplitMix(u64);

impl SplitMix {
    /// Returns a number from 0 to below 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voting::stop::chain::Chain;
    use crate::voting::stop::plan::Plan;
    use crate::voting::stop::{Forecast, Step, Stopper, StoppingRule, Tally};

    /// The rule `plan` predicts from the same mixture what it costs, so both ways must agree.
    #[test]
    fn what_is_drawn_costs_what_the_plan_predicts() {
        for votes in [5, 20] {
            let rule: StoppingRule = "plan".parse().unwrap();
            let stopper = Stopper::new(&rule, votes).unwrap();
            let mut calls = 0;
            for seed in 0..4000 {
                let mut drawn = ForeseenVotes::new(seed);
                let mut tally: Tally<usize> = Tally::new();
                while let Step::Ask(wave) = stopper.next(&tally) {
                    for answer in drawn.by_ref().take(wave as usize) {
                        tally.count(Some(&answer));
                    }
                }
                calls += tally.calls();
            }
            let mean = calls as f64 / 4000.0;
            let chain = Chain::new(usize::try_from(votes).unwrap());
            let predicted = Plan::new(&chain, &Forecast::of(&chain), None).1.calls;
            assert!(
                (mean / predicted - 1.0).abs() < 0.03,
                "{votes}: {mean} {predicted}"
            );
        }
    }

    #[test]
    fn a_known_vote_counts_like_a_drawn_one() {
        let mut votes = ForeseenVotes::new(3);
        (0..1000).for_each(|_| votes.note(0));
        let others = votes.take(100).filter(|it| *it != 0).count();
        assert!(others < 10, "{others}");
    }
}

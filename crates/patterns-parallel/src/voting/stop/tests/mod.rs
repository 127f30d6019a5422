//! Tests of the stopping rules: tables of cases, and properties over many votes.

mod golden;
mod parts;
mod properties;
mod rules;

use super::{Step, Stopper, StoppingRule, Tally};

/// Makes a stopper that goes by its rule alone, whether the election is decided or not.
fn stopper(rule: &str, max_votes: u64) -> Stopper {
    let rule: StoppingRule = rule.parse().expect("a rule");
    let is_exact = rule == StoppingRule::Exact;
    let mut stopper = Stopper::new(rule, max_votes).expect("a stopper");
    stopper.or_decided = is_exact;
    stopper
}

fn or_decided(mut stopper: Stopper) -> Stopper {
    stopper.or_decided = true;
    stopper
}

fn vote(answer: char) -> Option<String> {
    (answer != '-').then(|| answer.to_string())
}

/// Returns P(p > 1/2 | Beta(a + 1, b + 1)): how sure `leader` votes against `runner_up` votes
/// make it that the leader would win a vote without end, 0 to 1.
///
/// Source: Aggarwal et al., "Let's Sample Step by Step: Adaptive-Consistency" (arXiv 2305.11860).
/// The integral is the sum of C(a + b + 1, j) / 2^(a + b + 1) over j ≤ a.
fn beta_confidence(leader: u64, runner_up: u64) -> f64 {
    let flips = leader + runner_up + 1;
    let mut term = 0.5_f64.powi(i32::try_from(flips).expect("few votes"));
    let mut sum = term;
    for j in 1..=leader {
        term *= (flips + 1 - j) as f64 / j as f64;
        sum += term;
    }
    sum
}

/// Counts a vote per letter; `-` is an abstention.
fn tally(votes: &str) -> Tally {
    let mut tally = Tally::default();
    for answer in votes.chars() {
        tally.count(vote(answer).as_deref());
    }
    tally
}

/// Returns the answer with the most votes, the first seen of several.
fn leader(tally: &Tally) -> Option<&str> {
    let most = tally.front().0;
    let mut counts = tally.counts().iter();
    counts.find(|it| it.1 == most).map(|it| it.0.as_str())
}

/// Holds a vote with the answers `votes`, as many of them at a time as `stopper` says, or one;
/// returns the tally and how many waves there were.
fn hold(stopper: &Stopper, votes: &str, one_at_a_time: bool) -> (Tally, u64) {
    let mut tally = Tally::default();
    let mut votes = votes.chars();
    let mut waves = 0;
    while let Step::Ask(wave) = stopper.next(&tally) {
        assert!(wave > 0, "a wave has calls");
        waves += 1;
        for _ in 0..if one_at_a_time { 1 } else { wave } {
            let answer = votes.next().expect("never more votes than there are");
            tally.count(vote(answer).as_deref());
        }
    }
    (tally, waves)
}

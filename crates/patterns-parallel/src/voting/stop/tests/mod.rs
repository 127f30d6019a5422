//! Tests of the stopping rules: tables of cases, and properties over many votes.

mod golden;
mod parts;
mod properties;
mod rules;

use super::{Step, Stopper, StoppingRule, Tally};

fn stopper(rule: &str, max_votes: u64) -> Stopper {
    let rule: StoppingRule = rule.parse().expect("a rule");
    Stopper::new(&rule, max_votes).expect("a stopper")
}

/// Counts a vote per letter; `-` is an abstention.
fn tally(votes: &str) -> Tally<char> {
    let mut tally = Tally::new();
    for vote in votes.chars() {
        tally.count((vote != '-').then_some(&vote));
    }
    tally
}

/// Holds a vote with the answers `votes`, as many of them at a time as `stopper` says, or one;
/// returns the tally and how many waves there were.
fn hold(stopper: &Stopper, votes: &str, one_at_a_time: bool) -> (Tally<char>, u64) {
    let mut tally = Tally::new();
    let mut votes = votes.chars();
    let mut waves = 0;
    while let Step::Ask(wave) = stopper.next(&tally) {
        assert!(wave > 0, "a wave has calls");
        waves += 1;
        for _ in 0..if one_at_a_time { 1 } else { wave } {
            let vote = votes.next().expect("never more votes than there are");
            tally.count((vote != '-').then_some(&vote));
        }
    }
    (tally, waves)
}

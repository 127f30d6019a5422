//! The stopping rules against a golden file: 120 made-up votes under 9 policies, and probes of
//! the tables.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::{Foresight, Step, Stopper, Tally, sure};
use super::{beta_confidence, leader, stopper};

/// Rounding of sums that are added up in another order.
const ROUNDING: f64 = 1e-13;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    n_max: u64,
    prior: Vec<(f64, f64, f64)>,
    prior_columns: [String; 3],
    /// P(leader is the fixed-N majority), by counts.
    horizon_probe: BTreeMap<String, f64>,
    index_probe: BTreeMap<String, f64>,
    beta: BTreeMap<String, f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    votes: Vec<Option<String>>,
    /// By policy: answer, calls, rounds.
    expect: BTreeMap<String, (Option<String>, u64, u64)>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

/// Returns the rule that the golden file calls `policy`, for its number of votes; none for the plan of another λ
/// than the usual one.
fn rule(policy: &str) -> Option<Stopper> {
    let (rule, votes) = match policy {
        "fixed-5" => ("fixed", 5),
        "fixed-11" => ("fixed", 11),
        "decided" => ("exact", 40),
        "AC-beta(0.95)" => ("adaptive:0.95", 40),
        "ahead-by-2" => ("ahead-by:2", 40),
        "ahead-by-3" => ("ahead-by:3", 40),
        "ahead-by-4" => ("ahead-by:4", 40),
        "plan(P,150,1)" => return None,
        "plan(P,300,1)" => ("plan", 40),
        _ => panic!("unknown policy {policy}"),
    };
    Some(stopper(rule, votes))
}

/// Returns the counts written as `3,1,1`, without zeros.
fn tally(counts: &str) -> Tally {
    let mut tally = Tally::default();
    for (answer, votes) in counts.split(',').enumerate() {
        for _ in 0..votes.parse().unwrap() {
            tally.count(Some(&answer.to_string()));
        }
    }
    tally
}

fn assert_close(found: f64, expected: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error < ROUNDING, "{what}: {found}, not {expected}");
}

#[test]
fn every_policy_ends_every_golden_vote_as_expected() {
    let golden = golden();
    let policies: Vec<&String> = golden.cases[0].expect.keys().collect();
    assert_eq!((golden.cases.len(), policies.len()), (120, 9));
    let plan = Foresight::at_price(golden.n_max, 150.0).unwrap();
    for policy in policies {
        let rule = rule(policy);
        let wave = |tally: &Tally| match &rule {
            None if tally.calls() == golden.n_max => 0,
            None => plan.wave(tally).unwrap(),
            Some(stopper) => match stopper.next(tally) {
                Step::Ask(wave) => wave,
                Step::Stop(_) => 0,
            },
        };
        for case in &golden.cases {
            let (answer, calls, rounds) = &case.expect[policy];
            let (tally, waves) = hold(wave, &case.votes);
            assert_eq!(
                (leader(&tally), tally.calls(), waves),
                (answer.as_deref(), *calls, *rounds),
                "{policy} on {:?}",
                case.votes
            );
        }
    }
}

/// Holds a vote in waves, until one is empty; returns the tally and how many waves there were.
fn hold(next: impl Fn(&Tally) -> u64, votes: &[Option<String>]) -> (Tally, u64) {
    let mut tally = Tally::default();
    let mut votes = votes.iter();
    let mut waves = 0;
    loop {
        let wave = next(&tally).min(votes.len() as u64);
        if wave == 0 {
            return (tally, waves);
        }
        waves += 1;
        for _ in 0..wave {
            tally.count(votes.next().unwrap().as_deref());
        }
    }
}

#[test]
fn forecasts_are_those_of_the_golden_file() {
    let golden = golden();
    assert_eq!(golden.horizon_probe.len(), 21);
    assert_eq!(golden.prior_columns.len(), 3);
    let forecast = Foresight::new(golden.n_max).unwrap();
    for (counts, win) in &golden.horizon_probe {
        let tally = tally(counts);
        assert_close(forecast.win_probability(&tally).unwrap(), *win, counts);
    }
}

#[test]
fn the_index_of_a_call_is_that_of_the_golden_file() {
    let golden = golden();
    assert_eq!(golden.index_probe.len(), 21);
    let index = Foresight::new(golden.n_max).unwrap();
    for (counts, expected) in &golden.index_probe {
        assert_close(index.worth(&tally(counts)), *expected, counts);
    }
}

#[test]
fn confidences_are_those_of_the_golden_file() {
    let golden = golden();
    assert_eq!(golden.beta.len(), 90);
    for (counts, expected) in &golden.beta {
        let (leader, runner_up) = counts.split_once(',').unwrap();
        let (leader, runner_up) = (leader.parse().unwrap(), runner_up.parse().unwrap());
        assert_close(beta_confidence(leader, runner_up), *expected, counts);
        if leader > runner_up {
            assert_eq!(
                sure(*expected, 1000)[runner_up as usize],
                leader,
                "{counts}"
            );
            let more = expected.next_up();
            assert_eq!(sure(more, 1000)[runner_up as usize], leader + 1, "{counts}");
        }
    }
}

#[test]
fn the_prior_is_that_of_the_golden_file() {
    // The prior is private, but P(second vote = first vote) is a plain sum over it.
    let golden = golden();
    let weights: f64 = golden.prior.iter().map(|(.., weight)| weight).sum();
    let same = golden.prior.iter();
    let same: f64 = same
        .map(|(theta, d, weight)| weight / weights * (1.0 - d) / (1.0 + theta))
        .sum();
    let forecast = Foresight::new(2).unwrap();
    // With two votes, a second one that differs makes a tie, which counts half.
    let expected = same + (1.0 - same) / 2.0;
    assert_close(
        forecast.win_probability(&tally("1")).unwrap(),
        expected,
        "N = 2",
    );
}

//! Tables and properties of the most votes, of equal voters and of others.

use proptest::prelude::*;

use super::*;
use crate::voting::election::Election;
use patterns_core::text::normalise;

fn ballots(answers: &[&str]) -> Vec<Ballot> {
    weighted(answers, &vec![1.0; answers.len()])
}

fn weighted(answers: &[&str], weights: &[f64]) -> Vec<Ballot> {
    let ballot = |(answer, weight): (&&str, &f64)| Ballot {
        weight: *weight,
        ..Ballot::new("a voter", Some((*answer).to_owned()), normalise(answer))
    };
    answers.iter().zip(weights).map(ballot).collect()
}

fn rule(text: &str) -> Plurality {
    text.parse().unwrap()
}

fn decide(ballots: Vec<Ballot>, rule: &str, tie_break: TieBreak, quorum: u64) -> Election {
    let rule = self::rule(rule);
    Election::decide(&rule, ballots, tie_break, quorum, &Judgements::default())
}

fn check(answers: &[&str], rule: &str, quorum: u64, expected: (Decision, Option<&str>)) {
    let election = decide(ballots(answers), rule, TieBreak::FirstSeen, quorum);
    let found = (election.decision, election.winning_answer.as_deref());
    assert_eq!(found, expected, "{answers:?} by {rule:?}, quorum {quorum}");
}

#[test]
fn rules_and_quorum_decide() {
    use Decision::*;
    check(&["a", "b", "a"], "plurality", 0, (Won, Some("a")));
    check(&["b", "a"], "plurality", 0, (WonByTieBreak, Some("b")));
    check(
        &["a", "b", "c", "b"],
        "majority",
        0,
        (ThresholdMissed, None),
    );
    check(&["a", "b", "b"], "majority", 0, (Won, Some("b")));
    check(&["a", "b"], "majority", 0, (ThresholdMissed, None));
    check(&["a", "a", "b"], "threshold:2/3", 0, (Won, Some("a")));
    check(&["a", "a", "b"], "threshold:0.6667", 0, (Won, Some("a")));
    check(&["a", "a", "b"], "unanimous", 0, (ThresholdMissed, None));
    check(&["a", "a"], "unanimous", 0, (Won, Some("a")));
    check(&["a", "a", ""], "plurality", 3, (QuorumMissed, None));
    check(&["a", "a", ""], "plurality", 2, (Won, Some("a")));
    check(&["", " "], "plurality", 0, (QuorumMissed, None));
    check(&[], "plurality", 0, (QuorumMissed, None));
}

#[test]
fn a_tie_can_be_no_consensus() {
    let election = decide(ballots(&["a", "b"]), "plurality", TieBreak::NoConsensus, 0);
    assert_eq!(election.decision, Decision::Tied);
    assert_eq!(election.winning_answer, None);
    assert_eq!((election.vote_count, election.total_votes), (1, 2));
}

#[test]
fn the_winner_has_its_most_frequent_spelling() {
    let election = decide(
        ballots(&["paris", "Paris", "Lyon", " Paris ", "PARIS."]),
        "plurality",
        TieBreak::FirstSeen,
        0,
    );
    assert_eq!(election.winning_answer.as_deref(), Some("Paris"));
    assert_eq!(election.vote_count, 4);
    assert_eq!(election.all_answers.len(), 5);
    assert_eq!(election.share, 0.8);
}

proptest! {
    #[test]
    fn every_ballot_is_counted_or_abstains(answers in prop::collection::vec("[abc]?", 0..12)) {
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let election = decide(ballots(&answers), "plurality", TieBreak::FirstSeen, 0);
        let counted: u64 = election.counts.iter().map(|it| it.votes).sum();
        prop_assert_eq!(counted, election.total_votes);
        prop_assert_eq!(counted + election.abstentions, answers.len() as u64);
        prop_assert_eq!(election.all_answers.len() as u64, counted);
        prop_assert!(election.counts.is_sorted_by(|a, b| a.votes >= b.votes));
        prop_assert_eq!(election.winning_answer.is_some(), counted > 0);
    }
}

fn plurality(answers: &[&str], weights: &[f64], tie_break: TieBreak) -> Election {
    decide(weighted(answers, weights), "plurality", tie_break, 0)
}

fn check_weights(answers: &[&str], weights: &[f64], expected: (Decision, Option<&str>)) {
    let election = plurality(answers, weights, TieBreak::FirstSeen);
    let found = (election.decision, election.winning_answer.as_deref());
    assert_eq!(found, expected, "{answers:?} by {weights:?}");
}

#[test]
fn the_greatest_weight_wins() {
    use Decision::*;
    check_weights(&["a", "b", "B."], &[3.0, 1.0, 1.0], (Won, Some("a")));
    check_weights(
        &["a", "b", "B.", "B."],
        &[1.0, 0.6, 0.3, 0.3],
        (Won, Some("B.")),
    );
    check_weights(
        &["b", "a", "a"],
        &[0.3, 0.1, 0.2],
        (WonByTieBreak, Some("b")),
    );
    check_weights(
        &["a", "b", "b"],
        &[0.3, 0.1, 0.2],
        (WonByTieBreak, Some("a")),
    );
    check_weights(&["a", "b"], &[0.0, 1e-9], (Won, Some("b")));
    check_weights(&["a", ""], &[0.0, 5.0], (QuorumMissed, None));
    check_weights(&["a", "b"], &[f64::NAN, 0.1], (Won, Some("b")));
    check_weights(&[], &[], (QuorumMissed, None));
    let tied = plurality(&["a", "b"], &[2.0, 2.0], TieBreak::NoConsensus);
    assert_eq!(
        (tied.winning_answer, tied.decision, tied.share),
        (None, Tied, 0.5)
    );
}

#[test]
fn a_least_share_is_one_of_the_weight() {
    use Decision::*;
    for (rule, weights, expected) in [
        ("majority", [2.0, 1.0, 1.0], ThresholdMissed),
        ("majority", [2.1, 1.0, 1.0], Won),
        ("supermajority", [4.0, 1.0, 1.0], Won),
        ("threshold:0.6667", [4.0, 1.0, 1.0], Won),
        ("unanimous", [4.0, 1.0, 1.0], ThresholdMissed),
    ] {
        let ballots = weighted(&["a", "b", "c"], &weights);
        let found = decide(ballots, rule, TieBreak::FirstSeen, 0);
        assert_eq!(found.decision, expected, "{rule:?} {weights:?}");
    }
}

proptest! {
    #[test]
    fn equal_weights_are_plurality(
        answers in prop::collection::vec("[abcA]?", 0..12), weight in 1e-6..1e6,
    ) {
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let weights = vec![weight; answers.len()];
        let heavy = plurality(&answers, &weights, TieBreak::FirstSeen);
        let plain = decide(ballots(&answers), "plurality", TieBreak::FirstSeen, 0);
        prop_assert_eq!(heavy.winning_answer, plain.winning_answer);
        prop_assert_eq!(heavy.decision, plain.decision);
        prop_assert_eq!(heavy.abstentions, plain.abstentions);
        prop_assert!((heavy.share - plain.share).abs() < 1e-9);
    }

    #[test]
    fn only_proportions_matter(
        votes in prop::collection::vec(("[abc]", 0..9_u32), 1..12), factor in 1..1000_u32,
    ) {
        let answers: Vec<&str> = votes.iter().map(|it| it.0.as_str()).collect();
        let weights = |by: f64| votes.iter().map(|it| f64::from(it.1) * by).collect::<Vec<_>>();
        let elect = |by| plurality(&answers, &weights(by), TieBreak::FirstSeen);
        let (one, other) = (elect(1.0), elect(f64::from(factor) / 7.0));
        prop_assert_eq!(one.winning_answer, other.winning_answer);
        prop_assert_eq!(one.decision, other.decision);
    }
}

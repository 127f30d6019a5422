//! Tables and properties of elections by weight.

use proptest::prelude::*;

use super::super::rule;
use super::*;
use crate::normalise;

fn ballots(answers: &[&str]) -> Vec<Ballot> {
    let ballot = |(n, answer): (usize, &&str)| Ballot {
        voter: format!("voter {}", n + 1),
        answer: Some((*answer).to_owned()),
        normalised: normalise(answer),
    };
    answers.iter().enumerate().map(ballot).collect()
}

fn plurality(answers: &[&str], weights: &[f64], tie_break: TieBreak) -> WeightedElection {
    decide_weighted(&ballots(answers), weights, Rule::Plurality, tie_break)
}

fn check_election(answers: &[&str], weights: &[f64], expected: (Decision, Option<&str>)) {
    let election = plurality(answers, weights, TieBreak::FirstSeen);
    let found = (election.decision, election.winning_answer.as_deref());
    assert_eq!(found, expected, "{answers:?} by {weights:?}");
}

#[test]
fn the_greatest_weight_wins() {
    use Decision::*;
    check_election(&["a", "b", "B."], &[3.0, 1.0, 1.0], (Won, Some("a")));
    check_election(
        &["a", "b", "B.", "B."],
        &[1.0, 0.6, 0.3, 0.3],
        (Won, Some("B.")),
    );
    check_election(
        &["b", "a", "a"],
        &[0.3, 0.1, 0.2],
        (WonByTieBreak, Some("b")),
    );
    check_election(
        &["a", "b", "b"],
        &[0.3, 0.1, 0.2],
        (WonByTieBreak, Some("a")),
    );
    check_election(&["a", "b"], &[0.0, 1e-9], (Won, Some("b")));
    check_election(&["a", ""], &[0.0, 5.0], (QuorumMissed, None));
    check_election(&["a", "b"], &[f64::NAN, 0.1], (Won, Some("b")));
    check_election(&[], &[], (QuorumMissed, None));
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
        (Rule::Majority, [2.0, 1.0, 1.0], ThresholdMissed),
        (Rule::Majority, [2.1, 1.0, 1.0], Won),
        (Rule::Threshold(2.0 / 3.0), [4.0, 1.0, 1.0], Won),
        (Rule::Threshold(0.6667), [4.0, 1.0, 1.0], Won),
        (Rule::Threshold(1.0), [4.0, 1.0, 1.0], ThresholdMissed),
    ] {
        let ballots = ballots(&["a", "b", "c"]);
        let found = decide_weighted(&ballots, &weights, rule, TieBreak::FirstSeen);
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
        let weighted = plurality(&answers, &weights, TieBreak::FirstSeen);
        let plain = rule::decide(ballots(&answers), Rule::Plurality, TieBreak::FirstSeen, 0);
        prop_assert_eq!(weighted.winning_answer, plain.winning_answer);
        prop_assert_eq!(weighted.decision, plain.decision);
        prop_assert_eq!(weighted.abstentions, plain.abstentions);
        prop_assert!((weighted.share - plain.share).abs() < 1e-9);
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

//! Tables and properties of deciding an election.

use proptest::prelude::*;

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

fn check(answers: &[&str], rule: Rule, quorum: u64, expected: (Decision, Option<&str>)) {
    let election = decide(ballots(answers), rule, TieBreak::FirstSeen, quorum);
    let found = (election.decision, election.winning_answer.as_deref());
    assert_eq!(found, expected, "{answers:?} by {rule:?}, quorum {quorum}");
}

#[test]
fn rules_and_quorum_decide() {
    use Decision::*;
    use Rule::*;
    check(&["a", "b", "a"], Plurality, 0, (Won, Some("a")));
    check(&["b", "a"], Plurality, 0, (WonByTieBreak, Some("b")));
    check(&["a", "b", "c", "b"], Majority, 0, (ThresholdMissed, None));
    check(&["a", "b", "b"], Majority, 0, (Won, Some("b")));
    check(&["a", "b"], Majority, 0, (ThresholdMissed, None));
    check(&["a", "a", "b"], Threshold(2.0 / 3.0), 0, (Won, Some("a")));
    check(&["a", "a", "b"], Threshold(0.6667), 0, (Won, Some("a")));
    check(&["a", "a", "b"], Threshold(1.0), 0, (ThresholdMissed, None));
    check(&["a", "a"], Threshold(1.0), 0, (Won, Some("a")));
    check(&["a", "a", ""], Plurality, 3, (QuorumMissed, None));
    check(&["a", "a", ""], Plurality, 2, (Won, Some("a")));
    check(&["", " "], Plurality, 0, (QuorumMissed, None));
    check(&[], Plurality, 0, (QuorumMissed, None));
}

#[test]
fn a_tie_can_be_no_consensus() {
    let election = decide(
        ballots(&["a", "b"]),
        Rule::Plurality,
        TieBreak::NoConsensus,
        0,
    );
    assert_eq!(election.decision, Decision::Tied);
    assert_eq!(election.winning_answer, None);
    assert_eq!((election.vote_count, election.total_votes), (1, 2));
}

#[test]
fn the_winner_has_its_most_frequent_spelling() {
    let election = decide(
        ballots(&["paris", "Paris", "Lyon", " Paris ", "PARIS."]),
        Rule::Plurality,
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
        let election = decide(ballots(&answers), Rule::Plurality, TieBreak::FirstSeen, 0);
        let counted: u64 = election.counts.iter().map(|it| it.votes).sum();
        prop_assert_eq!(counted, election.total_votes);
        prop_assert_eq!(counted + election.abstentions, answers.len() as u64);
        prop_assert_eq!(election.all_answers.len() as u64, counted);
        prop_assert!(election.counts.is_sorted_by(|a, b| a.votes >= b.votes));
        prop_assert_eq!(election.winning_answer.is_some(), counted > 0);
    }
}

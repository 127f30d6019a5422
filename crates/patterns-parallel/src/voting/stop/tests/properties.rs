//! Properties of whole votes, under every rule.

use proptest::prelude::*;

use super::super::{Step, Stopper, Tally};
use super::{hold, leader, or_decided, stopper, tally, vote};
use crate::voting::election::Election;
use crate::voting::judge::Judgements;
use crate::voting::question::Ballot;
use crate::voting::rules::{Plurality, Rule, Share, TieBreak};

/// Rules that can stop even short votes, plans apart.
const RULES: [&str; 7] = [
    "fixed",
    "exact",
    "ahead-by:1",
    "ahead-by:3",
    "adaptive:0.6",
    "adaptive:0.95",
    "adaptive:0.7",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn waves_buy_what_one_call_at_a_time_buys(
        rule in prop::sample::select(&RULES[..]),
        is_or_decided: bool,
        votes in "[aaabbcd-]{1,24}",
    ) {
        let mut stopper = stopper(rule, votes.len() as u64);
        if is_or_decided {
            stopper = or_decided(stopper);
        }
        let (tally, rounds) = hold(&stopper, &votes, false);
        let (single, calls) = hold(&stopper, &votes, true);
        prop_assert_eq!(&tally, &single);
        prop_assert_eq!(stopper.next(&tally), stopper.next(&single));
        prop_assert_eq!(tally.calls(), calls);
        prop_assert!(rounds <= calls);
    }

    #[test]
    fn a_decided_vote_has_the_winner_of_a_fixed_one(votes in "[aabbcd-]{1,30}") {
        let exact = stopper("exact", votes.len() as u64);
        let (decided, _) = hold(&exact, &votes, false);
        let fixed = tally(&votes);
        let winner = |tally: &Tally| leader(tally).map(str::to_owned);
        prop_assert_eq!(winner(&decided), winner(&fixed));
    }

    #[test]
    fn stopping_when_decided_saves_calls_and_keeps_the_winner(
        rule in prop::sample::select([&RULES[..], &["plan"]].concat()),
        votes in "[aaabbcd-]{1,20}",
    ) {
        let rule = stopper(rule, votes.len() as u64);
        let or_decided = or_decided(rule.clone());
        let (tally, _) = hold(&rule, &votes, false);
        let (shorter, _) = hold(&or_decided, &votes, false);
        prop_assert!(shorter.calls() <= tally.calls());
        let winner = |tally: &Tally| leader(tally).map(str::to_owned);
        prop_assert_eq!(winner(&shorter), winner(&tally));
    }

}

proptest! {
    // Each case makes its tables anew.
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn plans_end_within_the_votes_there_are(
        votes in "[aaabbcdefghijklmno-]{1,24}",
    ) {
        let (tally, rounds) = hold(&stopper("plan", votes.len() as u64), &votes, false);
        prop_assert!(rounds <= tally.calls());
        prop_assert!(tally.calls() <= votes.len() as u64);
    }
}

/// How an election is decided: rule, tie-break, quorum.
type Counting = (&'static str, TieBreak, u64);

const COUNTINGS: [Counting; 8] = [
    ("plurality", TieBreak::FirstSeen, 0),
    ("plurality", TieBreak::NoConsensus, 0),
    ("plurality", TieBreak::FirstSeen, 3),
    ("majority", TieBreak::FirstSeen, 0),
    ("majority", TieBreak::NoConsensus, 4),
    ("threshold:0.4", TieBreak::NoConsensus, 2),
    ("threshold:0.6667", TieBreak::FirstSeen, 1),
    ("unanimous", TieBreak::FirstSeen, 0),
];

fn rule(text: &str) -> Plurality {
    text.parse().expect("a rule")
}

fn least(text: &str) -> Share {
    rule(text).least_share().expect("a rule that counts votes")
}

/// Returns who wins with these votes.
fn winner(votes: &str, (rule, tie_break, quorum): Counting) -> Option<String> {
    let ballot = |answer| Ballot::new("", vote(answer), vote(answer));
    let ballots = votes.chars().map(ballot).collect();
    let rule = self::rule(rule);
    Election::decide(&rule, ballots, tie_break, quorum, &Judgements::default()).winning_answer
}

/// Returns whether all continuations of `votes` by `left` votes have the same winner.
fn is_decided(votes: &mut String, left: usize, counting: Counting) -> bool {
    fn visit(
        votes: &mut String,
        left: usize,
        counting: Counting,
        winners: &mut Vec<Option<String>>,
    ) {
        if left == 0 {
            winners.push(winner(votes, counting));
            return;
        }
        for vote in ['a', 'b', 'c', 'x', 'y', 'z', '-'] {
            votes.push(vote);
            visit(votes, left - 1, counting, winners);
            votes.pop();
        }
    }
    let mut winners = Vec::new();
    visit(votes, left, counting, &mut winners);
    winners.windows(2).all(|pair| pair[0] == pair[1])
}

/// Checks that exact stops with `left` calls left when all that can come ends alike, and only then.
fn check_exact(votes: &str, left: usize, counting: Counting) {
    let (rule, tie_break, quorum) = counting;
    let max_votes = (votes.len() + left) as u64;
    let stopper = stopper("exact", max_votes).decided_by(least(rule), tie_break, quorum);
    let stops = matches!(stopper.next(&tally(votes)), Step::Stop(_));
    let is_decided = is_decided(&mut votes.to_owned(), left, counting);
    assert_eq!(
        stops, is_decided,
        "{counting:?} after {votes:?}, {left} left"
    );
}

#[test]
fn exact_stops_all_short_votes_as_soon_as_they_are_decided() {
    fn visit(votes: &mut String) {
        for counting in COUNTINGS {
            check_exact(votes, 1, counting);
            check_exact(votes, 2, counting);
        }
        if votes.len() < 4 {
            for vote in ['a', 'b', 'c', '-'] {
                votes.push(vote);
                visit(votes);
                votes.pop();
            }
        }
    }
    visit(&mut String::new());
}

proptest! {
    #[test]
    fn exact_stops_longer_votes_as_soon_as_they_are_decided(
        rule in prop::sample::select(COUNTINGS.map(|(rule, ..)| rule).to_vec()),
        tie_break in prop::sample::select(vec![TieBreak::FirstSeen, TieBreak::NoConsensus]),
        quorum in 0..9_u64,
        votes in "[aaabbc-]{3,7}",
    ) {
        check_exact(&votes, 3, (rule, tie_break, quorum));
    }
}

#[test]
fn waves_reach_just_as_far_under_every_terms() {
    for (rule, tie_break, quorum) in COUNTINGS {
        for max_votes in [1, 4, 5] {
            let exact = stopper("exact", max_votes);
            check_waves(
                &exact.decided_by(least(rule), tie_break, quorum),
                &mut String::new(),
            );
        }
    }
}

/// Returns whether some continuation of `votes` by `further` votes makes `stopper` stop.
fn can_stop(stopper: &Stopper, votes: &mut String, further: u64) -> bool {
    if further == 0 {
        return matches!(stopper.next(&tally(votes)), Step::Stop(_));
    }
    ['a', 'b', 'c', 'd', '-'].into_iter().any(|vote| {
        votes.push(vote);
        let can = can_stop(stopper, votes, further - 1);
        votes.pop();
        can
    })
}

fn check_waves(stopper: &Stopper, votes: &mut String) {
    if let Step::Ask(wave) = stopper.next(&tally(votes)) {
        for further in 1..wave {
            assert!(
                !can_stop(stopper, votes, further),
                "{stopper:?} wastes calls after {votes:?}"
            );
        }
        assert!(
            can_stop(stopper, votes, wave),
            "{stopper:?} could ask for more after {votes:?}"
        );
        for vote in ['a', 'b', 'c', 'd', '-'] {
            votes.push(vote);
            check_waves(stopper, votes);
            votes.pop();
        }
    }
}

#[test]
fn a_wave_is_as_long_as_the_shortest_way_to_a_stop() {
    for rule in RULES {
        for max_votes in [1, 4, 5, 6] {
            check_waves(&stopper(rule, max_votes), &mut String::new());
            check_waves(&or_decided(stopper(rule, max_votes)), &mut String::new());
        }
    }
}

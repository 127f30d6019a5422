//! The parts that the rules are made of: tallies, confidences, tables.

use proptest::prelude::*;

use super::super::foresight::states;
use super::super::{Foresight, sure};
use super::{beta_confidence, leader, tally};

proptest! {
    #[test]
    fn a_tally_is_what_a_recount_finds(votes in "[abcdefg-]{0,40}") {
        let tally = tally(&votes);
        let mut recount: Vec<(String, u64)> = Vec::new();
        for vote in votes.chars().filter(|vote| *vote != '-').map(|it| it.to_string()) {
            match recount.iter_mut().find(|(answer, _)| *answer == vote) {
                Some((_, count)) => *count += 1,
                None => recount.push((vote, 1)),
            }
        }
        prop_assert_eq!(tally.counts(), &recount[..]);
        prop_assert_eq!(tally.votes(), recount.iter().map(|(_, count)| count).sum::<u64>());
        prop_assert_eq!(tally.calls(), votes.len() as u64);
        recount.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let count = |place: usize| recount.get(place).map_or(0, |it| it.1);
        prop_assert_eq!(leader(&tally), recount.first().map(|it| it.0.as_str()));
        prop_assert_eq!(tally.front(), (count(0), count(1)));
    }

    #[test]
    fn a_leader_is_sure_from_its_confidence_on(
        confidence in 0.501..0.9999_f64,
        a in 0..50_u64,
        b in 0..50_u64,
    ) {
        let (leader, runner_up) = (a.max(b), a.min(b));
        let enough = sure(confidence, 100).get(runner_up as usize).copied();
        let is_sure = beta_confidence(leader, runner_up) >= confidence;
        prop_assert_eq!(enough.is_some_and(|it| it <= leader), is_sure);
    }
}

#[test]
fn long_votes_overflow_nothing() {
    // The exact sum of integers is 0.9035061753795868.
    assert_eq!(sure(0.903_506_175_37, 10_000)[2900], 3000);
    assert_eq!(sure(0.903_506_175_39, 10_000)[2900], 3001);
    assert_eq!(sure(0.95, 1_000_000).get(500_000), None);
}

#[test]
fn every_vote_goes_somewhere() {
    let states = states(40);
    for (votes, layer) in states.iter().enumerate() {
        for (state, chances) in layer {
            assert_eq!(state.votes(), votes, "{state:?}");
            let sum: f64 = chances.iter().sum();
            let expected = if votes < 40 { 1.0 } else { 0.0 };
            assert!((sum - expected).abs() < 1e-12, "{state:?}: {chances:?}");
            assert!(
                chances.iter().all(|chance| *chance >= 0.0),
                "{state:?}: {chances:?}"
            );
        }
    }
    // The published 46,147, and the state before the first vote.
    assert_eq!(states.iter().map(Vec::len).sum::<usize>(), 46_148);
}

#[test]
fn a_forecast_ends_in_certainty_and_knows_its_limits() {
    let forecast = Foresight::new(4).unwrap();
    let win = |votes: &str| forecast.win_probability(&tally(votes));
    assert_eq!(win(""), None);
    assert_eq!(win("---"), None);
    assert_eq!(win("aaab"), Some(1.0));
    assert_eq!(win("aabb"), Some(0.5));
    assert_eq!(win("aaaaa"), None);
    assert!(Foresight::new(0).is_err() && Foresight::new(101).is_err());
}

#[test]
fn the_index_prefers_what_a_call_can_change() {
    let index = Foresight::new(20).unwrap();
    let of = |votes: &str| index.worth(&tally(votes));
    assert!(of("") > of("a") && of("aab") > of("aaaa"));
    assert!(of("aab") > of("aaaaaaab"));
    assert_eq!(of(&"ab".repeat(10)), 0.0);
}

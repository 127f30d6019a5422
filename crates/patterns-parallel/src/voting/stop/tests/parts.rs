//! The parts that the rules are made of: tallies, confidences, tables.

use proptest::prelude::*;

use super::super::forecast::SeenBy;
use super::super::pitman_yor::Mixture;
use super::super::state::{place, places, states};
use super::super::{CallIndex, Chain, Forecast, sure};
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
fn every_state_has_its_own_place() {
    let mut known = Vec::new();
    for votes in 0..=40 {
        for state in states(votes) {
            assert_eq!(state.votes(), votes, "{state:?}");
            assert!(places(votes).contains(&place(state)), "{state:?}");
            known.push(place(state));
        }
    }
    // The published 46,147, and the state before the first vote.
    assert_eq!(known.len(), 46_148);
    assert!(known.is_sorted_by(|a, b| a < b));
}

#[test]
fn the_next_vote_goes_somewhere() {
    let (mixture, chain) = (Mixture::new(30), Chain::new(30).unwrap());
    for votes in 0..30 {
        for fork in chain.forks(votes, SeenBy::Own) {
            let chances = mixture.chances(fork.state);
            let sum: f64 = chances.iter().sum();
            assert!((sum - 1.0).abs() < 1e-12, "{:?}: {chances:?}", fork.state);
            assert!(
                chances.iter().all(|chance| *chance >= 0.0),
                "{:?}: {chances:?}",
                fork.state
            );
            let kept: f64 = fork.chances().map(|(_, chance)| chance).sum();
            assert_eq!(kept, sum, "{:?}", fork.state);
        }
    }
}

#[test]
fn a_forecast_ends_in_certainty_and_knows_its_limits() {
    let forecast = Forecast::of(&Chain::new(4).unwrap());
    let win = |votes: &str| forecast.win_probability(&tally(votes));
    assert_eq!(win(""), None);
    assert_eq!(win("---"), None);
    assert_eq!(win("aaab"), Some(1.0));
    assert_eq!(win("aabb"), Some(0.5));
    assert_eq!(win("aaaaa"), None);
    assert!(Chain::new(0).is_err() && Chain::new(101).is_err());
}

#[test]
fn the_index_prefers_what_a_call_can_change() {
    let index = CallIndex::of(&Chain::new(20).unwrap());
    let of = |votes: &str| index.worth(&tally(votes));
    assert!(of("") > of("a") && of("aab") > of("aaaa"));
    assert!(of("aab") > of("aaaaaaab"));
    assert_eq!(of(&"ab".repeat(10)), 0.0);
}

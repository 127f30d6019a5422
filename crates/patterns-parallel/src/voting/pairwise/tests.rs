//! Tables and properties of tournaments.

use proptest::prelude::*;

use super::*;
use crate::voting::rule::{Decision, TieBreak};
use TournamentKind::{Knockout, RoundRobin};

/// Plays a tournament in waves and returns it with the number of matches per wave.
fn play(
    entrants: usize,
    kind: TournamentKind,
    judge: impl Fn(Match) -> Verdict,
) -> (Tournament, Vec<usize>) {
    let mut tournament = Tournament::new(entrants, kind);
    let mut waves = Vec::new();
    loop {
        let due = tournament.due();
        if due.is_empty() {
            return (tournament, waves);
        }
        waves.push(due.len());
        for due in due {
            tournament.record(due, judge(due)).unwrap();
        }
    }
}

/// A judge who prefers the greater strength, and sees no other difference.
fn stronger(strengths: &[i32]) -> impl Fn(Match) -> Verdict + '_ {
    |it| match strengths[it.first].cmp(&strengths[it.second]) {
        std::cmp::Ordering::Greater => Verdict::First,
        std::cmp::Ordering::Less => Verdict::Second,
        std::cmp::Ordering::Equal => Verdict::Tie,
    }
}

#[track_caller]
fn check(strengths: &[i32], kind: TournamentKind, waves: &[usize], expected: &str) {
    let (tournament, found_waves) = play(strengths.len(), kind, stronger(strengths));
    assert_eq!(found_waves, waves, "{strengths:?} {kind:?}");
    let result = tournament.result(TieBreak::FirstSeen);
    let place = |it: &Standing| format!("{}:{}", it.rank, it.entrant);
    let places: Vec<String> = result.ranking.iter().map(place).collect();
    let found = format!("{:?} {}", result.decision, places.join(" "));
    assert_eq!(found, expected, "{strengths:?} {kind:?}");
}

#[test]
fn the_strongest_wins() {
    check(&[1, 4, 2, 3], Knockout, &[4, 2], "Won 1:1 2:3 3:0 3:2");
    check(
        &[3, 1, 4, 5, 2],
        Knockout,
        &[4, 2, 2],
        "Won 1:3 2:0 3:1 3:2 5:4",
    );
    check(&[1, 2, 3], Knockout, &[2, 2], "Won 1:2 2:0 3:1");
    check(&[7], Knockout, &[], "Won 1:0");
    check(&[], Knockout, &[], "QuorumMissed ");
    check(&[2, 3, 1], RoundRobin, &[6], "Won 1:1 2:0 3:2");
    check(&[7], RoundRobin, &[], "Won 1:0");
    check(&[], RoundRobin, &[], "QuorumMissed ");
    check(&[5, 5, 1], RoundRobin, &[6], "WonByTieBreak 1:0 1:1 3:2");
    check(
        &[5, 5, 1, 2],
        Knockout,
        &[4, 2],
        "WonByTieBreak 1:0 2:3 3:1 3:2",
    );
    // The tie is not the winner's.
    check(&[1, 1, 2, 5], Knockout, &[4, 2], "Won 1:3 2:0 3:1 3:2");
}

#[test]
fn a_verdict_that_flips_is_a_tie() {
    let (tournament, _) = play(2, Knockout, |_| Verdict::First);
    let result = tournament.result(TieBreak::NoConsensus);
    assert_eq!((result.winner, result.decision), (None, Decision::Tied));
    assert_eq!((result.meetings, result.flipped), (1, 1));
    let once = |it: Match| {
        if it.first == 0 {
            Verdict::First
        } else {
            Verdict::Tie
        }
    };
    let result = play(2, RoundRobin, once).0.result(TieBreak::FirstSeen);
    assert_eq!(
        (result.decision, result.flipped),
        (Decision::WonByTieBreak, 0)
    );
    assert_eq!(result.ranking[0].ties, 1);
}

#[test]
fn a_tie_is_half_a_win() {
    let judge = |it: Match| match (it.first, it.second) {
        (0, 1) => Verdict::First,
        (1, 0) => Verdict::Second,
        _ => Verdict::Tie,
    };
    let result = play(3, RoundRobin, judge).0.result(TieBreak::FirstSeen);
    let places = result.ranking.iter().map(|it| (it.rank, it.entrant));
    assert_eq!(places.collect::<Vec<_>>(), [(1, 0), (2, 2), (3, 1)]);
    assert_eq!(result.flipped, 0);
}

#[test]
fn verdicts_out_of_turn_are_named() {
    let mut tournament = Tournament::new(4, Knockout);
    let due = Match {
        first: 1,
        second: 0,
    };
    tournament.record(due, Verdict::First).unwrap();
    let again = tournament.record(due, Verdict::First).unwrap_err();
    assert_eq!(
        again.to_string(),
        "the match of 1 against 0 has been judged"
    );
    let early = tournament
        .record(
            Match {
                first: 0,
                second: 3,
            },
            Verdict::Tie,
        )
        .unwrap_err();
    assert_eq!(early.to_string(), "entrants 0 and 3 do not meet now");
    let result = tournament.result(TieBreak::FirstSeen);
    assert_eq!(
        (result.winner, result.decision),
        (None, Decision::QuorumMissed)
    );
    assert_eq!((result.meetings, tournament.due().len()), (0, 3));
}

#[test]
fn the_highest_score_is_the_best() {
    use Decision::*;
    for (scores, decision, winner) in [
        (&[Some(1.0), Some(3.0), None][..], Won, Some(1)),
        (&[Some(-0.0), Some(0.0)], WonByTieBreak, Some(0)),
        (&[Some(f64::NAN), Some(f64::NEG_INFINITY)], Won, Some(1)),
        (&[None, None], QuorumMissed, None),
        (&[], QuorumMissed, None),
    ] {
        let best = best_of_n(scores, TieBreak::FirstSeen);
        assert_eq!(
            (best.decision, best.winner),
            (decision, winner),
            "{scores:?}"
        );
        assert_eq!(
            best.ranking.len() as u64 + best.abstentions,
            scores.len() as u64
        );
    }
    let tied = best_of_n(&[Some(2.0), Some(2.0)], TieBreak::NoConsensus);
    assert_eq!((tied.decision, tied.winner), (Tied, None));
}

proptest! {
    #[test]
    fn the_strongest_always_wins(
        strengths in Just((0..20).collect::<Vec<i32>>()).prop_shuffle(), entrants in 1..20_usize,
    ) {
        let strengths = &strengths[..entrants];
        let strongest = (0..entrants).max_by_key(|it| strengths[*it]);
        let (knockout, _) = play(entrants, Knockout, stronger(strengths));
        let result = knockout.result(TieBreak::NoConsensus);
        prop_assert_eq!(result.winner, strongest);
        prop_assert_eq!(result.meetings, entrants as u64 - 1);
        let (all, _) = play(entrants, RoundRobin, stronger(strengths));
        let result = all.result(TieBreak::NoConsensus);
        prop_assert_eq!(result.winner, strongest);
        prop_assert_eq!(result.meetings, (entrants * (entrants - 1) / 2) as u64);
        let order: Vec<i32> = result.ranking.iter().map(|it| strengths[it.entrant]).collect();
        prop_assert!(order.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn the_order_of_verdicts_does_not_matter(
        verdicts in prop::collection::vec(0..3_u8, 81), picks in prop::collection::vec(0..99_usize, 40),
        entrants in 0..9_usize, is_knockout in any::<bool>(),
    ) {
        let kind = if is_knockout { Knockout } else { RoundRobin };
        let judge = |it: Match| match verdicts[it.first * 9 + it.second] {
            0 => Verdict::First,
            1 => Verdict::Second,
            _ => Verdict::Tie,
        };
        let mut one = Tournament::new(entrants, kind);
        for pick in picks {
            let due = one.due();
            if !due.is_empty() {
                let due = due[pick % due.len()];
                one.record(due, judge(due)).unwrap();
            }
        }
        while let Some(due) = one.due().last().copied() {
            one.record(due, judge(due)).unwrap();
        }
        prop_assert_eq!(one, play(entrants, kind, judge).0);
    }
}

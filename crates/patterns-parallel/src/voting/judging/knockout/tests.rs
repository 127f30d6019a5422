//! Tables and properties of knockouts.

use proptest::prelude::*;

use super::*;

/// Plays a knockout in waves and returns it with the number of matches per wave.
fn play(entrants: usize, judge: impl Fn(Match) -> Verdict) -> (Knockout, Vec<usize>) {
    let mut knockout = Knockout::new(entrants);
    let mut waves = Vec::new();
    loop {
        let due = knockout.due();
        if due.is_empty() {
            return (knockout, waves);
        }
        waves.push(due.len());
        for due in due {
            knockout.record(due, judge(due));
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
fn check(strengths: &[i32], waves: &[usize], expected: &str) {
    let (knockout, found_waves) = play(strengths.len(), stronger(strengths));
    assert_eq!(found_waves, waves, "{strengths:?}");
    let (order, decision) = knockout.result(TieBreak::FirstSeen);
    let places: Vec<String> = order
        .iter()
        .map(|it| format!("{}:{}", it.0, it.1))
        .collect();
    let found = format!("{decision:?} {}", places.join(" "));
    assert_eq!(found, expected, "{strengths:?}");
}

#[test]
fn the_strongest_wins() {
    check(&[1, 4, 2, 3], &[4, 2], "Won 1:2 3:1 0:0 2:0");
    check(&[3, 1, 4, 5, 2], &[4, 2, 2], "Won 3:3 0:1 1:0 2:0 4:0");
    check(&[1, 2, 3], &[2, 2], "Won 2:2 0:0 1:0");
    check(&[7], &[], "Won 0:0");
    check(&[], &[], "QuorumMissed ");
    check(&[5, 5, 1, 2], &[4, 2], "WonByTieBreak 0:1 3:1 1:0 2:0");
    // The tie is not the winner's.
    check(&[1, 1, 2, 5], &[4, 2], "Won 3:2 0:0 1:0 2:0");
}

#[test]
fn a_verdict_that_flips_is_a_tie() {
    let (knockout, _) = play(2, |_| Verdict::First);
    assert_eq!(knockout.result(TieBreak::NoConsensus).1, Decision::Tied);
    assert_eq!(knockout.flipped(), 1);
    let (knockout, _) = play(2, |it| {
        if it.first == 0 {
            Verdict::First
        } else {
            Verdict::Tie
        }
    });
    let decision = knockout.result(TieBreak::FirstSeen).1;
    assert_eq!((decision, knockout.flipped()), (Decision::WonByTieBreak, 0));
}

#[test]
fn verdicts_that_nobody_asked_for_change_nothing() {
    let mut knockout = Knockout::new(4);
    let due = Match {
        first: 1,
        second: 0,
    };
    knockout.record(due, Verdict::First);
    knockout.record(due, Verdict::Second);
    let early = Match {
        first: 0,
        second: 3,
    };
    knockout.record(early, Verdict::Tie);
    assert_eq!(knockout.due().len(), 3);
    let (_, decision) = knockout.result(TieBreak::FirstSeen);
    assert_eq!(decision, Decision::NotJudged);
}

proptest! {
    #[test]
    fn the_strongest_always_wins(
        strengths in Just((0..20).collect::<Vec<i32>>()).prop_shuffle(), entrants in 1..20_usize,
    ) {
        let strengths = &strengths[..entrants];
        let strongest = (0..entrants).max_by_key(|it| strengths[*it]);
        let (knockout, waves) = play(entrants, stronger(strengths));
        let (order, decision) = knockout.result(TieBreak::NoConsensus);
        prop_assert_eq!(decision, Decision::Won);
        prop_assert_eq!(order.first().map(|it| it.0), strongest);
        prop_assert_eq!(waves.iter().sum::<usize>(), 2 * (entrants - 1));
    }

    #[test]
    fn the_order_of_verdicts_does_not_matter(
        verdicts in prop::collection::vec(0..3_u8, 81), picks in prop::collection::vec(0..99_usize, 40),
        entrants in 0..9_usize,
    ) {
        let judge = |it: Match| match verdicts[it.first * 9 + it.second] {
            0 => Verdict::First,
            1 => Verdict::Second,
            _ => Verdict::Tie,
        };
        let mut one = Knockout::new(entrants);
        for pick in picks {
            let due = one.due();
            if !due.is_empty() {
                let due = due[pick % due.len()];
                one.record(due, judge(due));
            }
        }
        while let Some(due) = one.due().last().copied() {
            one.record(due, judge(due));
        }
        prop_assert_eq!(one, play(entrants, judge).0);
    }
}

//! Tables and properties of knockouts.

use proptest::prelude::*;

use super::*;

fn add(judgements: &mut Judgements, pair: Pair, better: Judgement) {
    judgements.insert(pair, Some(better));
}

/// Plays a knockout in waves and returns it with what was judged and the number of pairs per wave.
fn play(entrants: usize, judge: impl Fn(Pair) -> Judgement) -> (Knockout, Judgements, Vec<usize>) {
    let mut judgements = Judgements::default();
    let mut waves = Vec::new();
    loop {
        let knockout = Knockout::new(entrants, &judgements);
        let due = knockout.due.clone();
        if due.is_empty() {
            return (knockout, judgements, waves);
        }
        waves.push(due.len());
        for due in due {
            add(&mut judgements, due, judge(due));
        }
    }
}

/// A judge who prefers the greater strength, and sees no other difference.
fn stronger(strengths: &[i32]) -> impl Fn(Pair) -> Judgement + '_ {
    |it| match strengths[it.0].cmp(&strengths[it.1]) {
        std::cmp::Ordering::Greater => Judgement::First,
        std::cmp::Ordering::Less => Judgement::Second,
        std::cmp::Ordering::Equal => Judgement::Neither,
    }
}

#[track_caller]
fn check(strengths: &[i32], waves: &[usize], expected: &str) {
    let (knockout, judgements, found_waves) = play(strengths.len(), stronger(strengths));
    assert_eq!(found_waves, waves, "{strengths:?}");
    let decision = knockout.decision(TieBreak::FirstSeen, &judgements);
    let places: Vec<String> = knockout
        .order
        .iter()
        .map(|it| format!("{it}:{}", knockout.wins(*it)))
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
    let (knockout, judgements, _) = play(2, |_| Judgement::First);
    let decision = knockout.decision(TieBreak::NoConsensus, &judgements);
    assert_eq!((decision, knockout.flipped), (Decision::Tied, 1));
    let (knockout, judgements, _) = play(2, |it| match it.0 {
        0 => Judgement::First,
        _ => Judgement::Neither,
    });
    let decision = knockout.decision(TieBreak::FirstSeen, &judgements);
    assert_eq!((decision, knockout.flipped), (Decision::WonByTieBreak, 0));
}

#[test]
fn judgements_that_nobody_asked_for_change_nothing() {
    let mut judgements = Judgements::default();
    add(&mut judgements, (1, 0), Judgement::First);
    add(&mut judgements, (0, 3), Judgement::Neither);
    let knockout = Knockout::new(4, &judgements);
    assert_eq!(knockout.due.len(), 3);
    let decision = knockout.decision(TieBreak::FirstSeen, &judgements);
    assert_eq!(decision, Decision::NotJudged);
}

proptest! {
    #[test]
    fn the_strongest_always_wins(
        strengths in Just((0..20).collect::<Vec<i32>>()).prop_shuffle(), entrants in 1..20_usize,
    ) {
        let strengths = &strengths[..entrants];
        let strongest = (0..entrants).max_by_key(|it| strengths[*it]);
        let (knockout, judgements, waves) = play(entrants, stronger(strengths));
        let decision = knockout.decision(TieBreak::NoConsensus, &judgements);
        prop_assert_eq!(decision, Decision::Won);
        prop_assert_eq!(knockout.order.first().copied(), strongest);
        prop_assert_eq!(waves.iter().sum::<usize>(), 2 * (entrants - 1));
    }

    #[test]
    fn the_order_of_judgements_does_not_matter(
        verdicts in prop::collection::vec(0..3_u8, 81), picks in prop::collection::vec(0..99_usize, 40),
        entrants in 0..9_usize,
    ) {
        let judge = |it: Pair| match verdicts[it.0 * 9 + it.1] {
            0 => Judgement::First,
            1 => Judgement::Second,
            _ => Judgement::Neither,
        };
        let mut judgements = Judgements::default();
        let due = |judgements: &Judgements| Knockout::new(entrants, judgements).due;
        for pick in picks {
            let due = due(&judgements);
            if !due.is_empty() {
                let due = due[pick % due.len()];
                add(&mut judgements, due, judge(due));
            }
        }
        while let Some(due) = due(&judgements).last().copied() {
            add(&mut judgements, due, judge(due));
        }
        prop_assert_eq!(Knockout::new(entrants, &judgements), play(entrants, judge).0);
    }
}

//! Textbook values and properties of statistics on agreement.

use proptest::prelude::*;

use super::*;
use crate::voting::wilson_interval;

#[track_caller]
fn check_near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < 5e-4, "{found} is not {expected}");
}

/// Reads a column per question and a line per voter; a point is a missing vote.
fn table(lines: &[&str]) -> VoteTable {
    let lines: Vec<Vec<&str>> = lines
        .iter()
        .map(|it| it.split_whitespace().collect())
        .collect();
    let mut table = VoteTable::default();
    for question in 0..lines[0].len() {
        let votes = lines
            .iter()
            .map(|line| Some(line[question]).filter(|it| *it != "."));
        table.push(votes);
    }
    table
}

/// Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section C.
const KRIPPENDORFF: [&str; 4] = [
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
];

#[test]
fn alpha_is_that_of_krippendorffs_example() {
    let agreement = table(&KRIPPENDORFF).agreement();
    check_near(agreement.krippendorff_alpha, 0.743);
    assert_eq!((agreement.voters, agreement.questions), (4, 12));
    assert_eq!(agreement.comparable_questions, 11);
}

#[test]
fn answers_are_told_apart_sign_by_sign() {
    let agreement = table(&["a A", "A A"]).agreement();
    assert_eq!(agreement.pairwise_agreement, Some(0.5));
}

#[test]
fn where_chance_agrees_as_well_nothing_is_said() {
    for lines in [&["a a a", "a a a"][..], &["a b c"], &[". .", ". ."]] {
        let agreement = table(lines).agreement();
        assert_eq!(agreement.krippendorff_alpha, None, "{lines:?}");
    }
    assert_eq!(VoteTable::default().agreement().pairwise_agreement, None);
}

#[test]
fn intervals_are_those_of_newcombe() {
    // Newcombe 1998, "Two-sided confidence intervals for the single proportion", method 3.
    for (votes, total, low, high) in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ] {
        let interval = wilson_interval(votes, total).unwrap();
        assert!((interval.low - low).abs() < 5e-5, "{interval:?}");
        assert!((interval.high - high).abs() < 5e-5, "{interval:?}");
    }
    assert_eq!(wilson_interval(0, 0), None);
    assert_eq!(wilson_interval(3, 2), None);
}

fn tables() -> impl Strategy<Value = VoteTable> {
    let row = prop::collection::vec(prop::option::of("[1234]"), 0..6);
    prop::collection::vec(row, 0..12).prop_map(|rows| {
        let mut table = VoteTable::default();
        rows.into_iter().for_each(|row| table.push(row));
        table
    })
}

/// Alpha by the formula of the paper, pair by pair.
fn alpha_by_pairs(table: &VoteTable) -> Option<f64> {
    let rows = table.rows.iter();
    let rows = rows.map(|row| row.iter().flatten().copied().collect());
    let rows: Vec<Vec<usize>> = rows.filter(|row: &Vec<usize>| row.len() > 1).collect();
    let pairs = |row: &[usize]| {
        let differing = row
            .iter()
            .flat_map(|a| row.iter().filter(move |b| a != *b))
            .count();
        differing as f64
    };
    let observed: f64 = rows
        .iter()
        .map(|row| pairs(row) / (row.len() - 1) as f64)
        .sum();
    let all = rows.concat();
    let expected = pairs(&all) / (all.len() as f64 - 1.0);
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

proptest! {
    #[test]
    fn statistics_stay_in_their_bounds(table in tables()) {
        let agreement = table.agreement();
        prop_assert!(agreement.pairwise_agreement.is_none_or(|it| (0.0..=1.0 + 1e-9).contains(&it)));
        let alpha = agreement.krippendorff_alpha;
        prop_assert!(alpha.is_none_or(|it| (-1.0 - 1e-9..=1.0 + 1e-9).contains(&it)), "{alpha:?}");
    }

    #[test]
    fn alpha_is_that_of_all_pairs(table in tables()) {
        let (found, expected) = (table.agreement().krippendorff_alpha, alpha_by_pairs(&table));
        prop_assert_eq!(found.is_some(), expected.is_some());
        prop_assert!(found.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn full_agreement_is_one(rows in prop::collection::vec("[abc]", 2..9), voters in 2..5_usize) {
        let mut table = VoteTable::default();
        rows.iter().for_each(|row| table.push(vec![Some(row); voters]));
        let is_varied = rows.iter().any(|it| it != &rows[0]);
        prop_assert_eq!(table.agreement().krippendorff_alpha, is_varied.then_some(1.0));
        prop_assert_eq!(table.agreement().pairwise_agreement, Some(1.0));
    }

    #[test]
    fn an_interval_holds_its_share(total in 1..1000_u64, share in 0.0..=1.0) {
        let votes = (share * total as f64) as u64;
        let interval = wilson_interval(votes, total).unwrap();
        let share = votes as f64 / total as f64;
        prop_assert!(0.0 <= interval.low && interval.low <= share);
        prop_assert!(share <= interval.high && interval.high <= 1.0);
        prop_assert!(interval.high - interval.low < 0.82);
    }
}

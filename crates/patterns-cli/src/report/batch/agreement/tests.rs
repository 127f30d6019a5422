//! Textbook values and properties of statistics on agreement.

use proptest::prelude::*;

use super::*;

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

/// A row for each question.
type Rows = Vec<Vec<Option<String>>>;

fn rows() -> impl Strategy<Value = Rows> {
    let row = prop::collection::vec(prop::option::of("[1234]"), 0..6);
    prop::collection::vec(row, 0..12)
}

fn agreement(rows: &Rows) -> Agreement {
    let mut table = VoteTable::default();
    rows.iter()
        .for_each(|row| table.push(row.iter().map(Option::as_deref)));
    table.agreement()
}

/// Alpha by the formula of the paper, pair by pair.
fn alpha_by_pairs(rows: &Rows) -> Option<f64> {
    let rows = rows
        .iter()
        .map(|row| row.iter().flatten().cloned().collect());
    let rows: Vec<Vec<String>> = rows.filter(|row: &Vec<String>| row.len() > 1).collect();
    let pairs = |row: &[String]| {
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
    fn statistics_stay_in_their_bounds(rows in rows()) {
        let agreement = agreement(&rows);
        prop_assert!(agreement.pairwise_agreement.is_none_or(|it| (0.0..=1.0 + 1e-9).contains(&it)));
        let alpha = agreement.krippendorff_alpha;
        prop_assert!(alpha.is_none_or(|it| (-1.0 - 1e-9..=1.0 + 1e-9).contains(&it)), "{alpha:?}");
    }

    #[test]
    fn alpha_is_that_of_all_pairs(rows in rows()) {
        let (found, expected) = (agreement(&rows).krippendorff_alpha, alpha_by_pairs(&rows));
        prop_assert_eq!(found.is_some(), expected.is_some());
        prop_assert!(found.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn full_agreement_is_one(rows in prop::collection::vec("[abc]", 2..9), voters in 2..5_usize) {
        let mut table = VoteTable::default();
        rows.iter().for_each(|row| table.push(vec![Some(row.as_str()); voters]));
        let is_varied = rows.iter().any(|it| it != &rows[0]);
        prop_assert_eq!(table.agreement().krippendorff_alpha, is_varied.then_some(1.0));
        prop_assert_eq!(table.agreement().pairwise_agreement, Some(1.0));
    }
}

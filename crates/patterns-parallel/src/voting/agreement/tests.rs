//! Textbook values and properties of statistics on agreement.

use proptest::prelude::*;

use super::*;

mod panel;

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
    let table = table(&KRIPPENDORFF);
    for (level, expected) in [
        (MeasurementLevel::Nominal, 0.743),
        (MeasurementLevel::Ordinal, 0.815),
        (MeasurementLevel::Interval, 0.849),
    ] {
        check_near(table.krippendorff_alpha(level).unwrap(), expected);
    }
}

#[test]
fn alpha_takes_words_of_a_scale() {
    let words = ["bad", "poor", "fair", "good", "best"];
    let mut named = VoteTable::default();
    for row in &table(&KRIPPENDORFF).rows {
        let table = table(&KRIPPENDORFF);
        let word = |it: usize| words[table.answers[it].parse::<usize>().unwrap() - 1];
        named.push(row.iter().map(|it| it.map(word)));
    }
    let error = named
        .krippendorff_alpha(MeasurementLevel::Ordinal)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the answer \"bad\" is no number and not on the scale"
    );
    let named = named.scale(words);
    check_near(
        named.krippendorff_alpha(MeasurementLevel::Ordinal).unwrap(),
        0.815,
    );
    check_near(
        named
            .krippendorff_alpha(MeasurementLevel::Interval)
            .unwrap(),
        0.849,
    );
}

/// Fleiss 1971 by way of Wikipedia, "Fleiss' kappa": 14 raters, 10 subjects, 5 categories.
const FLEISS: [[usize; 5]; 10] = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
];

#[test]
fn kappa_is_that_of_fleiss_example() {
    let mut table = VoteTable::default();
    for counts in FLEISS {
        let votes = counts.iter().enumerate();
        table.push(votes.flat_map(|(n, count)| vec![Some(format!("c{n}")); *count]));
    }
    let agreement = table.agreement();
    check_near(agreement.fleiss_kappa, 0.210);
    check_near(agreement.pairwise_agreement, 0.378);
    check_near(agreement.chance_agreement, 0.213);
    assert_eq!((agreement.voters, agreement.comparable_questions), (14, 10));
}

#[test]
fn where_chance_agrees_as_well_nothing_is_said() {
    for lines in [&["a a a", "a a a"][..], &["a b c"], &[". .", ". ."]] {
        let table = table(lines);
        assert_eq!(
            table.krippendorff_alpha(MeasurementLevel::Nominal),
            Ok(None),
            "{lines:?}"
        );
        assert_eq!(table.agreement().fleiss_kappa, None, "{lines:?}");
    }
    let huge = table(&["1e300 2 1", "-1e300 2 1"]);
    assert_eq!(
        huge.krippendorff_alpha(MeasurementLevel::Interval),
        Ok(None)
    );
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
    let places: Vec<f64> = table.answers.iter().map(|it| it.parse().unwrap()).collect();
    let rows = table
        .rows
        .iter()
        .map(|row| row.iter().flatten().map(|it| places[*it]).collect());
    let rows: Vec<Vec<f64>> = rows.filter(|row: &Vec<f64>| row.len() > 1).collect();
    let pairs = |row: &[f64]| {
        row.iter()
            .flat_map(|a| row.iter().map(move |b| (a - b).powi(2)))
            .sum::<f64>()
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
        for share in [agreement.pairwise_agreement, agreement.chance_agreement].into_iter().flatten() {
            prop_assert!((0.0..=1.0 + 1e-9).contains(&share));
        }
        for level in [MeasurementLevel::Nominal, MeasurementLevel::Ordinal, MeasurementLevel::Interval] {
            let alpha = table.krippendorff_alpha(level).unwrap();
            prop_assert!(alpha.is_none_or(|it| (-1.0 - 1e-9..=1.0 + 1e-9).contains(&it)), "{alpha:?}");
        }
        prop_assert!(agreement.fleiss_kappa.is_none_or(|it| it <= 1.0 + 1e-9));
        let estimate = table.dawid_skene();
        prop_assert_eq!(estimate.voters.len(), table.voters());
        prop_assert_eq!(estimate.answers.len(), table.questions());
        prop_assert!(estimate.voters.iter().all(|it| it.accuracy > 0.0 && it.accuracy < 1.0));
        for answer in estimate.answers.iter().flatten() {
            prop_assert!(answer.probability > 0.0 && answer.probability <= 1.0);
        }
    }

    #[test]
    fn alpha_is_that_of_all_pairs(table in tables()) {
        let (found, expected) = (table.krippendorff_alpha(MeasurementLevel::Interval).unwrap(), alpha_by_pairs(&table));
        prop_assert_eq!(found.is_some(), expected.is_some());
        prop_assert!(found.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn full_agreement_is_one(rows in prop::collection::vec("[abc]", 2..9), voters in 2..5_usize) {
        let mut table = VoteTable::default();
        rows.iter().for_each(|row| table.push(vec![Some(row); voters]));
        let is_varied = rows.iter().any(|it| it != &rows[0]);
        let alpha = table.krippendorff_alpha(MeasurementLevel::Nominal).unwrap();
        prop_assert_eq!(alpha, is_varied.then_some(1.0));
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

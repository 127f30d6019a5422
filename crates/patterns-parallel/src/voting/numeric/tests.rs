//! Tables and properties of deciding on a number.

use proptest::prelude::*;

use super::*;

fn check(answers: &[&str], tolerance: Tolerance, expected: (Option<f64>, u64, Decision)) {
    let ballots: Vec<_> = answers.iter().map(|it| read_number(it)).collect();
    let election = decide_numbers(&ballots, tolerance);
    let found = (election.value, election.vote_count, election.decision);
    assert_eq!(found, expected, "{answers:?} by {tolerance:?}");
}

#[test]
fn the_middle_decides_and_what_is_near_agrees() {
    use Decision::*;
    let none = Tolerance::default();
    check(&["3", "1", "2"], none, (Some(2.0), 1, Won));
    check(&["1", "2", "2", "9"], none, (Some(2.0), 2, Won));
    check(&["1", "4"], none, (Some(2.5), 0, Won));
    check(&["7"], none, (Some(7.0), 1, Won));
    let near = Tolerance::absolute(1.0);
    check(&["1", "2", "3", "9", "10"], near, (Some(3.0), 2, Won));
    let percent = Tolerance::relative(0.01);
    check(
        &["1000", "1009", "1", "2000"],
        percent,
        (Some(1004.5), 2, Won),
    );
    check(&[], none, (None, 0, QuorumMissed));
    check(&["many"], near, (None, 0, QuorumMissed));
}

#[test]
fn the_spread_is_that_of_r_type_7() {
    // R: quantile(c(1, 2, 4, 8), c(.25, .75)) gives 1.75 and 5.
    let votes = sorted([8.0, 1.0, 4.0, 2.0].map(Some));
    let expected = Spread {
        min: 1.0,
        lower_quartile: 1.75,
        upper_quartile: 5.0,
        max: 8.0,
        interquartile_range: 3.25,
    };
    assert_eq!(spread(&votes), Some(expected));
    assert_eq!(spread(&[]), None);
}

#[test]
fn numbers_are_read_with_their_units() {
    for (answer, expected) in [
        ("$1,200", Some(1200.0)),
        ("42 %", Some(42.0)),
        ("-$5", Some(-5.0)),
        ("1.234,50 €", Some(1234.5)),
        ("1.10", Some(1.1)),
        ("+7", Some(7.0)),
        ("042", Some(42.0)),
        ("42.5%.", Some(42.5)),
        ("1,200 %", Some(1200.0)),
        ("-3", Some(-3.0)),
        ("\"7\"", Some(7.0)),
        ("1e3", Some(1000.0)),
        ("1e999", None),
        ("NaN", None),
        ("inf", None),
        ("-infinity", None),
        ("3 apples", None),
        ("%", None),
        ("3,5,7", None),
        ("", None),
    ] {
        assert_eq!(read_number(answer), expected, "{answer:?}");
    }
}

#[test]
fn tolerances_out_of_range_are_named() {
    for (tolerance, expected) in [
        (Tolerance::absolute(-1.0), "absolute tolerance"),
        (Tolerance::absolute(f64::INFINITY), "not inf"),
        (Tolerance::relative(1.0), "relative tolerance"),
    ] {
        let error = tolerance.check().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

fn tolerances() -> impl Strategy<Value = Tolerance> {
    let absolute = (0.0..9.0).prop_map(Tolerance::absolute);
    let relative = (0.0..0.9).prop_map(Tolerance::relative);
    prop_oneof![Just(Tolerance::default()), absolute, relative]
}

proptest! {
    #[test]
    fn the_value_lies_within_the_votes(
        ballots in prop::collection::vec(prop::option::of(prop::num::f64::ANY), 0..12),
        tolerance in tolerances(),
    ) {
        let election = decide_numbers(&ballots, tolerance);
        prop_assert_eq!(election.total_votes + election.abstentions, ballots.len() as u64);
        prop_assert!(election.vote_count <= election.total_votes);
        prop_assert_eq!(election.value.is_some(), election.total_votes > 0);
        if let (Some(value), Some(spread)) = (election.value, election.spread) {
            prop_assert!((spread.min..=spread.max).contains(&value));
            prop_assert!(spread.interquartile_range >= 0.0);
        }
    }

    #[test]
    fn all_of_one_mind_decide(value in -1e9..1e9, voters in 1..9_usize, tolerance in tolerances()) {
        let election = decide_numbers(&vec![Some(value); voters], tolerance);
        prop_assert_eq!(election.value, Some(value));
        prop_assert_eq!(election.share, 1.0);
    }
}

//! Tables and properties of deciding on a number.

use proptest::prelude::*;

use super::*;

fn check(answers: &[&str], rule: NumericRule, expected: (Option<f64>, u64, Decision)) {
    let ballots: Vec<_> = answers.iter().map(|it| read_number(it)).collect();
    let election = decide_numbers(&ballots, rule, TieBreak::FirstSeen).unwrap();
    let found = (election.value, election.vote_count, election.decision);
    assert_eq!(found, expected, "{answers:?} by {rule:?}");
}

#[test]
fn rules_decide() {
    use Decision::*;
    use NumericRule::*;
    check(&["3", "1", "2"], Median, (Some(2.0), 1, Won));
    check(&["1", "2", "2", "9"], Median, (Some(2.0), 2, Won));
    check(&["1", "4"], Median, (Some(2.5), 0, Won));
    check(&["7"], Median, (Some(7.0), 1, Won));
    check(&["1", "2", "6"], Mean, (Some(3.0), 3, Won));
    let tenth = TrimmedMean(0.1);
    let ten = ["0", "1", "1", "1", "1", "1", "1", "1", "1", "900"];
    check(&ten, tenth, (Some(1.0), 8, Won));
    check(&["1", "2", "6"], tenth, (Some(3.0), 3, Won));
    check(&["1", "2", "60"], TrimmedMean(0.4), (Some(2.0), 1, Won));
    // Some vote is always left.
    let nearly_half = TrimmedMean(0.499_999_999_999);
    check(&["1", "3"], nearly_half, (Some(2.0), 2, Won));
    check(&[], Median, (None, 0, QuorumMissed));
    check(&["many"], Mean, (None, 0, QuorumMissed));
    check(&["none"], TrimmedMean(0.2), (None, 0, QuorumMissed));
    check(
        &[""],
        Cluster(Tolerance::default()),
        (None, 0, QuorumMissed),
    );
}

#[test]
fn the_largest_cluster_decides() {
    use Decision::*;
    use NumericRule::Cluster;
    let near = Cluster(Tolerance::absolute(0.1));
    check(&["5", "0.3", "0.4", "9"], near, (Some(0.35), 2, Won));
    check(&["9", "1", "9", "1"], near, (Some(9.0), 2, WonByTieBreak));
    check(&["1", "3", "2"], near, (Some(1.0), 1, WonByTieBreak));
    let percent = Cluster(Tolerance::relative(0.01));
    check(&["1000", "1009", "1", "2"], percent, (Some(1004.5), 2, Won));
    check(&["-100", "-101", "100"], percent, (Some(-100.5), 2, Won));
    // Both pairs hold the first ballot; the tighter one wins.
    let wide = Cluster(Tolerance::absolute(1.0));
    check(&["2", "1", "2.5"], wide, (Some(2.25), 2, WonByTieBreak));
}

#[test]
fn a_tie_of_clusters_can_be_no_consensus() {
    let rule = NumericRule::Cluster(Tolerance::default());
    let election = decide_numbers(&[Some(1.0), Some(2.0)], rule, TieBreak::NoConsensus).unwrap();
    assert_eq!((election.value, election.decision), (None, Decision::Tied));
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
fn parameters_out_of_range_are_named() {
    use NumericRule::*;
    for (rule, expected) in [
        (TrimmedMean(0.5), "not 0.5"),
        (TrimmedMean(f64::NAN), "not NaN"),
        (Cluster(Tolerance::absolute(-1.0)), "absolute tolerance"),
        (Cluster(Tolerance::absolute(f64::INFINITY)), "not inf"),
        (Cluster(Tolerance::relative(1.0)), "relative tolerance"),
    ] {
        let error = decide_numbers(&[], rule, TieBreak::FirstSeen).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

fn rules() -> impl Strategy<Value = NumericRule> {
    prop_oneof![
        Just(NumericRule::Median),
        Just(NumericRule::Mean),
        (0.0..0.49).prop_map(NumericRule::TrimmedMean),
        (0.0..9.0).prop_map(|it| NumericRule::Cluster(Tolerance::absolute(it))),
        (0.0..0.9).prop_map(|it| NumericRule::Cluster(Tolerance::relative(it))),
    ]
}

proptest! {
    #[test]
    fn the_value_lies_within_the_votes(
        ballots in prop::collection::vec(prop::option::of(prop::num::f64::ANY), 0..12),
        rule in rules(),
    ) {
        let election = decide_numbers(&ballots, rule, TieBreak::FirstSeen).unwrap();
        prop_assert_eq!(election.total_votes + election.abstentions, ballots.len() as u64);
        prop_assert!(election.vote_count <= election.total_votes);
        prop_assert_eq!(election.value.is_some(), election.total_votes > 0);
        if let (Some(value), Some(spread)) = (election.value, election.spread) {
            prop_assert!((spread.min..=spread.max).contains(&value));
            prop_assert!(spread.interquartile_range >= 0.0);
        }
    }

    #[test]
    fn all_of_one_mind_decide(value in -1e9..1e9, voters in 1..9_usize, rule in rules()) {
        let election = decide_numbers(&vec![Some(value); voters], rule, TieBreak::NoConsensus)
            .unwrap();
        let found = election.value.unwrap();
        prop_assert!((found - value).abs() <= value.abs() * 1e-12);
        prop_assert!(election.share == 1.0 || matches!(rule, NumericRule::TrimmedMean(_)));
    }

    #[test]
    fn a_cluster_is_as_large_as_any_vote_with_its_upper_neighbours(
        values in prop::collection::vec(-50..50_i32, 1..12), width in 0..20_i32,
    ) {
        let ballots: Vec<_> = values.iter().map(|it| Some(f64::from(*it))).collect();
        let rule = NumericRule::Cluster(Tolerance::absolute(f64::from(width)));
        let election = decide_numbers(&ballots, rule, TieBreak::FirstSeen).unwrap();
        let near = |low: i32| values.iter().filter(|it| (low..=low + width).contains(*it)).count();
        let largest = values.iter().map(|it| near(*it)).max().unwrap();
        prop_assert_eq!(election.vote_count, largest as u64);
    }
}

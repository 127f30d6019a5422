//! Tables and properties of deciding on a number.

use proptest::prelude::*;

use super::*;

fn decide(answers: &[String], rule: Median) -> Ruling<f64> {
    let ballot = |it: &String| Ballot::new("a voter", Some(it.clone()), None);
    let ballots: Vec<Ballot> = answers.iter().map(ballot).collect();
    rule.decide(&ballots, TieBreak::FirstSeen, &Judgements::default())
}

fn rule(text: &str) -> Median {
    text.parse().unwrap()
}

fn check(answers: &[&str], rule: &str, expected: (Option<f64>, u64, Decision)) {
    let answers: Vec<String> = answers.iter().map(|it| (*it).to_owned()).collect();
    let ruling = decide(&answers, self::rule(rule));
    let found = (ruling.winner, ruling.vote_count, ruling.decision);
    assert_eq!(found, expected, "{answers:?} by {rule:?}");
}

#[test]
fn the_middle_decides_and_what_is_near_agrees() {
    use Decision::*;
    let none = "median";
    check(&["3", "1", "2"], none, (Some(2.0), 1, Won));
    check(&["1", "2", "2", "9"], none, (Some(2.0), 2, Won));
    check(&["1", "4"], none, (Some(2.5), 0, Won));
    check(&["7"], none, (Some(7.0), 1, Won));
    check(&["0.1", "0.2"], none, (Some(0.15), 0, Won));
    check(&["1e308", "1.2e308"], none, (Some(1.1e308), 0, Won));
    check(&["5e-324", "5e-324"], none, (Some(5e-324), 2, Won));
    let near = "median:1";
    check(&["1", "2", "3", "9", "10"], near, (Some(3.0), 2, Won));
    let percent = "median:1%";
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
        ("1 200 €", Some(1200.0)),
        ("1'200.50", Some(1200.5)),
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
    for tolerance in ["-1", "inf", "NaN", "100%", "0.5,1%"] {
        let error = format!("median:{tolerance}").parse::<Median>().unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("`{tolerance}` is no tolerance")),
            "{error}"
        );
    }
}

fn rules() -> impl Strategy<Value = Median> {
    let tolerance = prop_oneof![(0.0..9.0, Just(false)), (0.0..90.0, Just(true))];
    tolerance.prop_map(|(tolerance, is_percent)| Median {
        tolerance,
        is_percent,
    })
}

fn finite(it: Option<f64>) -> bool {
    it.is_some_and(f64::is_finite)
}

proptest! {
    #[test]
    fn the_value_lies_within_the_votes(
        ballots in prop::collection::vec(prop::option::of(prop::num::f64::ANY), 0..12),
        rule in rules(),
    ) {
        let answers: Vec<String> = ballots
            .iter()
            .map(|it| it.map_or_else(String::new, |it| it.to_string()))
            .collect();
        let ruling = decide(&answers, rule);
        let valid = ballots.iter().filter(|it| finite(**it)).count() as u64;
        prop_assert_eq!(ruling.total_votes, valid);
        prop_assert!(ruling.vote_count <= ruling.total_votes);
        prop_assert_eq!(ruling.winner.is_some(), ruling.total_votes > 0);
        if let (Some(value), Some(Detail::Numeric { spread })) = (ruling.winner, ruling.detail) {
            prop_assert!((spread.min..=spread.max).contains(&value));
            prop_assert!(spread.interquartile_range >= 0.0);
        }
    }

    #[test]
    fn all_of_one_mind_decide(value in -1e9..1e9_f64, voters in 1..9_usize, rule in rules()) {
        let ruling = decide(&vec![value.to_string(); voters], rule);
        prop_assert_eq!(ruling.winner, Some(value));
        prop_assert_eq!(ruling.share, 1.0);
    }
}

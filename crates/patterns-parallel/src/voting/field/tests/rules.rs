//! Which overrides can be read, and what is said about the others.

use proptest::prelude::*;

use super::super::*;
use super::schema;
use crate::voting::numeric::Tolerance;

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = FieldRules::parse(&schema(), [text]).unwrap_err();
    assert_eq!(error.to_string(), expected, "{text}");
}

#[test]
fn errors_name_what_is_wrong_and_what_may_be_meant() {
    check_error("price", "`price` is no PATH=RULE, such as /price=median:1%");
    check_error(
        "/price=medain",
        "there is no rule `medain` for a field; did you mean `median`? (known: plurality, \
         majority, threshold, median, union)",
    );
    check_error(
        "/prise=median",
        "the answer has no field `/prise`; did you mean `/price`?",
    );
    check_error(
        "city=majority",
        "the answer has no field `city`; did you mean `/address/city`?",
    );
    check_error("/qqq=majority", "the answer has no field `/qqq`");
    check_error(
        "/tags/0=majority",
        "the answer has no field `/tags/0`; did you mean `/tags`?",
    );
    check_error(
        "/open=median",
        "`/open` is true or false, which `median` cannot decide (use one of plurality, majority, \
         threshold)",
    );
    check_error(
        "tags=median",
        "`/tags` is a list, which `median` cannot decide (use one of union, plurality, majority, \
         threshold)",
    );
}

#[test]
fn errors_name_the_parameter_and_its_range() {
    check_error(
        "name=threshold",
        "the rule `threshold`: it needs a share, such as 0.6, 60% or 2/3",
    );
    check_error(
        "name=threshold:7",
        "the rule `threshold`: 7 is no share from 0 to 1",
    );
    check_error(
        "name=threshold:1/0",
        "the rule `threshold`: inf is no share from 0 to 1",
    );
    check_error(
        "count=majority:2",
        "the rule `majority`: it takes no parameter, but has `2`",
    );
    check_error(
        "count=median:x",
        "the rule `median`: `x` is no tolerance, such as 0.5 or 1%",
    );
    check_error(
        "name=median",
        "`/name` is text, which `median` cannot decide (use one of plurality, majority, threshold)",
    );
    check_error(
        "count=median:-1",
        "the rule `median`: an absolute tolerance is a finite number from 0, not -1",
    );
    let mut rules = FieldRules::default();
    let error = rules
        .set(&schema(), "/price", FieldRule::UnionOf(1.7))
        .unwrap_err();
    assert!(
        error.to_string().ends_with("1.7 is no share from 0 to 1"),
        "{error}"
    );
    let twice = FieldRules::parse(&schema(), ["/price=majority", "price=median"]).unwrap_err();
    assert_eq!(twice.to_string(), "`/price` has two rules");
}

#[test]
fn paths_are_read_in_several_forms() {
    for path in [
        "/address/city",
        "address/city",
        "address.city",
        " /address/city ",
    ] {
        let rules = FieldRules::parse(&schema(), [format!("{path}=majority")]).unwrap();
        assert_eq!(
            rules.get("/address/city"),
            Some(FieldRule::Majority),
            "{path}"
        );
    }
    for path in ["", "/"] {
        let rules = FieldRules::parse(&schema(), [format!("{path}=majority")]).unwrap();
        assert_eq!(rules.get(""), Some(FieldRule::Majority), "{path:?}");
    }
}

#[test]
fn a_field_within_itself_can_be_named() {
    let deep = format!("/address{}/city=majority", "/next".repeat(9));
    assert!(FieldRules::parse(&schema(), [deep]).is_ok());
}

fn rules() -> impl Strategy<Value = FieldRule> {
    let share = (0..1000_u32).prop_map(|it| f64::from(it) / 1000.0);
    let tolerance = (0..999_u32, 0..999_u32).prop_map(|(absolute, relative)| Tolerance {
        absolute: f64::from(absolute) / 8.0,
        relative: f64::from(relative) / 1000.0,
    });
    prop_oneof![
        Just(FieldRule::Plurality),
        Just(FieldRule::Majority),
        Just(FieldRule::Union),
        share.clone().prop_map(FieldRule::Threshold),
        share.prop_map(FieldRule::UnionOf),
        tolerance.prop_map(FieldRule::Median),
    ]
}

proptest! {
    #[test]
    fn rules_are_written_as_they_are_read(rule in rules()) {
        prop_assert_eq!(rule.to_string().parse(), Ok(rule));
    }

    #[test]
    fn no_text_breaks_the_reading(text in ".{0,20}=.{0,20}") {
        let _: Result<_, _> = FieldRules::parse(&schema(), [text]);
    }
}

//! Which overrides can be read, and what is said about the others.

use proptest::prelude::*;

use super::super::*;
use super::schema;

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = Fields::parse(schema(), [text]).unwrap_err();
    assert_eq!(error.to_string(), expected, "{text}");
}

#[test]
fn errors_name_what_is_wrong_and_what_may_be_meant() {
    check_error("price", "`price` is no PATH=RULE, such as /price=median:1%");
    check_error(
        "/price=medain",
        "there is no rule `medain` for a field; did you mean `median`? (known: plurality, \
         majority, supermajority, unanimous, threshold, median, union)",
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
        "the rule `majority`: it takes no value, but has `2`",
    );
    check_error(
        "count=median:x",
        "the rule `median`: `x` is no tolerance: a distance from 0, such as 0.5, or less than 100%, \
         such as 1%",
    );
    check_error(
        "name=median",
        "`/name` is text, which `median` cannot decide (use one of plurality, majority, threshold)",
    );
    check_error(
        "count=median:-1",
        "the rule `median`: `-1` is no tolerance: a distance from 0, such as 0.5, or less than 100%, \
         such as 1%",
    );
    check_error(
        "tags=union:1.7",
        "the rule `union`: 1.7 is no share from 0 to 1",
    );
    let twice = Fields::parse(schema(), ["/price=majority", "price=median"]).unwrap_err();
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
        let rules = Fields::parse(schema(), [format!("{path}=majority")]).unwrap();
        assert_eq!(
            rules.rules.get("/address/city").copied(),
            Some("majority".parse().unwrap()),
            "{path}"
        );
    }
    for path in ["", "/"] {
        let rules = Fields::parse(schema(), [format!("{path}=majority")]).unwrap();
        assert_eq!(
            rules.rules.get("").copied(),
            Some("majority".parse().unwrap()),
            "{path:?}"
        );
    }
}

#[test]
fn a_field_within_itself_can_be_named() {
    let deep = format!("/address{}/city=majority", "/next".repeat(9));
    assert!(Fields::parse(schema(), [deep]).is_ok());
}

fn rules() -> impl Strategy<Value = String> {
    let share = || (0..1000_u32).prop_map(|it| f64::from(it) / 1000.0);
    prop_oneof![
        Just("plurality".to_owned()),
        Just("majority".to_owned()),
        Just("median".to_owned()),
        Just("union".to_owned()),
        share().prop_map(|it| format!("threshold:{it}")),
        share().prop_map(|it| format!("union:{it}")),
        (1..999_u32).prop_map(|it| format!("median:{}", f64::from(it) / 8.0)),
        (1..999_u32).prop_map(|it| format!("median:{}%", f64::from(it) / 10.0)),
    ]
}

proptest! {
    #[test]
    fn rules_are_written_as_they_are_read(rule in rules()) {
        let read: FieldRule = rule.parse().unwrap();
        prop_assert_eq!(read.to_string(), rule);
    }

    #[test]
    fn no_text_breaks_the_reading(text in ".{0,20}=.{0,20}") {
        let _: Result<_, _> = Fields::parse(schema(), [text]);
    }
}

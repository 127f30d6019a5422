//! Tables of code reductions, and what holds for all of them.
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CodeFunction, CodeReduce, FieldTrouble};

fn reduce(text: &str) -> CodeReduce {
    text.parse().unwrap()
}

/// Reduces answers to a result and the places of those with trouble.
fn check(text: &str, answers: &[Value]) -> (Value, Vec<(usize, FieldTrouble)>) {
    let reduce = reduce(text);
    let mut state = reduce.state();
    let mut troubles = Vec::new();
    for (place, answer) in answers.iter().enumerate() {
        match reduce.take(answer) {
            Ok(taken) => state.add(&taken, (place as u64, 0)),
            Err(trouble) => troubles.push((place, trouble)),
        }
    }
    (state.result(), troubles)
}

#[test]
fn each_function_by_hand() {
    let answers = [
        json!({"n": 0.1, "tags": ["a", "b"], "who": "Ann"}),
        json!({"n": 0.2, "tags": ["b"], "who": "bob"}),
        json!({"n": 5, "tags": [], "who": "Bob."}),
        json!({"n": -1.5, "tags": ["c", "b"], "who": "Ann"}),
    ];
    let table = [
        ("count", json!(4)),
        ("count:tags", json!(5)),
        ("distinct:tags", json!(3)),
        ("distinct:who", json!(3)),
        ("sum:n", json!(3.8)),
        ("mean:n", json!(0.95)),
        ("min:n", json!(-1.5)),
        ("max:n", json!(5)),
        ("median:n", json!(0.15)),
        ("quantile:0:n", json!(-1.5)),
        ("quantile:0.25:n", json!(-0.3)),
        ("quantile:1:n", json!(5)),
        ("union:tags", json!(["a", "b", "c"])),
        ("top:1:tags", json!([{"value": "b", "count": 3}])),
        (
            "histogram:tags",
            json!([
                {"value": "b", "count": 3}, {"value": "a", "count": 1}, {"value": "c", "count": 1},
            ]),
        ),
        (
            "bins:2:n",
            json!([
                {"from": -2, "to": 0, "count": 1},
                {"from": 0, "to": 2, "count": 2},
                {"from": 4, "to": 6, "count": 1},
            ]),
        ),
        ("vote:who", json!({"winner": "Ann", "votes": 2, "of": 4})),
        ("dedupe:who", json!([answers[0], answers[1], answers[2]])),
    ];
    for (text, expected) in table {
        assert_eq!(check(text, &answers), (expected, vec![]), "{text}");
        assert_eq!(reduce(text).to_string(), text);
    }
    let (stats, _) = check(
        "stats:x",
        &[2, 4, 4, 4, 5, 5, 7, 9].map(|x| json!({"x": x})),
    );
    let deviation = stats["deviation"].as_f64().unwrap();
    assert!(
        (deviation - (32.0_f64 / 7.0).sqrt()).abs() < 1e-15,
        "{deviation}"
    );
    assert_eq!((&stats["mean"], &stats["sum"]), (&json!(5), &json!(40)));
}

#[test]
fn nothing_reduces_to_nothing() {
    for name in CodeFunction::NAMES {
        let text = match name {
            "quantile" => "quantile:0.5:x".to_owned(),
            "top" | "bins" => format!("{name}:3:x"),
            name => format!("{name}:x"),
        };
        let expected = match name {
            "count" | "distinct" | "sum" => json!(0),
            "mean" | "min" | "max" | "median" | "quantile" | "vote" => Value::Null,
            "stats" => {
                json!({"count": 0, "sum": 0, "mean": null, "min": null, "max": null, "deviation": null})
            }
            _ => json!([]),
        };
        assert_eq!(check(&text, &[]), (expected, vec![]), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_and_leaves_nothing_behind() {
    use FieldTrouble::{Missing, WrongType};
    let table = [
        ("sum:n", json!({}), Missing),
        ("sum:n", json!({"n": null}), Missing),
        ("sum:n", json!({"n": "3"}), WrongType),
        ("sum:n", json!({"n": [1, "2"]}), WrongType),
        ("sum:n", json!({"n": {"m": 1}}), WrongType),
        ("sum:n.m", json!({"n": 1}), WrongType),
        ("sum:events.n", json!({"events": [{"n": 1}, {}]}), Missing),
        ("union:n", json!({"n": [1, null]}), Missing),
        ("vote:n", json!({"n": " … "}), Missing),
        ("max:/n/1", json!({"n": [1]}), Missing),
        ("count:n", json!(7), WrongType),
    ];
    for (text, answer, trouble) in table {
        let nothing = check(text, &[]).0;
        assert_eq!(
            check(text, std::slice::from_ref(&answer)),
            (nothing, vec![(0, trouble)]),
            "{text} {answer}"
        );
    }
}

#[test]
fn lists_stand_for_their_elements() {
    let answer = json!({"events": [{"n": 1, "at": [1, 2]}, {"n": 2, "at": [[3]]}]});
    assert_eq!(
        check("sum:events.n", std::slice::from_ref(&answer)).0,
        json!(3)
    );
    assert_eq!(
        check("sum:/events/1/n", std::slice::from_ref(&answer)).0,
        json!(2)
    );
    assert_eq!(check("sum:events.at", &[answer]).0, json!(6));
}

#[test]
fn extreme_numbers_are_exact() {
    let numbers = |numbers: &[Value]| numbers.iter().map(|x| json!({"x": x})).collect::<Vec<_>>();
    let table = [
        (vec![json!(1e308), json!(1), json!(-1e308)], json!(1)),
        (vec![json!(1e16), json!(1), json!(-1e16)], json!(1)),
        (vec![json!(0.1); 10], json!(1)),
        (
            vec![json!(u64::MAX), json!(i64::MIN)],
            json!(9_223_372_036_854_775_807_u64),
        ),
        (vec![json!(5e-324), json!(5e-324)], json!(1e-323)),
        (vec![json!(1e308); 2], json!("2e308")),
    ];
    for (values, expected) in table {
        assert_eq!(check("sum:x", &numbers(&values)).0, expected, "{values:?}");
    }
    let far = numbers(&[json!(1e308), json!(-1e308), json!(5e-324)]);
    assert_eq!(check("median:x", &far).0, json!(5e-324));
    assert!(
        check("stats:x", &far).0["deviation"].is_null(),
        "it exceeds all floats"
    );
    assert_eq!(check("bins:1e-300:x", &far).0.as_array().unwrap().len(), 3);
}

#[test]
fn objects_are_compared_by_their_members() {
    let answers = [
        json!({"x": {"a": 1, "b": 2.0}}),
        json!({"x": {"b": 2, "a": 1}}),
    ];
    assert_eq!(check("union:x", &answers).0, json!([{"a": 1, "b": 2.0}]));
    assert_eq!(
        check("distinct:x", &[json!({"x": "A"}), json!({"x": "a"})]).0,
        2
    );
    assert_eq!(check("dedupe", &answers).0, json!([answers[0]]));
}

#[test]
fn wrong_reductions_say_what_is_right() {
    let table = [
        (
            "summ:x",
            "there is no reduction \"summ\"; did you mean \"sum\"?",
        ),
        (
            "average",
            "there is no reduction \"average\"; there are count, distinct, sum, mean, min, max, median, quantile, stats, union, top, histogram, bins, vote, dedupe",
        ),
        ("sum", "sum needs a field: sum:FIELD"),
        ("sum:", "sum needs a field: sum:FIELD"),
        ("top:x", "top:K:FIELD: K is at least 1"),
        ("top:3", "top needs a field: top:FIELD"),
        ("top:-3:x", "top:K:FIELD: K is at least 1"),
        (
            "quantile:90:x",
            "quantile:P:FIELD: P is from 0 to 1, such as 0.9",
        ),
        (
            "quantile:NaN:x",
            "quantile:P:FIELD: P is from 0 to 1, such as 0.9",
        ),
        (
            "bins:0:x",
            "bins:WIDTH:FIELD: WIDTH is a number above 0, such as 10",
        ),
        (
            "bins:inf:x",
            "bins:WIDTH:FIELD: WIDTH is a number above 0, such as 10",
        ),
    ];
    for (text, expected) in table {
        let error = text.parse::<CodeReduce>().unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

const EACH: [&str; 15] = [
    "count",
    "distinct:x",
    "sum:x",
    "mean:x",
    "min:x",
    "max:x",
    "median:x",
    "quantile:0.3:x",
    "stats:x",
    "union:x",
    "top:2:x",
    "histogram:x",
    "bins:0.5:x",
    "vote:x",
    "dedupe:x",
];

fn answers() -> impl Strategy<Value = Vec<Value>> {
    let value = prop_oneof![
        (-3..4i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            json!(0.1),
            json!("a"),
            json!("A"),
            Value::Null,
            json!([1, 2])
        ]),
    ];
    prop::collection::vec(value.prop_map(|x| json!({"x": x})), 0..20)
}

proptest! {
    #[test]
    fn parts_in_any_order_give_what_all_give(
        answers in answers(), parts in prop::collection::vec(0..3usize, 20), flip: bool,
    ) {
        for text in EACH {
            let reduce = reduce(text);
            let mut whole = reduce.state();
            let mut states = vec![reduce.state(); 3];
            for (place, answer) in answers.iter().enumerate() {
                if let Ok(taken) = reduce.take(answer) {
                    whole.add(&taken, (place as u64, 0));
                    states[parts[place]].add(&taken, (place as u64, 0));
                }
            }
            if flip {
                states.reverse();
            }
            let mut merged = reduce.state();
            states.into_iter().for_each(|it| merged.merge(it));
            prop_assert_eq!(merged.result(), whole.result(), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z]{0,8}(:[a-z0-9./~-]{0,6}){0,3}") {
        if let Ok(reduce) = text.parse::<CodeReduce>() {
            prop_assert_eq!(reduce.to_string().parse::<CodeReduce>().unwrap(), reduce);
        }
    }
}

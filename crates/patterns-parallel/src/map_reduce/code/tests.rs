//! Tables of code reductions, and what holds for all of them.
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CodeReduce, FieldTrouble, NAMES};

fn reduce(text: &str) -> CodeReduce {
    text.parse().unwrap()
}

/// Reduces answers to a result and the places of those with trouble.
fn check(text: &str, answers: &[Value]) -> (Value, Vec<(usize, FieldTrouble)>) {
    let reduce = reduce(text);
    let mut state = reduce.state();
    let mut troubles = Vec::new();
    for (place, answer) in answers.iter().enumerate() {
        match reduce.take(answer, place as u64) {
            Ok(taken) => state.merge(&taken),
            Err(trouble) => troubles.push((place, trouble)),
        }
    }
    (reduce.result(&state), troubles)
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
        ("union:tags", json!(["a", "b", "c"])),
        ("top:1:tags", json!([{"value": "b", "count": 3}])),
    ];
    for (text, expected) in table {
        assert_eq!(check(text, &answers), (expected, vec![]), "{text}");
        assert_eq!(reduce(text).to_string(), text);
    }
}

#[test]
fn nothing_reduces_to_nothing() {
    for (name, _) in NAMES {
        let text = match name {
            "top" => format!("{name}:3:x"),
            name => format!("{name}:x"),
        };
        let expected = match name {
            "count" | "distinct" | "sum" => json!(0),
            "mean" | "min" | "max" | "median" => Value::Null,
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
        (vec![json!(1e300)], json!(1e300)),
        (
            vec![json!(1e300), json!(1)],
            json!(format!("1.{}1e300", "0".repeat(299))),
        ),
        (
            vec![json!(u64::MAX), json!(26_929_691_963_822_977_i64)],
            json!("18473673765673374592"),
        ),
        (vec![json!(i64::MIN); 3], json!("-27670116110564327424")),
    ];
    for (values, expected) in table {
        assert_eq!(check("sum:x", &numbers(&values)).0, expected, "{values:?}");
    }
    let far = numbers(&[json!(1e308), json!(-1e308), json!(5e-324)]);
    assert_eq!(check("median:x", &far).0, json!(5e-324));
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
    // Composed or not, it is the same letter.
    let cafe = ["Caf\u{e9}", "Cafe\u{301}"].map(|it| json!({"x": {"in": [it]}}));
    assert_eq!(check("union:x", &cafe).0, json!([{"in": ["Caf\u{e9}"]}]));
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
            "there is no reduction \"average\"; there are count, distinct, sum, mean, min, max, median, top, union",
        ),
        ("sum", "sum needs a field: sum:FIELD"),
        ("sum:", "sum needs a field: sum:FIELD"),
        ("top:x", "top:K:FIELD: K is at least 1"),
        ("top:3", "top needs a field: top:3:FIELD"),
        ("top:-3:x", "top:K:FIELD: K is at least 1"),
    ];
    for (text, expected) in table {
        let error = text.parse::<CodeReduce>().unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

const EACH: [&str; 9] = [
    "count",
    "distinct:x",
    "sum:x",
    "mean:x",
    "min:x",
    "max:x",
    "median:x",
    "top:2:x",
    "union:x",
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
                if let Ok(taken) = reduce.take(answer, place as u64) {
                    whole.merge(&taken);
                    states[parts[place]].merge(&taken);
                }
            }
            if flip {
                states.reverse();
            }
            let mut merged = reduce.state();
            states.iter().for_each(|it| merged.merge(it));
            prop_assert_eq!(reduce.result(&merged), reduce.result(&whole), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z]{0,8}(:[a-z0-9./~-]{0,6}){0,3}") {
        if let Ok(reduce) = text.parse::<CodeReduce>() {
            prop_assert_eq!(reduce.to_string().parse::<CodeReduce>().unwrap(), reduce);
        }
    }
}

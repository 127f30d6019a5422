//! Tables and properties of putting an object together.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::{elect, kept, schema};

#[test]
fn objects_are_decided_by_their_fields() {
    let a = json!({"city": "Rome", "next": {"city": "Bari"}});
    let b = json!({"city": "Pisa", "next": {"city": "bari"}});
    let values = [json!(null), a.clone(), b.clone(), a];
    let election = elect("address", &values, &[], TieBreak::FirstSeen);
    let expected = json!({"address": {"city": "Rome", "next": {"city": "Bari"}}});
    assert_eq!(election.value, expected);
    let found = election
        .fields
        .iter()
        .map(|it| (it.path.as_str(), it.votes, it.abstentions));
    let expected = [
        ("/address/city", 2, 1),
        ("/address/next/city", 3, 1),
        ("/address/next/next", 0, 4),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(election.is_complete);
    let whole = elect(
        "address",
        &[b.clone(), b.clone(), json!(null)],
        &["address=majority"],
        TieBreak::FirstSeen,
    );
    assert_eq!(
        (whole.value, whole.fields.len()),
        (json!({"address": b}), 1)
    );
    let null = elect(
        "address",
        &[json!(null), json!(null), json!({"city": "x"})],
        &[],
        TieBreak::FirstSeen,
    );
    assert_eq!(null.value, json!({"address": null}));
}

#[test]
fn without_a_consensus_nothing_is_made_up() {
    for (name, values, value, is_complete) in [
        ("name", json!(["a", "b"]), json!({}), false),
        ("note", json!(["a", "b"]), json!({}), true),
        ("price", json!([1, 2]), json!({"price": null}), true),
        ("price", json!([1, null]), json!({"price": null}), true),
        ("count", json!([1, 2]), json!({}), false),
        ("count", json!([1, 2, 3]), json!({"count": 2}), true),
        ("note", json!(["-", "-"]), json!({}), true),
        ("remark", json!(["-", "-"]), json!({}), true),
        ("remark", json!(["a", "b"]), json!({"remark": null}), true),
        ("name", json!(["-", "-"]), json!({}), false),
        ("price", json!(["-", "-"]), json!({"price": null}), true),
    ] {
        let values = values.as_array().unwrap().clone();
        let election = elect(name, &values, &[], TieBreak::NoConsensus);
        let found = (election.value, election.is_complete);
        assert_eq!(found, (value, is_complete), "{name} {values:?}");
    }
}

#[test]
fn fields_that_no_schema_names_need_more_than_half() {
    let schema = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    let ballots = [
        json!({"x": 1, "y": 1}),
        json!({"z": 9, "y": 2}),
        json!({"y": 3, "x": 5}),
    ];
    let election = decide_object(kept(Fields::new(schema)), &ballots, TieBreak::FirstSeen);
    assert_eq!(election.value, json!({"x": 1, "y": 2}));
    let missed = &election.fields[2];
    assert_eq!(
        (missed.path.as_str(), missed.votes, missed.total),
        ("/z", 1, 3)
    );
    assert_eq!(missed.decision, Decision::ThresholdMissed);
}

#[test]
fn no_ballot_and_plain_values_are_decided_too() {
    let none = decide_object(kept(Fields::new(schema())), &[], TieBreak::FirstSeen);
    assert_eq!((none.value, none.is_complete), (Value::Null, false));
    let schema = json!({"type": "number"});
    let ballots = [json!(1), json!(2), json!(9)];
    let plain = decide_object(kept(Fields::new(schema)), &ballots, TieBreak::FirstSeen);
    assert_eq!((plain.value, plain.fields[0].path.as_str()), (json!(2), ""));
    let spread = plain.fields[0].spread.unwrap();
    assert_eq!(spread.interquartile_range, 4.0);
}

#[test]
fn counts_are_written_with_names() {
    let values = [json!([1]), json!([1])];
    let election = elect("parts", &values, &["parts=union:0.4"], TieBreak::FirstSeen);
    let text = serde_json::to_string(&election.fields).unwrap();
    for part in [
        r#""rule":"union:0.4","value":[1],"decision":"won""#,
        r#""counts":[{"value":1,"votes":2}]"#,
    ] {
        assert!(text.contains(part), "{text}");
    }
}

fn answers() -> impl Strategy<Value = Value> {
    let level = prop_oneof![Just("y"), Just("yes"), Just("B 2"), Just("C")];
    let price = prop::option::of(0..4_u8);
    let tags = prop::collection::vec("[abcd]", 0..3);
    let address = prop::option::of("[xy]");
    let fields = (
        "[ab]",
        level,
        any::<bool>(),
        -3..3,
        price,
        tags,
        address,
        prop::option::of("[n]"),
    );
    fields.prop_map(|(name, level, open, count, price, tags, city, note)| {
        let mut answer = json!({
            "name": name, "level": level, "open": open, "count": count, "price": price,
            "tags": tags, "address": city.map(|city| json!({"city": city})),
        });
        if let Some(note) = note {
            answer["note"] = json!(note);
        }
        answer
    })
}

proptest! {
    #[test]
    fn a_complete_result_is_valid(
        ballots in prop::collection::vec(answers(), 1..8), is_lenient in any::<bool>(),
    ) {
        let contract = patterns_core::Contract::from_schema(schema()).unwrap();
        let tie_break = if is_lenient { TieBreak::FirstSeen } else { TieBreak::NoConsensus };
        let election = decide_object(kept(Fields::new(schema())), &ballots, tie_break);
        prop_assert!(election.is_complete || !is_lenient);
        let decoded = contract.decode(&election.value.to_string());
        prop_assert_eq!(decoded.is_ok(), election.is_complete, "{:?}", decoded.err());
        for field in election.fields {
            prop_assert_eq!(field.total + field.abstentions, ballots.len() as u64);
            prop_assert!(field.votes <= field.total);
        }
    }

    #[test]
    fn all_of_one_mind_decide(mut answer in answers(), voters in 1..6_usize) {
        answer["tags"] = json!(["t"]);
        let ballots = vec![answer.clone(); voters];
        let election = decide_object(kept(Fields::new(schema())), &ballots, TieBreak::NoConsensus);
        prop_assert_eq!(election.value, answer);
    }
}

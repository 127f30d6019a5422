//! Tables by hand, and that no row is lost.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use patterns_testkit::ScriptedModel;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::KeyedReduce;
use super::same_keys::merged_keys;
use super::table::TableBuilder;
use crate::AgentOptions;

fn keyed(columns: &[&str]) -> KeyedReduce {
    KeyedReduce::new(columns.iter().map(|it| it.parse().unwrap()))
}

fn table(keyed: &KeyedReduce, answers: &[Value]) -> TableBuilder {
    let mut table = TableBuilder::new(keyed);
    for (n, answer) in answers.iter().enumerate() {
        table.add(&format!("d{n}"), answer, None);
    }
    table
}

#[test]
fn a_list_of_keys_puts_an_answer_into_several_groups() {
    let keyed = keyed(&["count", "sum:n"]).group_by("tags");
    let answers = [
        json!({"tags": ["a", "b", "a"], "n": 1}),
        json!({"tags": "b", "n": 2}),
        json!({"tags": [], "n": 4}),
        json!({"n": 8}),
        json!({"tags": {"a": 1}, "n": 16}),
        json!({"tags": "b", "n": "?"}),
    ];
    let table = table(&keyed, &answers).finish(&BTreeMap::new());
    assert_eq!(json!(table.rows), json!([["a", 1, 1], ["b", 3, 3]]));
    assert_eq!(
        (table.answers, table.answer_rows, &*table.counted),
        (6, 6, &[3, 2][..])
    );
    insta::assert_snapshot!(json!(table.problems), @r#"[{"column":"tags","trouble":"missing","rows":2,"examples":["d2","d3"]},{"column":"tags","trouble":"wrong_type","rows":1,"examples":["d4"]},{"column":"sum:n","trouble":"wrong_type","rows":1,"examples":["d5"]}]"#);
}

#[test]
fn groups_are_in_the_order_and_in_the_words_in_which_they_were_seen_first() {
    let keyed = keyed(&["count"]).group_by("tags");
    let answers = [
        json!({"tags": ["z", "Cafe\u{301}", "Caf\u{e9}", "a"]}),
        json!({"tags": ["Caf\u{e9}", "a"]}),
    ];
    let table = table(&keyed, &answers).finish(&BTreeMap::new());
    assert_eq!(
        json!(table.rows),
        json!([["z", 1], ["Cafe\u{301}", 2], ["a", 2]])
    );
}

#[test]
fn an_answer_can_be_a_list_of_rows() {
    let keyed = keyed(&["count", "max:n"]).group_by("who").each("events");
    let answers = [
        json!({"events": [{"who": "a", "n": 1}, {"who": "b", "n": 2}]}),
        json!({"events": []}),
        json!({"events": [{"who": "a", "n": 3}, {"n": 4}, {"n": 5}]}),
        json!({}),
    ];
    let table = table(&keyed, &answers).finish(&BTreeMap::new());
    assert_eq!(
        table.rows,
        [
            [json!("a"), json!(2), json!(3)],
            [json!("b"), json!(1), json!(2)]
        ]
    );
    assert_eq!((table.answers, table.answer_rows), (4, 5));
    let problems: Vec<_> = table
        .problems
        .iter()
        .map(|it| (&*it.column, it.rows, it.examples.join(" ")))
        .collect();
    assert_eq!(
        problems,
        [("events", 1, "d3".to_owned()), ("who", 2, "d2".to_owned())],
        "an answer is named once"
    );
}

#[test]
fn without_groups_there_is_one_row() {
    assert_eq!(
        table(&keyed(&["count", "mean:n"]), &[])
            .finish(&BTreeMap::new())
            .rows,
        [[json!(0), Value::Null]]
    );
    let grouped = keyed(&["count"]).group_by("n");
    assert!(
        table(&grouped, &[])
            .finish(&BTreeMap::new())
            .rows
            .is_empty()
    );
}

#[test]
fn merged_keys_go_under_one_name() {
    let keyed = keyed(&["count", "union:n"]).group_by("k");
    let answers = [
        json!({"k": "NYC", "n": 1}),
        json!({"k": "Paris", "n": 2}),
        json!({"k": "New York", "n": 3}),
        json!({"k": "New York", "n": 4}),
    ];
    let table = table(&keyed, &answers);
    let keys = table.keys();
    let names: Vec<(&str, u64)> = keys.iter().map(|it| (&*it.key, it.rows)).collect();
    assert_eq!(names, [("NYC", 1), ("Paris", 1), ("New York", 2)]);
    let names = merged_keys(&keys, [(0, 2)], &[]).names;
    assert_eq!(
        json!(table.finish(&names).rows),
        json!([["New York", 3, [1, 3, 4]], ["Paris", 1, [2]]])
    );
}

fn rows() -> impl Strategy<Value = Vec<Value>> {
    let key = prop::sample::select(vec![
        json!("a"),
        json!("b"),
        json!(["a", "b"]),
        json!([]),
        json!(1),
        Value::Null,
        json!({}),
    ]);
    let number = prop::sample::select(vec![
        json!(1),
        json!(0.1),
        json!("x"),
        json!([2, 3]),
        Value::Null,
    ]);
    prop::collection::vec(
        (key, number).prop_map(|(k, n)| json!({"k": k, "n": n})),
        0..24,
    )
}

proptest! {
    #[test]
    fn counted_and_problems_are_all_rows(rows in rows(), grouped: bool) {
        let keyed = keyed(&["sum:n", "union:n", "count"]);
        let keyed = if grouped { keyed.group_by("k") } else { keyed };
        let table = table(&keyed, &rows).finish(&BTreeMap::new());
        let problems = |column: &str| -> u64 {
            table.problems.iter().filter(|it| it.column == column).map(|it| it.rows).sum()
        };
        for (column, counted) in keyed.columns.iter().zip(&table.counted) {
            let lost = problems(&column.to_string()) + problems("k");
            prop_assert_eq!(counted + lost, rows.len() as u64);
        }
    }

    #[test]
    fn a_row_is_in_each_merged_group_once(rows in rows(), pairs in prop::collection::vec((0..4usize, 0..4usize), 0..4)) {
        let keyed = keyed(&["count"]).group_by("k");
        let model = Arc::new(ScriptedModel::new(Vec::<String>::new()));
        let keyed = keyed.resolve_keys(model, &AgentOptions::default());
        let table = table(&keyed, &rows);
        let keys = table.keys();
        let pairs = pairs.into_iter().filter(|it| it.0.max(it.1) < keys.len());
        let names = merged_keys(&keys, pairs, &[]).names;
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for row in &rows {
            let keys = match &row["k"] {
                Value::Array(keys) => keys.clone(),
                key @ (Value::String(_) | Value::Number(_)) => vec![key.clone()],
                _ => Vec::new(),
            };
            let name = |it: &Value| match it.as_str().and_then(|it| names.get(it)) {
                Some(name) => json!(name).to_string(),
                None => it.to_string(),
            };
            for group in keys.iter().map(name).collect::<BTreeSet<_>>() {
                *expected.entry(group).or_default() += 1;
            }
        }
        let table = table.finish(&names);
        let found = table.rows.iter().filter_map(|it| Some((it[0].to_string(), it[1].as_u64()?)));
        prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
    }
}

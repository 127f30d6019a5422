//! What is asked, in which words, and what it costs.

use std::sync::{Arc, Mutex};

use patterns_core::{
    Agent, AgentError, AgentErrorKind, Document, ModelError, ModelErrorKind, Scope, Usage,
};
use patterns_parallel::AgentOptions;
use patterns_testkit::{ScriptedAgent, ScriptedModel};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Glean, GleanTask, follow_up_schema, merge};

fn schema() -> Value {
    json!({
        "title": "people",
        "type": "object",
        "properties": {
            "place": {"type": "string"},
            "names": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        },
        "required": ["place", "names"],
        "additionalProperties": false,
    })
}

fn document() -> Document {
    Document::new("a.md", "Ada met Grace in Paris.")
}

fn glean(model: &Arc<ScriptedModel>) -> Glean {
    let model = Arc::clone(model);
    Glean::with_model(model, &schema(), &AgentOptions::default()).unwrap()
}

async fn run(glean: &Glean) -> (Value, Usage) {
    let answer = glean.run(&document(), Scope::default()).await.unwrap();
    (answer.value, answer.usage)
}

#[tokio::test]
async fn a_follow_up_shows_the_document_and_what_was_found() {
    let model = Arc::new(ScriptedModel::new([
        r#"{"place": "Paris", "names": ["Ada"]}"#,
        r#"{"names": ["Grace"]}"#,
    ]));
    let (found, usage) = run(&glean(&model)).await;
    assert_eq!(found, json!({"place": "Paris", "names": ["Ada", "Grace"]}));
    assert_eq!(usage.calls, 2);
    let requests = model.requests();
    assert_eq!(requests[0].instructions, requests[1].instructions);
    assert_eq!(
        requests[0].messages[0].parts[0],
        requests[1].messages[0].parts[0]
    );
    insta::assert_snapshot!(requests[1].messages[0].to_text(), @r#"
    <document-7ae707d3 id="a.md">
    Ada met Grace in Paris.
    </document-7ae707d3>

    This was found in it so far:

    <document-a387b039 id="found">
    {
      "place": "Paris",
      "names": [
        "Ada"
      ]
    }
    </document-a387b039>

    What was missed? Go through the document again, and answer only with what it says and what is not among what was found. If nothing was missed, every list is empty.
    "#);
    insta::assert_snapshot!(requests[1].schema.as_ref().unwrap().json(), @r#"{"type":"object","properties":{"names":{"type":"array","items":{"type":"string"}}},"additionalProperties":false,"required":["names"]}"#);
}

#[tokio::test]
async fn a_follow_up_that_fails_fails_the_step_with_the_whole_bill() {
    let first = Arc::new(ScriptedModel::new([
        r#"{"place": "Paris", "names": ["Ada"]}"#,
    ]));
    let glean = glean(&first);
    let refused = ScriptedAgent::new(|_: &GleanTask| {
        Err(AgentError::from(ModelError::new(
            ModelErrorKind::ContextTooLong,
        )))
    });
    let glean = Glean::new(glean.rounds(0), refused);
    let error = glean.run(&document(), Scope::default()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        AgentErrorKind::Model(ModelErrorKind::ContextTooLong)
    );
    assert_eq!(error.usage().calls, 1);
}

#[test]
fn answers_without_lists_are_refused() {
    let model = Arc::new(ScriptedModel::new(Vec::<String>::new()));
    let options = AgentOptions::default();
    let error = |schema: Value| {
        let glean = Glean::with_model(model.clone(), &schema, &options);
        glean.unwrap_err().to_string()
    };
    let text = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let no_list = "no field of the answers is a list without maxItems";
    assert!(error(text).starts_with(no_list));
    let nonsense = error(json!({"type": "nonsense"}));
    assert!(nonsense.starts_with("the schema makes no contract: "));
}

/// Plays follow-ups and returns how many were asked for, and what was found.
async fn play(most: u32, answers: &[Value]) -> (usize, Value) {
    let first = ScriptedAgent::new(|_: &Document| Ok(json!({"a": ["a"]})));
    let answers = answers.to_vec();
    let left = Mutex::new(answers.into_iter());
    let more = Arc::new(ScriptedAgent::new(move |_: &GleanTask| {
        let next = left.lock().unwrap().next();
        Ok(next.unwrap_or_else(|| json!({"a": []})))
    }));
    let found = run(&Glean::new(first, more.clone()).rounds(most)).await.0;
    (more.inputs().len(), found)
}

#[tokio::test]
async fn it_ends_after_the_last_round_or_when_nothing_new_comes() {
    let list = |items: &[&str]| json!({"a": items});
    let answers = [&["b"][..], &["c", "a"], &["B", "c"], &["d"]].map(list);
    assert_eq!(play(0, &answers).await, (0, list(&["a"])));
    assert_eq!(play(1, &answers).await, (1, list(&["a", "b"])));
    assert_eq!(play(2, &answers).await, (2, list(&["a", "b", "c"])));
    assert_eq!(play(9, &answers).await, (3, list(&["a", "b", "c"])));
    assert_eq!(play(9, &answers[..1]).await, (2, list(&["a", "b"])));
    assert_eq!(play(9, &[json!(["b"])]).await, (1, list(&["a"])));
}

#[test]
fn only_lists_are_asked_for_again_and_they_may_be_empty() {
    let schema = json!({
        "title": "people",
        "type": "object",
        "$defs": {"names": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
        "properties": {
            "place": {"type": "string"},
            "people": {"type": "array", "items": {"type": "object"}, "minItems": 1},
            "aliases": {"$ref": "#/$defs/names"},
            "dates": {"type": ["array", "null"], "items": {"type": "string"}},
            "notes": {"anyOf": [{"type": "array", "items": {}}, {"type": "null"}]},
            "best": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        },
        "required": ["place", "people"],
        "additionalProperties": false,
    });
    let follow_up = follow_up_schema(&schema).unwrap();
    assert_eq!(
        follow_up,
        json!({
            "title": "people_missed",
            "type": "object",
            "$defs": {"names": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
            "properties": {
                "people": {"type": "array", "items": {"type": "object"}},
                "aliases": {"type": "array", "items": {"type": "string"}},
                "dates": {"type": "array", "items": {"type": "string"}},
                "notes": {"type": "array", "items": {}},
            },
            "required": ["people", "aliases", "dates", "notes"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn lists_are_found_behind_references() {
    let schema = json!({"$ref": "#/$defs/All", "$defs": {
        "All": {"type": "object", "properties": {"names": {"anyOf": [{"$ref": "#/$defs/Names"}, {"type": "null"}]}}},
        "Names": {"type": "array", "items": {"type": "string"}},
    }});
    let lists = &follow_up_schema(&schema).unwrap()["properties"];
    assert_eq!(
        lists,
        &json!({"names": {"type": "array", "items": {"type": "string"}}})
    );
}

#[test]
fn without_a_list_nothing_can_be_gleaned() {
    for schema in [
        json!({}),
        json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        json!({"properties": {"a": {"$ref": "#/properties/a"}}}),
        json!({"properties": {"a": {"$ref": "https://elsewhere"}}}),
        json!({"type": "array", "items": {}}),
        json!({"properties": {"a": {"type": "array", "maxItems": 3}}}),
        json!({"properties": {"a": {"anyOf": 3}}}),
    ] {
        assert_eq!(follow_up_schema(&schema), None, "{schema}");
    }
}

fn check(mut found: Value, more: Value, merged: Value, new: usize) {
    assert_eq!(merge(&mut found, more), new);
    assert_eq!(found, merged);
}

#[test]
fn lists_are_united() {
    check(
        json!({"a": ["a"]}),
        json!({"a": ["A.", "b", "b "]}),
        json!({"a": ["a", "b"]}),
        1,
    );
    check(
        json!({"n": 1, "items": [{"name": "Ann", "age": 3}]}),
        json!({"n": 2, "items": [{"age": 3.0, "name": "ANN"}, {"name": "Bob", "age": 3}]}),
        json!({"n": 1, "items": [{"name": "Ann", "age": 3}, {"name": "Bob", "age": 3}]}),
        1,
    );
}

#[test]
fn what_says_nothing_is_not_new() {
    check(
        json!({"a": []}),
        json!({"a": ["", null, " "]}),
        json!({"a": []}),
        0,
    );
    check(
        json!({"a": null}),
        json!({"a": [], "b": []}),
        json!({"a": null}),
        0,
    );
    check(
        json!({"a": null}),
        json!({"a": ["x"]}),
        json!({"a": ["x"]}),
        1,
    );
    check(json!({"a": "x"}), json!({"a": ["y"]}), json!({"a": "x"}), 0);
    check(json!("a"), json!({"a": ["b"]}), json!("a"), 0);
}

#[test]
fn large_numbers_stay_apart() {
    let (a, b) = (9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64);
    check(
        json!({"n": [a]}),
        json!({"n": [b]}),
        json!({"n": [a, b]}),
        1,
    );
}

proptest! {
    #[test]
    fn merging_again_adds_nothing(
        first in prop::collection::vec("[aB .]{0,3}", 0..8),
        second in prop::collection::vec("[aB .]{0,3}", 0..8),
    ) {
        let mut found = json!({"items": first});
        let more = json!({"items": second});
        let new = merge(&mut found, more.clone());
        prop_assert_eq!(found["items"].as_array().unwrap().len(), first.len() + new);
        prop_assert_eq!(merge(&mut found, more), 0);
    }
}

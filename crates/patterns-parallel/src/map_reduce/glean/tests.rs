//! What is asked, in which words, and what it costs.

use std::sync::{Arc, Mutex};

use patterns_core::{
    Agent, AgentError, AgentErrorKind, Document, ModelError, ModelErrorKind, Scope, Usage,
};
use patterns_testkit::{ScriptedAgent, ScriptedModel};
use serde_json::{Value, json};

use super::{Glean, GleanTask};
use crate::AgentOptions;

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
    let first = ScriptedAgent::new(|_: &Document| Ok(json!(["a"])));
    let answers = answers.to_vec();
    let left = Mutex::new(answers.into_iter());
    let more = Arc::new(ScriptedAgent::new(move |_: &GleanTask| {
        let next = left.lock().unwrap().next();
        Ok(next.unwrap_or_else(|| json!([])))
    }));
    let found = run(&Glean::new(first, more.clone()).rounds(most)).await.0;
    (more.inputs().len(), found)
}

#[tokio::test]
async fn it_ends_after_the_last_round_or_when_nothing_new_comes() {
    let answers = [
        json!(["b"]),
        json!(["c", "a"]),
        json!(["B", "c"]),
        json!(["d"]),
    ];
    assert_eq!(play(0, &answers).await, (0, json!(["a"])));
    assert_eq!(play(1, &answers).await, (1, json!(["a", "b"])));
    assert_eq!(play(2, &answers).await, (2, json!(["a", "b", "c"])));
    assert_eq!(play(9, &answers).await, (3, json!(["a", "b", "c"])));
    assert_eq!(play(9, &answers[..1]).await, (2, json!(["a", "b"])));
    assert_eq!(play(9, &[json!({"a": ["b"]})]).await, (1, json!(["a"])));
}

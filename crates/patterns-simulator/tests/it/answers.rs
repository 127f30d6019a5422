//! What is answered, and what an answer depends on.

use patterns_simulator::Simulator;
use serde_json::{Value, json};

use crate::client::{question, question_with, with};

fn verdict() -> Value {
    json!({
        "type": "object",
        "properties": {
            "reasoning": {"type": "string"},
            "verdict": {"type": "string", "enum": ["true", "false"]},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1}
        },
        "required": ["reasoning", "verdict", "confidence"],
        "additionalProperties": false
    })
}

#[tokio::test]
async fn a_completion_has_the_shape_of_the_api() {
    with(Simulator::builder(), async |caller| {
        let request = question_with(&verdict());
        let (status, body) = caller.post(None, request.to_string()).await;
        assert_eq!(status, 200);
        assert_eq!(body["object"], "chat.completion");
        assert_eq!(body["model"], "sim");
        assert_eq!(body["choices"][0]["finish_reason"], "stop");
        assert_eq!(body["choices"][0]["message"]["role"], "assistant");
        let content = body["choices"][0]["message"]["content"].as_str().unwrap();
        // "Answer." with its quotes is nine bytes.
        assert_eq!(body["usage"]["prompt_tokens"], 3);
        let completion = content.len().div_ceil(4);
        assert_eq!(body["usage"]["completion_tokens"], completion);
        assert_eq!(body["usage"]["total_tokens"], 3 + completion);
        let answer: Value = serde_json::from_str(content).unwrap();
        assert!(jsonschema::is_valid(&verdict(), &answer), "{answer}");
        let names: Vec<_> = answer.as_object().unwrap().keys().collect();
        assert_eq!(names, ["reasoning", "verdict", "confidence"]);
    })
    .await;
}

#[tokio::test]
async fn equal_requests_get_equal_answers_in_any_order() {
    let ask = async |seed: u64, keys: &[Option<&str>]| {
        let mut answers = Vec::new();
        with(Simulator::builder().seed(seed), async |caller| {
            for key in keys {
                answers.push(caller.ask(*key, &question_with(&verdict())).await);
            }
        })
        .await;
        answers
    };
    let first = ask(1, &[None, Some("a"), Some("b")]).await;
    let mut reversed = ask(1, &[Some("b"), Some("a"), None]).await;
    reversed.reverse();
    assert_eq!(first, reversed);
    let other = ask(2, &[None, Some("a"), Some("b")]).await;
    let mut different = [first, other].concat();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 6, "{different:?}");
}

#[tokio::test]
async fn other_words_get_another_answer() {
    with(Simulator::builder(), async |caller| {
        let first = caller.ask(None, &question("What is this?")).await;
        let second = caller.ask(None, &question("What is that?")).await;
        assert_ne!(first, second);
        assert!(first.ends_with('.') && first.contains(' '), "{first}");
    })
    .await;
}

#[tokio::test]
async fn a_schema_in_words_is_met() {
    let text = format!(
        "You judge.\n\nAnswer with one JSON object that is valid against this JSON Schema, and \
         with nothing before or after it:\n{}",
        verdict()
    );
    let parts = json!([{"type": "text", "text": text}]);
    with(Simulator::builder(), async |caller| {
        for content in [json!(text), parts] {
            let mut request = question("Is it so?");
            let system = json!({"role": "system", "content": content});
            request["messages"]
                .as_array_mut()
                .unwrap()
                .insert(0, system);
            for format in [Value::Null, json!({"type": "json_object"})] {
                request["response_format"] = format;
                let answer = caller.ask(None, &request).await;
                let answer: Value = serde_json::from_str(&answer).unwrap();
                assert!(jsonschema::is_valid(&verdict(), &answer), "{answer}");
            }
        }
        let request = question(&format!("{text}\n\nJSON Schema {{\"a\": 1}}"));
        let answer = caller.ask(None, &request).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(jsonschema::is_valid(&verdict(), &answer), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_json_object_without_a_schema_is_some_object() {
    with(Simulator::builder(), async |caller| {
        let mut request = question("In JSON, please.");
        request["response_format"] = json!({"type": "json_object"});
        let answer = caller.ask(None, &request).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["answer"].is_string(), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn the_model_is_listed() {
    with(Simulator::builder().model("tiny"), async |caller| {
        let (status, body) = caller.get("/v1/models").await;
        assert_eq!(status, 200);
        assert_eq!(body["object"], "list");
        assert_eq!(body["data"][0]["id"], "tiny");
        assert_eq!(body["data"].as_array().map(Vec::len), Some(1));
    })
    .await;
}

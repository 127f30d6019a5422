//! The protocols beside OpenAI's: what they insist on, and what they do that clients must notice.

use http::HeaderMap;
use patterns_simulator::Simulator;
use serde_json::{Value, json};

async fn post(path: &str, body: Value) -> (u16, Value) {
    let provider = Simulator::builder().seed(1).in_memory().unwrap();
    let body = body.to_string().into();
    let reply = provider.post_to(path, &HeaderMap::new(), body).await;
    let reply = reply.unwrap();
    let body = serde_json::from_slice(&reply.body).unwrap();
    (reply.status.as_u16(), body)
}

fn schema(property: Value) -> Value {
    json!({"type": "object", "properties": {"a": property}, "required": ["a"],
        "additionalProperties": false})
}

fn message(more: Value) -> Value {
    let mut body = json!({"model": "m", "max_tokens": 9,
        "messages": [{"role": "user", "content": "?"}]});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(start_paused = true)]
async fn anthropics_api_insists_on_what_the_real_one_does() {
    let path = "/v1/messages";
    let format = |schema: Value| json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}});
    let (status, body) = post(path, message(format(schema(json!({"type": "string"}))))).await;
    assert_eq!((status, &body["stop_reason"]), (200, &json!("end_turn")));
    let text = body["content"][0]["text"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(text).unwrap()["a"].is_string());
    let prefill = json!({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "{"}]});
    let blank = json!({"messages": [{"role": "user", "content": " "}]});
    for (more, words) in [
        (json!({"max_tokens": null}), "max_tokens: Field required"),
        (prefill, "must end with a user message"),
        (blank, "must be non-empty"),
        (
            format(schema(json!({"type": "integer", "minimum": 1}))),
            "'minimum' is not supported",
        ),
        (
            format(json!({"type": "object"})),
            "must be explicitly set to false",
        ),
    ] {
        let (status, body) = post(path, message(more)).await;
        assert_eq!((status, &body["type"]), (400, &json!("error")));
        assert_eq!(body["error"]["type"], "invalid_request_error");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_forced_tool_is_called() {
    let tool = json!({"name": "t", "input_schema": schema(json!({"type": "boolean"}))});
    for choice in [json!({"type": "tool", "name": "t"}), json!({"type": "any"})] {
        let forced = json!({"tools": [tool], "tool_choice": choice});
        let (_, body) = post("/v1/messages", message(forced)).await;
        assert_eq!(body["stop_reason"], "tool_use");
        assert!(body["content"][0]["input"]["a"].is_boolean());
    }
}

#[tokio::test(start_paused = true)]
async fn an_ollama_cuts_without_a_word_unless_it_is_told_not_to() {
    let long = "word ".repeat(20_000);
    let chat = |more: Value| {
        let mut body = json!({"model": "m", "stream": false,
            "messages": [{"role": "user", "content": long}]});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let (status, body) = post("/api/chat", chat(json!({}))).await;
    assert_eq!((status, &body["prompt_eval_count"]), (200, &json!(4096)));
    let (status, body) = post("/api/chat", chat(json!({"truncate": false}))).await;
    let error = "the input length exceeds the context length";
    assert_eq!((status, body), (400, json!({ "error": error })));
    let large = json!({"truncate": false, "options": {"num_ctx": 65_536}});
    let (status, body) = post("/api/chat", chat(large)).await;
    assert_eq!(status, 200);
    assert!(body["prompt_eval_count"].as_u64().unwrap() > 20_000);
    let (_, shown) = post("/api/show", json!({"model": "m"})).await;
    assert_eq!(shown["model_info"]["simulator.context_length"], 131_072);
}

#[tokio::test(start_paused = true)]
async fn gemini_has_its_model_in_the_path() {
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}]});
    let (status, reply) = post("/v1beta/models/gem:generateContent", body.clone()).await;
    assert_eq!((status, &reply["modelVersion"]), (200, &json!("gem")));
    assert_eq!(reply["candidates"][0]["finishReason"], "STOP");
    let (status, reply) = post("/v1beta/models/gem:generateContent", json!({})).await;
    assert_eq!(
        (status, &reply["error"]["status"]),
        (400, &json!("INVALID_ARGUMENT"))
    );
    let (status, _) = post("/v1beta/models/gem:countTokens", body).await;
    assert_eq!(status, 404);
}

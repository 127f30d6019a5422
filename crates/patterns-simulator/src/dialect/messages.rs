//! Anthropic's messages. Requests are held to what its API insists on, so that a client which takes
//! liberties is found out.

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::{Answer, Foreign, chat, list, message, text_of};
use crate::sse::pieces;
use crate::wire::Refusal;

/// Keywords that schemas must not have.
const UNSUPPORTED: [&str; 9] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
];

pub(super) fn read(request: &Value) -> Result<(Value, Foreign), Refusal> {
    let refused = |param, words: &str| Err(Refusal::invalid(Some(param), words));
    if !request["max_tokens"].is_u64() {
        return refused("max_tokens", "max_tokens: Field required");
    }
    let turns = list(request, "messages")?;
    if turns.last().is_some_and(|it| it["role"] != "user") {
        let words = "This model does not support assistant message prefill. The conversation must end with a user message.";
        return refused("messages", words);
    }
    let mut messages = Vec::new();
    let system = text_of(&request["system"]);
    if !system.is_empty() {
        messages.push(message("system", system));
    }
    for turn in turns {
        let text = text_of(&turn["content"]);
        if text.trim().is_empty() {
            return refused(
                "messages",
                "messages: text content blocks must be non-empty",
            );
        }
        messages.push(message(turn["role"].as_str().unwrap_or("user"), text));
    }
    let format = &request["output_config"]["format"];
    if let Some(problem) = problem(&format["schema"]) {
        return refused(
            "output_config",
            &format!("output_config.format.schema: {problem}"),
        );
    }
    let choice = &request["tool_choice"];
    let tools = request["tools"].as_array().into_iter().flatten();
    let is_called = |it: &&Value| match choice["type"].as_str() {
        Some("any") => true,
        Some("tool") => it["name"] == choice["name"],
        _ => false,
    };
    let called = { tools }.find(is_called);
    let schema = called
        .map(|it| &it["input_schema"])
        .or(format.get("schema"));
    let form = Foreign {
        streams: request["stream"] == true,
        tool: called.and_then(|it| it["name"].as_str()).map(str::to_owned),
        window: None,
    };
    let most = &request["max_tokens"];
    Ok((chat(&request["model"], messages, schema, false, most), form))
}

/// Finds what a schema has that the API refuses.
fn problem(schema: &Value) -> Option<String> {
    let map = schema.as_object()?;
    if let Some(keyword) = UNSUPPORTED.iter().find(|it| map.contains_key(**it)) {
        return Some(format!("property '{keyword}' is not supported"));
    }
    if map.get("type").is_some_and(|it| it == "object")
        && map.get("additionalProperties") != Some(&json!(false))
    {
        return Some(
            "For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned(),
        );
    }
    map.iter()
        .find_map(|(keyword, value)| match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => named.values().find_map(problem),
            ("anyOf" | "allOf", Value::Array(list)) => list.iter().find_map(problem),
            ("items", inner) => problem(inner),
            _ => None,
        })
}

pub(super) fn write(answer: &Answer<'_>, form: &Foreign) -> Vec<Bytes> {
    let stop = match (answer.is_refused, answer.is_cut, &form.tool) {
        (true, ..) => "refusal",
        (_, true, _) => "max_tokens",
        (_, _, Some(_)) => "tool_use",
        _ => "end_turn",
    };
    let usage = |output: u64| {
        json!({"input_tokens": answer.input_tokens, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0, "output_tokens": output})
    };
    let mut whole = json!({"id": answer.id, "type": "message", "role": "assistant",
        "model": answer.model, "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": usage(1)});
    if !form.streams {
        whole["content"] = content(answer, form.tool.as_deref());
        whole["stop_reason"] = stop.into();
        whole["usage"] = usage(answer.output_tokens);
        return vec![whole.to_string().into()];
    }
    let mut events = vec![json!({"type": "message_start", "message": whole})];
    if !answer.is_refused {
        events.extend(block(answer.content, form.tool.as_deref()));
    }
    events.push(
        json!({"type": "message_delta", "delta": {"stop_reason": stop},
        "usage": {"output_tokens": answer.output_tokens}}),
    );
    events.push(json!({"type": "message_stop"}));
    let events = events.into_iter();
    let frames = events.map(|it| {
        format!(
            "event: {}\ndata: {it}\n\n",
            it["type"].as_str().unwrap_or_default()
        )
    });
    frames.map(Bytes::from).collect()
}

fn content(answer: &Answer<'_>, tool: Option<&str>) -> Value {
    if answer.is_refused {
        return json!([]);
    }
    match tool {
        Some(name) => {
            let input =
                serde_json::from_str(answer.content).unwrap_or_else(|_| answer.content.into());
            let input: Value = input;
            json!([{"type": "tool_use", "id": "toolu_1", "name": name, "input": input}])
        }
        None => json!([{"type": "text", "text": answer.content}]),
    }
}

/// Returns the events of the one block of an answer.
fn block(text: &str, tool: Option<&str>) -> Vec<Value> {
    let start = match tool {
        Some(name) => json!({"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}),
        None => json!({"type": "text", "text": ""}),
    };
    let deltas = pieces(text).into_iter().map(|piece| {
        let delta = match tool {
            Some(_) => json!({"type": "input_json_delta", "partial_json": piece}),
            None => json!({"type": "text_delta", "text": piece}),
        };
        json!({"type": "content_block_delta", "index": 0, "delta": delta})
    });
    let mut events = vec![
        json!({"type": "content_block_start", "index": 0, "content_block": start}),
        json!({"type": "ping"}),
    ];
    events.extend(deltas);
    events.push(json!({"type": "content_block_stop", "index": 0}));
    events
}

pub(super) fn error(status: StatusCode, error: &Value) -> Value {
    let spent = error["code"] == "credit_balance_exhausted";
    let kind = match status.as_u16() {
        429 if spent => "billing_error",
        429 => "rate_limit_error",
        401 => "authentication_error",
        404 => "not_found_error",
        503 | 529 => "overloaded_error",
        400..500 => "invalid_request_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": error["message"]},
        "request_id": "req_simulated"})
}

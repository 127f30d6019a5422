//! Gemini's `generateContent`.

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::{Answer, Foreign, chat, list, message, text_of};
use crate::sse::pieces;
use crate::wire::Refusal;

pub(super) fn read(
    request: &Value,
    model: &str,
    streams: bool,
) -> Result<(Value, Foreign), Refusal> {
    let mut messages = Vec::new();
    let system = text_of(&request["systemInstruction"]["parts"]);
    if !system.is_empty() {
        messages.push(message("system", system));
    }
    for turn in list(request, "contents")? {
        let role = if turn["role"] == "model" {
            "assistant"
        } else {
            "user"
        };
        messages.push(message(role, text_of(&turn["parts"])));
    }
    if messages.last().is_some_and(|it| it["role"] != "user") {
        let words = "Please ensure that the conversation ends with a user role.";
        return Err(Refusal::invalid(Some("contents"), words));
    }
    let config = &request["generationConfig"];
    let is_json = config["responseMimeType"] == "application/json";
    let form = Foreign {
        streams,
        ..Foreign::default()
    };
    let schema = config.get("responseJsonSchema");
    let most = &config["maxOutputTokens"];
    Ok((chat(&model.into(), messages, schema, is_json, most), form))
}

pub(super) fn write(answer: &Answer<'_>, form: &Foreign) -> Vec<Bytes> {
    let body = |text: &str, reason: Option<&str>, output: u64| {
        let content = json!({"role": "model", "parts": [{"text": text}]});
        let mut candidate = json!({"content": content, "index": 0});
        if let Some(reason) = reason {
            candidate["finishReason"] = reason.into();
        }
        json!({"candidates": [candidate], "modelVersion": answer.model, "responseId": answer.id,
            "usageMetadata": {"promptTokenCount": answer.input_tokens,
                "candidatesTokenCount": output, "totalTokenCount": answer.input_tokens + output}})
    };
    let reason = match (answer.is_refused, answer.is_cut) {
        (true, _) => "SAFETY",
        (_, true) => "MAX_TOKENS",
        _ => "STOP",
    };
    let content = if answer.is_refused {
        ""
    } else {
        answer.content
    };
    if !form.streams {
        let whole = body(content, Some(reason), answer.output_tokens);
        return vec![whole.to_string().into()];
    }
    let begun = pieces(content).into_iter().map(|it| body(it, None, 1));
    let events = begun.chain([body("", Some(reason), answer.output_tokens)]);
    events
        .map(|it| format!("data: {it}\r\n\r\n").into())
        .collect()
}

pub(super) fn error(status: StatusCode, error: &Value) -> Value {
    let spent = error["code"] == "credit_balance_exhausted";
    let name = match status.as_u16() {
        429 => "RESOURCE_EXHAUSTED",
        401 => "UNAUTHENTICATED",
        404 => "NOT_FOUND",
        503 | 529 => "UNAVAILABLE",
        400..500 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    };
    let quota = json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]});
    let details = if spent { json!([quota]) } else { json!([]) };
    let code = match status.is_success() {
        true => error["code"].clone(),
        false => status.as_u16().into(),
    };
    json!({"error": {"code": code, "message": error["message"], "status": name, "details": details}})
}

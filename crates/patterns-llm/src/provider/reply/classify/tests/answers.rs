//! Successful replies: whole answers in many shapes, and what is none.

use super::*;

#[track_caller]
fn answers(body: &Value, text: &str, finish: FinishReason) -> Response {
    let response = read(200, &[], body.to_string()).unwrap();
    assert_eq!(
        (response.text.as_str(), &response.finish),
        (text, &finish),
        "{body}"
    );
    response
}

fn choice(message: &Value, finish: &Value) -> Value {
    json!({"choices": [{"index": 0, "message": message, "finish_reason": finish}]})
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn answers_come_in_many_shapes() {
    let stop = FinishReason::Stop;
    let full = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5-mini-2026",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi.", "refusal": null},
            "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 64},
            "completion_tokens_details": {"reasoning_tokens": 8}},
    });
    let response = answers(&full, "Hi.", stop.clone());
    assert_eq!(response.model, "gpt-5-mini-2026");
    assert_eq!(response.request_id.as_deref(), Some("chatcmpl-1"));
    let usage = response.usage;
    let tokens = (
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.output_tokens,
    );
    assert_eq!((tokens, usage.reasoning_tokens), ((100, 64, 20), 8));
    assert_eq!((usage.calls, usage.attempts), (1, 1));
    // As little as there can be.
    let bare = answers(
        &choice(&json!({"content": "Hi."}), &Value::Null),
        "Hi.",
        stop.clone(),
    );
    assert_eq!((bare.model.as_str(), bare.request_id), ("asked", None));
    let message = json!({"content": "Hi."});
    for finish in ["eos", "end_turn", "STOP", "FinishReason.STOP", ""] {
        answers(&choice(&message, &json!(finish)), "Hi.", stop.clone());
    }
    let other = FinishReason::Other("tool_calls".to_owned());
    answers(&choice(&message, &json!("tool_calls")), "Hi.", other);
    answers(&choice(&message, &json!(7)), "Hi.", stop.clone());
    answers(
        &choice(&json!({"content": null}), &json!("stop")),
        "",
        stop.clone(),
    );
    let parts =
        json!({"content": [{"type": "text", "text": "Hi "}, {"type": "text", "text": "you."}]});
    answers(&choice(&parts, &json!("stop")), "Hi you.", stop.clone());
    let mut odd = choice(&message, &json!("stop"));
    odd["usage"] =
        json!({"prompt_tokens": "12", "completion_tokens": 3.0, "prompt_cache_hit_tokens": 4});
    let usage = answers(&odd, "Hi.", stop.clone()).usage;
    assert_eq!(
        (
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_input_tokens
        ),
        (12, 3, 4)
    );
    for nonsense in [
        json!(null),
        json!([]),
        json!("x"),
        json!({"prompt_tokens": {}, "completion_tokens": null}),
    ] {
        odd["usage"] = nonsense;
        assert_eq!(answers(&odd, "Hi.", stop.clone()).usage.total_tokens(), 0);
    }
    for blank in [
        json!(null),
        json!(""),
        json!({}),
        json!(false),
        json!({"message": "", "code": null}),
    ] {
        odd["error"] = blank;
        answers(&odd, "Hi.", stop.clone());
    }
    // DeepSeek sends blank lines while a request queues.
    let queued = format!("\n\n\r\n{odd}");
    assert_eq!(
        read(200, &[("x-request-id", "r")], queued)
            .unwrap()
            .request_id
            .as_deref(),
        Some("r")
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_is_no_whole_answer_is_an_error_with_its_bill() {
    let usage = json!({"prompt_tokens": 5, "completion_tokens": 9});
    let check = |mut body: Value, kind: ModelErrorKind| {
        body["usage"] = usage.clone();
        let error = fails(200, &[], &body, kind, None);
        assert_eq!(error.usage().total_tokens(), 14, "{body}");
    };
    let text = json!({"content": "Hi"});
    check(
        choice(&json!({"content": ""}), &json!("max_tokens")),
        Truncated,
    );
    check(
        choice(&json!({"refusal": "I can't."}), &json!("stop")),
        Refused,
    );
    check(
        choice(
            &json!({"content": [{"refusal": "I can't."}]}),
            &json!("stop"),
        ),
        Refused,
    );
    for (reason, kind) in [
        ("refusal", Refused),
        ("error", DOWN),
        ("length", Truncated),
        ("content_filter", Filtered),
        ("SAFETY", Filtered),
        ("LENGTH", Truncated),
        ("model_context_window_exceeded", ContextTooLong),
        ("max_output_tokens", Truncated),
        ("FinishReason.MAX_TOKENS", Truncated),
        ("FINISH_REASON_MAX_TOKENS", Truncated),
        ("max_new_tokens", Truncated),
        ("incomplete", Truncated),
        ("IMAGE_SAFETY", Filtered),
        ("guardrail_intervened", Filtered),
        ("sensitive", Filtered),
        ("content-filter", Filtered),
        ("insufficient_system_resource", DOWN),
        ("network_error", DOWN),
        ("abort", DOWN),
    ] {
        check(choice(&text, &json!(reason)), kind);
    }
    let said = choice(
        &json!({"content": null, "refusal": "I can't."}),
        &json!("stop"),
    );
    let error = fails(200, &[], said, Refused, None);
    assert_eq!(error.detail(), Some("I can't."));
    for (body, kind) in [
        (json!({"choices": []}), DOWN),
        (json!({"choices": null}), DOWN),
        (json!({"status": "ok"}), Unreadable),
        (
            json!({"promptFeedback": {"blockReason": "SAFETY"}}),
            Filtered,
        ),
    ] {
        check(body, kind);
    }
    let mut body = choice(&text, &json!("error"));
    body["choices"][0]["error"] = json!({"code": 503, "message": "Gone."});
    fails(200, &[], body, BUSY, Some("503"));
}

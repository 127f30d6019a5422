//! What becomes of every reply that Anthropic is known to send.

use super::*;

type Headers<'a> = &'a [(&'static str, &'a str)];

fn read(status: u16, headers: Headers<'_>, body: &str) -> Result<Response, ModelError> {
    let headers = headers.iter().map(|(name, value)| {
        let value = HeaderValue::from_str(value).unwrap();
        (HeaderName::from_static(name), value)
    });
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers.collect::<HeaderMap>(),
        body: body.as_bytes().to_vec().into(),
        began: None,
    };
    let redactor = Redactor::new("sk-ant-canary-0123456789".into());
    classify(&reply, "claude", answer::read, &redactor, false)
}

fn message(reason: &str, content: Value) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
        "content": content, "stop_reason": reason, "stop_sequence": null,
        "usage": {"input_tokens": 10, "cache_creation_input_tokens": 200,
            "cache_read_input_tokens": 3000, "output_tokens": 40,
            "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 0}}})
}

#[test]
fn every_stop_reason_says_whether_there_is_an_answer() {
    let text = |text: &str| json!([{"type": "text", "text": text}]);
    let answer = |reason: &str, content: Value| {
        read(200, &[], &message(reason, content).to_string()).map_err(|it| it.kind())
    };
    for reason in ["end_turn", "stop_sequence"] {
        let response = answer(reason, text("Hi.")).unwrap();
        assert_eq!(
            (response.text.as_str(), response.finish),
            ("Hi.", FinishReason::Stop)
        );
    }
    let other = answer("something_new", text("Hi.")).unwrap();
    assert_eq!(
        other.finish,
        FinishReason::Other("something_new".to_owned())
    );
    let down = Unavailable { retry_after: None };
    for (reason, kind) in [
        ("max_tokens", Truncated),
        ("refusal", Refused),
        ("model_context_window_exceeded", ContextTooLong),
        ("pause_turn", down),
    ] {
        assert_eq!(
            answer(reason, text("{\"a\"")).unwrap_err(),
            kind,
            "{reason}"
        );
    }
}

#[test]
fn an_answer_is_found_wherever_it_is() {
    let text = |content: Value| {
        let response = read(200, &[], &message("tool_use", content).to_string());
        response.unwrap().text
    };
    let thought = json!({"type": "thinking", "thinking": "{\"city\":\"Rome\"}", "signature": "x"});
    let said = json!({"type": "text", "text": "Here:"});
    let call =
        json!({"type": "tool_use", "id": "t", "name": "capital", "input": {"city": "Paris"}});
    assert_eq!(text(json!([thought, said, call])), r#"{"city":"Paris"}"#);
    assert_eq!(text(json!([thought, said, said])), "Here:Here:");
    assert_eq!(
        text(json!([call, call, said])),
        "Here:",
        "which of two is nobody's to choose"
    );
    assert_eq!(text(json!([])), "");
    assert_eq!(text(json!("plain")), "plain");
}

#[test]
fn the_bill_counts_cached_and_written_tokens_as_read() {
    let body = message("end_turn", json!([])).to_string();
    let usage = read(200, &[], &body).unwrap().usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (3_210, 40));
    assert_eq!(
        (usage.cached_input_tokens, usage.cache_write_tokens),
        (3_000, 200)
    );
    let cut = message("max_tokens", json!([])).to_string();
    assert_eq!(read(200, &[], &cut).unwrap_err().usage(), usage);
}

#[test]
fn a_refusal_says_why() {
    let mut body = message("refusal", json!([]));
    body["stop_details"] = json!({"type": "refusal", "category": "bio", "explanation": null});
    let error = read(200, &[], &body.to_string()).unwrap_err();
    assert_eq!((error.kind(), error.detail()), (Refused, Some("bio")));
}

#[track_caller]
fn fails(status: u16, headers: Headers<'_>, class: &str, words: &str, kind: ModelErrorKind) {
    let body = json!({"type": "error", "error": {"type": class, "message": words},
        "request_id": "req_1"});
    let error = read(status, headers, &body.to_string()).expect_err(words);
    assert_eq!(error.kind(), kind, "{status} {class} {words}");
    assert_eq!(error.request_id(), Some("req_1"));
    assert_eq!(error.usage().attempts, 1);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_error_says_what_to_do() {
    let bad = "invalid_request_error";
    let seconds = |it| Some(Duration::from_secs(it));
    for (status, class, words, kind) in [
        (
            400,
            bad,
            "messages: at least one message is required",
            InvalidRequest,
        ),
        (
            400,
            bad,
            "prompt is too long: 205000 tokens > 200000 maximum",
            ContextTooLong,
        ),
        (
            400,
            bad,
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            ContextTooLong,
        ),
        (
            400,
            bad,
            "Your credit balance is too low to access the Anthropic API.",
            QuotaExhausted,
        ),
        (
            400,
            bad,
            "You have reached your specified API usage limits.  You will regain access on 2026-12-01 (usage limit reached)",
            QuotaExhausted,
        ),
        (
            400,
            bad,
            "output_config.format: Extra inputs are not permitted",
            UnsupportedFormat,
        ),
        (
            400,
            bad,
            "The compiled grammar is too large",
            UnsupportedFormat,
        ),
        (
            400,
            bad,
            "Schema is too complex for compilation",
            UnsupportedFormat,
        ),
        (
            400,
            bad,
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
            UnsupportedFormat,
        ),
        (
            400,
            bad,
            "tool_choice forces tool use is not compatible with this model",
            UnsupportedFormat,
        ),
        (
            400,
            bad,
            "This model does not support assistant message prefill. The conversation must end with a user message.",
            InvalidRequest,
        ),
        (
            401,
            "authentication_error",
            "invalid x-api-key",
            Unauthorized,
        ),
        (
            402,
            "billing_error",
            "There is an issue with your payment information.",
            QuotaExhausted,
        ),
        (
            403,
            "permission_error",
            "Your API key does not have permission.",
            Unauthorized,
        ),
        (404, "not_found_error", "model: claude-9", UnknownModel),
        (
            413,
            "request_too_large",
            "Request exceeds the maximum allowed number of bytes.",
            ContextTooLong,
        ),
        (
            500,
            "api_error",
            "Internal server error",
            Unavailable { retry_after: None },
        ),
        (
            504,
            "timeout_error",
            "The request timed out.",
            Unavailable { retry_after: None },
        ),
        (
            529,
            "overloaded_error",
            "Overloaded",
            Overloaded { retry_after: None },
        ),
    ] {
        fails(status, &[], class, words, kind);
    }
    let fast = |retry_after| RateLimited { retry_after };
    let limit =
        "This request would exceed your organization's rate limit of 50 requests per minute.";
    fails(
        429,
        &[("retry-after", "7")],
        "rate_limit_error",
        limit,
        fast(seconds(7)),
    );
    let reset = [
        ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", "2026-11-23T12:00:31Z"),
    ];
    fails(429, &reset, "rate_limit_error", limit, fast(seconds(31)));
}

#[test]
fn odd_bodies_are_errors_and_never_answers() {
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "<html>",
        "{\"type\":\"message\"}",
        "{\"ok\":true}",
    ] {
        assert!(read(200, &[], body).is_err(), "{body}");
    }
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}});
    let error = read(200, &[], &error.to_string()).unwrap_err();
    assert_eq!(error.kind(), Overloaded { retry_after: None });
}

/// A stream of a thinking model, with pings, two pieces of text and the bill at both ends.
fn stream(kind: &str, piece: &str, pieces: [&str; 2]) -> String {
    let start = json!({"type": "message_start", "message": {"id": "msg_1", "type": "message",
        "role": "assistant", "model": "claude-x", "content": [], "stop_reason": null,
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 30, "output_tokens": 1}}});
    let block = |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let name = match kind {
        "text" => "text",
        _ => "partial_json",
    };
    let events = [
        start,
        block(0, json!({"type": "thinking", "thinking": ""})),
        json!({"type": "ping"}),
        delta(0, json!({"type": "thinking_delta", "thinking": "Hm."})),
        delta(0, json!({"type": "signature_delta", "signature": "x"})),
        block(1, json!({"type": kind, "name": "capital"})),
        delta(1, json!({"type": piece, name: pieces[0]})),
        delta(1, json!({"type": piece, name: pieces[1]})),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}),
        json!({"type": "message_stop"}),
    ];
    let events =
        events.map(|it| format!("event: {}\ndata: {it}\n\n", it["type"].as_str().unwrap()));
    events.concat()
}

async fn assembled(stream: &str) -> Option<Response> {
    let body = stored(
        stream.to_owned().into(),
        true,
        Box::<Blocks>::default(),
        || {},
    );
    let body = body.await.ok()?;
    read(200, &[], std::str::from_utf8(&body).unwrap()).ok()
}

#[tokio::test]
async fn a_stream_cut_anywhere_says_the_same_or_nothing() {
    for stream in [
        stream("text", "text_delta", ["{\"city\":\"Kö", "ln\"}"]),
        stream("tool_use", "input_json_delta", ["{\"city\":\"Kö", "ln\"}"]),
    ] {
        let whole = assembled(&stream).await.unwrap();
        assert_eq!(whole.text, r#"{"city":"Köln"}"#);
        assert_eq!(
            (whole.usage.input_tokens, whole.usage.output_tokens),
            (40, 7)
        );
        assert_eq!(whole.model, "claude-x");
        for end in (0..stream.len()).filter(|it| stream.is_char_boundary(*it)) {
            if let Some(cut) = assembled(&stream[..end]).await {
                assert_eq!(cut, whole, "{end}");
            }
        }
    }
}

#[tokio::test]
async fn an_error_in_a_stream_is_that_error() {
    let begin = stream("text", "text_delta", ["{\"city\"", ":1}"]);
    let begin = &begin[..begin.find("event: message_delta").unwrap()];
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}});
    let stream = format!("{begin}event: error\ndata: {error}\n\n");
    let body = stored(stream.into(), true, Box::<Blocks>::default(), || {});
    let body = body.await.unwrap();
    let error = read(200, &[], std::str::from_utf8(&body).unwrap()).unwrap_err();
    assert_eq!(error.kind(), Overloaded { retry_after: None });
}

//! How each provider says what went wrong.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn openai_says_it_like_this() {
    for code in [
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    ] {
        let body = openai(
            "insufficient_quota",
            code,
            "You exceeded your current quota.",
        );
        fails(429, &[], body, QuotaExhausted, Some(code));
    }
    let body = openai(
        "insufficient_quota",
        Value::Null,
        "You exceeded your quota.",
    );
    fails(429, &[], body, QuotaExhausted, Some("insufficient_quota"));
    let body = openai(
        "tokens",
        "rate_limit_exceeded",
        "Limit 30000, used 29000. Please try again in 1.5s.",
    );
    let wait = Some(Duration::from_millis(1_500));
    fails(
        429,
        &[],
        &body,
        RateLimited { retry_after: wait },
        Some("rate_limit_exceeded"),
    );
    let wait = RateLimited {
        retry_after: SECONDS(20),
    };
    fails(
        429,
        &[("retry-after", "20")],
        &body,
        wait,
        Some("rate_limit_exceeded"),
    );
    // The code is what counts, whatever the type says.
    let body = openai("insufficient_quota", "rate_limit_exceeded", "Too fast.");
    fails(429, &[], body, SPEED, Some("rate_limit_exceeded"));
    fails(
        429,
        &[],
        openai("rate_limit_error", "slow_down", "Slow."),
        SPEED,
        Some("slow_down"),
    );
    let body = openai(
        "invalid_request_error",
        "context_length_exceeded",
        "Too long.",
    );
    fails(
        400,
        &[],
        body,
        ContextTooLong,
        Some("context_length_exceeded"),
    );
    let body = openai(
        "invalid_request_error",
        "invalid_api_key",
        "Incorrect API key.",
    );
    let error = fails(
        401,
        &[("x-request-id", "req_1")],
        body,
        Unauthorized,
        Some("invalid_api_key"),
    );
    assert_eq!(
        (error.status(), error.request_id()),
        (Some(401), Some("req_1"))
    );
    assert_eq!(error.detail(), Some("Incorrect API key."));
    let body = openai("request_forbidden", "unsupported_country", "Not here.");
    fails(403, &[], body, Unauthorized, Some("unsupported_country"));
    let body = openai("invalid_request_error", "model_not_found", "No such model.");
    fails(404, &[], body, UnknownModel, Some("model_not_found"));
    let body = openai("invalid_request_error", Value::Null, "Bad temperature.");
    fails(
        400,
        &[],
        body,
        InvalidRequest,
        Some("invalid_request_error"),
    );
    let body = openai("server_error", Value::Null, "Sorry.");
    fails(500, &[], body, DOWN, Some("server_error"));
    let body = openai("service_unavailable_error", "server_is_overloaded", "Busy.");
    fails(503, &[], body, BUSY, Some("server_is_overloaded"));
    let mut body = openai("invalid_request_error", Value::Null, "Invalid schema.");
    body["error"]["param"] = json!("response_format");
    fails(
        400,
        &[],
        body,
        UnsupportedFormat,
        Some("invalid_request_error"),
    );
}

#[test]
fn anthropic_and_gateways_before_it_say_it_like_this() {
    let anthropic = |class: &str, message: &str| json!({"type": "error", "error": {"type": class, "message": message}, "request_id": "req_a"});
    let error = fails(
        529,
        &[],
        anthropic("overloaded_error", "Overloaded"),
        BUSY,
        Some("overloaded_error"),
    );
    assert_eq!(error.request_id(), Some("req_a"));
    let body = anthropic(
        "invalid_request_error",
        "Your credit balance is too low to use the API.",
    );
    fails(
        400,
        &[],
        body,
        QuotaExhausted,
        Some("invalid_request_error"),
    );
    let mut body = anthropic("rate_limit_error", "Limit reached.");
    body["error"]["details"] = json!({"error_code": "enforced_spend_limit_reached"});
    fails(
        429,
        &[],
        body,
        QuotaExhausted,
        Some("enforced_spend_limit_reached"),
    );
    fails(
        402,
        &[],
        anthropic("billing_error", "Pay."),
        QuotaExhausted,
        Some("billing_error"),
    );
    fails(
        413,
        &[],
        "<html>Request too large</html>",
        ContextTooLong,
        None,
    );
    fails(
        409,
        &[],
        anthropic("conflict_error", "Again."),
        DOWN,
        Some("conflict_error"),
    );
}

/// The code is the status, the details have the rest.
#[test]
fn gemini_says_it_like_this() {
    let gemini = |quota: &str, delay: &str| {
        json!([{"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED", "details": [
            {"violations": [{"quotaId": quota}]}, {"retryDelay": delay}]}}])
    };
    let body = gemini("GenerateRequestsPerMinutePerProject", "34s")[0].clone();
    fails(
        429,
        &[],
        body,
        RateLimited {
            retry_after: SECONDS(34),
        },
        Some("429"),
    );
    fails(
        429,
        &[],
        gemini("GenerateRequestsPerMinute", ""),
        SPEED,
        Some("429"),
    );
    fails(
        429,
        &[],
        gemini("GenerateRequestsPerDayPerProject", "9s"),
        QuotaExhausted,
        Some("429"),
    );
    let body =
        json!({"error": {"code": 400, "message": "Billing.", "status": "FAILED_PRECONDITION"}});
    fails(400, &[], body, Unauthorized, Some("400"));
    let body = json!({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}});
    fails(400, &[], body, Unauthorized, Some("400"));
}

#[test]
fn azure_says_it_like_this() {
    let body = openai("", "content_filter", "The prompt was filtered.");
    fails(400, &[], body, Filtered, Some("content_filter"));
    let wait = RateLimited {
        retry_after: Some(Duration::from_millis(250)),
    };
    fails(
        429,
        &[("retry-after-ms", "250")],
        openai("", "429", "High demand."),
        wait,
        Some("429"),
    );
}

/// Numbers for codes, shortages with and without a hint.
#[test]
fn openrouter_says_it_like_this() {
    let router = |code: u16, message: &str| json!({"error": {"code": code, "message": message}});
    fails(
        402,
        &[],
        router(402, "Insufficient credits"),
        QuotaExhausted,
        Some("402"),
    );
    let wait = RateLimited {
        retry_after: SECONDS(3),
    };
    fails(
        402,
        &[("retry-after", "3")],
        router(402, "Later"),
        wait,
        Some("402"),
    );
    fails(
        403,
        &[],
        router(403, "Flagged by moderation"),
        Filtered,
        Some("403"),
    );
    fails(408, &[], router(408, "Timed out"), DOWN, Some("408"));
    fails(502, &[], router(502, "Bad provider"), DOWN, Some("502"));
    let error = fails(200, &[], router(502, "Bad provider"), DOWN, Some("502"));
    assert_eq!(error.status(), Some(502));
    fails(200, &[], router(429, "Too fast"), SPEED, Some("429"));
    let mut body = router(400, "Provider returned error");
    body["error"]["metadata"] = json!({"raw": "maximum context length is 4096 tokens"});
    fails(400, &[], body, ContextTooLong, Some("400"));
}

#[test]
fn vllm_fastapi_and_litellm_say_it_like_this() {
    let body = json!({"object": "error", "message": "maximum context length is 4096", "type": "BadRequestError", "code": 400});
    fails(400, &[], body, ContextTooLong, Some("400"));
    let body =
        json!({"object": "error", "message": "No model x", "type": "NotFoundError", "code": 404});
    fails(404, &[], body, UnknownModel, Some("404"));
    fails(
        422,
        &[],
        json!({"detail": [{"msg": "field required"}]}),
        InvalidRequest,
        None,
    );
    fails(
        401,
        &[],
        json!({"detail": "Not authenticated"}),
        Unauthorized,
        None,
    );
    let body = json!({"error": {"message": "x", "type": "None", "param": "None", "code": "401"}});
    fails(401, &[], body, Unauthorized, Some("401"));
}

/// Beside no `error`, and with a list of what is wrong where words should be (crewAI#60, php-mistral#76).
#[test]
fn cerebras_and_mistral_say_it_like_this() {
    let cerebras = |code: &str, message: &str| json!({"message": message, "type": "x", "param": "quota", "code": code});
    let words = "Tokens per minute limit exceeded - too many tokens processed.";
    let body = cerebras("token_quota_exceeded", words);
    fails(429, &[], body, SPEED, Some("token_quota_exceeded"));
    let body = cerebras(
        "context_length_exceeded",
        "Current length is 9000 while limit is 8192",
    );
    fails(
        400,
        &[],
        body,
        ContextTooLong,
        Some("context_length_exceeded"),
    );
    let wrong = json!([{"type": "extra_forbidden", "loc": ["body", "n"],
        "msg": "Extra inputs are not permitted", "input": 1}]);
    for body in [
        json!({"object": "error", "message": {"detail": wrong}, "type": "invalid_request_error"}),
        json!({"object": "Error", "detail": wrong, "message": wrong, "type": "invalid_request_error"}),
        json!({"detail": {"message": "Extra inputs are not permitted"}}),
    ] {
        let error = read(422, &[], body.to_string()).unwrap_err();
        assert_eq!(error.kind(), InvalidRequest, "{body}");
        assert_eq!(
            error.detail(),
            Some("Extra inputs are not permitted"),
            "{body}"
        );
    }
}

#[test]
fn ollama_and_llama_cpp_say_it_like_this() {
    fails(
        404,
        &[],
        json!({"error": "model 'x' not found"}),
        UnknownModel,
        None,
    );
    fails(
        503,
        &[],
        json!({"error": "server busy, maximum pending requests exceeded"}),
        BUSY,
        None,
    );
    let body = json!({"error": {"code": 400, "message": "too many tokens", "type": "exceed_context_size_error"}});
    fails(400, &[], body, ContextTooLong, Some("400"));
    let body =
        json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}});
    fails(503, &[], body, BUSY, Some("503"));
    let body = json!({"error": {"code": 500, "message": "JSON schema conversion failed", "type": "server_error"}});
    fails(500, &[], body, UnsupportedFormat, Some("500"));
}

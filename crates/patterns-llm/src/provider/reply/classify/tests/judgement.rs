//! What failures mean that several things could be meant by.

use super::*;

#[test]
fn once_the_key_has_worked_a_page_is_about_its_own_document() {
    let html = "<html><body><h1>403 Forbidden</h1></body></html>";
    for (status, before) in [
        // A firewall's, or a login page.
        (302, UnknownModel),
        (403, Unauthorized),
        (404, UnknownModel),
        (405, UnknownModel),
        (410, UnknownModel),
    ] {
        assert_eq!(read(status, &[], html).unwrap_err().kind(), before);
        let after = read_after(true, status, &[], html).unwrap_err();
        assert_eq!(after.kind(), InvalidRequest, "{status}");
    }
    // What names the key or the model is believed all the same.
    let revoked = openai("invalid_request_error", "invalid_api_key", "Revoked.").to_string();
    let error = read_after(true, 401, &[], revoked).unwrap_err();
    assert_eq!(error.kind(), Unauthorized);
    assert_eq!(
        read_after(true, 401, &[], html).unwrap_err().kind(),
        Unauthorized
    );
}

#[test]
fn odd_statuses_are_no_outage_and_passing_ones_are_tried_again() {
    for status in [100, 101, 199, 501, 505, 511, 600, 999] {
        fails(status, &[], "", Unreadable, None);
    }
    for status in [205, 206, 226, 299] {
        fails(status, &[], "<p>", Unreadable, None);
    }
    for status in [408, 409, 424, 425, 499, 500, 502, 504, 520, 522, 524, 530] {
        fails(status, &[], "", DOWN, None);
    }
    for status in [498, 503, 529] {
        fails(status, &[], "", BUSY, None);
    }
    let error = fails(407, &[], "<html>", Unauthorized, None);
    assert!(error.detail().unwrap().contains("proxy"), "{error:?}");
}

#[test]
fn a_refused_draw_is_drawn_again() {
    let body = openai(
        "invalid_request_error",
        "json_validate_failed",
        "Failed to generate JSON. Please adjust your prompt.",
    );
    fails(400, &[], body, DOWN, Some("json_validate_failed"));
}

#[test]
fn no_credit_stops_and_too_much_for_a_minute_is_too_long() {
    let zhipu = json!({"error": {"code": "1113", "message": "您的账户已欠费。"}});
    fails(429, &[], zhipu, QuotaExhausted, Some("1113"));
    let body = json!({"error": {"message": "Suspended.", "type": "exceeded_current_quota_error"}});
    let code = Some("exceeded_current_quota_error");
    fails(429, &[], body, QuotaExhausted, code);
    let body = json!({"error": {"code": "Arrearage", "message": "No.", "type": "Arrearage"}});
    fails(400, &[], body, QuotaExhausted, Some("Arrearage"));
    let body = json!({"code": 30001, "message": "Sorry, your account balance is insufficient"});
    fails(403, &[], body, QuotaExhausted, Some("30001"));
    let body = json!({"error": {"message": "Budget has been exceeded! Current cost: 1.2", "type": "budget_exceeded", "code": "400"}});
    fails(400, &[], body, QuotaExhausted, Some("400"));
    // LiteLLM in front of OpenAI.
    let words = "You exceeded your current quota, please check your plan and billing details.";
    let body = openai("throttling_error", "429", words);
    fails(429, &[], body, QuotaExhausted, Some("429"));
    let words = "Request too large on tokens per minute (TPM): Limit 6000, Requested 9000.";
    let body = openai("tokens", "rate_limit_exceeded", words);
    fails(429, &[], body, ContextTooLong, Some("rate_limit_exceeded"));
    let words = "Prompt sequence length is greater than 8192";
    fails(422, &[], words, ContextTooLong, None);
    fails(422, &[], json!({"message": words}), ContextTooLong, None);
}

#[test]
fn a_success_without_an_answer_may_tell_of_an_error_in_a_way_of_its_own() {
    let base = |code: u32, words: &str| json!({"id": "1", "choices": null, "base_resp": {"status_code": code, "status_msg": words}});
    let down = Unavailable { retry_after: None };
    for (body, kind) in [
        (base(1002, "rate limit"), RateLimited { retry_after: None }),
        (base(1004, "login fail"), Unauthorized),
        (base(1008, "insufficient balance"), QuotaExhausted),
        (base(1013, "unknown error"), down),
        (base(1027, "output new_sensitive"), Filtered),
        (base(1039, "token limit"), ContextTooLong),
        (base(2013, "invalid params"), InvalidRequest),
        (
            json!({"code": 429, "msg": "busy"}),
            RateLimited { retry_after: None },
        ),
        (
            json!({"error_code": 336_100, "error_msg": "server high load"}),
            down,
        ),
    ] {
        let error = read(200, &[], body.to_string()).expect_err("no answer");
        assert_eq!(error.kind(), kind, "{body}");
        assert!(error.detail().is_some(), "its words are shown: {body}");
    }
}

/// Servers that have begun to stream can give no other status.
#[test]
fn an_error_in_a_success_is_judged_by_its_words_as_any_other() {
    let long = "This model's maximum context length is 8192 tokens. However, you requested 9000.";
    for (error, kind) in [
        (json!(long), ContextTooLong),
        (
            json!({"message": long, "type": "invalid_request_error", "code": null}),
            ContextTooLong,
        ),
        (
            json!({"message": "Failed to compile the grammar", "type": "server_error"}),
            UnsupportedFormat,
        ),
        (json!({"message": "Content Exists Risk"}), Filtered),
        (json!({"message": "Insufficient Balance"}), QuotaExhausted),
        (
            json!({"message": "No.", "type": "invalid_request_error", "code": null}),
            InvalidRequest,
        ),
        (
            json!({"message": "No.", "type": "BadRequestError", "code": null}),
            InvalidRequest,
        ),
        (
            json!({"message": "The engine has died.", "type": "server_error"}),
            DOWN,
        ),
    ] {
        let body = json!({ "error": error }).to_string();
        assert_eq!(
            read(200, &[], body.clone()).unwrap_err().kind(),
            kind,
            "{body}"
        );
    }
}

#[test]
fn what_is_repeated_of_a_request_is_not_judged() {
    for document in [
        "Model T not found in the museum.",
        "Daily limit exceeded, insufficient balance.",
        "Invalid API key",
    ] {
        for words in [
            format!("1 validation error: Field required [input_value='{document}']"),
            format!("[{{'msg': 'Field required', 'input': {{'messages': ['{document}']}}}}]"),
            format!("Bad request: {{\"messages\": [{{\"content\": \"{document}\"}}]}}"),
        ] {
            fails(400, &[], json!({"error": words}), InvalidRequest, None);
        }
    }
}

#[test]
fn a_model_that_has_answered_is_there_whatever_the_words() {
    let body = json!({"error": "Model `m` not found."}).to_string();
    let kind = |has_worked| {
        let error = read_after(has_worked, 400, &[], body.clone());
        error.unwrap_err().kind()
    };
    assert_eq!(kind(false), UnknownModel);
    assert_eq!(kind(true), InvalidRequest);
}

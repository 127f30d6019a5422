//! Tables of what Gemini answers, whole and streamed, and what becomes of it.

use super::*;

fn read(status: u16, body: &str) -> Result<Response, ModelError> {
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec().into(),
        began: None,
    };
    let redactor = Redactor::new("AIza-canary-0123456789".into());
    classify(&reply, "gemini-3-flash", answer::read, &redactor, false)
}

fn ended(reason: &str, parts: Value) -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason,
            "index": 0}],
        "usageMetadata": {"promptTokenCount": 30, "cachedContentTokenCount": 20,
            "candidatesTokenCount": 7, "thoughtsTokenCount": 100, "totalTokenCount": 137},
        "modelVersion": "gemini-x", "responseId": "r1"})
}

#[test]
fn every_reason_to_finish_says_whether_there_is_an_answer() {
    let said =
        || json!([{"text": "{\"city\":\"Rome\"}", "thought": true}, {"text": "Hi"}, {"text": "."}]);
    let response = read(200, &ended("STOP", said()).to_string()).unwrap();
    assert_eq!(
        (response.text.as_str(), response.finish),
        ("Hi.", FinishReason::Stop)
    );
    assert_eq!(
        (response.model.as_str(), response.request_id.as_deref()),
        ("gemini-x", Some("r1"))
    );
    let usage = response.usage;
    assert_eq!((usage.input_tokens, usage.cached_input_tokens), (30, 20));
    assert_eq!((usage.output_tokens, usage.reasoning_tokens), (107, 100));
    let down = Unavailable { retry_after: None };
    for (reason, kind) in [
        ("MAX_TOKENS", Truncated),
        ("SAFETY", Filtered),
        ("RECITATION", Filtered),
        ("LANGUAGE", Filtered),
        ("BLOCKLIST", Filtered),
        ("PROHIBITED_CONTENT", Filtered),
        ("SPII", Filtered),
        ("IMAGE_SAFETY", Filtered),
        ("MODEL_ARMOR", Filtered),
        ("OTHER", down),
        ("TOO_MANY_TOOL_CALLS", down),
        ("MISSING_THOUGHT_SIGNATURE", down),
        // A text with another end than a good one may be half of one.
        ("SOMETHING_NEW", down),
        ("MALFORMED_FUNCTION_CALL", down),
        ("UNEXPECTED_TOOL_CALL", down),
        ("MALFORMED_RESPONSE", down),
    ] {
        let error = read(200, &ended(reason, said()).to_string()).unwrap_err();
        assert_eq!((error.kind(), error.usage()), (kind, usage), "{reason}");
    }
}

#[test]
fn what_was_blocked_says_why() {
    let mut answer = ended("SAFETY", json!([]));
    answer["candidates"][0]["safetyRatings"] = json!([
        {"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"},
        {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": true}]);
    let error = read(200, &answer.to_string()).unwrap_err();
    let words = "the answer ended: SAFETY (HARM_CATEGORY_DANGEROUS_CONTENT)";
    assert_eq!(error.detail(), Some(words));
    let question = json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": {"promptTokenCount": 9}});
    let error = read(200, &question.to_string()).unwrap_err();
    assert_eq!((error.kind(), error.usage().input_tokens), (Filtered, 9));
    assert_eq!(
        error.detail(),
        Some("the question was blocked: PROHIBITED_CONTENT")
    );
}

#[track_caller]
fn fails(status: u16, name: &str, words: &str, details: Value, kind: ModelErrorKind) {
    let body =
        json!({"error": {"code": status, "message": words, "status": name, "details": details}});
    for body in [body.clone(), json!([body])] {
        let error = read(status, &body.to_string()).expect_err(words);
        assert_eq!(error.kind(), kind, "{status} {name} {words}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_error_says_what_to_do() {
    let invalid = "INVALID_ARGUMENT";
    let down = Unavailable { retry_after: None };
    for (status, name, words, kind) in [
        (
            400,
            invalid,
            "API key not valid. Please pass a valid API key.",
            Unauthorized,
        ),
        (
            400,
            invalid,
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            ContextTooLong,
        ),
        (
            400,
            invalid,
            "Request contains an invalid argument.",
            UnsupportedFormat,
        ),
        (
            400,
            invalid,
            "The specified schema produces a constraint that has too many states for serving.",
            UnsupportedFormat,
        ),
        (
            400,
            invalid,
            "Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field.",
            UnsupportedFormat,
        ),
        (
            400,
            invalid,
            "Unable to submit request because it has a topP value of 2",
            InvalidRequest,
        ),
        (
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use.",
            Unauthorized,
        ),
        (
            403,
            "PERMISSION_DENIED",
            "Your API key was reported as leaked.",
            Unauthorized,
        ),
        (
            404,
            "NOT_FOUND",
            "models/gemini-9 is not found for API version v1beta, or is not supported for generateContent.",
            UnknownModel,
        ),
        (500, "INTERNAL", "An internal error has occurred.", down),
        (
            503,
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
            Overloaded { retry_after: None },
        ),
        (
            504,
            "DEADLINE_EXCEEDED",
            "The service is unable to finish processing within the deadline.",
            down,
        ),
    ] {
        fails(status, name, words, json!([]), kind);
    }
    let quota = |id: &str| {
        json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}])
    };
    let words = "You exceeded your current quota.";
    let wait = RateLimited {
        retry_after: Some(Duration::from_secs(34)),
    };
    let exhausted = "RESOURCE_EXHAUSTED";
    fails(
        429,
        exhausted,
        words,
        quota("GenerateRequestsPerMinutePerProjectPerModel"),
        wait,
    );
    fails(
        429,
        exhausted,
        words,
        quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
        QuotaExhausted,
    );
    // All limits that are passed are named, that of the day not as the first (google-gemini/gemini-cli#8437).
    let ids = [
        "GenerateContentInputTokensPerModelPerMinute-FreeTier",
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
    ];
    let mut several = quota("");
    several[0]["violations"] = ids.map(|id| json!({"quotaId": id})).into();
    fails(429, exhausted, words, several, QuotaExhausted);
    // A limit of nothing does not fill up again, whatever it is said to (continuedev/continue#9570).
    for (limit, kind) in [("0", QuotaExhausted), ("05", wait), ("10", wait)] {
        let words = format!(
            "You exceeded your current quota. \n* Quota exceeded for metric: \
            generate_content_free_tier_requests, limit: {limit}, model: gemini-3-pro\nPlease retry in 34s."
        );
        fails(429, exhausted, &words, json!([]), kind);
    }
    for body in ["", "{}", "[]", "[{}]", "<html>", "{\"ok\":true}"] {
        assert_eq!(read(200, body).unwrap_err().kind(), Unreadable, "{body}");
    }
}

fn stream() -> String {
    let piece = |parts: Value| {
        json!({"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}],
        "usageMetadata": {"promptTokenCount": 30}, "modelVersion": "gemini-x", "responseId": "r1"})
    };
    let pieces = [
        piece(json!([{"text": "Hm.", "thought": true}])),
        piece(json!([{"text": "{\"city\":\"Kö"}])),
        ended("STOP", json!([{"text": "ln\"}"}])),
    ];
    pieces.map(|it| format!("data: {it}\r\n\r\n")).concat()
}

async fn assembled(stream: &str) -> Option<Response> {
    let body = stored(
        stream.to_owned().into(),
        true,
        Box::<Candidate>::default(),
        || {},
    );
    let body = body.await.ok()?;
    read(200, std::str::from_utf8(&body).unwrap()).ok()
}

#[tokio::test]
async fn a_stream_cut_anywhere_says_the_same_or_nothing() {
    let stream = stream();
    let whole = assembled(&stream).await.unwrap();
    assert_eq!(whole.text, r#"{"city":"Köln"}"#);
    assert_eq!(whole.usage.reasoning_tokens, 100);
    for end in (0..stream.len()).filter(|it| stream.is_char_boundary(*it)) {
        if let Some(cut) = assembled(&stream[..end]).await {
            assert_eq!(cut, whole, "{end}");
        }
    }
}

/// As gateways translate, and as Google did before: songquanpeng/one-api#1408, Chevey339/kelivo#1003.
#[tokio::test]
async fn a_stream_whose_every_piece_says_that_it_is_the_last_is_read_to_its_end() {
    let pieces = [
        ended("STOP", json!([])),
        ended("STOP", json!([{"text": "{\"city\":\"Kö"}])),
        ended("STOP", json!([{"text": "ln\"}"}])),
        ended("STOP", json!([])),
    ];
    let pieces = pieces.map(|it| format!("data: {it}\n\n"));
    let whole = assembled(&pieces.concat()).await.unwrap();
    assert_eq!(whole.text, r#"{"city":"Köln"}"#);
}

#[test]
fn the_tier_that_was_given_is_read() {
    let mut body = ended("STOP", json!([]));
    for name in ["flex", "standard", "priority"] {
        body["usageMetadata"]["serviceTier"] = json!(name);
        let completion = answer::read(body.to_string().as_bytes()).unwrap();
        assert_eq!(completion.rate, Rate::named(name));
    }
}

#[tokio::test]
async fn a_blocked_question_and_an_error_come_in_streams_too() {
    let read = async |piece: Value| {
        let stream = format!("data: {piece}\n\n");
        let body = stored(stream.into(), true, Box::<Candidate>::default(), || {});
        let body = body.await.unwrap();
        read(200, std::str::from_utf8(&body).unwrap())
            .unwrap_err()
            .kind()
    };
    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}});
    assert_eq!(read(blocked).await, Filtered);
    let error = json!({"error": {"code": 503, "message": "Busy", "status": "UNAVAILABLE"}});
    assert_eq!(read(error).await, Overloaded { retry_after: None });
}

/// As it is seen of the flex tier: theopenco/llmgateway#3616, maximhq/bifrost#5262.
#[tokio::test]
async fn an_error_that_breaks_a_stream_off_is_that_error_though_it_is_no_event() {
    let begun = stream();
    let begun = begun.split_inclusive("\r\n\r\n").take(2);
    let begun = begun.collect::<String>();
    let details =
        json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]);
    for (code, status, kind) in [
        (
            503,
            "UNAVAILABLE",
            Overloaded {
                retry_after: Some(Duration::from_secs(7)),
            },
        ),
        (
            429,
            "RESOURCE_EXHAUSTED",
            RateLimited {
                retry_after: Some(Duration::from_secs(7)),
            },
        ),
    ] {
        let error = json!({"error": {"code": code, "message": "High demand.", "status": status,
            "details": details}});
        for tail in [error.clone(), json!([error])] {
            let spread = serde_json::to_string_pretty(&tail).unwrap();
            for tail in [tail.to_string(), spread.replace('\n', "\r\n"), spread] {
                let stream = format!("{begun}{tail}");
                let body = stored(stream.into(), true, Box::<Candidate>::default(), || {});
                let body = body.await.unwrap();
                let error = read(200, std::str::from_utf8(&body).unwrap()).unwrap_err();
                assert_eq!(
                    (error.kind(), error.usage().input_tokens),
                    (kind, 30),
                    "{tail}"
                );
            }
        }
    }
}

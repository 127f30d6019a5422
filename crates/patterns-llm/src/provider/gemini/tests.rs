//! What is sent, byte for byte, and what becomes of every reply that Gemini is known to send.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use patterns_core::ModelErrorKind::{
    ContextTooLong, Filtered, InvalidRequest, Overloaded, QuotaExhausted, RateLimited, Truncated,
    Unauthorized, Unavailable, UnknownModel, Unreadable, UnsupportedFormat,
};
use patterns_core::{
    AnswerFormat, AnswerSchema, Attachment, Document, FinishReason, MediaType, Message, ModelError,
    ModelErrorKind, Part, Request, Response, Sampling,
};
use serde_json::{Value, json};

use super::answer;
use super::assembly::Candidate;
use super::generate::Generate;
use crate::provider::dialect::{Dialect, Put};
use crate::provider::refused::{LeftOut, Parameter};
use crate::provider::reply::{Redactor, classify};
use crate::provider::stream::stored;
use crate::provider::transport::Reply;

fn put(format: AnswerFormat) -> Put<'static> {
    Put {
        model: "gemini-3-flash",
        format,
        left_out: LeftOut(0),
        effort: None,
        is_flex: false,
        folds_system: false,
        streams: false,
        shared: [false; 2],
        is_own: false,
    }
}

fn request() -> Request {
    let mark = json!({"type": ["integer", "null"], "minimum": 1, "exclusiveMaximum": 6});
    let kind = json!({"const": "a"});
    let city = json!({"type": "string", "maxLength": 20, "description": "Its name."});
    let schema = json!({"type": "object", "properties": {"city": city, "mark": mark, "kind": kind},
        "required": ["city", "mark", "kind"], "additionalProperties": false});
    Request {
        instructions: "Be brief.".into(),
        messages: vec![
            Message::user([
                Part::text("Which city?"),
                Part::Document(Document::new("a", "Paris.")),
            ]),
            Message::assistant(""),
            Message::user([Part::text("Again.")]),
        ],
        schema: Some(Arc::new(AnswerSchema::new("capital", schema))),
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: Some(0.9),
            max_output_tokens: Some(100),
            seed: Some(40),
            effort: None,
        },
        sample: 2,
        ..Request::default()
    }
}

fn body(request: &Request, put: &Put<'_>) -> String {
    let written = Generate.write(request, put).unwrap();
    written.body.get().to_owned()
}

#[test]
fn a_schema_is_enforced_and_what_its_dialect_lacks_is_said_in_words() {
    insta::assert_snapshot!(body(&request(), &put(AnswerFormat::JsonSchema)), @r#"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Which city?\n\n"},{"text":"<document-4deccd79 id=\"a\">\nParis.\n</document-4deccd79>"}]},{"role":"model","parts":[{"text":"(no answer)"}]},{"role":"user","parts":[{"text":"Again."}]}],"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":{"city":{"type":"string","description":"Its name. (characters at most: 20)"},"mark":{"type":["integer","null"],"minimum":1,"description":"(less than 6)"},"kind":{"enum":["a"]}},"required":["city","mark","kind"],"additionalProperties":false},"temperature":0.5,"topP":0.9,"maxOutputTokens":100,"seed":42}}"#);
}

#[test]
fn weaker_formats_say_the_whole_schema() {
    insta::assert_snapshot!(body(&request(), &put(AnswerFormat::JsonObject)), @r#"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Answer with one JSON object that is valid against this JSON Schema, and with nothing before or after it:\n{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",\"maxLength\":20,\"description\":\"Its name.\"},\"mark\":{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"exclusiveMaximum\":6},\"kind\":{\"const\":\"a\"}},\"required\":[\"city\",\"mark\",\"kind\"],\"additionalProperties\":false}\n\n"},{"text":"Which city?\n\n"},{"text":"<document-4deccd79 id=\"a\">\nParis.\n</document-4deccd79>"}]},{"role":"model","parts":[{"text":"(no answer)"}]},{"role":"user","parts":[{"text":"Again."}]}],"generationConfig":{"responseMimeType":"application/json","temperature":0.5,"topP":0.9,"maxOutputTokens":100,"seed":42}}"#);
    let words: Value = serde_json::from_str(&body(&request(), &put(AnswerFormat::Prompt))).unwrap();
    assert_eq!(words["generationConfig"].get("responseMimeType"), None);
}

#[test]
fn blank_parts_are_not_sent_and_no_turn_is_without_words() {
    let request = Request {
        instructions: "\n".into(),
        messages: vec![
            Message::user([Part::text("a"), Part::text(" ")]),
            Message::assistant(""),
            Message::user([Part::text(" ")]),
        ],
        ..Request::default()
    };
    let put = Put {
        folds_system: true,
        ..put(AnswerFormat::Prompt)
    };
    insta::assert_snapshot!(body(&request, &put), @r#"{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"(no answer)"}]},{"role":"user","parts":[{"text":"(nothing)"}]}]}"#);
}

/// A picture and a PDF between words.
fn attached() -> Request {
    let attached = |id, media_type, bytes: &[u8]| {
        Part::Document(Document::attached(id, Attachment::new(media_type, bytes)))
    };
    Request {
        messages: vec![Message::user([
            Part::text("Look."),
            attached("a.png", MediaType::Png, b"png"),
            attached("b.pdf", MediaType::Pdf, b"pdf"),
            Part::text("What is it?"),
        ])],
        ..Request::default()
    }
}

#[test]
fn pictures_and_files_follow_what_names_them() {
    insta::assert_snapshot!(body(&attached(), &put(AnswerFormat::Prompt)), @r#"{"contents":[{"role":"user","parts":[{"text":"Look.\n\n"},{"text":"<document-bad7c9a3 id=\"a.png\">\n(attached: image/png)\n</document-bad7c9a3>\n\n"},{"inlineData":{"mimeType":"image/png","data":"cG5n"}},{"text":"<document-5515ee2b id=\"b.pdf\">\n(attached: application/pdf)\n</document-5515ee2b>\n\n"},{"inlineData":{"mimeType":"application/pdf","data":"cGRm"}},{"text":"What is it?"}]}]}"#);
}

#[test]
fn what_is_not_set_is_not_sent() {
    let request = Request {
        messages: vec![Message::user([Part::text("Hi.")])],
        ..Request::default()
    };
    let expected = r#"{"contents":[{"role":"user","parts":[{"text":"Hi."}]}]}"#;
    assert_eq!(body(&request, &put(AnswerFormat::JsonSchema)), expected);
}

#[test]
fn the_model_and_the_stream_are_in_the_path() {
    let path = |model: &'static str, streams| {
        let put = Put {
            model,
            streams,
            ..put(AnswerFormat::Prompt)
        };
        Generate.write(&request(), &put).unwrap().path.into_owned()
    };
    assert_eq!(
        path("gemini-3-flash", false),
        "/v1beta/models/gemini-3-flash:generateContent"
    );
    assert_eq!(
        path("tunedModels/mine", true),
        "/v1beta/tunedModels/mine:streamGenerateContent?alt=sse"
    );
    assert_eq!(
        path("a?b#c", false),
        "/v1beta/models/a%3Fb%23c:generateContent"
    );
}

#[test]
fn parameters_that_a_model_refuses_are_left_out_and_folded_instructions_come_first() {
    let put = Put {
        left_out: LeftOut(Parameter::Seed as u8 | Parameter::TopP as u8),
        folds_system: true,
        ..put(AnswerFormat::JsonSchema)
    };
    let body: Value = serde_json::from_str(&body(&request(), &put)).unwrap();
    assert_eq!(body.get("systemInstruction"), None);
    assert_eq!(body["contents"][0]["parts"][0]["text"], "Be brief.\n\n");
    for name in ["seed", "topP"] {
        assert_eq!(body["generationConfig"].get(name), None, "{name}");
    }
}

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
    let other = read(200, &ended("SOMETHING_NEW", said()).to_string()).unwrap();
    assert_eq!(
        other.finish,
        FinishReason::Other("SOMETHING_NEW".to_owned())
    );
    let down = Unavailable { retry_after: None };
    for (reason, kind) in [
        ("MAX_TOKENS", Truncated),
        ("SAFETY", Filtered),
        ("RECITATION", Filtered),
        ("LANGUAGE", Filtered),
        ("BLOCKLIST", Filtered),
        ("PROHIBITED_CONTENT", Filtered),
        ("SPII", Filtered),
        ("OTHER", down),
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

#[test]
fn an_effort_is_a_level_and_for_older_models_a_number_of_tokens() {
    use patterns_core::Effort;

    let thinking = |model: &str, effort| {
        let put = Put {
            effort: Generate.efforts(model, effort).first().copied(),
            is_flex: true,
            ..put(AnswerFormat::Prompt)
        };
        let written = Generate.write(&Request::default(), &put).unwrap();
        let body: Value = serde_json::from_str(written.body.get()).unwrap();
        assert_eq!(body["serviceTier"], "flex");
        body["generationConfig"]["thinkingConfig"].clone()
    };
    for (model, effort, expected) in [
        (
            "gemini-2.5-flash",
            Effort::None,
            json!({"thinkingBudget": 0}),
        ),
        (
            "models/gemini-2.5-pro",
            Effort::High,
            json!({"thinkingBudget": 24_576}),
        ),
        (
            "gemini-3.8-flash",
            Effort::None,
            json!({"thinkingLevel": "minimal"}),
        ),
        (
            "gemini-3.8-flash",
            Effort::Medium,
            json!({"thinkingLevel": "medium"}),
        ),
    ] {
        assert_eq!(thinking(model, effort), expected, "{model} {effort}");
    }
}

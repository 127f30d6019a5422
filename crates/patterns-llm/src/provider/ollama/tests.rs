//! What is sent, byte for byte, and what becomes of every reply that Ollama is known to send.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use patterns_core::ModelErrorKind::{
    ContextTooLong, InvalidRequest, Overloaded, Truncated, Unavailable, UnknownModel, Unreadable,
    UnsupportedFormat,
};
use patterns_core::{
    AnswerFormat, AnswerSchema, Attachment, Document, FinishReason, MediaType, Message, ModelError,
    ModelErrorKind, Part, Request, Response, Sampling,
};
use serde_json::{Value, json};

use super::answer;
use super::assembly::Lines;
use super::chat::Chat;
use crate::provider::dialect::{Dialect, Put};
use crate::provider::refused::LeftOut;
use crate::provider::reply::{Redactor, classify};
use crate::provider::stream::stored;
use crate::provider::transport::Reply;

fn put(format: AnswerFormat) -> Put<'static> {
    Put {
        model: "qwen3:8b",
        format,
        left_out: LeftOut(0),
        effort: None,
        is_flex: false,
        folds_system: false,
        streams: true,
        shared: [false; 2],
        is_own: true,
    }
}

fn request() -> Request {
    let city = json!({"type": "string"});
    let schema = json!({"type": "object", "properties": {"city": city},
        "required": ["city"], "additionalProperties": false});
    Request {
        instructions: "Be brief.".into(),
        messages: vec![
            Message::user([Part::text("Which city?")]),
            Message::assistant("{}"),
            Message::user([Part::text("Again.")]),
        ],
        schema: Some(Arc::new(AnswerSchema::new("capital", schema))),
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: None,
            max_output_tokens: Some(100),
            seed: Some(40),
            effort: None,
        },
        sample: 2,
        ..Request::default()
    }
}

fn body(request: &Request, put: &Put<'_>) -> String {
    let written = Chat::default().write(request, put).unwrap();
    assert_eq!(written.path, "/api/chat");
    written.body.get().to_owned()
}

#[test]
fn a_schema_is_enforced_and_said_and_the_context_holds_the_request() {
    insta::assert_snapshot!(body(&request(), &put(AnswerFormat::JsonSchema)), @r#"{"model":"qwen3:8b","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Answer with one JSON object of this shape, and with nothing else:\n{\n  \"city\": text\n}\n\nWhich city?"},{"role":"assistant","content":"{}"},{"role":"user","content":"Again."}],"stream":true,"truncate":false,"shift":false,"format":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false},"options":{"num_ctx":4096,"num_predict":100,"temperature":0.5,"seed":42}}"#);
}

#[test]
fn weaker_formats_say_the_whole_schema() {
    insta::assert_snapshot!(body(&request(), &put(AnswerFormat::JsonObject)), @r#"{"model":"qwen3:8b","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Answer with one JSON object that is valid against this JSON Schema, and with nothing before or after it:\n{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"],\"additionalProperties\":false}\n\nWhich city?"},{"role":"assistant","content":"{}"},{"role":"user","content":"Again."}],"stream":true,"truncate":false,"shift":false,"format":"json","options":{"num_ctx":4096,"num_predict":100,"temperature":0.5,"seed":42}}"#);
    let words: Value = serde_json::from_str(&body(&request(), &put(AnswerFormat::Prompt))).unwrap();
    assert_eq!(words.get("format"), None);
}

#[test]
fn pictures_are_sent_beside_the_words() {
    let attached = |id, bytes: &[u8]| {
        Part::Document(Document::attached(
            id,
            Attachment::new(MediaType::Png, bytes),
        ))
    };
    let request = Request {
        messages: vec![Message::user([
            attached("a.png", b"one"),
            attached("b.png", b"two"),
            Part::text("What is it?"),
        ])],
        ..Request::default()
    };
    insta::assert_snapshot!(body(&request, &put(AnswerFormat::Prompt)), @r#"{"model":"qwen3:8b","messages":[{"role":"user","content":"<document-d33fb48a id=\"a.png\">\n(attached: image/png)\n</document-d33fb48a>\n\n<document-dc770fff id=\"b.png\">\n(attached: image/png)\n</document-dc770fff>\n\nWhat is it?","images":["b25l","dHdv"]}],"stream":true,"truncate":false,"shift":false,"options":{"num_ctx":8192}}"#);
}

#[test]
fn what_is_not_set_is_not_sent_but_the_stream_and_the_context() {
    let request = Request {
        messages: vec![Message::user([Part::text("Hi.")])],
        ..Request::default()
    };
    let put = Put {
        streams: false,
        ..put(AnswerFormat::JsonSchema)
    };
    insta::assert_snapshot!(body(&request, &put), @r#"{"model":"qwen3:8b","messages":[{"role":"user","content":"Hi."}],"stream":false,"truncate":false,"shift":false,"options":{"num_ctx":4096}}"#);
}

fn read(status: u16, body: &str) -> Result<Response, ModelError> {
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec().into(),
        began: None,
    };
    let redactor = Redactor::new("canary-0123456789".into());
    classify(&reply, "qwen3:8b", answer::read, &redactor, false)
}

fn done(reason: &str, content: &str) -> Value {
    json!({"model": "qwen3:8b", "created_at": "2026-11-27T15:00:00Z",
        "message": {"role": "assistant", "content": content, "thinking": "{\"city\":\"Rome\"}"},
        "done": true, "done_reason": reason, "total_duration": 1, "prompt_eval_count": 26,
        "eval_count": 9})
}

#[test]
fn every_reason_to_be_done_says_whether_there_is_an_answer() {
    let response = read(200, &done("stop", "Hi.").to_string()).unwrap();
    assert_eq!(
        (response.text.as_str(), response.finish),
        ("Hi.", FinishReason::Stop)
    );
    assert_eq!(
        (response.usage.input_tokens, response.usage.output_tokens),
        (26, 9)
    );
    // Newer ones say how much of it was cached (ollama/ollama#17943).
    let mut cached = done("stop", "Hi.");
    cached["prompt_eval_cached_count"] = json!(16);
    let usage = read(200, &cached.to_string()).unwrap().usage;
    assert_eq!((usage.input_tokens, usage.cached_input_tokens), (26, 16));
    let other = read(200, &done("something_new", "Hi.").to_string()).unwrap();
    assert_eq!(
        other.finish,
        FinishReason::Other("something_new".to_owned())
    );
    let down = Unavailable { retry_after: None };
    for (reason, kind) in [("length", Truncated), ("load", down), ("unload", down)] {
        let error = read(200, &done(reason, "Hi").to_string()).unwrap_err();
        assert_eq!(
            (error.kind(), error.usage().attempts),
            (kind, 1),
            "{reason}"
        );
    }
    let mut unfinished = done("stop", "Hi");
    unfinished["done"] = json!(false);
    assert_eq!(read(200, &unfinished.to_string()).unwrap_err().kind(), down);
}

#[test]
fn every_error_says_what_to_do() {
    let table: [(u16, &str, ModelErrorKind); 11] = [
        (404, "model 'qwen3:9b' not found", UnknownModel),
        (
            404,
            "model \"qwen3:9b\" not found, try pulling it first",
            UnknownModel,
        ),
        (
            400,
            "the input length exceeds the context length",
            ContextTooLong,
        ),
        (400, "invalid options: num_ctx", InvalidRequest),
        (
            400,
            "json: cannot unmarshal object into Go struct field ChatRequest.format of type string",
            UnsupportedFormat,
        ),
        (500, "failed to parse grammar", UnsupportedFormat),
        (
            500,
            "model requires more system memory (5.6 GiB) than is available (3.2 GiB)",
            InvalidRequest,
        ),
        // llama.cpp's, of a model without eyes.
        (
            500,
            "image input is not supported - hint: you may need to provide the mmproj",
            InvalidRequest,
        ),
        (
            500,
            "llama runner process has terminated: exit status 2",
            Unavailable { retry_after: None },
        ),
        (
            503,
            "server busy, please try again.  maximum pending requests exceeded",
            Overloaded { retry_after: None },
        ),
        (
            200,
            "an error was encountered while running the model",
            Unavailable { retry_after: None },
        ),
    ];
    for (status, words, kind) in table {
        let error = read(status, &json!({ "error": words }).to_string()).expect_err(words);
        assert_eq!(error.kind(), kind, "{status} {words}");
        assert_eq!(error.detail(), Some(words));
    }
    for body in ["", "{}", "[]", "Ollama is running", "{\"status\":\"ok\"}"] {
        assert_eq!(read(200, body).unwrap_err().kind(), Unreadable, "{body}");
    }
}

fn stream() -> String {
    let piece = |content: &str, thinking: &str| {
        let message = json!({"role": "assistant", "content": content, "thinking": thinking});
        format!(
            "{}\n",
            json!({"model": "qwen3:8b", "message": message, "done": false})
        )
    };
    let end = done("stop", "");
    [
        piece("", "Hm."),
        piece("{\"city\":\"Kö", ""),
        piece("ln\"}", ""),
        format!("{end}\n"),
    ]
    .concat()
}

async fn assembled(stream: &str) -> Option<Response> {
    let body = stored(
        stream.to_owned().into(),
        true,
        Box::<Lines>::default(),
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
    assert_eq!(whole.usage.input_tokens, 26);
    for end in (0..stream.len()).filter(|it| stream.is_char_boundary(*it)) {
        if let Some(cut) = assembled(&stream[..end]).await {
            assert_eq!(cut, whole, "{end}");
        }
    }
}

#[tokio::test]
async fn an_error_in_a_stream_is_that_error() {
    let stream = stream().split_inclusive('\n').take(2).collect::<String>();
    let stream = format!(
        "{stream}{}\n",
        json!({"error": "model requires more system memory"})
    );
    let body = stored(stream.into(), true, Box::<Lines>::default(), || {});
    let body = body.await.unwrap();
    assert!(read(200, std::str::from_utf8(&body).unwrap()).is_err());
}

#[test]
fn a_model_is_told_whether_to_think_or_for_how_long() {
    use patterns_core::Effort;

    let said = |effort: Effort, refusals: usize| {
        let chat = Chat::default();
        let put = Put {
            effort: chat.efforts("m", effort).get(refusals).copied(),
            ..put(AnswerFormat::Prompt)
        };
        let written = chat.write(&Request::default(), &put).unwrap();
        let body: Value = serde_json::from_str(written.body.get()).unwrap();
        body["think"].clone()
    };
    assert_eq!(said(Effort::None, 0), json!(false));
    assert_eq!(said(Effort::High, 0), json!("high"));
    assert_eq!(said(Effort::High, 1), json!(true));
    assert_eq!(said(Effort::High, 2), Value::Null);
    assert_eq!(said(Effort::Max, 0), json!("max"));
    assert_eq!(said(Effort::Max, 1), json!("high"));
}

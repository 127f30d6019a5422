//! What is sent to Gemini, byte for byte.

mod replies;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use patterns_core::ModelErrorKind::{
    ContextTooLong, Filtered, InvalidRequest, Overloaded, QuotaExhausted, RateLimited, Truncated,
    Unauthorized, Unavailable, UnknownModel, Unreadable, UnsupportedFormat,
};
use patterns_core::{
    AnswerFormat, AnswerSchema, Document, FinishReason, Message, ModelError, ModelErrorKind, Part,
    Request, Response, Sampling,
};
use serde_json::{Value, json};

use super::answer;
use super::assembly::Candidate;
use super::generate::Generate;
use crate::provider::dialect::{Dialect, Put};
use crate::provider::refused::{LeftOut, Parameter};
use crate::provider::reply::{Rate, Redactor, classify};
use crate::provider::stream::stored;
use crate::provider::test_requests::attached;
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

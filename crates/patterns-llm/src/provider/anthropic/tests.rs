//! What is sent, byte for byte.

mod replies;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use patterns_core::ModelErrorKind::{
    ContextTooLong, InvalidRequest, Overloaded, QuotaExhausted, RateLimited, Refused, Truncated,
    Unauthorized, Unavailable, UnknownModel, UnsupportedFormat,
};
use patterns_core::{
    AnswerFormat, AnswerSchema, Document, Effort, FinishReason, Message, ModelError,
    ModelErrorKind, Part, Request, Response, Sampling,
};
use serde_json::{Value, json};

use super::answer;
use super::assembly::Blocks;
use super::messages::{Messages, longest_answer};
use crate::provider::dialect::{Dialect, Put};
use crate::provider::refused::{LeftOut, Parameter};
use crate::provider::reply::{Redactor, classify};
use crate::provider::stream::stored;
use crate::provider::test_requests::attached;
use crate::provider::transport::Reply;

fn put(format: AnswerFormat) -> Put<'static> {
    Put {
        model: "claude",
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

fn schema() -> AnswerSchema {
    let mark = json!({"type": ["integer", "null"], "minimum": 1});
    let city = json!({"type": "string"});
    let strict = json!({"type": "object", "properties": {"city": city, "mark": mark},
        "required": ["city", "mark"], "additionalProperties": false});
    let mark = json!({"type": "integer", "minimum": 1});
    let closed = json!({"type": "object", "properties": {"city": city, "mark": mark},
        "required": ["city"], "additionalProperties": false});
    AnswerSchema::new("capital", strict).with_closed(closed)
}

/// A request that uses everything, asked again after a blank answer.
fn request() -> Request {
    Request {
        instructions: "Be brief.".into(),
        messages: vec![
            Message::user([
                Part::text("Which city?"),
                Part::Document(Document::new("a", "Paris.")),
            ]),
            Message::assistant(" "),
            Message::user([Part::text("Again.")]),
        ],
        schema: Some(Arc::new(schema())),
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
    let written = Messages::default().write(request, put).unwrap();
    assert_eq!(written.path, "/v1/messages");
    written.body.get().to_owned()
}

#[test]
fn the_native_format_keeps_optional_properties_optional_and_says_limits_in_words() {
    let written = Messages::default()
        .write(&request(), &put(AnswerFormat::JsonSchema))
        .unwrap();
    insta::assert_snapshot!(written.body.get(), @r#"{"model":"claude","max_tokens":100,"system":[{"type":"text","text":"Be brief."}],"messages":[{"role":"user","content":[{"type":"text","text":"Which city?\n\n"},{"type":"text","text":"<document-4deccd79 id=\"a\">\nParis.\n</document-4deccd79>"}]},{"role":"assistant","content":[{"type":"text","text":"(no answer)"}]},{"role":"user","content":[{"type":"text","text":"Again."}]}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"city":{"type":"string"},"mark":{"type":"integer","description":"(at least 1)"}},"required":["city"],"additionalProperties":false}}},"temperature":0.5,"top_p":0.9}"#);
    assert_eq!(written.parameters, ["temperature", "top_p"]);
    assert_eq!(written.untold, ["seed"]);
}

#[test]
fn a_model_without_it_is_made_to_call_a_tool() {
    insta::assert_snapshot!(body(&request(), &put(AnswerFormat::Tool)), @r#"{"model":"claude","max_tokens":100,"system":[{"type":"text","text":"Be brief."}],"messages":[{"role":"user","content":[{"type":"text","text":"Which city?\n\n"},{"type":"text","text":"<document-4deccd79 id=\"a\">\nParis.\n</document-4deccd79>"}]},{"role":"assistant","content":[{"type":"text","text":"(no answer)"}]},{"role":"user","content":[{"type":"text","text":"Again."}]}],"tools":[{"name":"capital","description":"Takes the answer.","input_schema":{"type":"object","properties":{"city":{"type":"string"},"mark":{"type":["integer","null"],"minimum":1}},"required":["city","mark"],"additionalProperties":false}}],"tool_choice":{"type":"any"},"temperature":0.5,"top_p":0.9}"#);
}

#[test]
fn pictures_and_files_follow_what_names_them() {
    insta::assert_snapshot!(body(&attached(), &put(AnswerFormat::Prompt)), @r#"{"model":"claude","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"Look.\n\n"},{"type":"text","text":"<document-bad7c9a3 id=\"a.png\">\n(attached: image/png)\n</document-bad7c9a3>\n\n"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"cG5n"}},{"type":"text","text":"<document-5515ee2b id=\"b.pdf\">\n(attached: application/pdf)\n</document-5515ee2b>\n\n"},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"cGRm"}},{"type":"text","text":"What is it?"}]}]}"#);
}

#[test]
fn what_is_not_set_is_not_sent_but_the_room_that_the_api_insists_on() {
    let request = Request {
        messages: vec![Message::user([Part::text("Hi.")])],
        ..Request::default()
    };
    insta::assert_snapshot!(body(&request, &put(AnswerFormat::JsonSchema)), @r#"{"model":"claude","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"Hi."}]}]}"#);
}

#[test]
fn long_instructions_and_shared_beginnings_are_marked_for_the_cache() {
    let request = Request {
        instructions: "x".repeat(4_096).into(),
        messages: vec![Message::user([
            Part::text("a"),
            Part::text("b"),
            Part::text("c"),
        ])],
        ..Request::default()
    };
    let marked = |shared| {
        let put = Put {
            shared,
            streams: true,
            ..put(AnswerFormat::Prompt)
        };
        let body: Value = serde_json::from_str(&body(&request, &put)).unwrap();
        let blocks = [&body["system"], &body["messages"][0]["content"]];
        let blocks = blocks.map(|it| it.as_array().unwrap().clone()).concat();
        assert_eq!(body["stream"], true);
        blocks
            .iter()
            .map(|it| it["cache_control"]["type"] == "ephemeral")
            .collect::<Vec<_>>()
    };
    assert_eq!(marked([false, false]), [true, false, false, false]);
    assert_eq!(marked([true, false]), [true, false, true, false]);
    assert_eq!(marked([false, true]), [true, false, false, true]);
}

#[test]
fn blank_parts_are_not_sent_and_lose_no_mark_and_no_turn_is_without_words() {
    let request = Request {
        instructions: "\n".into(),
        messages: vec![
            Message::user([Part::text("a"), Part::text("b"), Part::text(" ")]),
            Message::assistant(""),
            Message::user([Part::text(" "), Part::text("")]),
        ],
        ..Request::default()
    };
    let put = Put {
        folds_system: true,
        shared: [false, true],
        ..put(AnswerFormat::Prompt)
    };
    insta::assert_snapshot!(body(&request, &put), @r#"{"model":"claude","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"a\n\n"},{"type":"text","text":"b"}]},{"role":"assistant","content":[{"type":"text","text":"(no answer)","cache_control":{"type":"ephemeral"}}]},{"role":"user","content":[{"type":"text","text":"(nothing)"}]}]}"#);
    let request = Request {
        messages: request.messages[..1].to_vec(),
        ..request
    };
    insta::assert_snapshot!(body(&request, &put), @r#"{"model":"claude","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"a\n\n"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]}]}"#);
}

#[test]
fn parameters_that_a_model_refuses_are_left_out_and_folded_instructions_come_first() {
    let put = Put {
        left_out: LeftOut(Parameter::Temperature as u8 | Parameter::TopP as u8),
        folds_system: true,
        is_own: true,
        ..put(AnswerFormat::JsonSchema)
    };
    let body: Value = serde_json::from_str(&body(&request(), &put)).unwrap();
    for name in ["temperature", "top_p", "system"] {
        assert_eq!(body.get(name), None, "{name}");
    }
    let first = body["messages"][0]["content"].as_array().unwrap();
    assert_eq!(first[0]["text"], "Be brief.\n\n");
    // Servers of one's own may ignore the format, so their models are told the shape.
    assert!(first[1]["text"].as_str().unwrap().contains("of this shape"));
}

#[test]
fn a_schema_that_refers_to_itself_is_not_sent_in_the_native_format() {
    let node = json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}});
    let schema = json!({"type": "object", "properties": {"root": {"$ref": "#/$defs/Node"}},
        "$defs": {"Node": node}});
    let request = Request {
        schema: Some(Arc::new(AnswerSchema::new("tree", schema))),
        ..request()
    };
    let dialect = Messages::default();
    assert!(
        dialect
            .write(&request, &put(AnswerFormat::JsonSchema))
            .is_err()
    );
    assert!(dialect.write(&request, &put(AnswerFormat::Tool)).is_ok());
}

#[test]
fn a_models_longest_answer_is_learnt_by_every_call_that_asked_for_more() {
    let words =
        "max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens for m";
    assert_eq!(longest_answer(words), Some(4096));
    assert_eq!(longest_answer("max_tokens: must be positive"), None);
    let dialect = Messages::default();
    let error = ModelError::new(InvalidRequest).with_detail(words);
    let mut request = request();
    request.sampling.max_output_tokens = None;
    let written = dialect.write(&request, &put(AnswerFormat::Prompt)).unwrap();
    assert!(
        dialect.learn(&error, &written) && dialect.learn(&error, &written),
        "by two calls at once"
    );
    let written = dialect.write(&request, &put(AnswerFormat::Prompt)).unwrap();
    assert!(written.body.get().contains("\"max_tokens\":4096,"));
    assert!(!dialect.learn(&error, &written), "it would fail again");
    request.sampling.max_output_tokens = Some(8192);
    let written = dialect.write(&request, &put(AnswerFormat::Prompt)).unwrap();
    assert!(!dialect.learn(&error, &written), "the user has set it");
}

#[test]
fn an_effort_is_a_word_and_for_older_models_a_number_of_tokens() {
    let said = |effort| {
        let request = Request {
            messages: vec![Message::user([Part::text("Hi.")])],
            ..Request::default()
        };
        let put = Put {
            effort: Some(effort),
            ..put(AnswerFormat::JsonSchema)
        };
        let body: Value = serde_json::from_str(&body(&request, &put)).unwrap();
        (body["output_config"].clone(), body["thinking"].clone())
    };
    let adaptive = json!({"type": "adaptive"});
    assert_eq!(said("low"), (json!({"effort": "low"}), adaptive.clone()));
    assert_eq!(said("max"), (json!({"effort": "max"}), adaptive));
    assert_eq!(said("disabled"), (Value::Null, json!({"type": "disabled"})));
    let tokens = |budget| {
        (
            Value::Null,
            json!({"type": "enabled", "budget_tokens": budget}),
        )
    };
    assert_eq!(said("2048"), tokens(2_048));
    // Half of the room, which the answer has to fit into, too.
    assert_eq!(said("32768"), tokens(4_096));
}

#[test]
fn there_is_more_room_for_what_is_thought_about_for_long() {
    let room = |effort| {
        let mut request = Request::default();
        request.sampling.effort = effort;
        let written = Messages::default().write(&request, &put(AnswerFormat::Prompt));
        written.unwrap().usual_room
    };
    assert_eq!(room(None), Some(8_192));
    assert_eq!(room(Some(Effort::Low)), Some(8_192));
    assert_eq!(room(Some(Effort::High)), Some(32_768));
}

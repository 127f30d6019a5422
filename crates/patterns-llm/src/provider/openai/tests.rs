//! What is sent to each kind of server, byte for byte, and what becomes of the replies of Azure and
//! OpenRouter.

use http::{HeaderMap, StatusCode};
use patterns_core::ModelErrorKind::{
    ContextTooLong, Filtered, InvalidRequest, Overloaded, QuotaExhausted, RateLimited,
    Unauthorized, Unavailable, UnknownModel,
};
use patterns_core::{
    AnswerFormat, AnswerSchema, Effort, Message, ModelError, ModelErrorKind, Part, Request, Usage,
};
use serde_json::json;

use super::answer;
use super::wire::{Body, Flavour};
use crate::provider::reply::{Redactor, classify};
use crate::provider::stream::stored;
use crate::provider::transport::Reply;
use crate::tier::Tier;

fn request() -> Request {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"], "additionalProperties": false});
    Request {
        messages: vec![Message::user([Part::text("Which city?")])],
        schema: Some(AnswerSchema::new("capital", schema).into()),
        ..Request::default()
    }
}

fn body(flavour: Flavour, format: AnswerFormat, effort: Option<&'static str>) -> String {
    let request = request();
    let mut body = Body::new("m", &request, format, flavour).thinking(effort, true, flavour);
    if flavour == Flavour::OpenRouter {
        body = body.routed(format == AnswerFormat::JsonSchema);
    }
    serde_json::to_string(&body).unwrap()
}

#[test]
fn an_effort_and_a_tier_are_put_as_each_kind_of_server_has_them() {
    let format = AnswerFormat::JsonSchema;
    insta::assert_snapshot!(body(Flavour::OpenAi, format, Some("none")), @r#"{"model":"m","messages":[{"role":"user","content":"Which city?"}],"response_format":{"type":"json_schema","json_schema":{"name":"capital","strict":true,"schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}},"reasoning_effort":"none","service_tier":"flex"}"#);
    insta::assert_snapshot!(body(Flavour::Azure, format, Some("low")), @r#"{"model":"m","messages":[{"role":"user","content":"Which city?"}],"response_format":{"type":"json_schema","json_schema":{"name":"capital","strict":true,"schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}},"reasoning_effort":"low","service_tier":"flex"}"#);
    insta::assert_snapshot!(body(Flavour::OpenRouter, format, Some("max")), @r#"{"model":"m","messages":[{"role":"user","content":"Answer with one JSON object of this shape, and with nothing else:\n{\n  \"city\": text\n}\n\nWhich city?"}],"response_format":{"type":"json_schema","json_schema":{"name":"capital","strict":true,"schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}},"reasoning":{"effort":"max"},"service_tier":"flex","provider":{"require_parameters":true},"usage":{"include":true}}"#);
    insta::assert_snapshot!(body(Flavour::OpenRouter, AnswerFormat::Prompt, None), @r#"{"model":"m","messages":[{"role":"user","content":"Answer with one JSON object that is valid against this JSON Schema, and with nothing before or after it:\n{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"],\"additionalProperties\":false}\n\nWhich city?"}],"service_tier":"flex","usage":{"include":true}}"#);
}

#[test]
fn every_effort_has_a_way_to_be_put() {
    for effort in Effort::ALL {
        let ways = Flavour::efforts(effort);
        assert!(
            ways.first().is_some_and(|it| *it == effort.name()),
            "{effort}"
        );
    }
}

#[test]
fn where_an_effort_is_refused_less_is_tried_before_more() {
    let order = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
    let place = |way: &str| order.iter().position(|it| *it == way).unwrap();
    for effort in Effort::ALL.into_iter().filter(|it| *it != Effort::None) {
        let ways = Flavour::efforts(effort);
        assert!(place(ways[1]) < place(ways[0]), "{effort}: {ways:?}");
    }
}

fn read(status: u16, body: &str) -> Result<patterns_core::Response, ModelErrorKind> {
    classified(status, body).map_err(|it| it.kind())
}

fn classified(status: u16, body: &str) -> Result<patterns_core::Response, ModelError> {
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec().into(),
        began: None,
    };
    let redactor = Redactor::new("sk-canary-0123456789".into());
    classify(&reply, "m", answer::read, &redactor, false)
}

#[test]
fn what_azure_says_is_understood() {
    let limited = RateLimited {
        retry_after: Some(std::time::Duration::from_secs(12)),
    };
    for (status, body, expected) in [
        (
            400,
            r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}"#,
            Filtered,
        ),
        (
            404,
            r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#,
            UnknownModel,
        ),
        (
            401,
            r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#,
            Unauthorized,
        ),
        (
            401,
            r#"{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired."}"#,
            Unauthorized,
        ),
        (
            404,
            r#"{"error":{"code":"404","message":"Resource not found"}}"#,
            UnknownModel,
        ),
        (
            429,
            r#"{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 12 seconds."}}"#,
            limited,
        ),
        (
            400,
            r#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 150000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            ContextTooLong,
        ),
        (
            400,
            r#"{"error":{"code":"BadRequest","message":"API version not supported"}}"#,
            InvalidRequest,
        ),
        (
            429,
            r#"{"error":{"message":"Resource Unavailable","type":"resource_unavailable","code":"resource_unavailable"}}"#,
            Overloaded { retry_after: None },
        ),
    ] {
        assert_eq!(read(status, body).unwrap_err(), expected, "{body}");
    }
    // Its notes about what it would have filtered are no error.
    let body = json!({"id": "c", "model": "gpt-5", "choices": [{"finish_reason": "stop",
        "message": {"content": "Hi."}, "content_filter_results": {"hate": {"filtered": false}}}],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    assert_eq!(read(200, &body.to_string()).unwrap().text, "Hi.");
    let filtered =
        json!({"choices": [{"finish_reason": "content_filter", "message": {"content": "H"}}]});
    assert_eq!(read(200, &filtered.to_string()).unwrap_err(), Filtered);
}

/// What the filter found stands in the reply to a question, in an answer, and in the last piece of a
/// stream (adobe-research/NoLiMa#9, langchain4j/langchain4j#2385).
#[tokio::test]
async fn what_azure_has_filtered_is_said() {
    let notes = json!({"hate": {"filtered": false, "severity": "safe"},
        "violence": {"filtered": true, "severity": "medium"}});
    let question = json!({"error": {"message": "The response was filtered.", "code": "content_filter",
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": notes}}});
    let choice = json!({"finish_reason": "content_filter", "message": {"content": "H"},
        "content_filter_results": notes});
    let answer = json!({"choices": [choice]}).to_string();
    let safe = json!({"violence": {"filtered": false, "severity": "safe"}});
    let pieces = [
        json!({"choices": [], "prompt_filter_results": [{"content_filter_results": safe}]}),
        json!({"choices": [{"delta": {"content": "H"}, "content_filter_results": safe}]}),
        json!({"choices": [{"delta": {}, "finish_reason": "content_filter", "content_filter_results": notes}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}),
    ];
    let stream = pieces.map(|it| format!("data: {it}\n\n")).concat();
    let stream = format!("{stream}data: [DONE]\n\n");
    let body = stored(stream.into(), true, Box::<super::Chunks>::default(), || {});
    let streamed = body.await.unwrap();
    for (status, body, words) in [
        (
            400,
            question.to_string(),
            "violence (medium): The response was filtered.",
        ),
        (200, answer, "the answer was filtered: violence (medium)"),
        (
            200,
            String::from_utf8(streamed.to_vec()).unwrap(),
            "the answer was filtered: violence (medium)",
        ),
    ] {
        let error = classified(status, &body).unwrap_err();
        assert_eq!((error.kind(), error.detail()), (Filtered, Some(words)));
    }
}

#[test]
fn what_openrouter_says_is_understood() {
    let down = Unavailable { retry_after: None };
    for (status, body, expected) in [
        (
            402,
            r#"{"error":{"code":402,"message":"Insufficient credits. Add more using the page of your account."}}"#,
            QuotaExhausted,
        ),
        (
            403,
            r#"{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["violence"],"flagged_input":"x","provider_name":"p"}}}"#,
            Filtered,
        ),
        (
            401,
            r#"{"error":{"code":401,"message":"No auth credentials found"}}"#,
            Unauthorized,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"nobody/nothing is not a valid model ID"}}"#,
            UnknownModel,
        ),
        (
            404,
            r#"{"error":{"code":404,"message":"No endpoints found for nobody/nothing."}}"#,
            UnknownModel,
        ),
        (
            502,
            r#"{"error":{"code":502,"message":"Provider returned error","metadata":{"provider_name":"p","raw":"upstream broke"}}}"#,
            down,
        ),
        (
            503,
            r#"{"error":{"code":503,"message":"No instances available"}}"#,
            Overloaded { retry_after: None },
        ),
        // Errors within what calls itself a success.
        (
            200,
            r#"{"error":{"code":429,"message":"Rate limited upstream"}}"#,
            RateLimited { retry_after: None },
        ),
        (
            200,
            r#"{"id":"g","choices":[{"error":{"code":502,"message":"Provider disconnected"},"finish_reason":"error","message":{"content":""}}]}"#,
            down,
        ),
    ] {
        assert_eq!(read(status, body).unwrap_err(), expected, "{body}");
    }
}

#[test]
fn a_bill_in_dollars_is_read_and_the_tier_that_was_given() {
    let completion = |more: &str| {
        let body = format!(
            r#"{{"choices":[{{"message":{{"content":"Hi."}}}}],"service_tier":"default","usage":{{"prompt_tokens":10,"completion_tokens":2{more}}}}}"#
        );
        answer::read(body.as_bytes()).unwrap()
    };
    for (more, billed) in [
        ("", None),
        (r#","cost":0.000015"#, Some("0.000015")),
        (
            r#","cost":1.5e-05,"is_byok":false,"cost_details":{"upstream_inference_cost":0.5}"#,
            Some("0.000015"),
        ),
        (
            r#","cost":0.01,"is_byok":true,"cost_details":{"upstream_inference_cost":0.19}"#,
            Some("0.2"),
        ),
        (r#","cost":0"#, Some("0")),
        (r#","cost":-1"#, None),
        (r#","cost":"free""#, None),
    ] {
        let usage: Usage = completion(more).usage;
        let expected = billed.map(|it| it.parse().unwrap());
        assert_eq!(usage.billed, expected, "{more}");
    }
    assert_eq!(completion("").rate.tier, Some(Tier::Standard));
}

/// xAI counts thoughts beside the answer (inspect_ai#5528), and so do gateways before Google.
#[test]
fn thoughts_that_are_counted_beside_the_answer_are_output() {
    for (usage, output, reasoning) in [
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45,
            "completion_tokens_details": {"reasoning_tokens": 30}}),
            35,
            30,
        ),
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45}),
            35,
            30,
        ),
        (
            json!({"prompt_tokens": 10, "completion_tokens": 35, "total_tokens": 45,
            "completion_tokens_details": {"reasoning_tokens": 30}}),
            35,
            30,
        ),
        // What else is in the sum is not output.
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45,
            "prompt_tokens_details": {"cached_tokens": 30}}),
            5,
            0,
        ),
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45,
            "completion_tokens_details": {"reasoning_tokens": 3}}),
            5,
            3,
        ),
        (json!({"prompt_tokens": 10, "completion_tokens": 5}), 5, 0),
    ] {
        let body = json!({"id": "c", "model": "m", "usage": usage,
            "choices": [{"message": {"content": "Hi."}, "finish_reason": "stop"}]});
        let read = answer::read(body.to_string().as_bytes()).unwrap().usage;
        assert_eq!(
            (read.output_tokens, read.reasoning_tokens),
            (output, reasoning),
            "{usage}"
        );
    }
}

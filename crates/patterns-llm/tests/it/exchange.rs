//! Whole exchanges: headers, attempts, the ladder, limits, and keys that stay where they belong.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use patterns_core::{
    AnswerFormat, BoxFuture, CallKey, Event, EventSink, Model, ModelErrorKind, Request,
};
use patterns_llm::{Exchange, ExchangeError, RetryPolicy, connect, models_at};
use patterns_testkit::Scoped;
use serde_json::json;

use crate::server::{Server, reply, says};
use crate::wire::request;

const KEY: &str = "sk-canary-0123456789";

#[derive(Default)]
struct Log(Mutex<Vec<Event>>);

impl EventSink for Log {
    fn emit(&self, event: Event) {
        if !matches!(
            event,
            Event::AttemptSent { .. } | Event::AttemptEnded { .. }
        ) {
            self.0.lock().unwrap().push(event);
        }
    }
}

fn model(server: &Server, log: &Arc<Log>) -> Arc<dyn Model> {
    let events: Arc<dyn EventSink> = log.clone();
    let connect = connect("compatible:m")
        .unwrap()
        .base_url(&server.url)
        .api_key(KEY);
    Arc::new(Scoped::told(connect.build().unwrap(), events))
}

#[tokio::test]
async fn a_call_carries_its_key_and_brings_the_answer() {
    let server = Server::start(vec![says("Hi.")]).await;
    let model = model(&server, &Arc::default());
    let response = model.generate(&request()).await.unwrap();
    assert_eq!(response.text, "Hi.");
    assert_eq!(response.request_id.as_deref(), Some("req_9"));
    let sent = &server.sent()[0];
    assert!(
        sent.head.starts_with("post /v1/chat/completions "),
        "{}",
        sent.head
    );
    assert_eq!(
        sent.header("authorization"),
        Some(format!("bearer {KEY}").as_str())
    );
    let key = CallKey::of(model.id(), &request()).to_string();
    assert_eq!(sent.header("x-call-key"), Some(key.as_str()));
}

#[tokio::test]
async fn a_throttled_call_is_tried_again_when_it_may_be() {
    let busy = reply(429, "retry-after-ms: 5\r\n", "slow down");
    let server = Server::start(vec![busy.clone(), busy, says("Hi.")]).await;
    let log = Arc::new(Log::default());
    let response = model(&server, &log)
        .generate(&Request::default())
        .await
        .unwrap();
    assert_eq!((response.usage.calls, response.usage.attempts), (1, 3));
    let events = log.0.lock().unwrap();
    assert_eq!(events.len(), 2);
    let hint = Some(Duration::from_millis(5));
    for event in events.iter() {
        let Event::AttemptFailed { kind, retry_in, .. } = event else {
            panic!("{event:?}");
        };
        assert_eq!(*kind, ModelErrorKind::RateLimited { retry_after: hint });
        assert!(*retry_in >= Duration::from_millis(5));
    }
}

#[tokio::test]
async fn a_server_that_knows_no_schema_is_asked_in_weaker_ways_from_then_on() {
    let refusal = reply(
        400,
        "",
        r#"{"error": "json_schema and json_object are unknown"}"#,
    );
    let mut replies = vec![refusal; 3];
    replies.push(says("{}"));
    let server = Server::start(replies).await;
    let log = Arc::new(Log::default());
    let model = model(&server, &log);
    let first = model.generate(&request()).await.unwrap();
    assert_eq!((first.usage.calls, first.usage.attempts), (1, 4));
    let second = model.generate(&request()).await.unwrap();
    assert_eq!(second.usage.attempts, 1);
    let formats: Vec<_> = log
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|event| match event {
            Event::FormatSteppedDown { from, to, .. } => (*from, *to),
            other => panic!("{other:?}"),
        })
        .collect();
    use AnswerFormat::{JsonObject, JsonObjectSchema, JsonSchema, Prompt};
    assert_eq!(
        formats,
        [
            (JsonSchema, JsonObjectSchema),
            (JsonObjectSchema, JsonObject),
            (JsonObject, Prompt)
        ]
    );
}

#[tokio::test]
async fn one_refusal_of_a_format_that_has_worked_fails_that_request_alone() {
    let refusal = reply(
        400,
        "",
        r#"{"error": "response_format is not to our taste"}"#,
    );
    let city = says(r#"{"city": "Paris"}"#);
    let server = Server::start(vec![city.clone(), refusal, city]).await;
    let log = Arc::new(Log::default());
    let model = model(&server, &log);
    model.generate(&request()).await.unwrap();
    let error = model.generate(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::UnsupportedFormat);
    model.generate(&request()).await.unwrap();
    let sent = server.sent();
    assert_eq!(
        sent[2].body["response_format"],
        sent[0].body["response_format"]
    );
    assert!(log.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_ignores_the_format_is_shown_the_schema_in_words_from_then_on() {
    let city = says(r#"{"city": "Paris"}"#);
    let server = Server::start(vec![says("It is Paris."), city.clone(), city]).await;
    let log = Arc::new(Log::default());
    let model = model(&server, &log);
    for _ in 0..3 {
        model.generate(&request()).await.unwrap();
    }
    let sent = server.sent();
    let asked = |n: usize| sent[n].body["messages"][1]["content"].as_str().unwrap();
    assert!(!asked(0).contains("valid against this JSON Schema"));
    for n in [1, 2] {
        assert!(asked(n).contains("valid against this JSON Schema"));
        assert_eq!(sent[n].body["response_format"]["type"], "json_object");
    }
    let log = log.0.lock().unwrap();
    let [Event::WarningRaised { warning, .. }] = log.as_slice() else {
        panic!("it is said once: {log:?}");
    };
    assert_eq!(warning.code, "format-ignored");
    assert!(!warning.message.contains("support"), "{}", warning.message);
}

/// Replies to requests to a provider's usual address, and keeps their bodies.
struct Scripted {
    texts: Mutex<Vec<&'static str>>,
    sent: Mutex<Vec<serde_json::Value>>,
}

impl Exchange for Scripted {
    fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>> {
        let body = serde_json::from_slice(request.body()).unwrap();
        self.sent.lock().unwrap().push(body);
        let text = self.texts.lock().unwrap().remove(0);
        let message = serde_json::json!({"content": text});
        let body = serde_json::json!({"model": "m", "choices": [
            {"message": message, "finish_reason": "stop"}]});
        let reply = http::Response::new(Bytes::from(body.to_string()));
        Box::pin(std::future::ready(Ok(reply)))
    }
}

#[tokio::test]
async fn a_provider_is_shown_the_schema_in_words_after_two_answers_in_a_row_without_its_names() {
    let [city, prose] = [r#"{"city": "Paris"}"#, "It is Paris."];
    for (texts, enforced) in [
        (vec![prose, city, city], vec![true, true, true]),
        (vec![prose, city, prose, city], vec![true; 4]),
        (vec![prose, prose, city], vec![true, true, false]),
    ] {
        let scripted = Arc::new(Scripted {
            texts: Mutex::new(texts.clone()),
            sent: Mutex::default(),
        });
        let connect = connect("openai:m").unwrap().api_key(KEY);
        let model = connect.exchange(scripted.clone()).build().unwrap();
        for _ in &texts {
            model.generate(&request()).await.unwrap();
        }
        let sent = scripted.sent.lock().unwrap();
        let kinds = sent.iter().map(|it| &it["response_format"]["type"]);
        let kinds: Vec<_> = kinds.map(|it| it == "json_schema").collect();
        assert_eq!(kinds, enforced, "{texts:?}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_say_now_what_its_model_reads_is_asked_again() {
    let shown = reply(200, "", r#"{"model_info": {"x.context_length": 8192}}"#);
    let answer = reply(
        200,
        "",
        r#"{"model": "m", "message": {"content": "{\"city\": \"Rome\"}"}, "done": true, "done_reason": "stop"}"#,
    );
    let busy = reply(503, "", "loading");
    let server = Server::start(vec![busy, answer.clone(), shown, answer.clone(), answer]).await;
    let connect = connect("ollama:m").unwrap().base_url(&server.url);
    let model = connect.build().unwrap();
    for _ in 0..3 {
        model.generate(&request()).await.unwrap();
    }
    let sent = server.sent();
    let paths: Vec<_> = sent.iter().map(|it| it.head.split(' ').nth(1)).collect();
    let [show, chat] = [Some("/api/show"), Some("/api/chat")];
    assert_eq!(paths, [show, chat, show, chat, chat]);
}

#[tokio::test]
async fn a_size_of_the_context_that_the_user_has_set_stays_and_what_fills_it_was_cut() {
    let shown = reply(200, "", r#"{"model_info": {"x.context_length": 8192}}"#);
    let short = r#"{"error": "the input exceeds the context length of 2048 tokens"}"#;
    let full = r#"{"model": "m", "message": {"content": "{}"}, "done": true,
        "done_reason": "stop", "prompt_eval_count": 2048, "eval_count": 1}"#;
    let server = Server::start(vec![shown, reply(400, "", short), reply(200, "", full)]).await;
    let fields = json!({"options": {"num_ctx": 2048}});
    let connect = connect("ollama:m").unwrap().base_url(&server.url);
    let model = connect.extra(fields.as_object().unwrap().clone());
    let model = model.build().unwrap();
    for answer in ["a refusal", "a prompt that was cut"] {
        let error = model.generate(&request()).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::ContextTooLong, "{answer}");
    }
    let sent = server.sent();
    assert_eq!(sent.len(), 3, "nothing is learnt from a size that stays");
    for chat in &sent[1..] {
        assert_eq!(chat.body["options"]["num_ctx"], 2048);
    }
}

#[tokio::test]
async fn a_complaint_about_the_format_where_none_was_asked_for_is_about_the_request() {
    let body = r#"{"error": {"code": 400, "message": "Request contains an invalid argument.",
        "status": "INVALID_ARGUMENT"}}"#;
    let server = Server::start(vec![reply(400, "", body)]).await;
    let connect = connect("gemini:m").unwrap().base_url(&server.url);
    let model = connect.api_key(KEY).build().unwrap();
    let plain = Request {
        schema: None,
        ..request()
    };
    let error = model.generate(&plain).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::InvalidRequest);
    assert_eq!(server.sent().len(), 1);
    let error = model.generate(&request()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ModelErrorKind::InvalidRequest,
        "in words, too"
    );
    assert_eq!(server.sent().len(), 4);
}

#[tokio::test]
async fn instructions_go_into_what_the_user_says_where_no_system_role_is_known() {
    let refusal = reply(400, "", r#"{"error": "System role not supported"}"#);
    let server = Server::start(vec![refusal, says("{}"), says("{}")]).await;
    let model = model(&server, &Arc::default());
    let first = model.generate(&request()).await.unwrap();
    assert_eq!((first.usage.calls, first.usage.attempts), (1, 2));
    model.generate(&request()).await.unwrap();
    for sent in &server.sent()[1..] {
        let first = &sent.body["messages"][0];
        assert_eq!(first["role"], "user");
        assert!(
            first["content"]
                .as_str()
                .unwrap()
                .starts_with("Be brief.\n\n")
        );
    }
}

#[tokio::test]
async fn another_model_in_the_reply_is_told_of_once() {
    let body = r#"{"model": "other", "choices": [{"message": {"content": "{\"city\": \"Paris\"}"}, "finish_reason": "stop"}]}"#;
    let server = Server::start(vec![reply(200, "", body); 2]).await;
    let log = Arc::new(Log::default());
    let model = connect("compatible:meant")
        .unwrap()
        .base_url(&server.url)
        .build()
        .unwrap();
    let model = Scoped::told(model, log.clone());
    model.generate(&request()).await.unwrap();
    model.generate(&request()).await.unwrap();
    let log = log.0.lock().unwrap();
    let [Event::WarningRaised { warning, .. }] = log.as_slice() else {
        panic!("{log:?}");
    };
    assert_eq!(warning.code, "other-model");
    assert!(warning.message.contains("\"other\""), "{}", warning.message);
}

#[tokio::test]
async fn the_key_of_a_header_is_hidden_without_its_scheme_and_a_key_without_its_blanks() {
    let body = r#"{"error": {"message": "neither canary-9876543210 nor canary-0123456789"}}"#;
    let server = Server::start(vec![reply(401, "", body)]).await;
    let header = ("x-auth".to_owned(), "Bearer canary-9876543210".into());
    let model = connect("compatible:m")
        .unwrap()
        .base_url(&server.url)
        .api_key("canary-0123456789\n")
        .headers([header])
        .build()
        .unwrap();
    let error = model.generate(&request()).await.unwrap_err();
    assert_eq!(error.detail(), Some("neither [key] nor [key]"));
}

#[tokio::test]
async fn a_key_shows_up_in_no_error_and_no_event() {
    let body = format!(r#"{{"error": {{"message": "bad {KEY}", "code": "{KEY}"}}}}"#);
    let failed = reply(
        500,
        &format!("x-request-id: {KEY}\r\nretry-after-ms: 1\r\n"),
        &body,
    );
    let refused = reply(401, &format!("request-id: {KEY}\r\n"), &body);
    let server = Server::start(vec![failed, refused]).await;
    let log = Arc::new(Log::default());
    let error = model(&server, &log).generate(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Unauthorized);
    let told = format!(
        "{error} {error:?} {:?} {:?}",
        error.detail(),
        log.0.lock().unwrap()
    );
    assert!(!told.contains("canary"), "{told}");
}

#[tokio::test]
async fn a_reply_that_never_ends_is_bounded_in_time_and_size() {
    let endless = "HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{";
    let server = Server::start(vec![endless.to_owned()]).await;
    let connect = |server: &Server| connect("compatible:m").unwrap().base_url(&server.url);
    let hasty = connect(&server).timeout(Duration::from_millis(50));
    let error = hasty.retry(RetryPolicy::never()).build().unwrap();
    let error = error.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Timeout);
    let vast = "HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n{";
    let server = Server::start(vec![vast.to_owned()]).await;
    let model = connect(&server)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = model.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Unreadable);
}

#[tokio::test]
async fn a_redirect_to_another_path_of_the_same_server_is_followed_with_the_same_request() {
    let slash = |status| reply(status, "location: /v1/chat/completions/\r\n", "");
    for status in [307, 308] {
        let server = Server::start(vec![slash(status), says("Hi.")]).await;
        let model = model(&server, &Arc::default());
        let response = model.generate(&request()).await.unwrap();
        assert_eq!((&*response.text, response.usage.attempts), ("Hi.", 1));
        let sent = server.sent();
        assert!(sent[1].head.starts_with("post /v1/chat/completions/ "));
        assert_eq!(sent[0].body, sent[1].body);
        for name in ["authorization", "x-call-key"] {
            assert_eq!(sent[0].header(name), sent[1].header(name), "{name}");
        }
    }
    // What makes another request of it, or leads nowhere, is told.
    for (status, sent) in [(301, 1), (308, 4)] {
        let server = Server::start(vec![slash(status)]).await;
        let model = model(&server, &Arc::default());
        let error = model.generate(&request()).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::UnknownModel, "{status}");
        assert_eq!(server.sent().len(), sent, "{status}");
    }
}

#[tokio::test]
async fn redirects_to_elsewhere_are_not_followed_and_nobody_listening_is_unreachable() {
    let elsewhere = Server::start(vec![says("stolen")]).await;
    for status in [301, 302, 303, 307, 308] {
        let moved = reply(
            status,
            &format!("location: {}?key=x\r\n", elsewhere.url),
            "",
        );
        let server = Server::start(vec![moved]).await;
        let error = model(&server, &Arc::default())
            .generate(&request())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::UnknownModel, "{status}");
        let cause = format!(
            "{}/chat/completions redirects to {}, which is not followed",
            server.url, elsewhere.url
        );
        assert_eq!(error.cause(), Some(cause.as_str()), "{status}");
    }
    assert!(elsewhere.sent().is_empty());
    let nobody = connect("compatible:m")
        .unwrap()
        .base_url("http://127.0.0.1:9/v1");
    let nobody = nobody.retry(RetryPolicy::never()).build().unwrap();
    let error = nobody.generate(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Unreachable);
    assert_eq!(error.cause(), Some("connection refused by 127.0.0.1:9"));
    assert_eq!(
        models_at("http://127.0.0.1:9/v1", Duration::from_secs(1)).await,
        None
    );
}

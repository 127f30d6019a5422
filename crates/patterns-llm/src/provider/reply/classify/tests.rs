//! The compatibility table: what becomes of every shape of reply that servers are known to send.

mod answers;
mod judgement;
mod providers;
mod words;

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use patterns_core::FinishReason;
use patterns_core::ModelErrorKind::{
    ContextTooLong, Filtered, InvalidRequest, Overloaded, QuotaExhausted, RateLimited, Refused,
    Truncated, Unauthorized, Unavailable, UnknownModel, Unreadable, UnsupportedFormat,
};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::provider::openai;

const KEY: &str = "sk-canary-0123456789";

type Headers<'a> = &'a [(&'static str, &'a str)];

fn read(
    status: u16,
    headers: Headers<'_>,
    body: impl Into<Vec<u8>>,
) -> Result<Response, ModelError> {
    read_after(false, status, headers, body)
}

fn read_after(
    has_worked: bool,
    status: u16,
    headers: Headers<'_>,
    body: impl Into<Vec<u8>>,
) -> Result<Response, ModelError> {
    let headers = headers.iter().map(|(name, value)| {
        let value = HeaderValue::from_str(value).unwrap();
        (HeaderName::from_static(name), value)
    });
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers.collect::<HeaderMap>(),
        body: Into::<Vec<u8>>::into(body).into(),
        began: None,
    };
    let redactor = Redactor::new(KEY.into());
    classify(&reply, "asked", openai::read, &redactor, has_worked)
}

/// Checks the kind and code of a failure, which must bill one attempt.
#[track_caller]
fn fails(
    status: u16,
    headers: Headers<'_>,
    body: impl ToString,
    kind: ModelErrorKind,
    code: Option<&str>,
) -> ModelError {
    let body = body.to_string();
    let error = read(status, headers, body.as_str()).expect_err(&body);
    assert_eq!(
        (error.kind(), error.code()),
        (kind, code),
        "{status} {body}"
    );
    assert_eq!(
        (error.usage().calls, error.usage().attempts),
        (1, 1),
        "{body}"
    );
    error
}

fn openai(class: &str, code: impl Into<Value>, message: &str) -> Value {
    json!({"error": {"message": message, "type": class, "param": null, "code": code.into()}})
}

const SECONDS: fn(u64) -> Option<Duration> = |it| Some(Duration::from_secs(it));
const NONE: Option<Duration> = None;
const SPEED: ModelErrorKind = RateLimited { retry_after: NONE };
const BUSY: ModelErrorKind = Overloaded { retry_after: NONE };
const DOWN: ModelErrorKind = Unavailable { retry_after: NONE };

#[test]
fn bodies_that_are_no_api_at_all() {
    let html = "<html><head><title>x</title></head></html>";
    let error = fails(200, &[], html, Unreadable, None);
    assert_eq!((error.status(), error.detail()), (Some(200), Some(html)));
    fails(200, &[], "", Unreadable, None);
    fails(200, &[], "42", Unreadable, None);
    fails(200, &[], "data: {\"choices\": []}\n\n", Unreadable, None);
    fails(404, &[], html, UnknownModel, None);
    fails(429, &[], "Too Many Requests", SPEED, None);
    fails(502, &[], html, DOWN, None);
    fails(
        503,
        &[("retry-after", "7")],
        html,
        Overloaded {
            retry_after: SECONDS(7),
        },
        None,
    );
    fails(504, &[], "", DOWN, None);
    fails(524, &[], html, DOWN, None);
    fails(400, &[], "nope", InvalidRequest, None);
    fails(425, &[], "", DOWN, None);
    // A redirect would carry the key elsewhere.
    fails(
        302,
        &[("location", "https://elsewhere.example")],
        "",
        UnknownModel,
        None,
    );
    // Some gateways know better than the status.
    fails(400, &[("x-should-retry", "true")], "", DOWN, None);
    fails(
        429,
        &[("x-should-retry", "false")],
        "",
        InvalidRequest,
        None,
    );
    fails(401, &[("x-should-retry", "true")], "", Unauthorized, None);
}

proptest! {
    #[test]
    fn no_reply_panics_or_shows_the_key(
        status in 100u16..1000,
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[{\\[]?\"?(error|choices|message|detail|code)?\"?:?.{0,40}".prop_map(String::into_bytes),
        ],
        place in 0usize..4,
    ) {
        let key = json!({"error": {"message": format!("bad {KEY}"), "code": KEY, "type": KEY}});
        let body = match place {
            0 => key.to_string().into_bytes(),
            1 => [body.as_slice(), KEY.as_bytes()].concat(),
            _ => body,
        };
        if let Err(error) = read(status, &[("x-request-id", KEY)], body) {
            let told = format!("{error} {error:?} {:?} {:?}", error.detail(), error.request_id());
            prop_assert!(!told.contains("canary"), "{}", told);
        }
    }
}

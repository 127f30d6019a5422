//! How long a provider asks to wait, in any of the ways it may say so.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use serde_json::Value;

use crate::go_duration::go_duration;

/// Longest hint that is taken seriously; what is beyond a year is a clock gone wrong.
const LONGEST: f64 = 365.0 * 86_400.0;

/// Headers that say how long to wait, in seconds, as a duration or as a date; the last is how LiteLLM
/// passes on what the provider behind it said.
const WAITS: [&str; 3] = ["retry-after", "x-retry-after", "llm_provider-retry-after"];

/// The same in milliseconds; the second is Azure's.
const WAITS_MS: [&str; 3] = [
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "llm_provider-retry-after-ms",
];

/// Finds the wait that a failed reply asks for: in a header (a date there is measured against the
/// reply's own `Date`, so that clocks need not agree), in Google's `RetryInfo`, in a field of the body,
/// in words such as "try again in 1.5s", or as the instant at which a used-up limit is full again.
pub(crate) fn retry_after(headers: &HeaderMap, body: &Value, message: &str) -> Option<Duration> {
    let number = |text: &str| text.parse().ok();
    let milliseconds = |name: &&str| wait(number(header(headers, name)?)? / 1_000.0);
    let in_header = |name: &&str| {
        let text = header(headers, name)?;
        number(text)
            .and_then(wait)
            .or_else(|| go_duration(text))
            .or_else(|| date(headers, text))
            .or_else(|| amount(text))
    };
    WAITS_MS
        .iter()
        .find_map(milliseconds)
        .or_else(|| WAITS.iter().find_map(in_header))
        .or_else(|| in_body(body))
        .or_else(|| in_words(message))
        .or_else(|| reset(headers, |name| header(headers, name)))
        .or_else(|| reset(headers, |name| passed_on(body, name)))
}

/// Finds a header of the provider behind `OpenRouter`, which passes them on in the body.
fn passed_on<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    let headers = body.pointer("/error/metadata/headers")?.as_object()?;
    let mut named = headers
        .iter()
        .filter(|(it, _)| it.eq_ignore_ascii_case(name));
    named.next()?.1.as_str()
}

/// Returns the number behind `x-should-retry`, which some gateways use to overrule the status.
pub(crate) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    header(headers, "x-should-retry")?.parse().ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A wait of nothing, or of less, is no hint.
fn wait(seconds: f64) -> Option<Duration> {
    let is_sane = seconds > 0.0 && seconds <= LONGEST;
    is_sane.then(|| Duration::from_secs_f64(seconds))
}

fn date(headers: &HeaderMap, text: &str) -> Option<Duration> {
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(header(headers, "date")?).ok()?;
    wait(until.duration_since(now).ok()?.as_secs_f64())
}

/// Headers that say what is left of a limit, and when it is full again; the second is the draft of the IETF.
const RESETS: [(&str, &str); 2] = [
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
];

/// Reads when a limit of which nothing is left is full again: in so many seconds, or at an instant in
/// seconds or milliseconds since 1970.
fn reset<'a>(headers: &HeaderMap, named: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    let is_used_up = |left: &str| named(left).is_some_and(|it| it == "0");
    let (_, reset) = RESETS.iter().find(|(left, _)| is_used_up(left))?;
    let text = named(reset)?;
    let Ok(at) = text.parse::<f64>() else {
        return go_duration(text);
    };
    if at < 1e8 {
        return wait(at);
    }
    let at = if at > 1e11 { at / 1_000.0 } else { at };
    let now = httpdate::parse_http_date(header(headers, "date")?).ok()?;
    let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    wait(at - now)
}

/// Looks into the body: Google's is a list in the dialect that its compatible endpoint speaks.
fn in_body(body: &Value) -> Option<Duration> {
    let body = body.as_array().and_then(|it| it.first()).unwrap_or(body);
    let error = body.get("error").unwrap_or(body);
    let mut details = error["details"].as_array().into_iter().flatten();
    if let Some(delay) = details.find_map(|it| it.get("retryDelay")?.as_str()) {
        return go_duration(delay);
    }
    let places = [error, body, &error["metadata"]];
    let field = |name: &str| places.iter().find_map(|it| it.get(name));
    let seconds = [
        "retry_after",
        "retryAfter",
        "retry_after_seconds",
        "estimated_time",
    ];
    let seconds = seconds.iter().find_map(|name| field(name));
    let milliseconds = || wait(field("retry_after_ms")?.as_f64()? / 1_000.0);
    match seconds {
        Some(Value::String(text)) => text
            .parse()
            .ok()
            .and_then(wait)
            .or_else(|| go_duration(text)),
        Some(number) => wait(number.as_f64()?),
        None => milliseconds(),
    }
}

/// What stands before a wait in words.
const LEADS: [&str; 7] = [
    "again in ",
    "retry in ",
    "retry after ",
    "retrying in ",
    "wait ",
    "resets in ",
    "available in ",
];

fn in_words(message: &str) -> Option<Duration> {
    let message = message.to_lowercase();
    LEADS.iter().find_map(|lead| {
        let mut rest = message.split(lead);
        rest.next();
        rest.find_map(amount)
    })
}

/// Reads `3`, `3.2s`, `6m0.5s`, `3 seconds` or `2 minutes`.
fn amount(text: &str) -> Option<Duration> {
    let text = text
        .trim_start_matches("for ")
        .trim_start_matches("at least ");
    let mut words = text
        .split_whitespace()
        .map(|it| it.trim_end_matches(['.', ',', ';', '!']));
    let first = words.next()?;
    let Ok(number) = first.parse::<f64>() else {
        return go_duration(first);
    };
    let unit = words.next().unwrap_or_default();
    let factor = match unit {
        _ if unit.starts_with("ms") || unit.starts_with("milli") => 1e-3,
        _ if unit.starts_with("min") => 60.0,
        _ if unit.starts_with("hour") => 3_600.0,
        _ => 1.0,
    };
    wait(number * factor)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    fn check(headers: &[(&'static str, &str)], body: &Value, message: &str, expected: Option<f64>) {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect();
        let wait = retry_after(&headers, body, message).map(|it| it.as_secs_f64());
        assert_eq!(wait, expected, "{headers:?} {body} {message}");
    }

    #[test]
    fn every_way_of_asking_to_wait_is_understood() {
        let date = ("date", "Mon, 23 Nov 2026 12:00:00 GMT");
        let later = ("retry-after", "Mon, 23 Nov 2026 12:01:30 GMT");
        let none = Value::Null;
        check(&[("retry-after", "20")], &none, "", Some(20.0));
        check(&[("retry-after", "0.5")], &none, "", Some(0.5));
        check(
            &[("retry-after-ms", "1500"), ("retry-after", "9")],
            &none,
            "",
            Some(1.5),
        );
        check(&[date, later], &none, "", Some(90.0));
        check(&[later], &none, "", None);
        check(
            &[("date", "Mon, 23 Nov 2026 12:02:00 GMT"), later],
            &none,
            "",
            None,
        );
        let gemini = json!({"error": {"details": [{"a": 1}, {"retryDelay": "34s"}]}});
        check(&[], &gemini, "", Some(34.0));
        check(
            &[],
            &none,
            "Please try again in 6m0.5s. Visit …",
            Some(360.5),
        );
        check(&[], &none, "Please try again in 20ms.", Some(0.02));
        for nonsense in ["0", "-1", "NaN", "inf", "soon", "", "1e99"] {
            check(&[("retry-after", nonsense)], &none, "", None);
        }
        check(&[], &none, "try again in a while", None);
    }

    #[test]
    fn others_ask_to_wait_in_their_own_ways() {
        let none = Value::Null;
        for (name, value, expected) in [
            ("retry-after", "3s", 3.0),
            ("retry-after", "1m30s", 90.0),
            ("retry-after", "3 seconds", 3.0),
            ("x-ms-retry-after-ms", "3000", 3.0),
            ("llm_provider-retry-after", "3", 3.0),
        ] {
            check(&[(name, value)], &none, "", Some(expected));
        }
        let error = json!({"error": {"details": [{"retryDelay": "3s"}]}});
        for (body, expected) in [
            (json!([error]), Some(3.0)),
            (json!({"error": {"retry_after": 3}}), Some(3.0)),
            (
                json!({"error": "loading", "estimated_time": 3.5}),
                Some(3.5),
            ),
            (json!({"retry_after_ms": 250}), Some(0.25)),
            (json!({"retry_after": "2s"}), Some(2.0)),
            (json!({"retry_after": {}}), None),
            (json!(["x"]), None),
        ] {
            check(&[], &body, "", expected);
        }
        for (words, expected) in [
            ("Please wait 3 seconds before retrying.", Some(3.0)),
            ("Please retry after 2 minutes.", Some(120.0)),
            ("Please try again in 500 ms", Some(0.5)),
            ("You must wait for 7s.", Some(7.0)),
            ("Please retry in 3.2s.", Some(3.2)),
            ("Limit resets in 1 hour", Some(3_600.0)),
            ("Wait a moment, then wait 4 s", Some(4.0)),
            ("wait for it", None),
        ] {
            check(&[], &none, words, expected);
        }
    }

    #[test]
    fn a_limit_that_is_used_up_says_when_it_is_full_again() {
        let none = Value::Null;
        let date = ("date", "Mon, 23 Nov 2026 12:00:00 GMT");
        let (empty, some) = (
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-remaining", "3"),
        );
        for at in ["1795435203000", "1795435203"] {
            let at = ("x-ratelimit-reset", at);
            check(&[date, empty, at], &none, "", Some(3.0));
            check(&[date, some, at], &none, "", None);
            check(&[empty, at], &none, "", None);
        }
        for (left, reset) in RESETS {
            let (none_left, soon) = ((left, "0"), (reset, "7"));
            check(&[none_left, soon], &none, "", Some(7.0));
            check(&[none_left, (reset, "1m7s")], &none, "", Some(67.0));
            check(&[soon], &none, "", None);
        }
        let headers = json!({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795435203000"});
        let passed_on = json!({"error": {"code": 429, "metadata": {"headers": headers}}});
        check(&[date], &passed_on, "", Some(3.0));
    }
}

//! How long a provider asks to wait, in any of the ways it may say so.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use crate::go_duration::go_duration;

/// Longest hint that is taken seriously; what is beyond a year is a clock gone wrong.
const LONGEST: f64 = 365.0 * 86_400.0;

/// Finds the wait that a failed reply asks for: `retry-after-ms`, `Retry-After` in seconds or as a
/// date (measured against the reply's own `Date`, so that clocks need not agree), Gemini's
/// `RetryInfo`, or OpenAI's "try again in 1.5s".
pub(super) fn retry_after(headers: &HeaderMap, body: &Value, message: &str) -> Option<Duration> {
    milliseconds(headers)
        .or_else(|| header(headers, "retry-after").and_then(seconds))
        .or_else(|| date(headers))
        .or_else(|| retry_info(body))
        .or_else(|| in_words(message))
}

/// Returns the number behind `x-should-retry`, which some gateways use to overrule the status.
pub(super) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    header(headers, "x-should-retry")?.parse().ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn milliseconds(headers: &HeaderMap) -> Option<Duration> {
    let value: f64 = header(headers, "retry-after-ms")?.parse().ok()?;
    wait(value / 1_000.0)
}

fn seconds(text: &str) -> Option<Duration> {
    wait(text.parse().ok()?)
}

/// A wait of nothing, or of less, is no hint.
fn wait(seconds: f64) -> Option<Duration> {
    let is_sane = seconds > 0.0 && seconds <= LONGEST;
    is_sane.then(|| Duration::from_secs_f64(seconds))
}

fn date(headers: &HeaderMap) -> Option<Duration> {
    let until = httpdate::parse_http_date(header(headers, "retry-after")?).ok()?;
    let now = httpdate::parse_http_date(header(headers, "date")?).ok()?;
    wait(until.duration_since(now).ok()?.as_secs_f64())
}

fn retry_info(body: &Value) -> Option<Duration> {
    let details = body.pointer("/error/details")?.as_array()?;
    let delay = details.iter().find_map(|it| it.get("retryDelay")?.as_str());
    go_duration(delay?)
}

fn in_words(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once("try again in ")?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    go_duration(rest[..end].trim_end_matches(['.', ',']))
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
}

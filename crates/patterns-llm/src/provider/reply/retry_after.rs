//! How long a provider asks to wait, in any of the ways it may say so.

use std::collections::HashSet;
use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Longest hint that is taken seriously, in seconds; what is beyond a year is a clock gone wrong.
const LONGEST: f64 = 365.0 * 86_400.0;

/// Headers that say how long to wait, or until when; the last is how LiteLLM passes on what the provider
/// behind it said.
const WAITS: [&str; 3] = ["retry-after", "x-retry-after", "llm_provider-retry-after"];

/// The same in milliseconds; the second is Azure's.
const WAITS_MS: [&str; 3] = [
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "llm_provider-retry-after-ms",
];

/// Finds the wait that a failed reply asks for: in a header, in Google's `RetryInfo`, in a field of the
/// body, in words such as "try again in 1.5s", or as the instant at which a used-up limit is full again,
/// in the headers or, as `OpenRouter` passes them on, in the body.
pub(crate) fn retry_after(headers: &HeaderMap, body: &Value, message: &str) -> Option<Duration> {
    let milliseconds = |name: &&str| seconds(header(headers, name)?.parse::<f64>().ok()? / 1_000.0);
    let in_header = |name: &&str| wait(header(headers, name)?, headers);
    let passed_on = body.pointer("/error/metadata/headers");
    let passed_on = passed_on.and_then(Value::as_object).into_iter().flatten();
    WAITS_MS
        .iter()
        .find_map(milliseconds)
        .or_else(|| WAITS.iter().find_map(in_header))
        .or_else(|| in_body(headers, body))
        .or_else(|| in_words(message))
        .or_else(|| {
            let own = headers.iter();
            let own = own.filter_map(|(name, it)| Some((name.as_str(), it.to_str().ok()?)));
            reset(headers, own)
        })
        .or_else(|| {
            let passed_on = passed_on.filter_map(|(name, it)| Some((&**name, it.as_str()?)));
            reset(headers, passed_on)
        })
}

/// Returns the number behind `x-should-retry`, which some gateways use to overrule the status.
pub(crate) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    header(headers, "x-should-retry")?.parse().ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A wait of nothing, or of less, is no hint.
fn seconds(seconds: f64) -> Option<Duration> {
    let is_sane = seconds > 0.0 && seconds <= LONGEST;
    is_sane.then(|| Duration::from_secs_f64(seconds))
}

/// Reads a wait: `3`, `"3"`, `3;w=60`, a duration, or an instant, as a date or in seconds or milliseconds
/// since 1970. It is measured against the reply's own `Date`, so that clocks need not agree.
fn wait(text: &str, headers: &HeaderMap) -> Option<Duration> {
    let text = text.trim_matches(|it: char| it == '"' || it.is_whitespace());
    let now = || Some(timestamp(header(headers, "date")?)?.as_millisecond() as f64 / 1_000.0);
    let first = text.split([',', ';']).next()?.trim_end();
    match first.parse::<f64>() {
        Ok(number) if number < 1e8 => seconds(number),
        Ok(instant) if instant < 1e11 => seconds(instant - now()?),
        Ok(instant) => seconds(instant / 1_000.0 - now()?),
        Err(_) => duration(first)
            .or_else(|| seconds(timestamp(text)?.as_millisecond() as f64 / 1_000.0 - now()?)),
    }
}

/// Reads `6m0.5s`, as Go writes it, `3 seconds`, `00:00:03` or `PT3S`; of the first number nine decimals, since
/// Python writes more.
fn duration(text: &str) -> Option<Duration> {
    let end = text.find(|it: char| !it.is_ascii_digit() && it != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let kept = number.find('.').map_or(number.len(), |it| it + 10);
    let text = [&number[..kept.min(number.len())], unit].concat();
    seconds(text.parse::<SignedDuration>().ok()?.as_secs_f64())
}

/// Reads a date as HTTP writes it, or its cousins that say UTC, and as RFC 3339 does.
fn timestamp(text: &str) -> Option<Timestamp> {
    let zone = text.trim_end_matches("UTC").trim_end_matches("+0000");
    let date = match zone.len() < text.len() {
        true => httpdate::parse_http_date(&format!("{zone}GMT")),
        false => httpdate::parse_http_date(text),
    };
    date.map_or_else(|_| text.parse().ok(), |it| it.try_into().ok())
}

/// Finds when the limits of which nothing is left are full again, the longest wait if there are several:
/// `x-ratelimit-reset-requests` beside `x-ratelimit-remaining-requests`, whatever stands around the words.
fn reset<'a>(
    headers: &HeaderMap,
    told: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<Duration> {
    let told: Vec<(String, &str)> = told
        .map(|(name, value)| (name.to_lowercase(), value.trim()))
        .collect();
    let used_up = told.iter().filter(|it| it.1.parse() == Ok(0.0));
    let used_up: HashSet<&str> = used_up.map(|it| &*it.0).collect();
    let is_used_up = |name: &str| {
        let left = name.replace("reset-after", "remaining");
        used_up.contains(&*left.replace("reset", "remaining"))
    };
    let resets = told.iter().filter(|it| it.0.contains("reset"));
    let resets = resets.filter(|it| is_used_up(&it.0));
    resets.filter_map(|it| wait(it.1, headers)).max()
}

/// Looks into the body: Google's is a list in the dialect that its compatible endpoint speaks.
fn in_body(headers: &HeaderMap, body: &Value) -> Option<Duration> {
    let body = body.as_array().and_then(|it| it.first()).unwrap_or(body);
    let error = body.get("error").unwrap_or(body);
    let read = |value: &Value| match value {
        Value::String(text) => wait(text, headers),
        Value::Object(_) => seconds(value["seconds"].as_f64()?),
        number => seconds(number.as_f64()?),
    };
    let mut details = error["details"].as_array().into_iter().flatten();
    if let Some(delay) = details.find_map(|it| it.get("retryDelay")) {
        return read(delay);
    }
    let places = [error, body, &error["metadata"], &body["detail"]];
    let field = |name: &str| places.iter().find_map(|it| it.get(name));
    let waits = [
        "retry_after",
        "retryAfter",
        "retry_after_seconds",
        "estimated_time",
    ];
    match waits.iter().find_map(|name| field(name)) {
        Some(found) => read(found),
        None => seconds(field("retry_after_ms")?.as_f64()? / 1_000.0),
    }
}

/// What leads to a wait in words.
const LEADS: [&str; 8] = [
    "again",
    "retry",
    "retrying",
    "wait",
    "reset",
    "resets",
    "available",
    "cooldown",
];

/// What stands right before a wait that has no unit: other numbers are counts, or times of the day.
const INTO: [&str; 7] = ["in", "after", "for", "least", "about", "wait", "cooldown"];

/// The most words between such a word and the wait: "retry your request after at least 3 seconds".
const FILLERS: usize = 5;

/// Finds a wait in a sentence: "try again in 1.5s", "retry-after: 3", "wait for 2 minutes".
fn in_words(message: &str) -> Option<Duration> {
    let message = message.to_lowercase();
    let words = message.split(|it: char| it.is_whitespace() || "-_=(".contains(it));
    let words: Vec<&str> = words.filter(|it| !it.is_empty()).collect();
    let leads = (0..words.len()).filter(|at| LEADS.contains(&words[*at].trim_end_matches(':')));
    leads.into_iter().find_map(|at| {
        let is_number = |it: &&str| it.starts_with(|it: char| it.is_ascii_digit());
        let rest = &words[at + 1..];
        let number = rest.iter().take(FILLERS + 1).position(is_number)?;
        let is_one_sentence = !rest[..number]
            .iter()
            .any(|it| it.ends_with(['.', ',', ';', '!']));
        let is_led = INTO.contains(&words[at + number].trim_end_matches(':'));
        let amount = || amount(&rest[number..], is_led);
        is_one_sentence.then(amount).flatten()
    })
}

/// Reads `3.2s`, `3 seconds` or `500 ms`, and where the words before it lead to a wait, `3` at the end of what is
/// said of it.
fn amount(words: &[&str], is_led: bool) -> Option<Duration> {
    let bare = |word: &&str| word.trim_end_matches(['.', ',', ';', '!', ')']).to_owned();
    let (number, unit) = (bare(words.first()?), words.get(1).map(bare));
    let goes_on = |it: &str| ["before", "and", "then"].contains(&it);
    let is_end = unit.as_deref().is_none_or(goes_on) || number.len() < words[0].len();
    match number.parse() {
        Ok(number) if is_end => seconds(number).filter(|_| is_led),
        Ok(_) => duration(&format!("{number} {}", unit?)),
        Err(_) => duration(&number).filter(|_| is_led || number.contains(char::is_alphabetic)),
    }
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
        for later in [
            later.1,
            "Mon, 23 Nov 2026 12:01:30 UTC",
            "Mon, 23 Nov 2026 12:01:30 +0000",
            "Monday, 23-Nov-26 12:01:30 GMT",
            "2026-11-23T12:01:30Z",
            "1795435290",
            "1795435290000",
        ] {
            check(&[date, ("retry-after", later)], &none, "", Some(90.0));
        }
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
            ("retry-after", "\"3\"", 3.0),
            ("retry-after", "3, 3", 3.0),
            ("retry-after", "3;w=60", 3.0),
            ("retry-after", "3 ; w=60", 3.0),
            ("retry-after", "3000ms", 3.0),
            ("retry-after", "PT3S", 3.0),
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
            (json!({"detail": {"retry_after": 3}}), Some(3.0)),
            (
                json!({"error": {"details": [{"retryDelay": {"seconds": 3}}]}}),
                Some(3.0),
            ),
            (json!(["x"]), None),
        ] {
            check(&[], &body, "", expected);
        }
    }

    #[test]
    fn words_ask_to_wait_for_what_is_no_count_and_no_time_of_day() {
        let none = Value::Null;
        for (words, expected) in [
            ("Please wait 3 seconds before retrying.", Some(3.0)),
            ("Please retry after 2 minutes.", Some(120.0)),
            ("Please try again in 500 ms", Some(0.5)),
            ("You must wait for 7s.", Some(7.0)),
            ("Please retry in 3.2s.", Some(3.2)),
            ("Limit resets in 1 hour", Some(3_600.0)),
            ("Wait a moment, then wait 4 s", Some(4.0)),
            ("wait for it", None),
            ("Try again after about 3 seconds", Some(3.0)),
            ("Retry-After: 3", Some(3.0)),
            ("Please retry your request after 3 seconds.", Some(3.0)),
            ("Limit resets after 3 sec", Some(3.0)),
            ("Retry in 00:00:03.", Some(3.0)),
            ("Too many requests. Retry in 3 second(s)", Some(3.0)),
            ("retry_after=3", Some(3.0)),
            // What is past, what is counted, and what is said in another sentence, is no wait.
            ("The gateway waited 30 seconds.", None),
            ("Retry with at most 3 requests", None),
            ("Please try again. Limit: 3 seconds of audio", None),
            ("Your limit resets at 14:30:00 UTC.", None),
            ("Tokens available: 500, requested: 800.", None),
            ("Quota reset: 100, used: 100", None),
            ("Please try again with at most 8192.", None),
            ("Please wait 30 before retrying.", Some(30.0)),
            ("Retry after 12.345678901234567 seconds", Some(12.345678901)),
            ("Retry in 12.345678901234567s", Some(12.345678901)),
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
        for (left, reset) in [
            ("x-ratelimit-remaining", "x-ratelimit-reset"),
            ("ratelimit-remaining", "ratelimit-reset"),
            ("x-rate-limit-remaining", "x-rate-limit-reset"),
            ("x-ratelimit-remaining", "x-ratelimit-reset-after"),
            ("ratelimitbysize-remaining", "ratelimitbysize-reset"),
            ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
            (
                "anthropic-ratelimit-requests-remaining",
                "anthropic-ratelimit-requests-reset",
            ),
        ] {
            let (none_left, soon) = ((left, "0"), (reset, "7"));
            check(&[none_left, soon], &none, "", Some(7.0));
            check(&[none_left, (reset, "1m7.5s")], &none, "", Some(67.5));
            check(
                &[date, none_left, (reset, "1795435203")],
                &none,
                "",
                Some(3.0),
            );
            check(
                &[date, none_left, (reset, "2026-11-23T12:00:03Z")],
                &none,
                "",
                Some(3.0),
            );
            check(&[soon], &none, "", None);
            check(&[(left, "-1"), soon], &none, "", None);
        }
        // Of several, the last to be full again.
        let several = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "9ms"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ];
        check(&several, &none, "", Some(360.0));
        let headers = json!({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795435203000"});
        let passed_on = json!({"error": {"code": 429, "metadata": {"headers": headers}}});
        check(&[date], &passed_on, "", Some(3.0));
    }
}

//! Reads what a provider says of its rate limits in the headers of a reply.

use std::time::Duration;

use http::HeaderMap;

use crate::go_duration::go_duration;

/// The largest limit that is believed, in units a minute.
const ABSURD: f64 = 1e12;

/// The rate limits that a reply tells of; what it doesn't tell of is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RateLimits {
    /// Requests.
    pub requests: Option<Window>,
    /// Tokens, input and output together.
    pub tokens: Option<Window>,
    /// Tokens sent.
    pub input_tokens: Option<Window>,
    /// Tokens written.
    pub output_tokens: Option<Window>,
}

/// One rate limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Units a minute.
    pub limit: f64,
    /// Units that are left at present.
    pub remaining: Option<f64>,
    /// Time until all units are there again; not how long to wait for the next one.
    pub reset: Option<Duration>,
}

impl RateLimits {
    /// Reads `x-ratelimit-*` (OpenAI and those like it, Azure) or `anthropic-ratelimit-*`. Values
    /// of zero or less, and absurd ones, are ignored: some servers send `-1` for "unknown".
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        // Cheap for the many servers that send none.
        let has_any = headers
            .keys()
            .any(|name| name.as_str().contains("ratelimit-"));
        if !has_any {
            return None;
        }
        let reader = Reader(headers);
        let limits = Self {
            requests: reader
                .openai("requests")
                .or_else(|| reader.anthropic("requests")),
            tokens: reader
                .openai("tokens")
                .or_else(|| reader.anthropic("tokens")),
            input_tokens: reader.anthropic("input-tokens"),
            output_tokens: reader.anthropic("output-tokens"),
        };
        (limits != Self::default()).then_some(limits)
    }

    /// Returns the time until the dimension with nothing left is full again, the longest if there
    /// are several: the last thing to go by when a refusal has no hint.
    pub(crate) fn reset_of_exhausted(&self) -> Option<Duration> {
        let windows = [
            self.requests,
            self.tokens,
            self.input_tokens,
            self.output_tokens,
        ];
        let exhausted = windows.into_iter().flatten();
        let exhausted = exhausted.filter(|it| it.remaining == Some(0.0));
        exhausted.filter_map(|it| it.reset).max()
    }
}

struct Reader<'a>(&'a HeaderMap);

impl Reader<'_> {
    fn openai(&self, unit: &str) -> Option<Window> {
        let name = |what| format!("x-ratelimit-{what}-{unit}");
        let reset = self.text(&name("reset"));
        self.window(
            &name("limit"),
            &name("remaining"),
            reset.and_then(go_duration),
        )
    }

    fn anthropic(&self, unit: &str) -> Option<Window> {
        let name = |what| format!("anthropic-ratelimit-{unit}-{what}");
        let reset = self.text(&name("reset")).and_then(|it| self.instant(it));
        self.window(&name("limit"), &name("remaining"), reset)
    }

    fn window(&self, limit: &str, remaining: &str, reset: Option<Duration>) -> Option<Window> {
        let limit = self.number(limit).filter(|it| *it > 0.0)?;
        let remaining = self
            .number(remaining)
            .filter(|it| (0.0..=limit).contains(it));
        Some(Window {
            limit,
            remaining,
            reset,
        })
    }

    fn number(&self, name: &str) -> Option<f64> {
        let number: f64 = self.text(name)?.parse().ok()?;
        (number.abs() < ABSURD).then_some(number)
    }

    fn text(&self, name: &str) -> Option<&str> {
        Some(self.0.get(name)?.to_str().ok()?.trim())
    }

    /// Reads an instant as RFC 3339 writes it, as the time from the reply's own `Date` to it, so
    /// that the clocks of the two ends need not agree.
    fn instant(&self, text: &str) -> Option<Duration> {
        let until: jiff::Timestamp = text.parse().ok()?;
        let now = httpdate::parse_http_date(self.text("date")?).ok()?;
        let now = jiff::Timestamp::try_from(now).ok()?;
        Duration::try_from(until.duration_since(now)).ok()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Option<RateLimits> {
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        RateLimits::from_headers(&headers.collect())
    }

    #[test]
    fn openais_limits_are_read() {
        let limits = read(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "1m0.5s"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "9ms"),
        ]);
        let limits = limits.unwrap();
        let requests = limits.requests.unwrap();
        assert_eq!((requests.limit, requests.remaining), (60.0, Some(0.0)));
        assert_eq!(limits.tokens.unwrap().remaining, Some(149_984.0));
        let reset = Duration::from_millis(60_500);
        assert_eq!(limits.reset_of_exhausted(), Some(reset));
    }

    #[test]
    fn anthropics_limits_are_read_by_the_clock_of_the_reply() {
        let limits = read(&[
            ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-11-23T12:00:02Z"),
            ("anthropic-ratelimit-input-tokens-limit", "30000"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            (
                "anthropic-ratelimit-input-tokens-reset",
                "2026-11-23T12:00:31.5Z",
            ),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
        ]);
        let limits = limits.unwrap();
        assert_eq!(limits.requests.unwrap().limit, 50.0);
        assert_eq!(limits.output_tokens.unwrap().remaining, None);
        let reset = Duration::from_millis(31_500);
        assert_eq!(limits.reset_of_exhausted(), Some(reset));
    }

    #[test]
    fn what_makes_no_sense_is_ignored() {
        for limit in ["-1", "0", "NaN", "inf", "1e300", "", "many"] {
            assert_eq!(
                read(&[("x-ratelimit-limit-requests", limit)]),
                None,
                "{limit}"
            );
        }
        for remaining in ["-1", "61", "NaN"] {
            let limits = read(&[
                ("x-ratelimit-limit-requests", "60"),
                ("x-ratelimit-remaining-requests", remaining),
            ]);
            let requests = limits.unwrap().requests.unwrap();
            assert_eq!(requests.remaining, None, "{remaining}");
        }
        assert_eq!(read(&[("x-request-id", "1")]), None);
    }
}

//! Reads what a provider says of its rate limits in the headers of a reply.

use http::HeaderMap;

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
}

struct Reader<'a>(&'a HeaderMap);

impl Reader<'_> {
    fn openai(&self, unit: &str) -> Option<Window> {
        let name = |what| format!("x-ratelimit-{what}-{unit}");
        self.window(&name("limit"), &name("remaining"))
    }

    fn anthropic(&self, unit: &str) -> Option<Window> {
        let name = |what| format!("anthropic-ratelimit-{unit}-{what}");
        self.window(&name("limit"), &name("remaining"))
    }

    fn window(&self, limit: &str, remaining: &str) -> Option<Window> {
        let limit = self.number(limit).filter(|it| *it > 0.0)?;
        let remaining = self
            .number(remaining)
            .filter(|it| (0.0..=limit).contains(it));
        Some(Window { limit, remaining })
    }

    fn number(&self, name: &str) -> Option<f64> {
        let number: f64 = self.text(name)?.parse().ok()?;
        (number.abs() < ABSURD).then_some(number)
    }

    fn text(&self, name: &str) -> Option<&str> {
        Some(self.0.get(name)?.to_str().ok()?.trim())
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
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "149984"),
        ]);
        let limits = limits.unwrap();
        let requests = limits.requests.unwrap();
        assert_eq!((requests.limit, requests.remaining), (60.0, Some(0.0)));
        assert_eq!(limits.tokens.unwrap().remaining, Some(149_984.0));
    }

    #[test]
    fn anthropics_limits_are_read() {
        let limits = read(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-input-tokens-limit", "30000"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
        ]);
        let limits = limits.unwrap();
        assert_eq!(limits.requests.unwrap().limit, 50.0);
        assert_eq!(limits.output_tokens.unwrap().remaining, None);
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

//! Which parameter of a request a server refuses, so that it is asked again without. Reasoning models
//! take no temperature, some servers no seed, and the limit of an answer has two names.
//!
//! It is judged by stems and not by phrases, since every server has its own: the name of a parameter
//! that was sent, as a word, and a word for "not here". A value that is out of range is not refused in
//! this sense: whoever chose it should know.

use patterns_core::ModelErrorKind;

use super::reply::own_words;

/// A parameter that is left out or sent under another name; each has a bit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Parameter {
    Temperature = 1,
    TopP = 2,
    Seed = 4,
    /// The limit of the answer goes by its other name.
    OtherLimit = 8,
    /// There is no limit.
    Limit = 16,
}

/// The parameters that are left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeftOut(pub(crate) u8);

impl LeftOut {
    pub(crate) fn has(self, parameter: Parameter) -> bool {
        self.0 & parameter as u8 != 0
    }

    /// Returns what is left out next if `name` is refused, and what is done instead, in words; none for
    /// what belongs to streams.
    pub(crate) fn instead_of(self, name: &str) -> Option<(Parameter, String)> {
        let parameter = match name {
            "temperature" => {
                let instead =
                    "it is left out, so draws of this model may be more alike than asked for";
                return Some((Parameter::Temperature, instead.to_owned()));
            }
            "top_p" | "topP" => Parameter::TopP,
            "seed" => Parameter::Seed,
            "stream" | "stream_options" => return None,
            limit if !self.has(Parameter::OtherLimit) => {
                let other = match limit {
                    "max_tokens" => "max_completion_tokens",
                    _ => "max_tokens",
                };
                let instead = format!("`{other}` is sent instead");
                return Some((Parameter::OtherLimit, instead));
            }
            _ => Parameter::Limit,
        };
        Some((parameter, "it is left out".to_owned()))
    }
}

/// What providers call the effort of thinking in requests and in their words about them.
const EFFORT: [&str; 12] = [
    "reasoning_effort",
    "effort",
    "reasoning",
    "thinking",
    "think",
    "thinkingLevel",
    "thinking_level",
    "thinkingBudget",
    "thinking_budget",
    "thinkingConfig",
    "thinking_config",
    "budget_tokens",
];

/// What they call the tier.
const TIER: [&str; 3] = ["service_tier", "serviceTier", "flex"];

/// Names that are words, too, which are in many a reply that refuses something else.
const BARE: [&str; 5] = ["effort", "reasoning", "thinking", "think", "flex"];

/// How servers refuse what goes by such a word, beside the [stems](STEMS).
const BARE_STEMS: [&str; 9] = [
    "is invalid",
    "invalid value",
    "invalid option",
    "invalid think",
    "invalid effort",
    "invalid reasoning",
    "expected one of",
    "should be",
    "only works",
];

/// What is refused, as it is dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A parameter, or streams, by this name.
    Named(&'static str),
    /// The effort, as it was put.
    Effort,
    /// The flex tier.
    Flex,
}

/// What was sent that may be refused.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent<'a> {
    /// Parameters and streams, by their names on the wire.
    pub(crate) names: &'a [&'static str],
    pub(crate) effort: bool,
    pub(crate) flex: bool,
}

/// How servers say that they do not take something.
const STEMS: &[&str] = &[
    "unsupported",
    "not support",
    "n't support",
    "unknown",
    "unrecogni",
    "unexpected",
    "unavailable",
    "not available",
    "not permitted",
    "not allowed",
    "not accept",
    "not recogni",
    "not implemented",
    "not a valid",
    "extra_forbidden",
    "extra field",
    "extra input",
    "extra argument",
    "additional propert",
    "only the default",
    "may only be set",
    "cannot both",
    "cannot be used",
    "cannot find field",
    "no such",
    "deprecated",
    "incompatible",
];

/// Returns which of what was `sent` a reply refuses, given what it was taken for. An effort and a tier
/// are words of ours: whatever is said against their full names, nobody else can mend it.
pub(crate) fn refused(kind: ModelErrorKind, body: &[u8], sent: Sent<'_>) -> Option<Refused> {
    let is_stream = |name: &str| name.starts_with("stream");
    let words = String::from_utf8_lossy(body).to_lowercase();
    let words = own_words(&words);
    let is_named = |name: &str| {
        words
            .split(|it: char| !is_of_name(it))
            .any(|it| it.eq_ignore_ascii_case(name))
    };
    let mut named = sent.names.iter().copied().filter(|it| is_named(it));
    let is_refusal = STEMS.iter().any(|it| words.contains(it));
    match kind {
        ModelErrorKind::InvalidRequest => {
            let is_bare_refused = is_refusal || BARE_STEMS.iter().any(|it| words.contains(it));
            let is_refused = |it: &&str| is_named(it) && (is_bare_refused || !BARE.contains(it));
            let flex = sent.flex && TIER.iter().any(&is_refused);
            let effort = sent.effort && EFFORT.iter().any(is_refused);
            let parameter = named.find(|it| is_refusal || is_stream(it));
            let parameter = parameter.map(Refused::Named);
            let parameter = parameter.or_else(|| flex.then_some(Refused::Flex));
            parameter.or_else(|| effort.then_some(Refused::Effort))
        }
        // Streams are many a server's trouble, whatever it says of them.
        ModelErrorKind::UnsupportedFormat => named.find(|it| is_stream(it)).map(Refused::Named),
        _ => None,
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &[&'static str], body: &str, expected: Option<&str>) {
        let names = sent;
        let sent = Sent {
            names,
            ..Sent::default()
        };
        let found = refused(ModelErrorKind::InvalidRequest, body.as_bytes(), sent);
        let expected = names.iter().find(|it| Some(**it) == expected);
        assert_eq!(found, expected.map(|it| Refused::Named(it)), "{body}");
    }

    #[test]
    fn servers_name_what_they_do_not_take() {
        let all = ["temperature", "top_p", "seed", "max_tokens", "stream"];
        for (body, expected) in [
            (
                r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.","param":"temperature","code":"unsupported_value"}}"#,
                Some("temperature"),
            ),
            (
                r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","code":"unsupported_parameter"}}"#,
                Some("max_tokens"),
            ),
            (
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted","input":7}]}"#,
                Some("seed"),
            ),
            (
                r#"[{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"seed\": Cannot find field."}}]"#,
                Some("seed"),
            ),
            (
                "Unrecognized request argument supplied: top_p",
                Some("top_p"),
            ),
            (
                "`temperature` and `top_p` cannot both be specified for this model.",
                Some("temperature"),
            ),
            ("stream is not implemented", Some("stream")),
            (
                "`temperature` is deprecated for this model.",
                Some("temperature"),
            ),
            (
                "`temperature` may only be set to 1 when thinking is enabled.",
                Some("temperature"),
            ),
            // A value that is wrong is its user's to mend.
            ("temperature must be between 0 and 1", None),
            (
                "max_tokens is too large: 99999. This model has at most 4096",
                None,
            ),
            // Other words, and other parameters.
            ("upstream request failed: unknown host", None),
            ("response_format is not supported", None),
            ("unexpected end of input", None),
        ] {
            check(&all, body, expected);
        }
        check(&["temperature"], "seed is not supported", None);
    }

    #[test]
    fn what_is_repeated_of_a_request_refuses_nothing() {
        let body = r#"{"detail":[{"msg":"Field required","input":{"messages":"The seed is not supported."}}]}"#;
        check(&["seed"], body, None);
    }

    #[test]
    fn only_a_refusal_of_the_request_refuses_a_parameter() {
        let body = b"temperature is not supported with stream";
        let sent = Sent {
            names: &["temperature", "stream"],
            ..Sent::default()
        };
        let of = |kind| refused(kind, body, sent);
        assert_eq!(of(ModelErrorKind::Unauthorized), None);
        let named = |name| Some(Refused::Named(name));
        assert_eq!(of(ModelErrorKind::UnsupportedFormat), named("stream"));
        assert_eq!(of(ModelErrorKind::InvalidRequest), named("temperature"));
    }

    #[test]
    fn an_effort_and_a_tier_are_refused_in_every_providers_words() {
        let sent = Sent {
            names: &["temperature"],
            effort: true,
            flex: true,
        };
        for (body, expected) in [
            (
                "Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported values are: 'low', 'medium', and 'high'.",
                Some(Refused::Effort),
            ),
            (
                r#"{"error":{"message":"Invalid value: 'max'","param":"reasoning_effort"}}"#,
                Some(Refused::Effort),
            ),
            (
                "This model does not support the effort parameter.",
                Some(Refused::Effort),
            ),
            (
                "adaptive thinking is not supported on this model",
                Some(Refused::Effort),
            ),
            (
                "Budget 0 is invalid. This model only works in thinking mode.",
                Some(Refused::Effort),
            ),
            (
                r#"{"error":"\"llama3.2\" does not support thinking"}"#,
                Some(Refused::Effort),
            ),
            (
                r#"{"error":"invalid think value: \"low\" (must be true or false)"}"#,
                Some(Refused::Effort),
            ),
            (
                "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.",
                Some(Refused::Named("temperature")),
            ),
            ("Unsupported service_tier: flex", Some(Refused::Flex)),
            ("Flex is not available for this model.", Some(Refused::Flex)),
            ("messages: roles must alternate", None),
            (
                "a final assistant turn must begin with a thinking block",
                None,
            ),
            ("the prompt of a reasoning model is too long", None),
        ] {
            let found = refused(ModelErrorKind::InvalidRequest, body.as_bytes(), sent);
            assert_eq!(found, expected, "{body}");
        }
        let unasked = Sent {
            effort: false,
            flex: false,
            ..sent
        };
        let body = b"thinking is not supported, nor is flex";
        assert_eq!(refused(ModelErrorKind::InvalidRequest, body, unasked), None);
    }

    #[test]
    fn the_limit_has_two_names_and_then_none() {
        let first = LeftOut(0).instead_of("max_tokens").unwrap();
        assert_eq!(first.0, Parameter::OtherLimit);
        assert_eq!(first.1, "`max_completion_tokens` is sent instead");
        let second = LeftOut(Parameter::OtherLimit as u8).instead_of("max_completion_tokens");
        assert_eq!(second.unwrap().0, Parameter::Limit);
        assert_eq!(LeftOut(0).instead_of("stream_options"), None);
    }
}

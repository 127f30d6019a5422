//! Makes spans of what a store has of a run: run, branch, call, attempt, in the words of the semantic
//! conventions for generative AI (<https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>).

use std::time::Duration;

use patterns_core::{Money, Part, Role};
use patterns_store::{
    AttemptRecord, BranchEnding, BranchRecord, CallEnding, CallRecord, RunRecord, Texts,
};
use serde_json::{Value, json};

/// Span kinds, as OTLP numbers them.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;

/// The ids of the spans of a run: equal whenever it is sent.
pub(super) struct Trace {
    id: String,
    session: i64,
}

impl Trace {
    pub(super) fn new(store: &[u8; 16], run: &RunRecord) -> Self {
        let seed = format!("{store:?} {} {}", run.id, run.sessions);
        let id = blake3::hash(seed.as_bytes()).to_hex()[..32].to_owned();
        Self {
            id,
            session: run.sessions,
        }
    }

    fn span_id(&self, what: &str) -> String {
        let seed = format!("{} {what}", self.id);
        blake3::hash(seed.as_bytes()).to_hex()[..16].to_owned()
    }

    fn span(&self, what: &str, parent: Option<&str>, name: &str, times: (i64, i64)) -> Value {
        let mut span = json!({
            "traceId": self.id,
            "spanId": self.span_id(what),
            "name": name,
            "kind": INTERNAL,
            "startTimeUnixNano": nanos(times.0),
            "endTimeUnixNano": nanos(times.1.max(times.0)),
        });
        if let Some(parent) = parent {
            span["parentSpanId"] = json!(self.span_id(parent));
        }
        span
    }

    /// Makes the span of a branch that has ended, or was broken off with its run.
    pub(super) fn branch(&self, branch: &BranchRecord, ended: i64) -> Value {
        let role = branch.role.name();
        let what = format!("branch {}", branch.branch);
        let name = format!("{role} {}", branch.label);
        let ending = branch.ending.map_or(json!("broken_off"), |it| json!(it));
        let mut span = self.span(&what, Some("run"), &name, (branch.began, ended));
        span["attributes"] = attributes([
            ("patterns.branch", json!(branch.branch)),
            ("patterns.role", json!(role)),
            ("patterns.label", json!(branch.label)),
            ("patterns.ending", ending),
            ("error.type", json!(branch.error)),
        ]);
        if branch.ending == Some(BranchEnding::Failed) {
            span["status"] = failed(branch.error.as_deref().unwrap_or_default());
        }
        span
    }

    /// Makes the spans of a call and of its attempts.
    pub(super) fn call(&self, call: &CallRecord, texts: Option<&Texts>) -> Vec<Value> {
        let what = format!("call {}", call.number);
        let Named {
            provider,
            model,
            server,
            port,
        } = Named::of(&call.model);
        let parent = format!("branch {}", call.branch);
        let times = (call.began, call.ended());
        let mut span = self.span(&what, Some(&parent), &format!("chat {model}"), times);
        span["kind"] = json!(CLIENT);
        let usage = call.usage;
        let is_found = call.ending == CallEnding::Found;
        let known = |tokens: u64| match is_found || tokens > 0 {
            true => json!(tokens),
            false => Value::Null,
        };
        let error = call.error.as_ref();
        let mut all = vec![
            ("gen_ai.operation.name", json!("chat")),
            ("gen_ai.provider.name", json!(provider)),
            ("gen_ai.request.model", json!(model)),
            ("server.address", json!(server)),
            ("server.port", json!(port)),
            ("gen_ai.usage.input_tokens", known(usage.input_tokens)),
            ("gen_ai.usage.output_tokens", known(usage.output_tokens)),
            (
                "gen_ai.usage.cache_read.input_tokens",
                known(usage.cached_input_tokens),
            ),
            (
                "gen_ai.usage.reasoning.output_tokens",
                known(usage.reasoning_tokens),
            ),
            ("patterns.call", json!(call.number)),
            ("patterns.part", json!(call.part)),
            ("patterns.nth", json!(call.nth)),
            ("patterns.ending", json!(call.ending)),
            ("patterns.cost_usd", json!(call.cost.map(dollars))),
            ("patterns.rejected", json!(!call.violations.is_empty())),
            ("error.type", json!(error.map(|it| &it.kind))),
            (
                "http.response.status_code",
                json!(error.and_then(|it| it.status)),
            ),
        ];
        all.extend(texts.map(contents).into_iter().flatten());
        span["attributes"] = attributes(all);
        if let Some(error) = error {
            span["status"] = failed(&error.message);
        }
        let attempts = call.attempts.iter().enumerate();
        let attempts = attempts.map(|(at, it)| self.attempt(call, &what, at, it));
        std::iter::once(span).chain(attempts).collect()
    }

    fn attempt(&self, call: &CallRecord, parent: &str, at: usize, it: &AttemptRecord) -> Value {
        let times = sent_and_ended(call.began, call.ended(), it);
        let what = format!("{parent} attempt {at}");
        let mut span = self.span(&what, Some(parent), "attempt", times);
        let seconds = |it: Duration| json!(it.as_secs_f64());
        span["attributes"] = attributes([
            ("patterns.attempt", json!(at + 1)),
            ("patterns.waited.slot_seconds", seconds(it.waited.slot)),
            ("patterns.waited.rate_seconds", seconds(it.waited.rate)),
            ("patterns.waited.paused_seconds", seconds(it.waited.paused)),
            ("patterns.is_hedge", json!(it.is_hedge)),
            (
                "gen_ai.response.time_to_first_chunk",
                json!(it.first_token.map(|it| it.as_secs_f64())),
            ),
        ]);
        if let Some(error) = &it.error {
            span["status"] = failed(error);
        }
        span
    }
}

/// Makes the span of a run that has lasted so long.
pub(super) fn run_span(trace: &Trace, run: &RunRecord, extent: (i64, i64)) -> Value {
    let mut span = trace.span("run", None, &format!("patterns run {}", run.id), extent);
    let outcome: Value = run
        .outcome
        .as_deref()
        .and_then(|it| serde_json::from_str(it).ok())
        .unwrap_or_default();
    let count = |name: &str| outcome["counts"][name].clone();
    span["attributes"] = attributes([
        ("patterns.run", json!(run.id)),
        ("patterns.session", json!(trace.session)),
        ("patterns.exit_code", outcome["exit_code"].clone()),
        ("patterns.branches.started", count("started")),
        ("patterns.branches.answered", count("answered")),
        ("patterns.branches.failed", count("failed")),
        ("patterns.branches.cancelled", count("cancelled")),
    ]);
    match outcome["exit_code"].as_u64() {
        Some(0) | None => {}
        Some(code) => span["status"] = failed(&format!("exit code {code}")),
    }
    span
}

/// Returns when an attempt of a call was sent and ended; a store that was written elsewhere may have any times.
fn sent_and_ended(began: i64, ended: i64, it: &AttemptRecord) -> (i64, i64) {
    let sent = began.saturating_add(micros(it.sent));
    let ended = it
        .took
        .map_or(ended, |took| sent.saturating_add(micros(took)));
    (sent, ended)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn dollars(cost: Money) -> f64 {
    cost.picodollars() as f64 / 1e12
}

/// Writes a time as OTLP does in JSON, where numbers of 64 bits are texts.
fn nanos(micros: i64) -> String {
    (i128::from(micros) * 1_000).to_string()
}

fn failed(message: &str) -> Value {
    json!({"code": 2, "message": message})
}

/// A model, its provider as the conventions call it, and its server.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    provider: String,
    model: String,
    server: Option<String>,
    port: Option<u16>,
}

impl Named {
    /// Takes the name of a model apart.
    fn of(name: &str) -> Self {
        let (provider, rest) = name.split_once(':').unwrap_or(("", name));
        let provider = match provider {
            "gemini" => "gcp.gemini",
            "azure" => "azure.ai.openai",
            other => other,
        };
        let (model, url) = match rest.rsplit_once("@http") {
            Some((model, url)) => (model, Some(url)),
            None => (rest, None),
        };
        let place = url.map(|url| {
            let host = url.split_once("://").map_or(url, |(_, it)| it);
            host.split(['/', '?', ' ']).next().unwrap_or_default()
        });
        // An address of version 6 has colons, too, within brackets.
        let port = place.and_then(|it| it.rsplit_once(':'));
        let port = port.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let server = port.map(|it| it.0).or(place);
        Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
            server: server.map(|it| it.trim_matches(['[', ']']).to_owned()),
            port: port.map(|it| it.1),
        }
    }
}

/// Returns what was asked and answered, as the conventions write messages.
fn contents(texts: &Texts) -> Vec<(&'static str, Value)> {
    let part = |text: &str| json!({"type": "text", "content": text});
    let written = |value: Value| json!(value.to_string());
    let mut all = Vec::new();
    if let Some(request) = &texts.request {
        let messages = request.messages.iter().map(|it| {
            let role = match it.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            let parts = it.parts.iter().map(|it: &Part| part(&it.to_string()));
            json!({"role": role, "parts": parts.collect::<Vec<_>>()})
        });
        let messages: Vec<Value> = messages.collect();
        let instructions = json!([part(&request.instructions)]);
        all.push(("gen_ai.system_instructions", written(instructions)));
        all.push(("gen_ai.input.messages", written(messages.into())));
    }
    if let Some(answer) = &texts.answer {
        let message = json!([{"role": "assistant", "parts": [part(answer)]}]);
        all.push(("gen_ai.output.messages", written(message)));
    }
    if let Some(model) = &texts.model {
        all.push(("gen_ai.response.model", json!(model)));
    }
    all
}

/// Writes attributes as OTLP does; those of which nothing is known are left out.
pub(super) fn attributes(all: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let all = all.into_iter().filter(|it| !it.1.is_null());
    all.map(|(key, value)| json!({"key": key, "value": any_value(value)}))
        .collect()
}

fn any_value(value: Value) -> Value {
    match value {
        Value::Bool(it) => json!({"boolValue": it}),
        Value::Number(it) if it.is_f64() => json!({"doubleValue": it}),
        Value::Number(it) => json!({"intValue": it.to_string()}),
        Value::String(it) => json!({"stringValue": it}),
        other => json!({"stringValue": other.to_string()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_no_clock_has_are_the_last_that_there_is() {
        let attempt = |sent, took| AttemptRecord {
            sent,
            took,
            ..AttemptRecord::default()
        };
        let (short, long) = (Duration::from_micros(5), Duration::MAX);
        for (began, sent, took, expected) in [
            (100, short, Some(short), (105, 110)),
            (100, short, None, (105, 900)),
            (100, long, Some(long), (i64::MAX, i64::MAX)),
            (i64::MAX - 7, short, Some(short), (i64::MAX - 2, i64::MAX)),
        ] {
            assert_eq!(sent_and_ended(began, 900, &attempt(sent, took)), expected);
        }
        assert_eq!(nanos(i64::MAX), "9223372036854775807000");
    }

    #[test]
    fn a_model_is_named_as_the_conventions_do() {
        for (name, provider, model, server, port) in [
            ("openai:gpt-5-mini", "openai", "gpt-5-mini", None, None),
            ("gemini:g-2.5", "gcp.gemini", "g-2.5", None, None),
            ("ollama:qwen3:8b", "ollama", "qwen3:8b", None, None),
            (
                "compatible:a/b@http://localhost:8000/v1",
                "compatible",
                "a/b",
                Some("localhost"),
                Some(8000),
            ),
            (
                "compatible:m@https://[::1]:80",
                "compatible",
                "m",
                Some("::1"),
                Some(80),
            ),
            (
                "compatible:m@https://[::1]/v1",
                "compatible",
                "m",
                Some("::1"),
                None,
            ),
            (
                "compatible:m@https://llm.example/v1",
                "compatible",
                "m",
                Some("llm.example"),
                None,
            ),
        ] {
            let expected = Named {
                provider: provider.to_owned(),
                model: model.to_owned(),
                server: server.map(str::to_owned),
                port,
            };
            assert_eq!(Named::of(name), expected);
        }
    }
}

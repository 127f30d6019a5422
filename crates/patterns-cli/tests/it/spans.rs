//! A run is sent to a collector of OpenTelemetry, which is a stub that keeps what it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::{Value, json};

use crate::support::{Place, Server, completion, error, shown};

/// A collector, and the spans that it was sent.
pub(crate) fn collector() -> (Server, Arc<Mutex<Vec<Value>>>) {
    let spans: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = Arc::clone(&spans);
    let server = Server::hearing(move |head, body| {
        if !head.contains("authorization: Bearer canary") {
            return (401, "{}".to_owned());
        }
        let body: Value = serde_json::from_str(body).unwrap();
        let of = &body["resourceSpans"][0];
        assert_eq!(of["resource"]["attributes"][0]["key"], "service.name");
        let spans = of["scopeSpans"][0]["spans"].as_array().unwrap();
        kept.lock().unwrap().extend(spans.clone());
        (200, "{}".to_owned())
    });
    (server, spans)
}

/// Runs three documents of which one fails, and sends the run.
fn sent(more: &[&str]) -> (String, Vec<Value>) {
    let place = Place::with(&[("a.txt", "The tide rose."), ("b.txt", "The tide fell.")]);
    let server = Server::start(|body| match body.contains("b.txt") {
        true => (403, error("content_filter", "No.")),
        false => (200, completion(r#"{"summary": "The tide."}"#)),
    });
    let words = ["map-reduce", "a.txt", "b.txt", "--no-reduce"];
    place.data(&[&words[..], &server.args()].concat());
    let (collector, spans) = collector();
    let mut command = place.command(&[&["spans"], more].concat());
    let command = command
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            collector.url().trim_end_matches("/v1"),
        )
        .env(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20canary",
        );
    let shown = shown(command);
    let spans = spans.lock().unwrap().clone();
    (shown, spans)
}

/// Returns the attributes of a span by their names.
pub(crate) fn attributes(span: &Value) -> BTreeMap<String, Value> {
    let all = span["attributes"].as_array().unwrap().iter();
    let value = |it: &Value| it.as_object().unwrap().values().next().unwrap().clone();
    all.map(|it| (it["key"].as_str().unwrap().to_owned(), value(&it["value"])))
        .collect()
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    let found = spans.iter().find(|it| it["name"] == name);
    found.unwrap_or_else(|| panic!("there is no {name}: {spans:#?}"))
}

#[test]
fn the_spans_of_a_run_are_those_of_its_branches_calls_and_attempts() {
    let (shown, spans) = sent(&[]);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(
        shown.contains("spans were sent to http://[server]/v1/traces"),
        "{shown}"
    );
    assert!(!shown.contains("canary"), "{shown}");
    let run = named(&spans, "patterns run 1");
    let branch = named(&spans, "map a.txt");
    let failed = named(&spans, "map b.txt");
    let calls: Vec<&Value> = spans
        .iter()
        .filter(|it| it["name"] == "chat test")
        .collect();
    assert_eq!(calls.len(), 2);
    let is_of = |parent: &Value| {
        let id = parent["spanId"].clone();
        move |it: &&&Value| it["parentSpanId"] == id
    };
    let call = calls.iter().find(is_of(branch)).unwrap();
    let attempts: Vec<&Value> = spans.iter().filter(|it| it["name"] == "attempt").collect();
    assert!(
        attempts
            .iter()
            .any(|it| it["parentSpanId"] == call["spanId"])
    );
    assert_eq!(branch["parentSpanId"], run["spanId"]);
    assert_eq!(run.get("parentSpanId"), None);
    for span in &spans {
        assert_eq!(span["traceId"], run["traceId"]);
        assert_eq!(span["traceId"].as_str().unwrap().len(), 32);
        assert_eq!(span["spanId"].as_str().unwrap().len(), 16);
        let time = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
        let (begun, ended) = (time("startTimeUnixNano"), time("endTimeUnixNano"));
        assert!(
            1_700_000_000_000_000_000 < begun && begun <= ended,
            "{span}"
        );
    }
    let of_call = attributes(call);
    for (name, value) in [
        ("gen_ai.operation.name", json!("chat")),
        ("gen_ai.provider.name", json!("compatible")),
        ("gen_ai.request.model", json!("test")),
        ("gen_ai.usage.input_tokens", json!("10")),
        ("gen_ai.usage.output_tokens", json!("5")),
    ] {
        assert_eq!(of_call.get(name), Some(&value), "{name}: {of_call:?}");
    }
    assert_eq!(call["kind"], 3);
    assert!(
        !of_call.contains_key("gen_ai.input.messages"),
        "{of_call:?}"
    );
    assert!(attributes(attempts[0]).contains_key("patterns.waited.slot_seconds"));
    assert_eq!(failed["status"]["code"], 2);
    assert!(attributes(failed).contains_key("error.type"));
    assert!(branch.get("status").is_none());
    let text = json!(spans).to_string();
    assert!(
        !text.contains("The tide rose."),
        "content is sent only if asked for"
    );
}

/// Follows a run of which one document waits until the span of the other was sent; then ends it.
fn followed(end: impl FnOnce(&mut Child, mpsc::Sender<()>)) -> (String, Vec<Value>) {
    let place = Place::with(&[("a.txt", "The tide rose."), ("b.txt", "The tide fell.")]);
    let (asked, is_asked) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    let goes_on = Mutex::new(goes_on);
    let server = Server::start(move |body| {
        if body.contains("b.txt") {
            asked.send(()).unwrap();
            // Where the run is killed, nobody says so.
            let _ = goes_on.lock().unwrap().recv();
        }
        (200, completion(r#"{"summary": "The tide."}"#))
    });
    let words = ["map-reduce", "a.txt", "b.txt", "--no-reduce"];
    let mut run = place.command(&[&words[..], &server.args()].concat());
    run.stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = run.spawn().unwrap();
    is_asked.recv().unwrap();
    let (sent, is_sent) = mpsc::channel();
    let spans: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = Arc::clone(&spans);
    let collector = Server::hearing(move |_, body| {
        let body: Value = serde_json::from_str(body).unwrap();
        let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].clone();
        for span in spans.as_array().unwrap() {
            if span["name"] == "map a.txt" {
                sent.send(()).unwrap();
            }
            kept.lock().unwrap().push(span.clone());
        }
        (200, "{}".to_owned())
    });
    let mut command = place.command(&["spans", "--follow"]);
    let url = collector.url().trim_end_matches("/v1");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url);
    command.stdout(Stdio::piped());
    let follower = command.spawn().unwrap();
    is_sent.recv().unwrap();
    end(&mut run, go_on);
    run.wait().unwrap();
    let said = follower.wait_with_output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let spans = spans.lock().unwrap().clone();
    (String::from_utf8(said.stdout).unwrap(), spans)
}

/// Asserts that each span was sent once, that of the run last, and each below one that was sent.
fn assert_whole(spans: &[Value]) {
    let ids: BTreeSet<&str> = spans
        .iter()
        .map(|it| it["spanId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), spans.len(), "{spans:#?}");
    assert_eq!(spans.last().unwrap()["name"], "patterns run 1");
    for span in spans {
        let parent = span["parentSpanId"].as_str();
        assert!(parent.is_none_or(|it| ids.contains(it)), "{span:#}");
    }
}

#[test]
fn spans_are_sent_while_the_run_goes_on() {
    let (said, spans) = followed(|_, go_on| go_on.send(()).unwrap());
    assert!(
        said.starts_with(&format!("run 1: {} spans", spans.len())),
        "{said}"
    );
    assert_whole(&spans);
    let ending = |name| attributes(named(&spans, name))["patterns.ending"].clone();
    assert_eq!([ending("map a.txt"), ending("map b.txt")], ["answered"; 2]);
}

#[test]
fn what_a_kill_breaks_off_is_sent_as_such() {
    let (_, spans) = followed(|run, _| run.kill().unwrap());
    assert_whole(&spans);
    let ending = |name| attributes(named(&spans, name))["patterns.ending"].clone();
    assert_eq!(ending("map a.txt"), "answered");
    assert_eq!(ending("map b.txt"), "broken_off");
}

#[test]
fn content_is_sent_only_if_it_is_asked_for() {
    let (_, spans) = sent(&["--content"]);
    let text = json!(spans).to_string();
    for words in [
        "gen_ai.input.messages",
        "The tide rose.",
        "gen_ai.output.messages",
        "The tide.",
    ] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn a_collector_that_is_not_there_or_refuses_is_said() {
    let place = Place::with(&[("a.txt", "The tide rose.")]);
    let server = Server::start(|_| (200, completion(r#"{"summary": "The tide."}"#)));
    place.data(&[&["map-reduce", "a.txt", "--no-reduce"], &server.args()[..]].concat());
    let (collector, _) = collector();
    for (url, code, words) in [
        ("http://127.0.0.1:9", 69, "connection refused by [server]"),
        (collector.url(), 77, "refuses the spans (401)"),
    ] {
        let mut command = place.command(&["spans"]);
        let shown = shown(command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url));
        assert!(shown.starts_with(&format!("exit {code}\n")), "{shown}");
        assert!(shown.contains(words), "{shown}");
    }
}

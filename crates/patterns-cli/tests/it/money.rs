//! What a run has cost is the same wherever it is said.

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::spans::{attributes, collector};
use crate::support::{Place, Server, completion, error};

const PRICES: &str =
    "[providers.compatible.prices.\"*\"]\ninput = 100\ncached_input = 10\noutput = 400\n";

/// Every answer is billed for 600 tokens read, 400 read from the cache, and 100 written: 10.4 cents.
fn billed(answer: &str) -> (u16, String) {
    let mut reply: Value = serde_json::from_str(&completion(answer)).unwrap();
    reply["usage"] = json!({
        "prompt_tokens": 1000,
        "prompt_tokens_details": {"cached_tokens": 400},
        "completion_tokens": 100,
    });
    (200, reply.to_string())
}

/// The first attempt at `b` fails, the first answer to `c` is wrong, and `d` is filtered, but not for ever.
fn server() -> Server {
    let asked = Mutex::new(Vec::new());
    Server::start(move |body| {
        let mut asked = asked.lock().unwrap();
        let name = ["a.txt", "b.txt", "c.txt", "d.txt"];
        let name = name.into_iter().find(|it| body.contains(it)).unwrap();
        let times = asked.iter().filter(|it| **it == name).count();
        asked.push(name);
        match (name, times) {
            ("b.txt", 0) => (500, error("server_error", "Oh.")),
            ("c.txt", 0) => billed("{\"summary\": 7}"),
            ("d.txt", 0) => (400, error("content_filter", "No.")),
            _ => billed("{\"summary\": \"The tide.\"}"),
        }
    })
}

fn json_lines(text: &str) -> Vec<Value> {
    let lines = text.lines().filter_map(|it| serde_json::from_str(it).ok());
    lines.collect()
}

/// Returns an amount in thousandths of a dollar.
fn mills(value: &Value) -> u64 {
    let text = value.as_str().map(str::to_owned);
    let dollars: f64 = text.unwrap_or_else(|| value.to_string()).parse().unwrap();
    (dollars * 1_000.0).round() as u64
}

/// Returns what calls cost that were read as JSON.
fn sum(values: impl Iterator<Item = Value>) -> u64 {
    values.filter(|it| !it.is_null()).map(|it| mills(&it)).sum()
}

/// Returns what tokens cost: of usages in events.
fn priced(usage: &Value) -> u64 {
    let of = |name: &str| usage[name].as_u64().unwrap_or_default();
    let cached = of("cached_input_tokens");
    ((of("input_tokens") - cached) * 100 + cached * 10 + of("output_tokens") * 400) / 1_000
}

fn event<'a>(events: &'a [Value], name: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |it| it["event"] == name)
}

/// What a place says of the cost, in thousandths of a dollar, and whether that is of all sessions.
type Said = (&'static str, u64, bool);

/// Runs all documents, which must cost as much as `all` beside what earlier sessions have.
fn of_the_run(place: &Place, server: &Server, all: &str) -> Vec<Said> {
    let words = [
        "map-reduce",
        "a.txt",
        "b.txt",
        "c.txt",
        "d.txt",
        "--no-reduce",
    ];
    let more = [
        "--progress",
        "json",
        "--output",
        "jsonl",
        "--events",
        "events.out",
    ];
    let words = [&words[..], &more, &["--concurrency", "1"], &server.args()].concat();
    let output = place.command(&words).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(all), "the account says {all}: {stderr}");
    let outcome = json_lines(&String::from_utf8(output.stdout).unwrap())
        .pop()
        .unwrap();
    let progress = json_lines(&stderr).pop().unwrap();
    let events = json_lines(&place.read("events.out"));
    let ended = ["branch_answered", "branch_failed"].into_iter();
    let ended = ended.flat_map(|it| event(&events, it));
    let finished = event(&events, "run_finished").next().unwrap();
    vec![
        (
            "events of branches",
            ended.map(|it| priced(&it["usage"])).sum(),
            false,
        ),
        ("event of the run", priced(&finished["usage"]), false),
        ("result", mills(&outcome["spend"]["cost"]), true),
        ("progress", mills(&progress["cost"]), true),
    ]
}

/// Looks the run up wherever it can be.
fn of_the_record(place: &Place, all: &str) -> Vec<Said> {
    let data = |words: &[&str]| place.data(words).1;
    let one = |words: &[&str]| -> Value { serde_json::from_str(&data(words)).unwrap() };
    let page = data(&["report", "-o", "-"]);
    assert!(page.contains(all), "the page says {all}: {page}");
    for command in ["show", "runs", "watch"] {
        let text = data(&[command]);
        assert!(text.contains(all), "{command} says {all}: {text}");
    }
    let show = one(&["show", "--output", "json"]);
    let runs = json_lines(&data(&["runs", "--output", "json"]));
    let watch = json_lines(&data(&["watch", "--output", "json"]));
    let block = page.split("class=\"calls\">").nth(1).unwrap();
    let columns: Value = serde_json::from_str(block.split("</script>").next().unwrap()).unwrap();
    let micros = columns["cost"].as_array().unwrap().iter();
    let micros: f64 = micros
        .filter_map(Value::as_f64)
        .filter(|it| *it > 0.0)
        .sum();
    let branch = |name: &str| one(&["show", "latest", name, "--output", "json"])["calls"].clone();
    let calls = ["a.txt", "b.txt", "c.txt", "d.txt"].map(branch);
    let calls = calls.iter().flat_map(|it| it.as_array().unwrap().iter());
    let stages = show["went"]["stages"].as_array().unwrap().iter();
    vec![
        (
            "calls of branches",
            sum(calls.map(|it| it["cost"].clone())),
            false,
        ),
        ("stages", sum(stages.map(|it| it["cost"].clone())), false),
        ("spans", of_the_spans(place), false),
        ("show", mills(&show["account"]["committed"]["cost"]), true),
        (
            "runs",
            mills(&runs[0]["account"]["committed"]["cost"]),
            true,
        ),
        ("watch", mills(&watch[0]["spent"]["cost"]), true),
        ("report", (micros / 1_000.0).round() as u64, true),
    ]
}

/// Sends the run to a collector, and returns what its spans cost.
fn of_the_spans(place: &Place) -> u64 {
    let (to, spans) = collector();
    let mut command = place.command(&["spans"]);
    let to = to.url().trim_end_matches("/v1").to_owned();
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", to);
    command.env(
        "OTEL_EXPORTER_OTLP_HEADERS",
        "authorization=Bearer%20canary",
    );
    assert!(command.output().unwrap().status.success());
    let spans = spans.lock().unwrap();
    let costs = spans
        .iter()
        .map(|it| attributes(it).remove("patterns.cost_usd"));
    sum(costs.flatten())
}

#[test]
fn what_a_run_has_cost_is_the_same_wherever_it_is_said() {
    let texts = [
        ("a.txt", "One."),
        ("b.txt", "Two."),
        ("c.txt", "Three."),
        ("d.txt", "Four."),
    ];
    let place = Place::with(&texts);
    place.configure(PRICES);
    let server = server();
    // Four answers are billed, one of them for nothing; then the document that failed.
    for (session, all, words) in [(416, 416, "$0.416"), (104, 520, "$0.52")] {
        let said = [
            of_the_run(&place, &server, words),
            of_the_record(&place, words),
        ];
        for (place, cost, is_of_all) in said.concat() {
            let expected = if is_of_all { all } else { session };
            assert_eq!(cost, expected, "{place}, of {all}");
        }
    }
}

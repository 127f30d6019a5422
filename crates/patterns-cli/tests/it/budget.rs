//! Caps on what a run may spend: kept exactly, said clearly, and checked before anything is sent.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Place, Server, Simulator, completion, error};

const PRICES: &str = "providers.compatible.prices.'*'={input=100,output='200'}";

/// Sixty documents in one file.
fn sixty() -> Place {
    let mut rows = String::new();
    for n in 0..60 {
        writeln!(rows, r#"{{"id": "doc{n}", "text": "Text {n}."}}"#).unwrap();
    }
    Place::with(&[("docs.jsonl", &rows)])
}

fn args<'a>(model: [&'a str; 4], more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["map-reduce", "docs.jsonl", "--text-field", "text"];
    args.extend(["--id-field", "id"]);
    args.extend(model);
    args.extend(more);
    args
}

/// A server whose every answer has read ten tokens and written five.
fn server() -> Server {
    Server::start(|body| {
        let field = if body.contains("combined_summary") {
            "combined_summary"
        } else {
            "summary"
        };
        (200, completion(&json!({field: "Text."}).to_string()))
    })
}

#[test]
fn no_more_calls_are_sent_than_allowed_and_what_was_answered_is_printed() {
    let place = sixty();
    for more in [["--output", "json"], ["--no-reduce", "--output=json"]] {
        let simulator = Simulator::start(&place, &["--seed", "1", "--latency", "5ms"]);
        let mut args = args(simulator.args(), &["--max-calls", "10"]);
        args.extend(more);
        let output = place.command(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(5));
        assert_eq!(simulator.ledger()["requests"], 10);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.matches(r#""summary":"#).count(), 10, "{text}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("= 10 answered +"), "{stderr}");
        assert!(stderr.contains("error[E-BUDGET]: "), "{stderr}");
        assert!(stderr.contains("raise --max-calls"), "{stderr}");
    }
}

#[test]
fn asking_in_a_weaker_answer_format_counts_too() {
    let place = sixty();
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let server = Server::start(move |body| {
        counter.fetch_add(1, Ordering::Relaxed);
        if body.contains("response_format") {
            let unknown = error("invalid_request_error", "response_format is unknown");
            return (400, unknown);
        }
        (200, completion(r#"{"summary": "Text."}"#))
    });
    let args = args(server.args(), &["--max-calls", "10", "--no-reduce"]);
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 5\n"), "{shown}");
    assert_eq!(sent.load(Ordering::Relaxed), 10);
}

#[test]
fn the_end_of_a_budget_for_people() {
    let place = Place::with(&[("a.txt", "A."), ("b.txt", "B."), ("c.txt", "C.")]);
    let server = server();
    let mut args = vec!["map-reduce", "a.txt", "b.txt", "c.txt", "--max-calls", "2"];
    args.extend(["--concurrency", "1"]);
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 5
    --- stdout
    a.txt
    Text.

    b.txt
    Text.

    c.txt
    (no answer: the budget of the run is used up: the cap of 2 calls leaves no room for another attempt)
    --- stderr
    branches: 3 started = 2 answered + 1 failed + 0 cancelled · calls 2 · attempts 2 · tokens 20 in, 10 out · [time]
    documents: 3 = 2 mapped + 1 not begun
    `patterns resume 1` goes on with this run
    error[E-BUDGET]: the run was stopped
      c.txt: the budget of the run is used up: the cap of 2 calls leaves no room for another attempt
    help: what was answered is kept; to do more, raise --max-calls
    ");
}

#[test]
fn elections_of_a_batch_share_what_there_is() {
    let mut rows = String::new();
    for n in 0..10 {
        writeln!(rows, r#"{{"id": "q{n}", "question": "{n}?"}}"#).unwrap();
    }
    let place = Place::with(&[("q.jsonl", &rows)]);
    let simulator = Simulator::start(&place, &["--seed", "1"]);
    let mut args = vec!["vote", "--batch", "q.jsonl", "-n", "3", "--max-calls", "7"];
    args.extend(simulator.args());
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 5\n"), "{shown}");
    assert!(
        shown.contains("ended because the budget is used up"),
        "{shown}"
    );
    assert_eq!(simulator.ledger()["requests"], 7);

    // One election of them has no room: each call reserves the most that it may write.
    args.extend(["--max-tokens", "900", "--limit", "2", "-o", "out.csv"]);
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 5\n"), "{shown}");
    let help =
        "raise --max-calls or --max-tokens, or lower --max-output-tokens, which each call reserves";
    assert!(shown.contains(help), "{shown}");
    let part = shown.matches("the first 2 of 10 questions").count();
    assert_eq!(part, 1, "{shown}");
}

#[test]
fn cost_is_counted_at_the_prices_given() {
    let place = sixty();
    let server = server();
    let more = [
        "-c",
        PRICES,
        "--no-reduce",
        "--no-store",
        "--output",
        "json",
    ];
    let whole = args(server.args(), &more);
    let shown = place.run(&whole);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    // Sixty times ten tokens at $100 and five at $200 a million.
    assert!(
        shown.contains("tokens 600 in, 300 out · $0.12 · [time]"),
        "{shown}"
    );
    assert_snapshot!(spend(&place, &whole), @r#"{"calls":60,"tokens":900,"cost":"0.12","possibly_billed":{"calls":0,"tokens":0,"cost":"0"},"caps":{}}"#);
    let more = [
        &more[..],
        &["--max-cost", "0.05", "--max-output-tokens", "5"],
    ]
    .concat();
    let capped = args(server.args(), &more);
    let (code, text) = place.data(&capped);
    assert_eq!(code, Some(5));
    let answered = text.matches(r#""end":"answered""#).count();
    // Each costs $0.002, but the last ones do not fit the estimate any more.
    assert!((10..=25).contains(&answered), "{answered}");
    assert!(
        place
            .run(&capped)
            .contains("to do more, raise --max-cost, or lower")
    );
}

/// Returns what the outcome on the last line says of the spend.
fn spend(place: &Place, args: &[&str]) -> String {
    let (_, text) = place.data(args);
    let outcome: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    outcome["spend"].to_string()
}

#[test]
fn what_timed_out_may_have_been_billed() {
    let place = Place::with(&[("docs.jsonl", "{\"id\": \"a\", \"text\": \"A.\"}\n")]);
    let simulator = Simulator::start(&place, &["--latency", "30s"]);
    let more = ["-c", PRICES, "--timeout", "200ms", "--max-calls", "2"];
    let shown = place.run(&args(simulator.args(), &more));
    assert!(shown.starts_with("exit 5\n"), "{shown}");
    assert!(shown.contains(" · $0.00 (+ at most $1."), "{shown}");
    assert!(shown.contains(" possibly billed)"), "{shown}");
    assert_eq!(simulator.ledger()["requests"], 2);
}

#[test]
fn a_cap_on_an_unknown_cost_is_refused_before_anything_is_sent() {
    let place = sixty();
    let simulator = Simulator::start(&place, &[]);
    let args = args(simulator.args(), &["--max-cost", "5"]);
    assert_snapshot!(place.run(&args), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: the price of compatible:sim is not known, so a cap on cost cannot be kept
    help: set its price in [providers.NAME.prices] (see `patterns config keys`), or cap --max-tokens or --max-calls instead of --max-cost
    ");
    assert_eq!(simulator.ledger()["requests"], 0);
}

#[test]
fn odd_caps_and_prices_are_refused() {
    let place = sixty();
    for (more, code, says) in [
        (["--max-calls", "0"], 2, "expected a whole number from 1"),
        (["--max-tokens", "0"], 2, "expected a whole number from 1"),
        (
            ["--max-cost", "cheap"],
            2,
            "expected an amount of dollars such as 5 or 0.50",
        ),
        (
            ["-c", "providers.x.prices.m={input=1,output='x'}"],
            2,
            "expected an amount of dollars",
        ),
        (
            ["-c", "providers.x.prices.m={input=1}"],
            2,
            "missing field `output`",
        ),
    ] {
        let model = ["--model", "offline", "--quiet", "--no-reduce"];
        let shown = place.run(&args(model, &more));
        assert!(
            shown.starts_with(&format!("exit {code}\n")),
            "{more:?}: {shown}"
        );
        assert!(shown.contains(says), "{more:?}: {shown}");
    }
}

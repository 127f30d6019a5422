//! A run of a part of the input, to try: the first ones, or some that are drawn.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Place, Simulator};

fn place() -> Place {
    let place = Place::new();
    for n in 1..=12 {
        let text = format!("Document {n} says that the tide rose.");
        place.write(&format!("docs/{n:02}.txt"), text.as_bytes());
    }
    let rows = (1..=9).map(|n| format!("{{\"id\": \"q{n}\", \"question\": \"Is {n} odd?\"}}\n"));
    place.write("q.jsonl", rows.collect::<String>().as_bytes());
    place
}

fn outcome(text: &str) -> Value {
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// Returns the labels of the rows.
fn labels(text: &str) -> Vec<String> {
    let rows = text
        .lines()
        .map(|it| serde_json::from_str::<Value>(it).unwrap());
    let rows = rows.filter(|it| it["type"] != "outcome");
    let label = |it: Value| {
        it["label"]
            .as_str()
            .or(it["id"].as_str())
            .unwrap()
            .to_owned()
    };
    rows.map(label).collect()
}

#[test]
fn a_try_says_what_it_is_of_and_succeeds() {
    let place = place();
    let run = |more: &[&str]| {
        let words = [&["map-reduce", "docs", "-m", "offline"], more].concat();
        place.run(&words)
    };
    assert_snapshot!(run(&["--limit", "2", "--no-reduce"]), @r"
    exit 0
    --- stdout
    [offline: key sentences, no LLM]
    [the first 2 of 12 documents]

    01.txt
    Document 1 says that the tide rose.

    02.txt
    Document 2 says that the tide rose.

    --- stderr
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · [time]
    input: the first 2 of 12 documents
    documents: 2 = 2 mapped
    ");
    assert_snapshot!(run(&["--sample", "1"]), @r"
    exit 0
    --- stdout
    [offline: key sentences, no LLM]
    [1 of 12 documents, drawn evenly]

    Document 10 says that the tide rose.

    documents: 1 · words: 7

    10.txt
    Document 10 says that the tide rose.
    --- stderr
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · [time]
    input: 1 of 12 documents, drawn evenly
    documents: 1 = 1 mapped
    ");
    let all = run(&["--limit", "12", "--no-reduce"]);
    assert!(
        !all.contains("the first") && !all.contains("input:"),
        "{all}"
    );
}

#[test]
fn programs_are_told_what_it_is_of() {
    let place = place();
    let input = |words: &[&str]| {
        let more = ["-m", "offline", "--no-reduce", "--output", "jsonl"];
        let (code, text) = place.data(&[words, &more].concat());
        assert_eq!(code, Some(0));
        outcome(&text)["input"].to_string()
    };
    let limited = input(&["map-reduce", "docs", "--limit", "2"]);
    assert_eq!(limited, r#"{"taken":2,"of":12,"drawn":false}"#);
    // Rows are not all read for it.
    let rows = input(&["map-reduce", "q.jsonl", "--limit", "2"]);
    assert_eq!(rows, r#"{"taken":2,"of_at_least":3,"drawn":false}"#);
    let drawn = input(&["map-reduce", "q.jsonl", "--sample", "4"]);
    assert_eq!(drawn, r#"{"taken":4,"of":9,"drawn":true}"#);
    let more = input(&["map-reduce", "docs", "--limit", "99"]);
    assert_eq!(more, r#"{"taken":12,"of":12,"drawn":false}"#);
    assert_eq!(input(&["map-reduce", "docs"]), "null");
}

#[test]
fn the_same_ones_are_drawn_for_the_same_seed_in_input_order() {
    let place = place();
    let drawn = |size: &str, more: &[&str]| {
        let words = ["map-reduce", "docs", "-m", "offline", "--no-reduce"];
        let words = [&words[..], &["--output", "jsonl", "--sample", size], more].concat();
        labels(&place.data(&words).1)
    };
    let four = drawn("4", &["--seed", "7"]);
    assert_eq!(four.len(), 4);
    assert!(four.is_sorted(), "{four:?}");
    assert_eq!(drawn("4", &["--seed", "7"]), four);
    assert_ne!(drawn("4", &["--seed", "8"]), four);
    let six = drawn("6", &["--seed", "7"]);
    assert!(four.iter().all(|it| six.contains(it)), "{six:?}");
}

#[test]
fn the_whole_goes_on_where_the_try_stands() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    let calls = || simulator.ledger()["requests"].as_u64().unwrap();
    let run = |words: &[&str]| {
        let (code, text) = place.data(&[words, &simulator.args()].concat());
        assert_eq!(code, Some(0), "{text}");
        text
    };
    let documents = ["map-reduce", "docs", "--no-reduce", "--output", "jsonl"];
    run(&[&documents[..], &["--sample", "5"]].concat());
    assert_eq!(calls(), 5);
    let all = run(&documents);
    assert_eq!(labels(&all).len(), 12);
    assert_eq!(calls(), 12);
    let batch = ["vote", "--batch", "q.jsonl", "-n", "3", "--policy", "fixed"];
    let batch = [
        &batch[..],
        &["--option", "yes", "--option", "no"],
        &["--output", "jsonl"],
    ]
    .concat();
    let tried = run(&[&batch[..], &["--limit", "2"]].concat());
    assert_eq!(labels(&tried), ["q1", "q2"]);
    let input = outcome(&tried)["input"].to_string();
    assert_eq!(input, r#"{"taken":2,"of":9,"drawn":false}"#);
    assert_eq!(calls(), 12 + 2 * 3);
    assert_eq!(labels(&run(&batch)).len(), 9);
    assert_eq!(calls(), 12 + 9 * 3);
}

#[test]
fn a_part_is_a_key_of_a_job_and_contradictions_are_refused() {
    let place = place();
    let job =
        "pattern = 'map-reduce'\ninputs = ['docs']\nreduce = 'none'\nmodel.name = 'offline'\n";
    place.write("job.toml", format!("{job}[input]\nlimit = 3\n").as_bytes());
    let (code, text) = place.data(&["run", "job.toml", "--output", "jsonl"]);
    assert_eq!((code, labels(&text).len()), (Some(0), 3));
    let (_, text) = place.data(&["run", "job.toml", "--output", "jsonl", "--limit", "4"]);
    assert_eq!(labels(&text).len(), 4);
    place.write(
        "both.toml",
        format!("{job}[input]\nlimit = 3\nsample = 2\n").as_bytes(),
    );
    assert_snapshot!(place.run(&["run", "both.toml"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: both.toml:7:1: `input.limit` and `input.sample` both say how many are worked on
    help: leave one of them out
    ");
    assert_snapshot!(place.run(&["vote", "Why?", "--sample", "3"]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --sample is for the rows of a --batch
    help: pass --batch FILE in place of the question, or leave the option out
    ");
    place.write(
        "one.toml",
        b"pattern = 'vote'\nquestion = '?'\ninput.limit = 2\n",
    );
    assert_snapshot!(place.run(&["run", "one.toml"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: one.toml:3:7: `input.limit` is for the questions of a `batch`
    help: ask a `batch`, or leave it out
    ");
    assert_snapshot!(place.run(&["map-reduce", "docs", "--limit", "0"]), @r"
    exit 2
    --- stdout
    --- stderr
    error: invalid value '0' for '--limit <N>': expected a whole number from 1

    For more information, try '--help'.
    ");
}

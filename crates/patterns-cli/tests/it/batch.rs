//! Batches against the simulator: what is printed and what the provider saw must agree.

use std::fmt::Write;

use serde_json::Value;

use crate::support::{Place, Server, Simulator, completion, error};

#[test]
fn a_batch_and_the_ledger_agree() {
    let place = Place::new();
    let mut rows = String::new();
    for n in 0..60 {
        writeln!(
            rows,
            r#"{{"id": "q{n}", "question": "What is {n} plus {n}?"}}"#
        )
        .unwrap();
    }
    place.write("questions.jsonl", rows.as_bytes());
    let simulator = Simulator::start(&place, &["--seed", "1"]);
    let mut args = vec![
        "vote",
        "--batch",
        "questions.jsonl",
        "-n",
        "3",
        // Two of the simulator's voters may agree by chance, and the third would not be asked.
        "--policy",
        "fixed",
        "--output",
        "jsonl",
        "-o",
        "out.jsonl",
    ];
    args.extend(simulator.args());
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    let account = "180 started = 180 answered + 0 failed + 0 cancelled · calls 180 · attempts 180";
    assert!(shown.contains(account), "{shown}");
    let ledger = simulator.ledger();
    assert_eq!(
        (&ledger["requests"], &ledger["answered"]),
        (&Value::from(180), &Value::from(180))
    );
    let lines = place.read("out.jsonl");
    let lines: Vec<Value> = lines
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines.len(), 61);
    let mut ids: Vec<&str> = lines.iter().filter_map(|it| it["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 60);
    // The voters of a question are different draws.
    assert!(
        lines
            .iter()
            .any(|it| it["counts"].as_array().is_some_and(|it| it.len() > 1))
    );
    let outcome = lines.last().unwrap();
    let decided = &outcome["value"];
    assert_eq!(
        decided["decided"].as_u64().unwrap() + decided["undecided"].as_u64().unwrap(),
        60
    );
}

#[test]
fn two_runs_with_one_seed_are_the_same() {
    let place = Place::with(&[("a.txt", "Text."), ("b.txt", "More text.")]);
    let simulator = Simulator::start(&place, &["--latency", "5ms", "--latency-sigma", "0.5"]);
    let mut args = vec![
        "map-reduce",
        "a.txt",
        "b.txt",
        "--seed",
        "3",
        "--output",
        "json",
        "--no-store",
    ];
    args.extend(simulator.args());
    let (code, first) = place.data(&args);
    assert_eq!((code, place.data(&args).1), (Some(0), first));
}

#[test]
fn elections_of_a_batch_for_people() {
    let rows = r#"{"question": "one", "options": ["a", "b"]}
{"question": "two"}"#;
    let place = Place::with(&[("q.jsonl", rows)]);
    let server = Server::start(|body| {
        if body.contains("two") {
            return (400, error("invalid_request_error", "No."));
        }
        assert!(body.contains("Answer with one of"), "{body}");
        (
            200,
            completion(r#"{"reasoning": "", "answer": "a", "confidence": 1}"#),
        )
    });
    let mut args = vec![
        "vote",
        "--batch",
        "q.jsonl",
        "-n",
        "2",
        "--concurrency",
        "1",
    ];
    args.extend(server.args());
    insta::assert_snapshot!(place.run(&args), @r#"
    exit 3
    --- stdout
    q.jsonl:1: a (2 of 2 votes, 100 %)
    q.jsonl:2: no consensus: quorum missed (0 of 0 votes, 0 %), 2 abstained

    1 decided, 1 without consensus
    two voters agree on 100 %
    --- stderr
    branches: 4 started = 2 answered + 2 failed + 0 cancelled · calls 4 · attempts 4 · tokens 20 in, 10 out · [time]
    error[E-SOME-FAILED]: 2 of 4 branches failed
      q.jsonl:2/1, q.jsonl:2/2: the provider rejected the request (HTTP 400, code "invalid_request_error"): No.
    help: the result was made without them; --output json has each with its error
    "#);
}

#[test]
fn bad_batches_are_refused() {
    let place = Place::with(&[
        ("empty.jsonl", "\n"),
        (
            "bad.jsonl",
            "{\"q\": \"x\"}\n{\"question\": \"x\", \"options\": 3}\n",
        ),
        (
            "twice.jsonl",
            "{\"question\": \"x\", \"options\": [\"a\", \"a \"]}\n",
        ),
        ("rows.txt", "x"),
    ]);
    for (file, code, says) in [
        ("empty.jsonl", 4, "there is no question in empty.jsonl"),
        (
            "bad.jsonl",
            65,
            "bad.jsonl:2: options is not a list of texts",
        ),
        (
            "twice.jsonl",
            65,
            "twice.jsonl:1: \"a\" is twice among the options",
        ),
        ("rows.txt", 65, "ends in .jsonl, .csv, .tsv or .parquet"),
        ("nope.jsonl", 66, "no such file"),
    ] {
        let shown = place.run(&["vote", "--batch", file]);
        assert!(
            shown.starts_with(&format!("exit {code}\n")),
            "{file}: {shown}"
        );
        assert!(shown.contains(says), "{file}: {shown}");
    }
}

#[test]
fn a_misspelt_field_of_a_batch_is_recognised() {
    let place = Place::with(&[("q.jsonl", r#"{"id": 1, "question": "x", "truth": "y"}"#)]);
    for (option, field, meant) in [
        ("--question-field", "qestion", "question"),
        ("--gold", "thruth", "truth"),
    ] {
        let shown = place.run(&["vote", "--batch", "q.jsonl", option, field]);
        assert!(shown.starts_with("exit 65\n"), "{shown}");
        let says = format!("did you mean {meant:?}?");
        assert!(shown.contains(&says) && shown.contains(option), "{shown}");
    }
}

#[test]
fn what_all_rows_of_a_batch_lack_is_said_once_with_the_options_that_choose() {
    let rows = "{\"claim\": \"x\"}\n".repeat(60);
    let place = Place::with(&[("q.jsonl", &rows)]);
    insta::assert_snapshot!(place.run(&["vote", "--batch", "q.jsonl", "--question-field", "q"]), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: an input is not valid; nothing was sent
      q.jsonl:1: there is no question in "q"; the fields are claim (--question-field); the same in each of 60 rows
    help: choose fields with --question-field, --id-field and --gold
    "#);
}

#[test]
fn a_decided_election_asks_nobody_else_and_the_provider_agrees() {
    let rows: Vec<String> = (0..20)
        .map(|n| format!("{{\"id\": {n}, \"question\": \"Did ship {n} come in?\"}}"))
        .collect();
    let ballot = r#"{"type": "object", "properties": {"answer": {"enum": ["yes", "no"]}}}"#;
    let place = Place::with(&[("q.jsonl", &rows.join("\n")), ("ballot.json", ballot)]);
    let mut calls = Vec::new();
    for policy in ["fixed", "exact", "ahead-by:4"] {
        let simulator = Simulator::start(&place, &["--latency", "5ms"]);
        let mut args = vec!["vote", "--batch", "q.jsonl", "-n", "40", "--policy", policy];
        args.extend(["--schema", "ballot.json", "--output", "jsonl", "--no-store"]);
        args.extend(simulator.args());
        let (code, text) = place.data(&args);
        assert_eq!(code, Some(0), "{text}");
        let rows = text.lines().map(|row| serde_json::from_str(row).unwrap());
        let rows: Vec<serde_json::Value> = rows.collect();
        let elections = rows.iter().filter(|row| row["type"] == "election");
        let ballots = elections.map(|row| row["ballots"].as_array().unwrap().len());
        let ballots: usize = ballots.sum();
        assert_eq!(simulator.ledger()["requests"], ballots, "{policy}");
        calls.push(ballots);
    }
    assert_eq!(calls[0], 800);
    assert!(calls[1] < 800 && calls[2] < 600, "{calls:?}");
}

/// Three questions, one of which gets no consensus, and what is answered to them.
fn sums() -> (Place, Server) {
    let rows = r#"{"id": "=1", "question": "What is one, \"plus\" one?", "right": "2"}
{"id": "b", "question": "Which colour has the wind?", "right": null}
{"id": "c", "question": "What is two plus two?", "right": "5"}"#;
    let place = Place::with(&[("q.jsonl", rows)]);
    let server = Server::start(|body| {
        let answer = match body {
            it if it.contains("wind") => return (400, error("invalid_request_error", "No.")),
            it if it.contains("two") => r#"{"reasoning": "Two\nand two.", "answer": "4"}"#,
            _ => r#"{"reasoning": "-1 + 3", "answer": "2"}"#,
        };
        (200, completion(answer))
    });
    (place, server)
}

fn sums_args<'a>(server: &'a Server, more: &[&'a str]) -> Vec<&'a str> {
    let base = [
        "vote",
        "--batch",
        "q.jsonl",
        "--gold",
        "right",
        "-n",
        "2",
        "--concurrency",
        "1",
    ];
    let mut args = [&base[..], &["--no-store"], more].concat();
    args.extend(server.args());
    args
}

#[test]
fn elections_of_a_batch_are_rows_of_csv_and_what_is_said_of_all_is_talk() {
    let (place, server) = sums();
    insta::assert_snapshot!(place.run(&sums_args(&server, &["--output", "csv"])), @r##"
    exit 3
    --- stdout
    id,question,answer,share,reason,gold,right,decision
    '=1,"What is one, ""plus"" one?",2,1.0,'-1 + 3,2,true,won
    b,Which colour has the wind?,,0.0,,,,quorum_missed
    c,What is two plus two?,4,1.0,"Two
    and two.",5,false,won
    --- stderr
    branches: 6 started = 4 answered + 2 failed + 0 cancelled · calls 6 · attempts 6 · tokens 40 in, 20 out · [time]
    2 decided, 1 without consensus
    two voters agree on 100 % · Krippendorff's alpha 1.00
    right: 1 of 2 (50.0 %), 0 without consensus
    no voter was right on 1 of 2 (9 to 91 %): more votes cannot pass 50 %
      shares of  90 to 100 %:  50.0 % right of 2
    expected calibration error of the share: 0.500
    error[E-SOME-FAILED]: 2 of 6 branches failed
      b/1, b/2: the provider rejected the request (HTTP 400, code "invalid_request_error"): No.
    help: the result was made without them; --output json has each with its error
    "##);
}

#[test]
fn elections_of_a_batch_are_rows_of_parquet() {
    let (place, server) = sums();
    let shown = place.run(&sums_args(&server, &["-o", "out.parquet"]));
    assert!(
        shown.starts_with("exit 3\n--- stdout\n--- stderr\n"),
        "{shown}"
    );
    let rows = crate::sheets::rows(&place, "out.parquet");
    let shown: Vec<String> = rows.iter().map(Value::to_string).collect();
    insta::assert_snapshot!(shown.join("\n"), @r##"
    {"id":"=1","question":"What is one, \"plus\" one?","answer":"2","share":1.0,"reason":"-1 + 3","gold":"2","right":true,"decision":"won"}
    {"id":"b","question":"Which colour has the wind?","answer":null,"share":0.0,"reason":null,"gold":null,"right":null,"decision":"quorum_missed"}
    {"id":"c","question":"What is two plus two?","answer":"4","share":1.0,"reason":"Two\nand two.","gold":"5","right":false,"decision":"won"}
    "##);
}

#[test]
fn a_question_without_a_result_has_a_row_that_says_why() {
    let (place, server) = sums();
    let args = sums_args(
        &server,
        &[
            "--output",
            "csv",
            "--max-calls",
            "2",
            "-c",
            "run.prime=false",
        ],
    );
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 5\n"), "{shown}");
    assert!(shown.contains(",not_asked\n"), "{shown}");
}

#[test]
fn a_single_election_is_no_table() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["vote", "?", "--output", "csv"]), @r##"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --output csv, parquet and sqlite are for tables: map-reduce with `reduce.code` or `reduce.none`, or votes on a batch
    help: choose another
    "##);
    insta::assert_snapshot!(place.run(&["vote", "?", "-o", "x.parquet"]), @r##"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: -o x.parquet is parquet by its ending, and csv, parquet and sqlite are for tables: map-reduce with `reduce.code` or `reduce.none`, or votes on a batch
    help: give it another ending, such as .json or .txt
    "##);
}

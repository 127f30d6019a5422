//! What becomes of every document and chunk, and what the exit code says of it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Place, Server, completion, error};

/// Takes few words at once, and refuses what is secret.
fn server() -> Server {
    Server::start(|body| {
        let has = |word: &str| body.contains(word);
        if has("harbour") && has("lighthouse") {
            let message = "This model's maximum context length is 9 tokens.";
            return (400, error("context_length_exceeded", message));
        }
        if has("secret") {
            return (400, error("content_policy_violation", "No."));
        }
        let field = match has("combined_summary") {
            true => "combined_summary",
            false => "summary",
        };
        (200, completion(&json!({field: "Read."}).to_string()))
    })
}

fn place() -> Place {
    Place::with(&[
        ("long.txt", "The harbour is old.\n\nThe lighthouse is new."),
        (
            "mixed.txt",
            "All who want to may know of the mud.\n\nNobody may know the secret.",
        ),
        ("short.txt", "Mud."),
    ])
}

fn args<'a>(server: &'a Server, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "map-reduce",
        "long.txt",
        "mixed.txt",
        "short.txt",
        "--no-store",
    ];
    args.extend(server.args());
    args.extend(["--concurrency", "1", "--seed", "1"]);
    args.extend(more);
    args
}

#[test]
fn what_is_too_long_is_halved_and_what_fails_is_a_gap() {
    let (place, server) = (place(), server());
    let args = args(&server, &["--chunk-tokens", "20"]);
    assert_snapshot!(place.run(&args), @r#"
    exit 3
    --- stdout
    Read.

    documents: 3 · words: 18

    long.txt#1.1
    Read.

    long.txt#1.2
    Read.

    mixed.txt#1
    Read.

    mixed.txt#2
    (no answer: the provider's content filter withheld the answer (HTTP 400, code "content_policy_violation"): No.)

    short.txt
    Read.
    --- stderr
    branches: 5 started = 4 answered + 1 failed + 0 cancelled · calls 7 · attempts 7 · tokens 50 in, 25 out · [time]
    documents: 3 = 2 mapped + 1 in part · chunks: 4 = 3 mapped + 1 failed · halved 1 · in no answer: mixed.txt#2
    error[E-SOME-FAILED]: 1 of 5 branches failed
      mixed.txt#2: the provider's content filter withheld the answer (HTTP 400, code "content_policy_violation"): No.
    help: the result was made without them; --output json has each with its error, --allow-gaps accepts it
    "#);
}

#[test]
fn gaps_can_be_allowed() {
    let (place, server) = (place(), server());
    let args = args(
        &server,
        &["--chunk-tokens", "20", "--output", "json", "--allow-gaps"],
    );
    let (code, json) = place.data(&args);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(json["value"]["total_documents"], 3);
    assert_snapshot!(json["coverage"], @r#"{"documents":{"mapped":2,"truncated":1,"failed":0,"skipped":0,"not_begun":0},"chunks":{"mapped":3,"truncated":0,"failed":1,"skipped":0,"not_begun":0},"halved":1,"gaps":[{"name":"mixed.txt#2","end":"failed"}],"more_gaps":0,"more_not_begun":false}"#);
    for format in ["human", "jsonl"] {
        let more = [&args[..], &["--output", format, "--no-reduce"]].concat();
        assert_eq!(place.data(&more).0, Some(0), "{format}");
        let strict: Vec<&str> = more
            .into_iter()
            .filter(|it| *it != "--allow-gaps")
            .collect();
        assert_eq!(place.data(&strict).0, Some(3), "{format}");
    }
    let table = [&args[..], &["--output", "csv", "--reduce", "count"]].concat();
    assert_eq!(place.data(&table), (Some(0), "count\n4\n".to_owned()));
}

#[test]
fn too_many_failures_are_no_gaps() {
    let (place, server) = (place(), server());
    let args = args(&server, &["--allow-gaps", "--max-failures", "10%"]);
    assert_snapshot!(place.run(&args), @r#"
    exit 3
    --- stdout
    long.txt#1.1
    Read.

    long.txt#1.2
    Read.

    mixed.txt
    (no answer: the provider's content filter withheld the answer (HTTP 400, code "content_policy_violation"): No.)
    --- stderr
    warning: too long for the model as a whole, so asked about in parts: long.txt
    branches: 2 started = 1 answered + 1 failed + 0 cancelled · calls 4 · attempts 4 · tokens 20 in, 10 out · [time]
    documents: 3 = 1 mapped + 1 failed + 1 not begun · halved 1 · in no answer: mixed.txt
    error[E-NOT-COMBINED]: too many branches failed
      mixed.txt: the provider's content filter withheld the answer (HTTP 400, code "content_policy_violation"): No.
    help: --output json has every branch with its answer or error
    "#);
}

#[test]
fn a_document_that_is_too_long_is_cut_although_nobody_asked_for_it() {
    let (place, server) = (place(), server());
    let mut args = vec![
        "map-reduce",
        "long.txt",
        "short.txt",
        "--no-store",
        "--no-reduce",
    ];
    args.extend(server.args());
    args.extend(["--concurrency", "1"]);
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    long.txt#1.1
    Read.

    long.txt#1.2
    Read.

    short.txt
    Read.

    --- stderr
    warning: too long for the model as a whole, so asked about in parts: long.txt
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 4 · attempts 4 · tokens 30 in, 15 out · [time]
    documents: 2 = 2 mapped · halved 1
    ");
}

#[test]
fn a_run_that_is_cut_off_says_what_was_not_begun() {
    let names: Vec<String> = (10..40).map(|n| format!("d/{n}.txt")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|it| (it.as_str(), "Mud.")).collect();
    let rows = "{\"text\": \"Mud.\"}\n".repeat(30);
    files.push(("rows.jsonl", &rows));
    let (place, server) = (Place::with(&files), server());
    let last = |input: &str, more: &[&str]| {
        let mut args = vec![
            "map-reduce",
            input,
            "--no-store",
            "--no-reduce",
            "--max-calls",
            "3",
        ];
        args.extend(server.args());
        args.extend(["--concurrency", "1"]);
        args.extend(more);
        let shown = place.run(&args);
        let line = shown.lines().find(|it| it.contains("documents: "));
        line.unwrap_or(&shown).to_owned()
    };
    assert_snapshot!(last("d", &[]), @"documents: 30 = 3 mapped + 27 not begun");
    assert_snapshot!(last("rows.jsonl", &[]), @"documents: 4 = 3 mapped + 1 not begun · the rest was not read");
    let mut args = vec![
        "map-reduce",
        "d",
        "--no-store",
        "--no-reduce",
        "--max-calls",
        "3",
    ];
    args.extend(server.args());
    args.extend(["--concurrency", "1", "--output", "jsonl"]);
    let (_, out) = place.data(&args);
    let end: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(end["coverage"]["documents"]["not_begun"], 27);
}

#[test]
fn what_failed_alike_is_said_once_whatever_requests_it_were() {
    let rows: String = (0..6)
        .map(|n| format!("{{\"id\": \"d{n}\", \"text\": \"Ship {n}.\"}}\n"))
        .collect();
    let place = Place::with(&[("docs.jsonl", &rows)]);
    let server = Server::start(|body| {
        let n = body
            .split("Ship ")
            .nth(1)
            .and_then(|it| it.split('.').next())
            .unwrap();
        let reply = json!({
            "id": format!("chatcmpl-{n}"),
            "choices": [{"message": {"role": "assistant", "refusal": "No."}, "finish_reason": "stop"}],
        });
        match n {
            "0" => (200, completion("{\"summary\": \"A ship.\"}")),
            "5" => (400, error("content_filter", "No.")),
            _ => (200, reply.to_string()),
        }
    });
    let words = [
        &["map-reduce", "docs.jsonl", "--no-reduce"],
        &server.args()[..],
    ]
    .concat();
    let shown = place.run(&words);
    for line in [
        "  d1, d2, d3 and 1 more: the model refused to answer: No.\n",
        "  d5: the provider's content filter withheld the answer (HTTP 400, code \"content_filter\"): No.\n",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

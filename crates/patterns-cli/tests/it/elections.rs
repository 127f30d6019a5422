//! Voters of a file, judges, escalation, spare ballots and shared budgets, from the command line.

use std::fmt::Write;
use std::sync::{Mutex, mpsc};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Place, Server, Simulator, completion};

const VOTERS: &str = r#"
[[voter]]
name = "plain"

[[voter]]
name = "sceptic"
prompt = "Look for what speaks against it."
weight = 3
"#;

fn vote(answer: &str) -> String {
    completion(&json!({"reasoning": "So.", "answer": answer, "confidence": 0.5}).to_string())
}

fn run(place: &Place, server: &Server, more: &[&str]) -> String {
    let mut args = vec!["vote", "--concurrency", "1", "--no-store"];
    args.extend(server.args());
    args.extend(more);
    place.run(&args)
}

#[test]
fn voters_of_a_file_are_told_their_own_words() {
    let place = Place::with(&[("voters.toml", VOTERS)]);
    let server = Server::start(|body| {
        let is_sceptic = body.contains("Look for what speaks against it.");
        (200, vote(if is_sceptic { "no" } else { "yes" }))
    });
    let more = ["Is it so?", "--voters", "voters.toml", "-n", "3"];
    assert_snapshot!(run(&place, &server, &more), @r"
    exit 0
    --- stdout
    no (60 % of the weight of 3 votes)
       3.000  no (1 votes)
       2.000  yes (2 votes)

    plain #1: yes
    sceptic #1: no
    plain #2: yes
    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    ");
}

#[test]
fn a_judge_decides_and_is_another_model() {
    let place = Place::new();
    let drafts = Mutex::new(vec!["Lamp", "Lighthouse", "Light"]);
    let server = Server::start(move |body| {
        let request: Value = serde_json::from_str(body).unwrap();
        if request["model"] != "judge" {
            return (200, vote(drafts.lock().unwrap().pop().unwrap_or("Lamp")));
        }
        // The first of the two answers is named "answer 1".
        let at = |text: &str| body.find(text).unwrap_or(usize::MAX);
        let better = match (body.contains("Lighthouse"), body.contains("Lamp")) {
            (true, _) if at("Lighthouse") < at("answer 2") => "first",
            (true, _) => "second",
            (false, _) => "neither",
        };
        let judgement = json!({"reasoning": "So.", "better": better});
        (200, completion(&judgement.to_string()))
    });
    let more = [
        "Name the product.",
        "-n",
        "3",
        "--rule",
        "best-of",
        "--judge",
        "compatible:judge",
    ];
    assert_snapshot!(run(&place, &server, &more), @r"
    exit 0
    --- stdout
    Lighthouse (best-of, answers: 3)
        2  Lighthouse
        0  Light
        0  Lamp
    judgements: 4

    voter 1: Light
    voter 2: Lighthouse
    voter 3: Lamp
    --- stderr
    branches: 7 started = 7 answered + 0 failed + 0 cancelled · calls 7 · attempts 7 · tokens 70 in, 35 out · [time]
    ");
}

#[test]
fn the_stronger_model_is_asked_only_without_a_consensus() {
    let place = Place::new();
    let asked = Mutex::new(0);
    let server = Server::start(move |body| {
        let request: Value = serde_json::from_str(body).unwrap();
        if request["model"] == "strong" {
            return (200, vote("42"));
        }
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        (200, vote(&asked.to_string()))
    });
    let more = [
        "How many?",
        "-n",
        "3",
        "--rule",
        "majority",
        "--escalate",
        "compatible:strong",
    ];
    assert_snapshot!(run(&place, &server, &more), @r"
    exit 0
    --- stdout
    42 (by compatible:strong@http://[server]/v1; no consensus: 1 of 3 votes, 33 %)
        1  1
        1  2
        1  3

    voter 1: 1
    voter 2: 2
    voter 3: 3
    --- stderr
    branches: 4 started = 4 answered + 0 failed + 0 cancelled · calls 4 · attempts 4 · tokens 40 in, 20 out · [time]
    ");
}

#[test]
fn identical_ballots_are_warned_about() {
    let place = Place::new();
    let server = Server::start(|_| {
        let long = "Because glass flows so slowly that nobody has ever seen it flow at all.";
        let vote = json!({"reasoning": long, "answer": "no", "confidence": 0.5});
        (200, completion(&vote.to_string()))
    });
    let shown = run(&place, &server, &["Is glass a liquid?", "-n", "5"]);
    assert!(
        shown.contains("all ballots are the same, word for word"),
        "{shown}"
    );
    let shown = run(&place, &server, &["Is glass a liquid?", "-n", "2"]);
    assert!(!shown.contains("all ballots are the same"), "{shown}");
}

#[test]
fn an_election_that_is_decided_after_five_of_forty_asks_no_more() {
    let place = Place::new();
    let held = |provider: [&str; 4], more: &[&str]| {
        let mut args = vec!["vote", "Well?", "--option", "yes", "-n", "40"];
        args.extend(["--policy", "ahead-by:5", "--output", "json", "--no-store"]);
        args.extend(provider);
        args.extend(more);
        let (code, out) = place.data(&args);
        assert_eq!(code, Some(0), "{out}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    // With one option all agree.
    let simulator = Simulator::start(&place, &["--latency", "20ms"]);
    let waves = held(simulator.args(), &[]);
    assert_eq!(waves["value"]["ballots"].as_array().unwrap().len(), 5);
    let ledger = simulator.ledger();
    assert_eq!(
        (&ledger["requests"], &ledger["dropped"]),
        (&json!(5), &json!(0))
    );
    // Whoever is asked after the fifth never answers.
    let (never, answer) = mpsc::channel::<()>();
    let answer = Mutex::new(answer);
    let server = Server::start(move |body| {
        let request: Value = serde_json::from_str(body).unwrap();
        if request["seed"].as_u64().is_some_and(|it| it >= 105) {
            let _ = answer.lock().unwrap().recv();
        }
        (200, vote("yes"))
    });
    let streamed = held(server.args(), &["-c", "vote.spare=6", "--seed", "100"]);
    let (value, counts) = (&streamed["value"], &streamed["counts"]);
    assert_eq!(value["ballots"].as_array().unwrap().len(), 5);
    assert_eq!(value["stop_reason"], "ahead_enough");
    assert_eq!(value["spare_ballots"], 6);
    assert_eq!(
        counts,
        &json!({"started": 11, "answered": 5, "failed": 0, "cancelled": 6})
    );
    drop(never);
}

#[test]
fn spare_ballots_and_the_ledger_agree() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &["--latency", "20ms", "--latency-sigma", "1"]);
    let mut args = vec![
        "vote",
        "Well?",
        "--option",
        "yes",
        "-n",
        "40",
        "-c",
        "vote.spare=6",
    ];
    args.extend(["--policy", "ahead-by:5", "--output", "json", "--no-store"]);
    args.extend(simulator.args());
    let (code, out) = place.data(&args);
    assert_eq!(code, Some(0), "{out}");
    let outcome: Value = serde_json::from_str(&out).unwrap();
    let ledger = simulator.ledger();
    let all = 5 + outcome["value"]["spare_ballots"].as_u64().unwrap();
    assert_eq!(outcome["counts"]["started"], all);
    // A ballot that is cancelled at once has not been sent.
    assert!(ledger["requests"].as_u64().unwrap() <= all, "{ledger}");
    assert!(ledger["answered"].as_u64() >= outcome["counts"]["answered"].as_u64());
}

#[test]
fn a_batch_shares_its_budget() {
    let place = Place::new();
    let mut rows = String::new();
    for n in 0..8 {
        writeln!(rows, r#"{{"id": "q{n}", "question": "Is {n} odd?"}}"#).unwrap();
    }
    place.write("q.jsonl", rows.as_bytes());
    // The voters differ on the last question only.
    let turn = Mutex::new(0);
    let server = Server::start(move |body| {
        if !body.contains("Is 7 odd?") {
            return (200, vote("no"));
        }
        let mut turn = turn.lock().unwrap();
        *turn += 1;
        (200, vote(if *turn % 2 == 1 { "yes" } else { "no" }))
    });
    let more = ["--batch", "q.jsonl", "-n", "9", "--max-calls", "20"];
    assert_snapshot!(run(&place, &server, &more), @r"
    exit 5
    --- stdout
    q0: no (3 of 3 votes, 100 %)
    q1: no (3 of 3 votes, 100 %)
    q2: no (2 of 2 votes, 100 %)
    q3: no (2 of 2 votes, 100 %)
    q4: no (2 of 2 votes, 100 %)
    q5: no (2 of 2 votes, 100 %)
    q6: no (2 of 2 votes, 100 %)
    q7: yes (2 of 4 votes, 50 %; tie: first seen)

    8 decided, 0 without consensus
    8 ended because the budget is used up, by the ballots that were in
    two voters agree on 76 % · Krippendorff's alpha 0.30
    --- stderr
    branches: 20 started = 20 answered + 0 failed + 0 cancelled · calls 20 · attempts 20 · tokens 200 in, 100 out · [time]
    error[E-BUDGET]: the budget is used up: of 8 questions 8 were decided by the ballots that were in
    help: what was answered is counted and kept; to do more, raise --max-calls
    ");
    let warned = "warning: with vote.spare the calls are not shared among the questions";
    for (more, is_warned) in [
        (&["--max-calls", "20"][..], true),
        (&["--max-calls", "20", "--rule", "median"], false),
        (&[], false),
    ] {
        let batch = ["--batch", "q.jsonl", "-n", "9", "-c", "vote.spare=2"];
        let shown = run(&place, &server, &[&batch, more].concat());
        assert_eq!(shown.contains(warned), is_warned, "{more:?}: {shown}");
    }
}

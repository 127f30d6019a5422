//! Models that are asked instead of others: for what, in which account, and what is refused.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Place, Server, completion, error};

const FALLBACK: &str = r#"run.fallback=["compatible:large"]"#;

/// A small model that has no answer to what is about a wreck, and a large one that has.
fn server() -> Server {
    Server::start(|body| {
        let is_small = body.contains(r#""model":"test""#);
        let answer = match (is_small, body.contains("wreck")) {
            (true, true) => r#"{"words": 7}"#,
            (true, false) => r#"{"summary": "A ship.", "combined_summary": "Ships."}"#,
            (false, _) => r#"{"summary": "A wreck.", "combined_summary": "Wrecks."}"#,
        };
        (200, completion(answer))
    })
}

fn place() -> Place {
    Place::with(&[
        ("a.txt", "A ship came in."),
        ("b.txt", "A wreck lies there."),
    ])
}

/// Summarises both documents, the second of which the small model cannot do.
fn run(place: &Place, server: &Server, more: &[&str]) -> String {
    let mut args = vec![
        "map-reduce",
        "a.txt",
        "b.txt",
        "--no-reduce",
        "--output",
        "csv",
    ];
    args.extend(["--concurrency", "1", "-c", FALLBACK]);
    args.extend(server.args());
    args.extend(more);
    place.run(&args)
}

#[test]
fn what_a_model_cannot_do_is_answered_by_the_next_and_is_not_paid_for_twice() {
    let (place, server) = (place(), server());
    assert_snapshot!(run(&place, &server, &[]), @r"
    exit 0
    --- stdout
    document,summary,word_count,error
    a.txt,A ship.,4,
    b.txt,A wreck.,4,
    --- stderr
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 5 · attempts 5 · 1 answered by the fallback compatible:large@http://[server]/v1 · tokens 50 in, 25 out · [time]
    documents: 2 = 2 mapped
    ");
    let again = run(&place, &server, &[]);
    assert!(
        again.contains("calls 5 (5 from the store) · attempts 0"),
        "{again}"
    );
    assert!(again.contains("1 answered by the fallback"), "{again}");
    let (_, shown) = place.data(&["show", "1", "b.txt"]);
    for part in [
        "call 3: compatible:test",
        "call 4: compatible:large",
        "A wreck.",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
}

#[test]
fn a_fallback_shares_the_budget_and_costs_its_own_price() {
    let (place, server) = (place(), server());
    let capped = run(&place, &server, &["--max-calls", "4"]);
    assert!(capped.starts_with("exit 5\n"), "{capped}");
    assert!(capped.contains("attempts 4"), "{capped}");
    place.configure(
        "[providers.compatible.prices]\n\
         test = { input = 1, output = 1 }\nlarge = { input = 96, output = 96 }\n",
    );
    let all = run(
        &place,
        &server,
        &["--store", "other.db", "--max-cost", "10"],
    );
    // Four answers of 15 tokens of the small model, and one of the large.
    assert!(all.contains(" · $0.0015 · "), "{all}");
    let (_, shown) = place.data(&["show", "1", "--store", "other.db", "--output", "json"]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["went"]["stages"][0]["cost"], "0.0015");
}

#[test]
fn a_refusal_is_asked_of_the_next_and_an_outage_is_waited_for() {
    let place = place();
    let calls = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |body| {
        let first = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let filtered = completion("").replace("\"stop\"", "\"content_filter\"");
        match (body.contains(r#""model":"test""#), body.contains("wreck")) {
            _ if first => (500, error("server_error", "Try again.")),
            (true, true) => (200, filtered),
            (true, false) => (200, completion(r#"{"summary": "A ship."}"#)),
            (false, _) => (200, completion(r#"{"summary": "A wreck."}"#)),
        }
    });
    assert_snapshot!(run(&place, &server, &[]), @r"
    exit 0
    --- stdout
    document,summary,word_count,error
    a.txt,A ship.,4,
    b.txt,A wreck.,4,
    --- stderr
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 3 · attempts 4 · 1 answered by the fallback compatible:large@http://[server]/v1 · tokens 30 in, 15 out · [time]
    documents: 2 = 2 mapped
    ");
}

#[test]
fn a_fallback_that_cannot_be_asked_is_warned_of_and_its_documents_fail_alone() {
    let place = place();
    let server = Server::start(|body| {
        let small = if body.contains("wreck") {
            r#"{"words": 7}"#
        } else {
            r#"{"summary": "A ship."}"#
        };
        match body.contains(r#""model":"test""#) {
            true => (200, completion(small)),
            false => (401, error("invalid_api_key", "No such key.")),
        }
    });
    assert_snapshot!(run(&place, &server, &[]), @r#"
    exit 3
    --- stdout
    document,summary,word_count,error
    a.txt,A ship.,4,
    b.txt,,,"the answer breaks its contract in 1 place(s); ""summary"" is a required property"
    --- stderr
    warning: compatible:large@http://[server]/v1 was asked instead and gave no answer: the provider rejected the credentials (HTTP 401, code "invalid_api_key")
    branches: 2 started = 1 answered + 1 failed + 0 cancelled · calls 5 · attempts 5 · 0 of 1 answered by the fallback compatible:large@http://[server]/v1 · tokens 40 in, 20 out · [time]
    documents: 2 = 1 mapped + 1 failed · in no answer: b.txt
    error[E-SOME-FAILED]: 1 of 2 branches failed
      b.txt: the answer breaks its contract in 1 place(s); "summary" is a required property
    help: the result was made without them; --output json has each with its error, --allow-gaps accepts it
    "#);
}

#[test]
fn votes_and_sections_are_answered_by_the_next_model_too() {
    let server = Server::start(|body| {
        let is_small = body.contains(r#""model":"test""#);
        let answer = match (
            is_small,
            body.contains("ballot") || body.contains("confidence"),
        ) {
            (true, _) => r#"{"no": 1}"#,
            (false, true) => r#"{"reasoning": "So.", "answer": "yes", "confidence": 1}"#,
            (false, false) => {
                r#"{"content": "Text.", "key_points": ["P."], "summary": "S.", "title": "T."}"#
            }
        };
        (200, completion(answer))
    });
    for typed in [
        &[
            "vote", "Well?", "-n", "1", "--option", "yes", "--option", "no",
        ][..],
        &["section", "Ships", "-s", "Old ones", "-s", "New ones"],
    ] {
        let place = Place::new();
        let mut args = typed.to_vec();
        args.extend(["-c", FALLBACK]);
        args.extend(server.args());
        let shown = place.run(&args);
        assert!(shown.starts_with("exit 0\n"), "{shown}");
        assert!(
            shown.contains(" answered by the fallback compatible:large@"),
            "{shown}"
        );
    }
}

#[test]
fn a_fallback_is_part_of_a_job_and_somebody_else() {
    let (place, server) = (place(), server());
    assert_snapshot!(
        place.run(&["vote", "Well?", "-m", "a", "-c", r#"run.fallback=["b", "c"]"#, "--print-job"]),
        @r#"
    exit 0
    --- stdout
    pattern = "vote"
    question = "Well?"

    [model]
    name = "a"
    fallback = ["b", "c"]
    --- stderr
    "#
    );
    for (fallback, says) in [
        (
            r#"["compatible:test"]"#,
            "names compatible:test, which is the model itself",
        ),
        (r#"["b", "b"]"#, "names b twice"),
        (r#"["offline"]"#, "the offline model only quotes"),
        (r#"[""]"#, "has an empty name"),
        (r#"["opnai:gpt-5"]"#, "did you mean \"openai:gpt-5\"?"),
    ] {
        let more = ["-c", &format!("run.fallback={fallback}")];
        let shown = run(&place, &server, &more);
        assert!(
            shown.starts_with("exit 2\n") && shown.contains(says),
            "{fallback}: {shown}"
        );
    }
    let unnamed = place.run(&["vote", "Well?", "-c", FALLBACK]);
    assert!(
        unnamed.contains("needs --model, to say who answers"),
        "{unnamed}"
    );
}

#[test]
fn a_plan_says_that_a_fallback_is_not_in_it() {
    let (place, server) = (place(), server());
    let shown = run(&place, &server, &["--dry-run"]);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(
        shown.contains("is asked instead is not in the plan"),
        "{shown}"
    );
}

//! Voting rules, per-field voting, standings and right answers, from the command line.

use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Place, Server, completion};

/// A provider that gives these answers one after the other.
fn scripted(answers: Vec<Value>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let answer = &answers[next.fetch_add(1, Ordering::SeqCst) % answers.len()];
        (200, completion(&answer.to_string()))
    })
}

fn vote(answer: &str) -> Value {
    json!({"reasoning": "So it is.", "answer": answer, "confidence": 0.5})
}

/// Runs an election whose voters are asked one after the other.
fn elect(place: &Place, server: &Server, more: &[&str]) -> String {
    let mut args = vec!["vote", "--concurrency", "1", "--no-store"];
    args.extend(server.args());
    args.extend(more);
    place.run(&args)
}

const INVOICE: &str = r#"{
    "title": "invoice", "type": "object", "required": ["vendor", "total", "tags"],
    "properties": {
        "vendor": {"type": "string"}, "total": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}}
    }
}"#;

#[test]
fn objects_field_by_field() {
    let place = Place::with(&[("invoice.json", INVOICE)]);
    let bill = |vendor: &str, total: f64, tags: &[&str]| json!({"vendor": vendor, "total": total, "tags": tags});
    let server = scripted(vec![
        bill("ACME Ltd.", 120.5, &["fuel", "toll"]),
        bill("Acme Ltd", 1205.0, &["fuel"]),
        bill("Apex", 120.0, &["fuel", "rope"]),
    ]);
    let rules = [
        "Extract it.",
        "-n",
        "3",
        "--schema",
        "invoice.json",
        "--field",
        "tags=union:0.3",
    ];
    assert_snapshot!(elect(&place, &server, &rules), @r#"
    exit 0
    --- stdout
    {"vendor":"ACME Ltd.","total":120.5,"tags":["fuel","toll","rope"]} (of 3 objects, 52 % agreement)
    /vendor = "ACME Ltd." (2 of 3, plurality)
    /total = 120.5 (1 of 3, median)
    /tags = ["fuel","toll","rope"] (0 of 3, union:0.3)

    voter 1: {"vendor":"ACME Ltd.","total":120.5,"tags":["fuel","toll"]}
    voter 2: {"vendor":"Acme Ltd","total":1205.0,"tags":["fuel"]}
    voter 3: {"vendor":"Apex","total":120.0,"tags":["fuel","rope"]}
    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    "#);
    let wrong = [
        "Extract it.",
        "--schema",
        "invoice.json",
        "--field",
        "totl=median",
    ];
    assert_snapshot!(elect(&place, &server, &wrong), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --field: the answer has no field `totl`; did you mean `/total`?
    help: see --help
    ");
    let unfit = [
        "Extract it.",
        "--schema",
        "invoice.json",
        "--field",
        "vendor=median",
    ];
    assert_snapshot!(elect(&place, &server, &unfit), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --field: `/vendor` is text, which `median` cannot decide (use one of plurality, majority, threshold)
    help: see --help
    ");
}

#[test]
fn numbers_have_a_median() {
    let place = Place::new();
    let server = scripted(["41", "about 40", "1000", "42.5", "40"].map(vote).to_vec());
    assert_snapshot!(elect(&place, &server, &["How far?", "--rule", "median"]), @r"
    exit 0
    --- stdout
    41 (median of 5 numbers)
    from 40 to 1000, the middle half from 41 to 42.5

    voter 1: 41
    voter 2: 1000
    voter 3: 42.5
    voter 4: 40
    voter 5: 41
    --- stderr
    branches: 5 started = 5 answered + 0 failed + 0 cancelled · calls 6 · attempts 6 · tokens 60 in, 30 out · [time]
    ");
}

#[test]
fn how_an_election_stood_after_each_vote() {
    let place = Place::new();
    let server = scripted(["yes", "no", "Yes.", "yes", "yes"].map(vote).to_vec());
    let args = ["Well?", "-n", "7", "--policy", "ahead-by:2", "--explain"];
    assert_snapshot!(elect(&place, &server, &args), @r"
    exit 0
    --- stdout
    yes (3 of 4 votes, 75 %)
        3  yes
        1  no
    4 of 7 voters were asked, 43 % saved: the leader is far enough ahead; all 7 would elect the same with 96.7 %

    voter 1: yes
    voter 2: no
    voter 3: Yes.
    voter 4: yes

    vote by vote
    wave 1  voter 1: yes  ->  yes 1 (ahead by 1)
            because: So it is.
    wave 1  voter 2: no  ->  yes 1, no 1 (ahead by 0)
            because: So it is.
            still open: 2 more are asked at once, none in vain
    wave 2  voter 3: yes  ->  yes 2, no 1 (ahead by 1)
            because: So it is.
    wave 2  voter 4: yes  ->  yes 3, no 1 (ahead by 2)
            because: So it is.
            over: the leader is far enough ahead
    --- stderr
    branches: 4 started = 4 answered + 0 failed + 0 cancelled · calls 4 · attempts 4 · tokens 40 in, 20 out · [time]
    ");
    let server = scripted(["yes", "no", "Yes.", "yes", "yes"].map(vote).to_vec());
    let mut json = args.to_vec();
    json.extend(["--output", "json"]);
    let shown = elect(&place, &server, &json);
    let (_, shown) = shown.split_once("--- stdout\n").unwrap();
    let shown: Value = serde_json::from_str(shown.split_once("--- stderr").unwrap().0).unwrap();
    assert_eq!(shown["value"]["standings"].as_array().unwrap().len(), 4);
    assert_eq!(
        shown["value"]["standings"][3]["next"],
        json!({"stop": "ahead_enough"})
    );
}

#[test]
fn right_answers_show_what_shares_are_worth() {
    let rows = [("yes", "yes"), ("no", "no"), ("yes", "no"), ("no", "No.")];
    let row = |(n, (_, gold)): (usize, &(&str, &str))| {
        json!({"id": format!("q{n}"), "question": format!("Question {n}?"), "truth": gold})
            .to_string()
    };
    let rows: Vec<String> = rows.iter().enumerate().map(row).collect();
    let place = Place::with(&[("questions.jsonl", &rows.join("\n"))]);
    let answers = ["yes", "yes", "no", "no", "yes", "no", "yes", "no", "no"];
    let server = scripted(answers.map(vote).to_vec());
    let args = ["--batch", "questions.jsonl", "--gold", "truth", "-n", "3"];
    assert_snapshot!(elect(&place, &server, &args), @r"
    exit 0
    --- stdout
    q0: yes (2 of 2 votes, 100 %), right
    q1: no (2 of 2 votes, 100 %), right
    q2: yes (2 of 3 votes, 67 %), not right
    q3: no (2 of 2 votes, 100 %), right

    4 decided, 0 without consensus
    two voters agree on 67 % · Krippendorff's alpha 0.60 · ballots saved: 3
    right: 3 of 4 (75.0 %), 0 without consensus
      shares of  60 to  70 %:   0.0 % right of 1
      shares of  90 to 100 %: 100.0 % right of 3
    expected calibration error of the share: 0.167
    --- stderr
    branches: 9 started = 9 answered + 0 failed + 0 cancelled · calls 9 · attempts 9 · tokens 90 in, 45 out · [time]
    ");
    let missing = ["--batch", "questions.jsonl", "--gold", "answer"];
    let shown = elect(&place, &server, &missing);
    assert!(
        shown.starts_with("exit 65\n")
            && shown.contains("questions.jsonl:1: there is no right answer in")
            && shown.contains("the same in each of 4 rows"),
        "{shown}"
    );
}

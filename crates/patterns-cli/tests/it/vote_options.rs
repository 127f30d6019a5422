//! Options of a vote: answers are held to them, budgets are said, and none is without effect.

use std::sync::Mutex;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Place, Server, completion};

fn vote(answer: &str) -> String {
    let ballot =
        json!({"reasoning": format!("It is {answer}."), "answer": answer, "confidence": 0.5});
    completion(&ballot.to_string())
}

/// A provider that answers what the last of these words says that is in the question.
fn server(answers: &'static [(&'static str, &'static str)]) -> Server {
    Server::start(move |body| {
        let found = answers.iter().rfind(|it| body.contains(it.0));
        (200, vote(found.map_or("?", |it| it.1)))
    })
}

fn run(place: &Place, server: &Server, more: &[&str]) -> String {
    let mut args = vec!["vote", "--concurrency", "1", "--no-store"];
    args.extend(server.args());
    args.extend(more);
    place.run(&args)
}

/// Returns the rows that a batch writes, and how it ends.
fn rows(place: &Place, server: &Server, more: &[&str]) -> (Option<i32>, Vec<Value>) {
    let mut args = vec![
        "vote",
        "--concurrency",
        "1",
        "--no-store",
        "--output",
        "jsonl",
    ];
    args.extend(server.args());
    args.extend(more);
    let (code, text) = place.data(&args);
    let rows = text.lines().map(|it| serde_json::from_str(it).unwrap());
    (code, rows.collect())
}

const ROWS: &str = r#"{"id": "mail", "q": "Mail?"}
{"id": "own", "q": "Own?", "options": ["1.1", "1.10"]}
{"id": "sign", "q": "Sign?", "options": ["*", "**"]}"#;

#[test]
fn answers_of_a_batch_are_held_to_the_options() {
    let place = Place::with(&[("q.jsonl", ROWS)]);
    let asked = Mutex::new(Vec::new());
    let server = Server::start(move |body| {
        let request: Value = serde_json::from_str(body).unwrap();
        let schema = &request["response_format"]["json_schema"]["schema"];
        let options = schema["properties"]["answer"]["enum"].to_string();
        let mut asked = asked.lock().unwrap();
        let is_new = !asked.contains(&options);
        asked.push(options.clone());
        let answer = match options.as_str() {
            r#"["spam","ham"]"# if is_new => "a long road",
            r#"["spam","ham"]"# => "HAM.",
            r#"["1.1","1.10"]"# => "1.10",
            r#"["*","**"]"# => "**",
            _ => "not held to anything",
        };
        (200, vote(answer))
    });
    let options = ["--option", "spam", "--option", "ham"];
    let mut args = vec!["--batch", "q.jsonl", "--question-field", "q", "-n", "1"];
    args.extend(options);
    let (code, rows) = rows(&place, &server, &args);
    assert_eq!(code, Some(0), "{rows:?}");
    let winners: Vec<&Value> = rows[..3].iter().map(|it| &it["winning_answer"]).collect();
    assert_eq!(winners, ["ham", "1.10", "**"]);
    // The word that is no option was sent back.
    assert_eq!(rows[3]["usage"]["calls"], 4);
}

#[test]
fn the_reasons_and_the_confidence_of_ballots_are_told() {
    let place = Place::with(&[("q.jsonl", r#"{"question": "Glass?"}"#)]);
    let server = server(&[("Glass", "no")]);
    let (_, rows) = rows(&place, &server, &["--batch", "q.jsonl", "-n", "1"]);
    assert_snapshot!(rows[0]["ballots"].to_string(), @r#"[{"voter":"voter 1","answer":"no","normalised":"no","reasoning":"It is no.","confidence":0.5}]"#);
    let shown = run(&place, &server, &["Glass?", "-n", "3", "--explain"]);
    assert!(shown.contains("because: It is no."), "{shown}");
}

#[test]
fn a_budget_that_ends_a_batch_ends_it_with_five() {
    let rows: Vec<String> = (0..4)
        .map(|n| {
            json!({"id": format!("q{n}"), "question": format!("{n}?"), "gold": "no"}).to_string()
        })
        .collect();
    let place = Place::with(&[("q.jsonl", &rows.join("\n"))]);
    let server = server(&[("?", "no")]);
    let args = [
        "--batch",
        "q.jsonl",
        "-n",
        "3",
        "--max-calls",
        "2",
        "--gold",
        "gold",
    ];
    assert_snapshot!(run(&place, &server, &args), @r"
    exit 5
    --- stdout
    q0: no (1 of 1 vote, 100 %), right
    q1: no (1 of 1 vote, 100 %), right
    q2: not asked: the budget is used up
    q3: not asked: the budget is used up

    2 decided, 0 without consensus
    2 ended because the budget is used up, by the ballots that were in
    2 not asked: the budget is used up
    right: 2 of 2 (100.0 %), 0 without consensus
      shares of  90 to 100 %: 100.0 % right of 2
    expected calibration error of the share: 0.000
    --- stderr
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · tokens 20 in, 10 out · [time]
    error[E-BUDGET]: the budget is used up: of 4 questions 2 were decided by the ballots that were in and 2 were not asked
    help: what was answered is counted and kept; to do more, raise --max-calls
    ");
    // A rule that does not count votes shares nothing: the first come first.
    let numbers = self::server(&[("?", "7")]);
    let args = [
        "--batch",
        "q.jsonl",
        "-n",
        "2",
        "--max-calls",
        "3",
        "--rule",
        "median",
    ];
    let shown = run(&place, &numbers, &args);
    assert!(shown.starts_with("exit 5\n"), "{shown}");
    for line in [
        "q0: 7 (median of 2 numbers)",
        "q1: 7 (median of 1",
        "q3: not asked: the",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let (code, rows) = self::rows(&place, &numbers, &args);
    assert_eq!(code, Some(5));
    assert_eq!(rows[3]["decision"], "not_asked");
    assert_eq!(rows[4]["value"]["unasked"], 2);
}

#[test]
fn a_single_question_under_a_budget_shows_the_ballots_it_has() {
    let place = Place::new();
    let server = server(&[("Glass", "no")]);
    let args = ["Glass?", "-n", "5", "--policy", "fixed", "--max-calls", "2"];
    assert_snapshot!(run(&place, &server, &args), @r"
    exit 5
    --- stdout
    no (2 of 2 votes, 100 %)
        2  no
    2 of 5 voters were asked: the budget is used up

    voter 1: no
    voter 2: no
    --- stderr
    branches: 3 started = 2 answered + 1 failed + 0 cancelled · calls 2 · attempts 2 · tokens 20 in, 10 out · [time]
    error[E-BUDGET]: the budget is used up: 2 of 5 voters were asked
    help: what was answered is counted and kept; to do more, raise --max-calls
    ");
}

#[test]
fn two_voters_are_both_asked() {
    let place = Place::new();
    let server = Server::start(|body| {
        let request: Value = serde_json::from_str(body).unwrap();
        (
            200,
            vote(if request["model"] == "one" {
                "yes"
            } else {
                "no"
            }),
        )
    });
    let mut args = vec!["vote", "Well?", "--concurrency", "1", "--no-store"];
    args.extend(["--panel", "compatible:one", "--panel", "compatible:two"]);
    args.extend(&server.args()[2..]);
    let shown = place.run(&args);
    assert!(
        shown.contains("no consensus: a tie (1 of 2 votes, 50 % each)"),
        "{shown}"
    );
    args.extend(["--tie", "first-seen"]);
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 2\n"), "{shown}");
    assert!(
        shown.contains("the second of two voters can change nothing"),
        "{shown}"
    );
}

#[test]
fn options_without_effect_are_refused() {
    let place = Place::with(&[
        (
            "voters.toml",
            "[[voter]]\nname = \"a\"\n[[voter]]\nname = \"b\"\nweight = 2\n[[voter]]\nname = \"c\"",
        ),
        (
            "text.json",
            r#"{"type": "object", "properties": {"answer": {"type": "string"}}}"#,
        ),
        (
            "q.jsonl",
            r#"{"question": "How far?", "options": ["far", "near"]}"#,
        ),
    ]);
    let server = server(&[]);
    let table: &[(&[&str], &str)] = &[
        (
            &["Well?", "--escalate", "compatible:x"],
            "this vote always comes to one",
        ),
        (
            &[
                "Well?",
                "--escalate",
                "compatible:x",
                "--rule",
                "same-meaning",
            ],
            "this vote always comes to one",
        ),
        (
            &["Well?", "--voters", "voters.toml", "--rule", "best-of"],
            "the voter \"b\" has a weight, which this rule does not count",
        ),
        (
            &["Well?", "--voters", "voters.toml", "--policy", "ahead-by:2"],
            "--policy ahead-by:2 stops by votes of equal weight",
        ),
        (
            &["Well?", "--gold", "answer"],
            "--gold is for the rows of a --batch",
        ),
        (
            &["Well?", "--id-field", "id"],
            "--id-field is for the rows of a --batch",
        ),
        (
            &["Well?", "--judge", "compatible:x"],
            "--judge is for rules with a judge",
        ),
        (
            &[
                "Well?", "--rule", "median", "--option", "1", "--option", "many",
            ],
            "the option \"many\" is no number",
        ),
        (
            &["Well?", "--option", "yes", "--option", " "],
            "one of the --option is empty",
        ),
        (
            &["Well?", "--option", "yes", "--option", "yes"],
            "\"yes\" is twice among the --option",
        ),
        (
            &["--batch", "q.jsonl", "--rule", "median"],
            "the option \"far\" is no number",
        ),
        (
            &["Well?", "--rule", "median", "--schema", "text.json"],
            "the field /answer of the --schema is no number",
        ),
        (
            &["Well?", "--rule", "median", "--tie", "no-consensus"],
            "no ties for --tie",
        ),
        (
            &["Well?", "--rule", "borda"],
            "there is no voting rule \"borda\"",
        ),
        (
            &["Well?", "--policy", "certificate"],
            "there is no stopping rule \"certificate\"",
        ),
    ];
    for (more, says) in table {
        let shown = run(&place, &server, more);
        assert!(shown.starts_with("exit 2\n"), "{more:?}: {shown}");
        assert!(shown.contains(says), "{more:?}: {shown}");
    }
    for fine in [
        &[
            "Well?",
            "--escalate",
            "compatible:x",
            "--tie",
            "no-consensus",
        ][..],
        &["Well?", "--escalate", "compatible:x", "--rule", "majority"],
        &["Well?", "--escalate", "compatible:x", "--quorum", "3"],
        &["Well?", "--voters", "voters.toml", "--rule", "majority"],
    ] {
        let shown = run(&place, &server, fine);
        assert!(shown.starts_with("exit 0\n"), "{fine:?}: {shown}");
    }
}

#[test]
fn an_enum_of_the_users_own_ballot_is_counted_itself() {
    let schema = r##"{"type": "object", "properties": {"label": {"$ref": "#/$defs/label"}},
        "$defs": {"label": {"enum": ["1.1", "1.10", "A"]}}}"##;
    let place = Place::with(&[("s.json", schema)]);
    let next = Mutex::new(vec!["1.10", "1.1", "a"]);
    let server = Server::start(move |_| {
        let label = next.lock().unwrap().pop().unwrap();
        (200, completion(&json!({"label": label}).to_string()))
    });
    let mut args = vec![
        "vote", "Which?", "-n", "3", "--policy", "fixed", "--output", "json",
    ];
    args.extend([
        "--schema",
        "s.json",
        "--answer-field",
        "label",
        "--no-store",
    ]);
    args.extend(["--concurrency", "1"]);
    args.extend(server.args());
    let (_, text) = place.data(&args);
    let outcome: Value = serde_json::from_str(&text).unwrap();
    let counts = outcome["value"]["counts"].as_array().unwrap();
    let answers: Vec<&Value> = counts.iter().map(|it| &it["answer"]).collect();
    assert_eq!(answers, ["A", "1.1", "1.10"]);
}

#[test]
fn what_no_voter_got_right_bounds_what_more_votes_can_do() {
    let rows: Vec<String> = [
        ("one", "yes"),
        ("two", "no"),
        ("three", "perhaps"),
        ("four", "yes"),
    ]
    .iter()
    .map(|(q, gold)| json!({"question": q, "gold": gold}).to_string())
    .collect();
    let place = Place::with(&[("q.jsonl", &rows.join("\n"))]);
    let server = server(&[
        ("one", "yes"),
        ("two", "no"),
        ("three", "no"),
        ("four", "yes"),
    ]);
    let shown = run(
        &place,
        &server,
        &["--batch", "q.jsonl", "-n", "3", "--gold", "gold"],
    );
    assert!(
        shown.contains("no voter was right on 1 of 4 (5 to 70 %): more votes cannot pass 75 %"),
        "{shown}"
    );
}

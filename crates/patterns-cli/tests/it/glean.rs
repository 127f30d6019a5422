//! Asking what was missed.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Place, Server, completion};

const SCHEMA: &str = r#"{"title": "people", "type": "object", "properties": {"names": {"type": "array",
    "items": {"type": "string"}}}, "required": ["names"]}"#;

fn place() -> Place {
    Place::with(&[
        ("a.txt", "Ada met Grace and Joan."),
        ("b.txt", "Alan was alone."),
        ("people.json", SCHEMA),
        (
            "text.json",
            r#"{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}"#,
        ),
    ])
}

/// Finds the first name, and one more each time it is asked what it missed.
fn server() -> Server {
    Server::start(|body| {
        let names: &[&str] = match body.contains("Ada met") {
            true => &["Ada", "Grace", "Joan"],
            false => &["Alan"],
        };
        // What was found is quoted in the body, its own quotes escaped.
        let found = names
            .iter()
            .filter(|it| body.contains(&format!(r#"\"{it}\""#)))
            .count();
        let next: Vec<&&str> = names.iter().skip(found).take(1).collect();
        (200, completion(&json!({"names": next}).to_string()))
    })
}

fn args<'a>(server: &'a Server, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "map-reduce",
        "a.txt",
        "b.txt",
        "--map-schema",
        "people.json",
    ];
    args.extend(server.args());
    args.extend(["--no-reduce", "--seed", "1", "--concurrency", "1"]);
    args.extend(more);
    args
}

#[test]
fn what_was_missed_is_added_and_counted() {
    let (place, server) = (place(), server());
    assert_snapshot!(place.run(&args(&server, &["--glean", "3", "--no-store"])), @r#"
    exit 0
    --- stdout
    a.txt
    {
      "names": [
        "Ada",
        "Grace",
        "Joan"
      ]
    }

    b.txt
    {
      "names": [
        "Alan"
      ]
    }

    --- stderr
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 6 · attempts 6 · tokens 60 in, 30 out · [time]
    documents: 2 = 2 mapped
    "#);
}

#[test]
fn only_new_rounds_are_paid_for() {
    let (place, server) = (place(), server());
    let paid = |rounds: &[&str]| {
        let shown = place.run(&args(&server, rounds));
        let account = shown.lines().find(|it| it.starts_with("branches:"));
        let calls = account.and_then(|it| it.split(" · ").nth(1));
        calls.unwrap_or_default().to_owned()
    };
    assert_eq!(paid(&[]), "calls 2");
    assert_eq!(paid(&["--glean", "1"]), "calls 4 (2 from the store)");
    assert_eq!(paid(&["--glean", "3"]), "calls 6 (4 from the store)");
    assert_eq!(paid(&["--glean", "3"]), "calls 6 (6 from the store)");
}

#[test]
fn what_cannot_be_gleaned_is_refused_before_the_first_call() {
    let (place, server) = (place(), server());
    let more = ["--glean", "1", "--no-store", "--map-schema", "text.json"];
    assert_snapshot!(place.run(&args(&server, &more)), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --glean: no field of the answers is a list without maxItems, so nothing can be added to them
    help: what is found must be the items of a list: make it a property of type array in --map-schema
    ");
    let mut offline = vec!["map-reduce", "a.txt", "--map-schema", "people.json"];
    offline.extend(["--model", "offline", "--glean", "1"]);
    assert_snapshot!(place.run(&offline), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-MODEL]: --glean asks what was missed, which needs a model; the offline one only quotes
    help: set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server
    ");
}

//! What is in an event file keeps its published schema, whatever the pattern.

use serde_json::Value;

use crate::support::{Place, Server, completion, error};

const SCHEMA: &str = include_str!("../../../../schema/event.json");

/// Runs a command that writes events and returns them, each of which keeps the schema.
fn events(place: &Place, server: &Server, words: &[&str]) -> Vec<Value> {
    let args = [words, &["--events", "events.jsonl"], &server.args()].concat();
    let shown = place.run(&args);
    let schema = serde_json::from_str(SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let lines = place.read("events.jsonl");
    let lines = lines.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(schema.is_valid(&line), "{line}\n{shown}");
        line
    });
    lines.collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|it| it["event"].as_str().unwrap())
        .collect()
}

#[test]
fn the_event_file_of_every_pattern_keeps_the_schema_and_begins_with_its_version() {
    let place = Place::with(&[("a.txt", "The tide rose."), ("b.txt", "The tide fell.")]);
    let server = Server::start(|body| match body {
        // The server knows no schemas, one answer has to be mended, one asked for again, one fails.
        _ if body.contains("json_schema") => (400, error("unsupported", "response_format")),
        _ if body.contains("a.txt") && !body.contains("assistant") => {
            (200, completion(r#"{"summary": 7}"#))
        }
        _ if body.contains("b.txt") => (403, error("content_filter", "No.")),
        _ if body.contains("Is it so?") => {
            let vote = r#"{"reasoning": "So.", "answer": "yes", "confidence": 0.5}"#;
            (200, completion(&format!("```json\n{vote}\n```")))
        }
        _ => (
            200,
            completion(r#"{"summary": "The tide.", "text": "It is so.", "body": "It is so."}"#),
        ),
    });
    let patterns = [
        &["map-reduce", "a.txt", "b.txt", "--no-reduce"][..],
        &["vote", "Is it so?", "-n", "3"],
        &["section", "Tides", "-s", "Ebb", "-s", "Flood"],
    ];
    let mut all = Vec::new();
    for words in patterns {
        let events = events(&place, &server, words);
        let first = &events[0];
        assert_eq!(
            (&first["event"], &first["version"]),
            (&"event_file_begun".into(), &1.into())
        );
        assert!(first["program"].as_str().unwrap().starts_with("patterns "));
        assert!(
            names(&events).contains(&"run_finished"),
            "{:?}",
            names(&events)
        );
        all.extend(events);
    }
    for name in [
        "format_stepped_down",
        "answer_rejected",
        "answer_fixed",
        "branch_failed",
    ] {
        assert!(
            names(&all).contains(&name),
            "{name} is in none of them: {:?}",
            names(&all)
        );
    }
}

//! Where results go: files that appear whole, pipes that close, quiet, colours.

use std::io::Read;
use std::process::Stdio;

use crate::support::{Place, Server, error};

fn place() -> Place {
    Place::with(&[("a.txt", "A harbour is a shelter. Ships rest there.")])
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let place = place();
    let shown = place.run(&["map-reduce", "a.txt", "-o", "out.txt", "-q"]);
    assert_eq!(shown, "exit 0\n--- stdout\n--- stderr\n");
    assert!(place.read("out.txt").contains("A harbour is a shelter."));
    place.write("out.txt", b"precious");
    let server = Server::start(|_| (401, error("invalid_api_key", "No.")));
    let mut args = vec![
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "-o",
        "out.txt",
        "--output-file",
        "x",
    ];
    args.truncate(5);
    args.extend(server.args());
    let (code, _) = place.data(&args);
    assert_eq!(code, Some(77));
    let names = std::fs::read_dir(place.path()).unwrap();
    let names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "no temporary file is left: {names:?}");
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let rows: String = (0..20_000)
        .map(|n| format!("{{\"text\": \"Row {n} is here.\"}}\n"))
        .collect();
    let place = Place::with(&[("rows.jsonl", &rows)]);
    let mut child = place
        .command(&[
            "map-reduce",
            "rows.jsonl",
            "--no-reduce",
            "--output",
            "jsonl",
            "-q",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut some = [0; 64];
    stdout.read_exact(&mut some).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn events_are_written_with_their_time() {
    let place = place();
    place.run(&["map-reduce", "a.txt", "--events", "events.jsonl"]);
    let events = place.read("events.jsonl");
    let events: Vec<serde_json::Value> = events
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let names: Vec<&str> = events
        .iter()
        .filter_map(|it| it["event"].as_str())
        .collect();
    let expected = [
        "run_started",
        "branch_started",
        "branch_answered",
        "branch_started",
        "branch_answered",
        "run_finished",
    ];
    assert_eq!(names, expected);
    assert!(
        events
            .iter()
            .all(|it| it["time"].as_u64() > Some(1_700_000_000_000))
    );
}

#[test]
fn colours_are_used_only_where_they_are_wanted() {
    let place = place();
    let colored = |color: &str, no_color: bool| {
        let mut command = place.command(&["map-reduce", "a.txt", "--color", color]);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!colored("auto", false), "a pipe has no colours");
    assert!(colored("always", true));
    assert!(!colored("never", false));
}

//! What is the same work however it is named, and what it is said to have cost.

use serde_json::Value;

use crate::support::{Place, Server, completion, shown};

fn server() -> Server {
    Server::start(|_| {
        let answer = r#"{"summary": "A ship.", "combined_summary": "Ships."}"#;
        (200, completion(answer))
    })
}

fn place() -> Place {
    let place = Place::new();
    for folder in ["docs", "copy"] {
        place.write(&format!("{folder}/a.txt"), b"A ship came in.");
        place.write(&format!("{folder}/b.txt"), b"Another one left.");
    }
    place
}

#[test]
fn a_folder_that_is_moved_copied_or_named_otherwise_costs_nothing_again() {
    let (place, server) = (place(), server());
    let run = |from: &str, folder: &str| {
        let store = place.path().join("store.db").display().to_string();
        let mut command = place.command(&["map-reduce", folder, "--store", &store]);
        command
            .args(server.args())
            .current_dir(place.path().join(from));
        shown(&mut command)
    };
    let first = run(".", "docs");
    assert!(first.contains("calls 3 · attempts 3"), "{first}");
    let absolute = place.path().join("docs").display().to_string();
    for (from, folder) in [
        (".", "copy"),
        ("docs", "."),
        ("copy", "../docs"),
        (".", &absolute),
    ] {
        let again = run(from, folder);
        assert!(
            again.contains("calls 3 (3 from the store) · attempts 0"),
            "{folder}: {again}"
        );
    }
}

#[test]
fn whose_key_has_paid_for_an_answer_makes_no_difference() {
    let (place, server) = (place(), server());
    for (key, attempts) in [
        ("sk-one-0123456789", "attempts 3"),
        ("sk-other-987654321", "attempts 0"),
    ] {
        let mut command = place.command(&["map-reduce", "docs"]);
        command.args(server.args()).env("PATTERNS_API_KEY", key);
        let shown = shown(&mut command);
        assert!(shown.contains(attempts), "{key}: {shown}");
    }
}

#[test]
fn a_session_says_what_it_cost_itself_and_runs_say_what_all_of_them_did() {
    let place = place();
    let server = Server::start(|_| {
        let answer = r#"{"reasoning": "So.", "answer": "yes", "confidence": 1}"#;
        (200, completion(answer))
    });
    let run = || {
        let mut command = place.command(&["vote", "Well?", "-n", "1", "-m", "openai:gpt-5-mini"]);
        command
            .args(["--base-url", server.url()])
            .env("OPENAI_API_KEY", "k");
        shown(&mut command)
    };
    let first = run();
    assert!(
        first.contains("attempts 1 · tokens 10 in, 5 out · $0.000013 · "),
        "{first}"
    );
    let again = run();
    assert!(
        again.contains("attempts 0 · $0.00, in all sessions $0.000013 · "),
        "{again}"
    );
    let (_, runs) = place.data(&["runs"]);
    assert!(
        runs.contains("1 call paid · 1 attempt · $0.000013 · "),
        "{runs}"
    );
}

#[test]
fn the_number_of_a_run_that_is_not_recorded_is_one_that_readers_of_json_take() {
    let (place, server) = (place(), server());
    let mut args = vec![
        "map-reduce",
        "docs",
        "--no-store",
        "--events",
        "events.jsonl",
    ];
    args.extend(server.args());
    assert_eq!(place.data(&args).0, Some(0));
    let events = place.read("events.jsonl");
    let mut events = events
        .lines()
        .map(|it| -> Value { serde_json::from_str(it).expect("JSON") });
    let began = events
        .find(|it| it["event"] == "run_started")
        .expect("a beginning");
    let run = began["run"].as_u64().expect("a number");
    assert!(run > 0 && run < 1 << 53, "{run}");
}

#[test]
fn what_decides_the_same_ballots_otherwise_is_another_run() {
    let place = Place::new();
    let server = Server::start(|_| (200, completion(r#"{"city": "Oslo", "year": 1}"#)));
    for (more, goes_on) in [
        (&[][..], None),
        (&["--by-field"], None),
        (&["--field", "year=plurality"], None),
        (&["--by-field"], Some("going on with run 2\n")),
    ] {
        let args = ["vote", "Where?", "-n", "3", "--schema", "city, year int"];
        let shown = place.run(&[&args[..], more, &server.args()].concat());
        assert!(shown.starts_with("exit 0\n"), "{more:?}: {shown}");
        let is_said = shown.contains(goes_on.unwrap_or("going on with"));
        assert_eq!(is_said, goes_on.is_some(), "{more:?}: {shown}");
    }
}

//! Answers are paid for once: across runs, processes and crashes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;

use crate::support::{Place, Server, Simulator, completion, error};

/// A place with forty documents.
fn place() -> Place {
    let rows: Vec<String> = (0..40)
        .map(|n| format!("{{\"id\": {n}, \"text\": \"Ship {n} came in.\"}}"))
        .collect();
    let place = Place::new();
    place.write("rows.jsonl", rows.join("\n").as_bytes());
    place
}

fn args<'a>(simulator: &'a Simulator, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "map-reduce",
        "rows.jsonl",
        "--no-reduce",
        "--output",
        "jsonl",
    ];
    args.extend(["--seed", "1"]);
    args.extend(more);
    args.extend(simulator.args());
    args
}

/// Leaves out what is said of the cost, which a store saves.
fn answers(text: &str) -> Vec<String> {
    let rows = text.lines().map(|row| serde_json::from_str(row).unwrap());
    let rows: Vec<serde_json::Value> = rows.collect();
    let branches = rows.iter().filter(|row| row["type"] == "branch");
    branches.map(|row| row["value"].to_string()).collect()
}

/// Who copies a store copies what is in it, not its log.
#[test]
fn what_a_run_has_recorded_is_in_one_file_when_it_has_ended() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    assert_eq!(place.data(&args(&simulator, &[])).0, Some(0));
    let store = place.path().join(".patterns/store.db");
    std::fs::copy(store, place.path().join("copy.db")).unwrap();
    let again = args(&simulator, &["--store", "copy.db", "--read-only"]);
    let (code, answered) = place.data(&again);
    assert_eq!((code, answers(&answered).len()), (Some(0), 40));
    assert_eq!(simulator.ledger()["requests"], 40);
}

#[test]
fn a_second_run_pays_for_nothing() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    let (code, first) = place.data(&args(&simulator, &[]));
    assert_eq!((code, answers(&first).len()), (Some(0), 40));
    let (code, second) = place.data(&args(&simulator, &[]));
    assert_eq!((code, answers(&second)), (Some(0), answers(&first)));
    assert_eq!(simulator.ledger()["requests"], 40);

    let (code, fresh) = place.data(&args(&simulator, &["--fresh"]));
    assert_eq!((code, answers(&fresh).len()), (Some(0), 40));
    assert_eq!(simulator.ledger()["requests"], 80);

    place.data(&args(&simulator, &["--no-store"]));
    assert_eq!(simulator.ledger()["requests"], 120);
    let runs = place.data(&["runs", "--output", "json"]).1;
    assert_eq!(runs.lines().count(), 3, "{runs}");
}

#[test]
fn one_more_document_costs_one_more_call() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    place.data(&args(&simulator, &[]));
    let more = place.read("rows.jsonl") + "\n{\"id\": \"new\", \"text\": \"One more.\"}";
    place.write("rows.jsonl", more.as_bytes());
    let (code, rows) = place.data(&args(&simulator, &[]));
    assert_eq!((code, answers(&rows).len()), (Some(0), 41));
    assert_eq!(simulator.ledger()["requests"], 41);
}

#[test]
fn a_stopped_run_is_gone_on_with_and_its_budget_too() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    let (code, _) = place.data(&args(&simulator, &["--max-calls", "15"]));
    assert_eq!(
        (code, &simulator.ledger()["requests"]),
        (Some(5), &15.into())
    );
    let (code, _) = place.data(&["resume", "1"]);
    assert_eq!(
        (code, &simulator.ledger()["requests"]),
        (Some(5), &15.into())
    );
    let (code, _) = place.data(&args(&simulator, &["--max-calls", "25"]));
    assert_eq!(
        (code, &simulator.ledger()["requests"]),
        (Some(5), &25.into())
    );
    let (code, rows) = place.data(&["resume", "1", "--max-calls", "40"]);
    assert_eq!((code, answers(&rows).len()), (Some(0), 40), "{rows}");
    assert_eq!(simulator.ledger()["requests"], 40);
    let show = place.data(&["show", "1", "--output", "json"]).1;
    let show: serde_json::Value = serde_json::from_str(&show).unwrap();
    assert_eq!(
        (&show["state"], &show["sessions"]),
        (&"done".into(), &4.into())
    );
    assert_eq!(show["paid"][0]["usage"]["attempts"], 40);
}

#[test]
fn a_replay_makes_no_call_and_names_what_it_lacks() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    place.data(&args(&simulator, &["--max-calls", "38"]));
    let replay = args(&simulator, &["--read-only", "-q"]);
    let shown = place.run(&replay);
    let (_, said) = shown.split_once("--- stderr\n").unwrap();
    assert_snapshot!(said, @r"
    error[E-INPUT]: the store lacks the answers of 2 branches
      38, 39: the store has no answer, and calls are forbidden
    help: the store lacks what is listed; leave out --read-only to pay for it
    ");
    assert!(shown.starts_with("exit 66\n"), "{shown}");
    assert_eq!(simulator.ledger()["requests"], 38);
}

#[test]
fn two_equal_runs_at_once_pay_once() {
    let place = place();
    let simulator = Simulator::start(&place, &["--latency", "100ms"]);
    let arguments = args(&simulator, &[]);
    let start = || {
        let mut command = place.command(&arguments);
        command.stdout(std::process::Stdio::piped());
        command
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (one, other) = (start(), start());
    let text = |child: std::process::Child| {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        answers(&String::from_utf8(output.stdout).unwrap())
    };
    let (one, other) = (text(one), text(other));
    assert_eq!((one.len(), &one), (40, &other));
    assert_eq!(simulator.ledger()["requests"], 40);
}

#[test]
fn upkeep() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    place.data(&args(&simulator, &[]));
    place.data(&args(&simulator, &["--fresh"]));
    assert_eq!(place.data(&["store", "verify"]).1, "good: 80\ndamaged: 0\n");
    let refused = place.run(&["store", "export", "--output", "human"]);
    assert!(
        refused.starts_with("exit 2\n"),
        "it would have no effect: {refused}"
    );
    let (_, lines) = place.data(&["store", "export"]);
    assert_eq!(lines.lines().count(), 80);
    place.write("lines.jsonl", lines.as_bytes());
    let runs = place.data(&["runs"]).1;
    let dry = place
        .data(&["store", "gc", "--dry-run", "--older-than", "7d"])
        .1;
    assert_eq!(dry, "would remove: 40\nof no use: 40\nolder: 0\n");
    assert_eq!(place.data(&["store", "verify"]).1, "good: 80\ndamaged: 0\n");
    assert_eq!(place.data(&["store", "gc"]).1, "removed: 40\n");
    assert_eq!(place.data(&["runs"]).1, runs, "what they cost stays known");
    let import = [
        "store",
        "import",
        "lines.jsonl",
        "--store",
        "other/store.db",
    ];
    assert_eq!(place.data(&import).1, "imported: 40\n");
    let elsewhere = args(&simulator, &["--store", "other/store.db", "--read-only"]);
    assert_eq!(answers(&place.data(&elsewhere).1).len(), 40);
    assert_eq!(simulator.ledger()["requests"], 80);
}

#[test]
fn wrong_stores() {
    let place = place();
    place.write("prose.db", "Not a store. ".repeat(99).as_bytes());
    assert_snapshot!(place.run(&["runs"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: there is no store at .patterns/store.db
    help: runs make one where they are begun (offline ones only at --store FILE); --store names another
    ");
    assert_snapshot!(place.run(&["store", "stats", "--store", "prose.db"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: prose.db: not a store of this version: file is not a database
    help: name another file with --store, or go without one: --no-store
    ");
    let simulator = Simulator::start(&place, &[]);
    place.data(&args(&simulator, &[]));
    assert_snapshot!(place.run(&["resume", "7"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: there is no run 7
    help: `patterns runs` lists those there are
    ");
}

#[test]
fn the_offline_model_needs_no_store() {
    let place = place();
    place.data(&["map-reduce", "rows.jsonl"]);
    assert!(!place.path().join(".patterns").exists());
}

#[test]
fn an_edit_of_a_thousand_documents_costs_few_calls() {
    let row = |n: usize| format!("{{\"id\": \"d{n}\", \"text\": \"Ship {n} came in.\"}}");
    let mut rows: Vec<String> = (0..1_000).map(row).collect();
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    let mut args = vec![
        "map-reduce",
        "rows.jsonl",
        "-c",
        "map_reduce.reduce_tokens=600",
        "-q",
    ];
    args.extend(simulator.args());
    let calls_for = |rows: &[String]| {
        let before = simulator.ledger()["requests"].as_u64().unwrap();
        place.write("rows.jsonl", rows.join("\n").as_bytes());
        assert_eq!(place.data(&args).0, Some(0));
        simulator.ledger()["requests"].as_u64().unwrap() - before
    };
    assert!(calls_for(&rows) > 1_100);
    assert_eq!(calls_for(&rows), 0);
    // One map, and with a fan-in of 8 at most 2 · ⌈log₈ 1000⌉ reduces.
    rows[345] = row(345).replace("came in", "sank");
    let changed = calls_for(&rows);
    rows.insert(700, row(5_000));
    let inserted = calls_for(&rows);
    rows.remove(123);
    let removed = calls_for(&rows);
    for calls in [changed, inserted, removed] {
        assert!((2..=9).contains(&calls), "{changed} {inserted} {removed}");
    }
}

/// A server that fails whatever is asked about the first of ten documents.
fn failing() -> (Place, Server, Arc<AtomicUsize>) {
    let rows: Vec<String> = (0..10)
        .map(|n| format!("{{\"id\": {n}, \"text\": \"Ship number {n} came in.\"}}"))
        .collect();
    let place = Place::with(&[("rows.jsonl", &rows.join("\n"))]);
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let server = Server::start(move |body| {
        count.fetch_add(1, Ordering::SeqCst);
        match body.contains("number 0") {
            true => (400, error("bad_document", "not this one")),
            false => (200, completion(r#"{"summary": "It came in."}"#)),
        }
    });
    (place, server, sent)
}

#[test]
fn a_cap_typed_twice_is_one_cap_failed_calls_included() {
    let (place, server, sent) = failing();
    let args = |more: &[&'static str]| {
        let mut args = vec!["map-reduce", "rows.jsonl", "--no-reduce", "-q"];
        args.extend(["--concurrency", "1"]);
        args.extend(more);
        args.iter()
            .chain(&server.args())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let run = |more: &[&'static str]| {
        let args = args(more);
        place
            .data(&args.iter().map(String::as_str).collect::<Vec<_>>())
            .0
    };
    for _ in 0..3 {
        assert_eq!(run(&["--max-calls", "6"]), Some(5));
        assert_eq!(sent.load(Ordering::SeqCst), 6);
    }
    // The first one is not answered, so it is the same run that goes on.
    for calls in [11, 12] {
        assert_eq!(run(&["--max-calls", "12"]), Some(3));
        assert_eq!(sent.load(Ordering::SeqCst), calls);
    }
    assert_eq!(run(&["--max-calls", "12"]), Some(5));
    assert_eq!(sent.load(Ordering::SeqCst), 12);
    let (_, runs) = place.data(&["runs"]);
    assert_eq!(runs.lines().count(), 2, "{runs}");
    assert!(runs.contains("12 attempts"), "{runs}");
}

#[test]
fn any_run_is_gone_on_with_under_its_own_number_and_words() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    place.data(&args(&simulator, &["--max-calls", "15"]));
    place.data(&args(&simulator, &["--fresh", "--max-calls", "7"]));
    let sent = || simulator.ledger()["requests"].as_u64().unwrap();
    assert_eq!(sent(), 22);
    // An equal run is there that is later.
    assert_eq!(place.data(&["resume", "1"]).0, Some(5));
    assert_eq!(sent(), 22, "its cap was used up");
    assert_eq!(place.data(&["resume", "1", "--max-calls", "99"]).0, Some(0));
    let (_, runs) = place.data(&["runs", "--output", "json"]);
    let runs: Vec<serde_json::Value> = runs
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(runs.len(), 2, "no run is recorded for a resume");
    assert_eq!(
        (&runs[1]["state"], &runs[1]["sessions"]),
        (&"done".into(), &3.into())
    );
    assert_eq!(runs[1]["typed"]["arguments"][0], "map-reduce");
    assert_eq!(runs[0]["sessions"], 1);
    assert_eq!(place.data(&["resume", "latest"]).0, Some(5));
    assert_eq!(place.data(&["resume", "-2"]).0, Some(0));
    let (_, latest) = place.data(&["show"]);
    assert!(latest.starts_with("run 2: stopped (exit 5)"), "{latest}");
    assert_eq!(place.data(&["show", "latest"]).1, latest);
    assert_eq!(place.data(&["show", "-1"]).1, latest);
}

#[test]
fn a_run_that_is_refused_is_recorded_as_refused() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    let mut args = vec!["vote", "Is it?", "-n", "3", "--quorum", "4"];
    args.extend(simulator.args());
    assert_eq!(place.data(&args).0, Some(2));
    let (_, runs) = place.data(&["runs"]);
    assert!(runs.contains("refused (exit 2)"), "{runs:?}");
    let quoted = "patterns vote 'Is it?' -n 3 --quorum 4";
    assert!(runs.contains(quoted), "{runs:?}");
}

#[test]
fn a_replay_changes_nothing() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    let replay = args(&simulator, &["--read-only", "-q"]);
    let shown = place.run(&replay);
    assert!(
        shown.starts_with("exit 66\n") && shown.contains("there is no store"),
        "{shown}"
    );
    assert!(!place.path().join(".patterns").exists());
    place.data(&args(&simulator, &[]));
    let file = place.path().join(".patterns/store.db");
    let before = std::fs::read(&file).unwrap();
    assert_eq!(place.data(&replay).0, Some(0));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(place.data(&["runs"]).1.lines().count(), 2);
    let left: Vec<_> = std::fs::read_dir(place.path().join(".patterns"))
        .unwrap()
        .collect();
    let names = left
        .into_iter()
        .map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|it| !it.ends_with("-shm")).collect();
    names.retain(|it| !it.ends_with("-wal"));
    names.sort();
    assert_eq!(names, [".gitignore", "store.db"], "no lock is left");
}

#[test]
fn a_store_from_elsewhere_is_asked_about() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    place.data(&args(&simulator, &["--max-calls", "15", "-o", "out.jsonl"]));
    let resume = |more: &[&str]| {
        let words: Vec<&str> = ["resume", "1"].iter().chain(more).copied().collect();
        let mut command = place.command(&words);
        command.env("XDG_STATE_HOME", place.path().join(".elsewhere"));
        crate::support::shown(&mut command)
    };
    let shown = resume(&[]);
    assert!(shown.starts_with("exit 2\n"), "{shown}");
    for part in [
        "it sends your inputs and your API key to: http://[server]/v1",
        "it writes: out.jsonl",
        "in the directory: ",
        r#"all of the job: {"pattern":"map-reduce","inputs":["rows.jsonl"]"#,
        "--trust",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(simulator.ledger()["requests"], 15);
    let shown = resume(&["--trust", "--max-calls", "20"]);
    assert!(shown.starts_with("exit 5\n"), "{shown}");
    assert_eq!(simulator.ledger()["requests"], 20);
    // It is remembered.
    assert!(resume(&[]).starts_with("exit 5\n"));
    let mut command = place.command(&args(&simulator, &["--max-calls", "20"]));
    command.env("XDG_STATE_HOME", place.path().join(".third"));
    let shown = crate::support::shown(&mut command);
    assert!(shown.contains("were recorded elsewhere"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_store_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    place.data(&args(&simulator, &["--max-calls", "5"]));
    let file = place.path().join(".patterns/store.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert_snapshot!(place.run(&["resume", "1"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: .patterns/store.db: the store may have been written by somebody else: others may write to it (its mode is 0666)
    help: if it is yours, take it back with chmod go-w (or chown); else go without: --no-store
    ");
}

#[test]
fn a_finished_batch_typed_again_spends_nothing_and_says_the_same() {
    let rows: Vec<String> = (0..6)
        .map(|n| format!("{{\"id\": {n}, \"claim\": \"Ship {n} sank.\"}}"))
        .collect();
    let place = Place::with(&[("claims.jsonl", &rows.join("\n"))]);
    let simulator = Simulator::start(&place, &[]);
    let mut args = vec![
        "vote",
        "--batch",
        "claims.jsonl",
        "--question-field",
        "claim",
    ];
    args.extend([
        "-n",
        "9",
        "--policy",
        "fixed",
        "--max-calls",
        "20",
        "--seed",
        "1",
    ]);
    args.extend(["--output", "jsonl"]);
    args.extend(simulator.args());
    let first = place.data(&args);
    let sent = simulator.ledger()["requests"].as_u64().unwrap();
    assert!(sent <= 20, "{sent}");
    for _ in 0..2 {
        let again = place.data(&args);
        assert_eq!(
            (again.0, again.1.lines().count()),
            (first.0, first.1.lines().count())
        );
        assert_eq!(simulator.ledger()["requests"], sent);
    }
    assert_eq!(place.data(&["runs"]).1.lines().count(), 2, "it is one run");
}

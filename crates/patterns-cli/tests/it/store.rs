//! Answers are paid for once: across runs, processes and crashes.

use insta::assert_snapshot;

use crate::support::{Place, Simulator};

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
    let (_, lines) = place.data(&["store", "export"]);
    assert_eq!(lines.lines().count(), 80);
    place.write("lines.jsonl", lines.as_bytes());
    assert_eq!(place.data(&["store", "gc"]).1, "removed: 40\n");
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
    help: runs make one where they are begun; --store names another file
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
    let mut args = vec!["map-reduce", "rows.jsonl", "--reduce-tokens", "600", "-q"];
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

//! A run that is killed with `kill -9`: the calls that were under way count when it is gone on with.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::{Place, Server, completion};

const ROWS: &str = r#"{"id": 0, "text": "Ship 0."}
{"id": 1, "text": "Ship 1."}
{"id": 2, "text": "Ship 2."}
{"id": 3, "text": "Ship 3."}
{"id": 4, "text": "Ship 4."}
{"id": 5, "text": "Ship 5."}
"#;

#[test]
fn calls_under_way_at_a_kill_count() {
    let place = Place::with(&[("rows.jsonl", ROWS)]);
    let (seen, is_free) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (seen_too, is_free_too) = (Arc::clone(&seen), Arc::clone(&is_free));
    // Answers the first ship when three calls are under way, and the others after the kill.
    let server = Server::start(move |body| {
        seen_too.fetch_add(1, Ordering::SeqCst);
        let may_go = || match body.contains("Ship 0.") {
            true => seen_too.load(Ordering::SeqCst) >= 3,
            false => is_free_too.load(Ordering::SeqCst),
        };
        while !may_go() {
            std::thread::yield_now();
        }
        (200, completion(r#"{"summary": "It is a ship."}"#))
    });
    let mut args = vec!["map-reduce", "rows.jsonl", "--no-reduce"];
    args.extend(["--concurrency", "3", "--max-calls", "5"]);
    args.extend(server.args());
    let mut command = place.command(&args);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = command.spawn().unwrap();
    // The fourth call takes the place of the one whose answer is recorded.
    while seen.load(Ordering::SeqCst) < 4 {
        std::thread::yield_now();
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let (_, listed) = place.data(&["runs"]);
    assert!(listed.contains("broken off"), "{listed}");
    is_free.store(true, Ordering::SeqCst);

    let shown = place.run(&args);
    let (_, show) = place.data(&["show", "1", "--output", "json"]);
    let show: Value = serde_json::from_str(&show).unwrap();
    let lost = show["lost"].as_u64().unwrap();
    // All that the server has seen, the fourth included: it was kept before it was sent.
    assert_eq!(lost, 3, "{show}");
    let note = format!("{lost} calls were under way when an earlier session was broken off");
    assert!(
        shown.starts_with("exit 5\n") && shown.contains(&note),
        "{shown}"
    );
    // One was answered before, and the cap is five.
    assert_eq!(seen.load(Ordering::SeqCst), 5);
    let (_, page) = place.data(&["show", "1"]);
    assert!(
        page.contains(&format!(
            "  lost      {lost} attempts were under way at a kill"
        )),
        "{page}"
    );
    assert!(
        page.contains("  sent      5 attempts, failed ones included"),
        "{page}"
    );
    let events = &show["outcome"]["events"];
    assert_eq!(
        (&events["run_started"], &events["answer_reused"]),
        (&1.into(), &1.into())
    );
}

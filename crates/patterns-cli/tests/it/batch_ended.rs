//! A batch that is ended by Ctrl-C or by its time says what it has no result for.
#![cfg(unix)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::signals::Running;
use crate::support::{Place, Server, Simulator, completion};

/// Five questions; the right answer to the first is yes, to all others no.
fn place() -> Place {
    let gold = |n: u8| if n == 1 { "yes" } else { "no" };
    let row =
        |n| json!({"id": format!("q{n}"), "question": format!("Number {n}?"), "gold": gold(n)});
    let rows: String = (1..=5).map(|n| format!("{}\n", row(n))).collect();
    Place::with(&[("q.jsonl", &rows)])
}

/// Ends a batch by Ctrl-C while two ballots on each of the first two questions are under way: the first
/// one is torn, the second one decided.
fn interrupted(place: &Place, more: &[&str]) -> (Option<i32>, String, String) {
    let (asked, first) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let open = Arc::new((Mutex::new(false), Condvar::new()));
    let (counter, gate) = (Arc::clone(&asked), Arc::clone(&open));
    let server = Server::start(move |body| {
        let is_yes = body.contains("Number 1?") && first.fetch_add(1, Ordering::SeqCst) == 0;
        counter.fetch_add(1, Ordering::SeqCst);
        let closed = gate.1.wait_while(gate.0.lock().unwrap(), |it| !*it);
        drop(closed);
        let answer = if is_yes { "yes" } else { "no" };
        let ballot = json!({"reasoning": "", "answer": answer, "confidence": 1});
        (200, completion(&ballot.to_string()))
    });
    let vote = ["vote", "--batch", "q.jsonl", "-n", "3", "--gold", "gold"];
    let mut command = place.command(&vote);
    command.args(["--concurrency", "4", "--no-store"]);
    let mut running = Running::of(command.args(more).args(server.args()));
    while asked.load(Ordering::SeqCst) != 4 {
        std::thread::yield_now();
    }
    running.signal("-INT");
    running.wait_for("finishing 4 in flight");
    *open.0.lock().unwrap() = true;
    open.1.notify_all();
    running.end()
}

#[test]
fn an_interrupted_batch_says_which_questions_have_no_result() {
    let (code, said, written) = interrupted(&place(), &[]);
    assert_eq!(code, Some(130), "{said}");
    assert_snapshot!(written, @r"
    q1: broken off: the run was ended
    q2: no (2 of 2 votes, 100 %), right
    q3: not begun: the run was ended
    q4: not begun: the run was ended
    q5: not begun: the run was ended
    ");
    let error = said.find("error[").map(|at| &said[at..]);
    assert_snapshot!(error.unwrap(), @r"
    error[E-INTERRUPTED]: interrupted; calls in flight were finished and what was answered is kept
      of 5 questions, 1 was broken off and 3 were not begun
    ");
}

#[test]
fn a_row_of_an_interrupted_batch_is_compared_with_its_own_right_answer() {
    let (_, said, written) = interrupted(&place(), &["--output", "jsonl"]);
    let rows = written.lines().map(|it| serde_json::from_str(it).unwrap());
    let rows: Vec<Value> = rows.collect();
    let ends: Vec<(&str, &str)> = rows[..5]
        .iter()
        .map(|it| (it["id"].as_str().unwrap(), it["decision"].as_str().unwrap()))
        .collect();
    assert_eq!(
        ends,
        [
            ("q1", "broken_off"),
            ("q2", "won"),
            ("q3", "not_begun"),
            ("q4", "not_begun"),
            ("q5", "not_begun")
        ],
        "{said}"
    );
    assert_eq!(
        (&rows[1]["gold"], &rows[1]["right"]),
        (&json!("no"), &json!(true))
    );
    assert_eq!(rows[5]["type"], "outcome");
}

#[test]
fn a_batch_whose_time_is_up_says_how_many_questions_were_not_begun() {
    let place = place();
    // The last quarter of the time is for what is in flight.
    let simulator = Simulator::start(&place, &["--latency", "1100ms"]);
    let mut args = vec![
        "vote",
        "--batch",
        "q.jsonl",
        "-n",
        "1",
        "--concurrency",
        "1",
    ];
    args.extend(["--max-time", "4s", "--no-store"]);
    args.extend(simulator.args());
    // With a cap, all elections begin at once, to share the calls.
    for more in [&[][..], &["--max-calls", "100"]] {
        let shown = place.run(&[&args, more].concat());
        assert!(shown.starts_with("exit 5\n"), "{shown}");
        for words in [
            "q4: not begun: the run was ended\nq5: not begun: the run was ended\n",
            "error[E-BUDGET]: the time of the run is up; calls in flight were finished",
            "\n  of 5 questions, 2 were not begun\n",
        ] {
            assert!(shown.contains(words), "{shown}");
        }
    }
}

#[test]
fn a_batch_whose_calls_are_dropped_says_so_too() {
    let place = place();
    let simulator = Simulator::start(&place, &["--latency", "1h"]);
    let mut args = vec![
        "vote",
        "--batch",
        "q.jsonl",
        "-n",
        "1",
        "--concurrency",
        "2",
    ];
    args.extend(["--max-time", "2s", "--no-store"]);
    args.extend(simulator.args());
    assert_snapshot!(place.run(&args), @r"
    exit 5
    --- stdout
    --- stderr
    the time of the run is up: finishing 2 in flight, 1 s at most; Ctrl-C drops them
    branches: 2 started = 0 answered + 0 failed + 2 cancelled · calls 0 · attempts 0 (+ those of 2 dropped) · [time]
    error[E-BUDGET]: the time of the run is up; calls in flight were dropped
      of 5 questions, 2 were broken off and 3 were not begun
    ");
}

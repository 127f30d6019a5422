//! Ctrl-C and SIGTERM end a run, with its account.
#![cfg(unix)]

use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::{Place, Simulator};

fn ended_by(signal: &str, args: &[&str]) -> (Option<i32>, String) {
    let place = Place::with(&[("a.txt", "Text."), ("b.txt", "More.")]);
    let simulator = Simulator::start(&place, &["--latency", "1h"]);
    let mut child = place
        .command(&["map-reduce", "a.txt", "b.txt"])
        .args(args)
        .args(simulator.args())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Both calls have arrived when the ledger says so.
    while simulator.ledger()["in_flight"] != 2 {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap()
            .success()
    );
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    let code = child.wait().unwrap().code();
    while simulator.ledger()["dropped"] != 2 {
        std::thread::yield_now();
    }
    (code, stderr)
}

#[test]
fn ctrl_c_drops_what_is_in_flight() {
    let (code, stderr) = ended_by("-INT", &[]);
    assert_eq!(code, Some(130), "{stderr}");
    let account = "2 started = 0 answered + 0 failed + 2 cancelled";
    assert!(
        stderr.contains(account) && stderr.contains("error[E-INTERRUPTED]"),
        "{stderr}"
    );
}

#[test]
fn sigterm_drops_what_is_in_flight() {
    let (code, stderr) = ended_by("-TERM", &["-q"]);
    assert_eq!(code, Some(143), "{stderr}");
    assert!(stderr.contains("error[E-TERMINATED]"), "{stderr}");
}

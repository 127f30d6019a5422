//! Ctrl-C and SIGTERM: once drains a run, twice aborts it, thrice exits; in every combination.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Place, Server, Simulator, error};

/// A run in a process of its own.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Running {
    fn start(place: &Place, simulator: &Simulator, more: &[&str]) -> Self {
        let mut command = place.command(&["map-reduce", "a.txt", "b.txt", "--concurrency", "2"]);
        let running = Self::of(command.args(more).args(simulator.args()));
        // Both calls have arrived when the ledger says so.
        while simulator.ledger()["in_flight"] != 2 {
            std::thread::yield_now();
        }
        running
    }

    /// Starts a command.
    pub(crate) fn of(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stderr,
            said: String::new(),
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Reads what is said until it contains `words`.
    pub(crate) fn wait_for(&mut self, words: &str) {
        while !self.said.contains(words) {
            let read = self.stderr.read_line(&mut self.said).unwrap();
            assert!(read > 0, "it ended without {words:?}: {}", self.said);
        }
    }

    /// Returns how it ended.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Returns the exit code, what was said and what was written.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        self.stderr.read_to_string(&mut self.said).unwrap();
        let mut written = String::new();
        let mut stdout = self.child.stdout.take().unwrap();
        stdout.read_to_string(&mut written).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, self.said, written)
    }
}

fn place() -> Place {
    Place::with(&[("a.txt", "Text."), ("b.txt", "More.")])
}

#[test]
fn the_second_signal_drops_what_is_in_flight() {
    for (first, second) in [
        ("-INT", "-INT"),
        ("-INT", "-TERM"),
        ("-TERM", "-INT"),
        ("-TERM", "-TERM"),
        ("-HUP", "-INT"),
        ("-QUIT", "-HUP"),
    ] {
        let place = place();
        let simulator = Simulator::start(&place, &["--latency", "1h"]);
        let mut running = Running::start(&place, &simulator, &[]);
        running.signal(first);
        let (code, limit, error) = match first {
            "-INT" => (130, "30 s at most", "error[E-INTERRUPTED]"),
            _ => (143, "8 s at most", "error[E-TERMINATED]"),
        };
        running.wait_for("finishing 2 in flight");
        running.signal(second);
        let begun = Instant::now();
        let (ended, said, _) = running.end();
        assert!(begun.elapsed() < Duration::from_secs(8), "it waited");
        assert_eq!(ended, Some(code), "{first} {second}: {said}");
        let account = "2 started = 0 answered + 0 failed + 2 cancelled";
        for words in [limit, account, error] {
            assert!(said.contains(words), "{first} {second}: {said}");
        }
        while simulator.ledger()["dropped"] != 2 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_run_that_has_not_begun_is_ended_by_one_signal() {
    let place = place();
    let pipe = place.path().join("key");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut child = place
        .command(&["map-reduce", "a.txt", "-o", "out.txt"])
        .args([
            "--model",
            "compatible:x",
            "--base-url",
            "http://127.0.0.1:9/v1",
            "-c",
            "providers.compatible.key_file=key",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has opened the key file when this can be opened too; nothing is ever written to it.
    let _held = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let status = child.wait().unwrap();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(2)
    );
    let names = std::fs::read_dir(place.path()).unwrap().count();
    assert_eq!(names, 3, "no temporary file is left");
}

#[test]
fn the_first_signal_finishes_what_is_in_flight_and_begins_nothing() {
    let place = place();
    place.write("c.txt", b"Last.");
    let simulator = Simulator::start(&place, &["--latency", "700ms"]);
    let more = ["c.txt", "--output", "jsonl"];
    let mut running = Running::start(&place, &simulator, &more);
    running.signal("-INT");
    running.wait_for("finishing 2 in flight");
    let (code, said, written) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("2 started = 2 answered + 0 failed + 0 cancelled"),
        "{said}"
    );
    assert_eq!(
        simulator.ledger()["requests"],
        2,
        "neither c.txt nor a reduce"
    );
    let answered = written.matches("\"end\":\"answered\"").count();
    assert_eq!(answered, 2, "what was answered is kept: {written}");
}

#[test]
fn the_third_signal_ends_even_what_is_stuck() {
    let place = place();
    // More than a pipe holds, and nobody reads it.
    let long = "A harbour is a shelter for ships. ".repeat(8_000);
    for n in 0..8 {
        place.write(&format!("long/{n}.txt"), long.as_bytes());
    }
    let echo =
        r#"{"type": "object", "properties": {"text": {"type": "string", "minLength": 40000}}}"#;
    place.write("echo.json", echo.as_bytes());
    let simulator = Simulator::start(&place, &[]);
    let mut child = place
        .command(&[
            "map-reduce",
            "long",
            "--no-reduce",
            "--map-schema",
            "echo.json",
        ])
        .args(simulator.args())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may get stuck before all of them are answered.
    while simulator.ledger()["answered"] == 0 {
        std::thread::yield_now();
    }
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let mut running = Running {
        stderr,
        said: String::new(),
        child,
    };
    running.signal("-INT");
    running.wait_for("interrupted: finishing");
    running.signal("-INT");
    // The second one cannot be seen from outside: the command is stuck in a write.
    loop {
        running.signal("-TERM");
        if let Some(status) = running.child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(130));
            break;
        }
        std::thread::yield_now();
    }
}

#[test]
fn when_the_time_is_up_the_run_ends_with_what_it_has() {
    let place = place();
    place.write("c.txt", b"Last.");
    // The last quarter of the time is for what is in flight.
    let simulator = Simulator::start(&place, &["--latency", "1100ms"]);
    let more = ["c.txt", "--max-time", "4s", "--output", "jsonl"];
    let more: Vec<&str> = more.into_iter().chain(["--concurrency", "1"]).collect();
    let mut args = vec!["map-reduce", "a.txt", "b.txt"];
    args.extend(more);
    args.extend(simulator.args());
    let output = place.command(&args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{said}");
    for words in [
        "the time of the run is up: finishing 1 in flight, 1 s at most",
        "3 started = 3 answered + 0 failed + 0 cancelled",
        "error[E-BUDGET]: the time of the run is up; calls in flight were finished",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(simulator.ledger()["requests"], 3, "no reduce was begun");
}

#[test]
fn what_does_not_end_in_time_is_dropped() {
    let place = place();
    let simulator = Simulator::start(&place, &["--latency", "1h"]);
    let mut args = vec!["map-reduce", "a.txt", "b.txt", "--max-time", "2s"];
    args.extend(["--concurrency", "1"]);
    args.extend(simulator.args());
    let begun = Instant::now();
    let output = place.command(&args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(60), "it waited");
    assert_eq!(output.status.code(), Some(5), "{said}");
    for words in [
        "1 started = 0 answered + 0 failed + 1 cancelled",
        "(+ those of 1 dropped) · documents not begun: 1",
        "`patterns resume 1` goes on with this run",
        "error[E-BUDGET]: the time of the run is up; calls in flight were dropped",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_run_whose_time_is_up_while_nobody_answers_says_that_it_is_not_the_users_doing() {
    let place = place();
    let server = Server::start(|_| (503, error("down", "down for repair")));
    let args = ["map-reduce", "a.txt", "b.txt", "--max-time", "2s"];
    let output = place
        .command(&[&args[..], &server.args()].concat())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{said}");
    for words in [
        "error[E-BUDGET]: the time of the run is up",
        "  for the last ",
        "): that held the run up, and nothing in the run itself; nothing was answered in this run",
        "`patterns resume 1` goes on with this run",
    ] {
        assert!(said.contains(words), "{words:?}: {said}");
    }
}

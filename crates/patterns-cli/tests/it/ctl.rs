//! A run is paused, given another bound and ended from another terminal.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Place, Server, completion};

/// A server that says when a call has come and answers none before it is told to.
struct Held {
    server: Server,
    come: Receiver<()>,
    answer: Sender<()>,
}

impl Held {
    fn start() -> Self {
        let (coming, come) = channel();
        let (answer, answers) = channel();
        let answers = Arc::new(Mutex::new(answers));
        let server = Server::start(move |_| {
            let _ = coming.send(());
            let _ = answers.lock().unwrap().recv();
            (200, completion(r#"{"summary": "The tide."}"#))
        });
        Self {
            server,
            come,
            answer,
        }
    }

    /// Waits until so many more calls have come.
    fn calls(&self, count: usize) {
        for _ in 0..count {
            self.come.recv().unwrap();
        }
    }

    fn answer(&self, count: usize) {
        for _ in 0..count {
            self.answer.send(()).unwrap();
        }
    }
}

fn place() -> Place {
    Place::with(&[
        ("a.txt", "The tide rose."),
        ("b.txt", "The tide fell."),
        ("c.txt", "The tide turned."),
    ])
}

/// Begins a run of three documents, one at a time.
fn begin(place: &Place, held: &Held) -> Child {
    let words = ["map-reduce", "a.txt", "b.txt", "c.txt", "--no-reduce"];
    let words = [&words[..], &["--concurrency", "1"], &held.server.args()].concat();
    let mut run = place.command(&words);
    let run = run.stdout(Stdio::null()).stderr(Stdio::piped());
    let run = run.spawn().unwrap();
    held.calls(1);
    run
}

/// Returns what `watch` says first, once it is like that.
fn watched(place: &Place, is_it: impl Fn(&Value) -> bool) -> Value {
    loop {
        let mut watch = place.command(&["watch", "--output", "json"]);
        let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(watch.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let _ = watch.kill();
        watch.wait().unwrap();
        let seen = serde_json::from_str(&line).unwrap_or_default();
        if is_it(&seen) {
            return seen;
        }
    }
}

fn end(run: Child) -> (Option<i32>, String) {
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_paused_run_sends_nothing_until_it_goes_on_with_the_bound_it_is_given() {
    let (place, held) = (place(), Held::start());
    let run = begin(&place, &held);
    assert_snapshot!(place.run(&["ctl", "latest", "pause"]), @r"
    exit 0
    --- stdout
    run 1: paused; what is in flight ends, and `patterns ctl 1 resume` goes on
    --- stderr
    ");
    held.answer(1);
    let seen = watched(&place, |it| it["in_flight"] == 0);
    assert_eq!(seen["paused_by_ctl"], true);
    let (_, shown) = place.data(&["ctl", "1", "concurrency", "2", "--output", "json"]);
    assert_eq!(
        shown,
        "{\"run\":1,\"asked\":{\"concurrency\":2},\"heard\":true}\n"
    );
    assert!(
        held.come.try_recv().is_err(),
        "a call came while it was paused"
    );
    place.data(&["ctl", "1", "resume"]);
    // Both at once, where one at a time was the bound.
    held.calls(2);
    let seen = watched(&place, |it| it["in_flight"] == 2);
    assert_eq!(seen["paused_by_ctl"], false);
    assert_eq!(seen["concurrency_by_ctl"], 2);
    held.answer(2);
    let (code, said) = end(run);
    assert_eq!(code, Some(0), "{said}");
    for words in [
        "paused by ctl: `patterns ctl 1 resume` goes on",
        "at most 2 calls in flight from now on, as patterns ctl asks",
        "going on, as patterns ctl asks",
        "branches: 3 started = 3 answered",
    ] {
        assert!(said.contains(words), "{words:?} is missing: {said}");
    }
}

#[test]
fn a_run_that_is_stopped_keeps_what_was_answered_and_can_be_gone_on_with() {
    for is_paused in [false, true] {
        let (place, held) = (place(), Held::start());
        let run = begin(&place, &held);
        if is_paused {
            place.data(&["ctl", "1", "pause"]);
        }
        let (code, shown) = place.data(&["ctl", "1", "stop"]);
        assert_eq!(code, Some(0), "{shown}");
        held.answer(1);
        let (code, said) = end(run);
        assert_eq!(code, Some(130), "{said}");
        for words in [
            "stopped by patterns ctl",
            "1 started = 1 answered + 0 failed + 0 cancelled",
            "`patterns resume 1` goes on with this run",
        ] {
            assert!(said.contains(words), "{words:?} is missing: {said}");
        }
        held.answer(2);
        // What was asked of the session before is not asked of this one.
        let (code, shown) = place.data(&["resume", "1"]);
        assert_eq!(code, Some(0), "{shown}");
        assert_eq!(shown.matches("The tide.").count(), 3, "{shown}");
    }
}

#[test]
fn what_cannot_be_asked_is_said_with_what_to_do() {
    let place = Place::with(&[("a.txt", "The tide rose.")]);
    assert_snapshot!(place.run(&["ctl", "1", "pause"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: there is no store at .patterns/store.db
    help: runs make one where they are begun (offline ones only at --store FILE); --store names another
    ");
    let server = Server::start(|_| (200, completion(r#"{"summary": "The tide."}"#)));
    let words = [&["map-reduce", "a.txt", "--no-reduce"], &server.args()[..]].concat();
    place.data(&words);
    assert_snapshot!(place.run(&["ctl", "7", "pause"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: there is no run 7
    help: `patterns runs` lists those there are
    ");
    assert_snapshot!(place.run(&["ctl", "latest", "stop"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: run 1 is not under way: it has ended (done)
    help: `patterns resume 1` goes on with it or does it again
    ");
    for (args, words) in [
        (
            &["ctl", "1", "concurrency", "0"][..],
            "expected a whole number from 1 to 10000",
        ),
        (
            &["ctl", "1", "concurrency"],
            "the following required arguments were not provided",
        ),
        (
            &["ctl", "1", "pause", "4"],
            "a number goes with concurrency, and with nothing else",
        ),
        (
            &["ctl", "1", "halt"],
            "possible values: pause, resume, concurrency, stop",
        ),
    ] {
        let shown = place.run(args);
        assert!(shown.starts_with("exit 2\n"), "{shown}");
        assert!(shown.contains(words), "{shown}");
    }
}

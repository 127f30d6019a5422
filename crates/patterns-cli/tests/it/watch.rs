//! A run is followed from another terminal.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex};

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Place, Server, completion};

/// Opened once, for everybody who waits at it.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let is_open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(is_open, |it| !*it).unwrap());
    }
}

#[test]
fn a_run_is_followed_until_it_has_ended() {
    let place = Place::with(&[("a.txt", "The tide rose."), ("b.txt", "The tide fell.")]);
    let gate = Gate::default();
    let passed = gate.clone();
    let server = Server::start(move |_| {
        passed.pass();
        (200, completion(r#"{"summary": "The tide."}"#))
    });
    let words = [
        &["map-reduce", "a.txt", "b.txt", "--no-reduce"],
        &server.args()[..],
    ]
    .concat();
    let mut run = place.command(&words);
    let mut run = run
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut watched = loop {
        // It follows the run once that is recorded.
        let mut watch = place.command(&["watch", "--output", "json"]);
        let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
        let first = lines.next().map_or_else(String::new, |it| it.unwrap());
        if first.contains(r#""state":"running""#) {
            break (watch, lines);
        }
        watch.wait().unwrap();
    };
    gate.open();
    let last = watched.1.by_ref().last().unwrap().unwrap();
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(
        (
            &last["state"],
            &last["in_flight"],
            &last["done"],
            &last["total"]
        ),
        (&"done".into(), &0.into(), &2.into(), &2.into())
    );
    assert_eq!(
        last["stages"],
        serde_json::json!([["map", {"begun": 2, "ended": 2, "failed": 0, "cancelled": 0}]])
    );
    assert!(watched.0.wait().unwrap().success());
    assert!(run.wait().unwrap().success());
}

#[test]
fn a_run_that_is_killed_is_followed_no_further() {
    let place = Place::with(&[("a.txt", "The tide rose."), ("b.txt", "The tide fell.")]);
    let (asked, held) = (Gate::default(), Gate::default());
    let (come, answer) = (asked.clone(), held.clone());
    let server = Server::start(move |_| {
        come.open();
        answer.pass();
        (200, completion(r#"{"summary": "The tide."}"#))
    });
    let words = ["map-reduce", "a.txt", "b.txt", "--no-reduce"];
    let words = [&words[..], &server.args()].concat();
    let mut run = place.command(&words);
    let run = run.stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = run.spawn().unwrap();
    asked.pass();
    let mut watch = place.command(&["watch"]);
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("run 1: running · "), "{first}");
    let page = place.data(&["report", "-o", "-"]).1;
    let figure = "<dt>Branches answered</dt><dd>0 of ";
    assert!(page.contains(figure), "a page of a running run has it too");
    // No handler runs, and nothing more is written: its lock alone says that it is gone.
    run.kill().unwrap();
    run.wait().unwrap();
    let last = lines.last().unwrap().unwrap();
    assert!(last.starts_with("run 1: broken off · "), "{last}");
    assert!(watch.wait().unwrap().success());
    held.open();
}

#[test]
fn a_run_that_has_ended_is_said_once() {
    let place = Place::with(&[("a.txt", "The tide rose.")]);
    let server = Server::start(|_| (200, completion(r#"{"summary": "The tide."}"#)));
    let words = [&["map-reduce", "a.txt", "--no-reduce"], &server.args()[..]].concat();
    place.data(&words);
    let ended = place.run(&["watch"]);
    let took = ended.lines().nth(2).unwrap().rsplit(" · ").next().unwrap();
    assert!(took.ends_with(" s"), "{ended}");
    assert_snapshot!(ended.replace(took, "TIME"), @r"
    exit 0
    --- stdout
    run 1: done · 1 started = 1 answered + 0 failed + 0 cancelled · 1 attempt · TIME
    --- stderr
    ");
    assert_snapshot!(place.run(&["watch", "7"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: there is no run 7
    help: `patterns runs` lists those there are
    ");
}

#[test]
fn who_only_looks_is_not_told_to_go_without_a_store() {
    let place = Place::new();
    // A folder cannot be read as a store, whoever asks.
    place.write("store.db/a.txt", b"x");
    for words in [&["watch"][..], &["ctl", "1", "pause"], &["show"], &["runs"]] {
        let shown = place.run(&[words, &["--store", "store.db"]].concat());
        assert!(!shown.starts_with("exit 0"), "{words:?}: {shown}");
        assert!(!shown.contains("--no-store"), "{words:?}: {shown}");
    }
}

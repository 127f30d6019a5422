//! What a person at a terminal sees: results and warnings beside the progress line, and questions.
#![cfg(unix)]

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use insta::assert_snapshot;
use nix::pty::{Winsize, openpty};

use crate::support::{Place, Server, Simulator, completion};

const ROWS: NonZero<u16> = NonZero::new(40).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(100).unwrap();

/// Everything that has been written to a terminal so far.
#[derive(Clone, Default)]
struct Written(Arc<(Mutex<Vec<u8>>, Condvar)>);

impl Written {
    fn add(&self, bytes: &[u8]) {
        self.0.0.lock().unwrap().extend_from_slice(bytes);
        self.0.1.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.0.lock().unwrap()).into_owned()
    }

    /// Waits until these words have been written so often.
    fn wait_for(&self, words: &str, times: usize) {
        let is_missing = |it: &mut Vec<u8>| {
            let text = String::from_utf8_lossy(it);
            text.matches(words).count() < times
        };
        let written = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(written, is_missing).unwrap());
    }
}

/// A command at a terminal of its own.
struct AtTerminal {
    child: Child,
    keyboard: File,
    written: Written,
    reader: JoinHandle<()>,
}

impl AtTerminal {
    fn start(command: &mut Command, written: &Written) -> Self {
        let size = Winsize {
            ws_row: ROWS.get(),
            ws_col: COLUMNS.get(),
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(Some(&size), None).unwrap();
        let side = || Stdio::from(pty.slave.try_clone().unwrap());
        let child = command
            .env("TERM", "xterm")
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        // The terminal ends with the last who has it open.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        drop(pty.slave);
        let mut screen = File::from(pty.master);
        let keyboard = screen.try_clone().unwrap();
        let seen = written.clone();
        let reader = thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut piece) {
                seen.add(&piece[..read]);
            }
        });
        Self {
            child,
            keyboard,
            written: written.clone(),
            reader,
        }
    }

    fn type_in(&mut self, words: &str) {
        self.keyboard.write_all(words.as_bytes()).unwrap();
    }

    /// Returns the exit code, and what the terminal shows in the end.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        self.reader.join().unwrap();
        let mut screen = vt100::Parser::new(ROWS, COLUMNS, 0);
        screen.process(self.written.text().as_bytes());
        (code, screen.screen().contents())
    }
}

/// Lets each answer wait until the progress line has been drawn once more.
fn between_draws(written: &Written, answer: &'static str) -> Server {
    let (written, draws) = (written.clone(), Mutex::new(0));
    Server::start(move |_| {
        let mut draws = draws.lock().unwrap();
        *draws += 1;
        written.wait_for("in flight", *draws);
        (200, completion(answer))
    })
}

#[test]
fn results_stand_on_lines_of_their_own_and_the_progress_line_leaves_nothing_behind() {
    let questions: String = (0..5)
        .map(|n| format!("{{\"id\": \"q{n}\", \"question\": \"Is {n} odd?\"}}\n"))
        .collect();
    let place = Place::with(&[("q.jsonl", &questions)]);
    let written = Written::default();
    let answer = r#"{"reasoning": "So.", "answer": "no", "confidence": 1}"#;
    let server = between_draws(&written, answer);
    let args = ["vote", "--batch", "q.jsonl", "-n", "1", "--no-store"];
    let mut command = place.command(&[&args[..], &server.args()].concat());
    command.args(["--concurrency", "1"]);
    let (code, screen) = AtTerminal::start(&mut command, &written).end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(written.text().matches("in flight").count() > 4);
    let results: Vec<_> = screen.lines().take(5).collect();
    assert_snapshot!(results.join("\n"), @r"
    q0: no (1 of 1 vote, 100 %)
    q1: no (1 of 1 vote, 100 %)
    q2: no (1 of 1 vote, 100 %)
    q3: no (1 of 1 vote, 100 %)
    q4: no (1 of 1 vote, 100 %)
    ");
    assert!(!screen.contains("in flight"), "{screen}");
}

#[test]
fn warnings_of_readers_do_not_tear_the_progress_line() {
    let rows: String = (0..8)
        .map(|n| match n {
            5 => "{\"text\": \"Lost.\", \"text\": \"Row 5.\"}\n".to_owned(),
            n => format!("{{\"text\": \"Row {n}.\"}}\n"),
        })
        .collect();
    let place = Place::with(&[("rows.jsonl", &rows)]);
    let written = Written::default();
    let server = between_draws(&written, r#"{"summary": "A row."}"#);
    let args = ["map-reduce", "rows.jsonl", "--no-reduce", "--no-store"];
    let mut command = place.command(&[&args[..], &server.args()].concat());
    command.args(["--concurrency", "1", "-o", "out.txt"]);
    let (code, screen) = AtTerminal::start(&mut command, &written).end();
    assert_eq!(code, Some(0), "{screen}");
    let said = "warning: rows.jsonl: line 6 has \"text\" twice, of which the last counts";
    assert!(screen.lines().any(|it| it == said), "{screen}");
    assert!(!screen.contains("in flight"), "{screen}");
}

#[test]
fn a_store_from_elsewhere_is_gone_on_with_only_after_a_yes() {
    let place = Place::with(&[("a.txt", "A harbour is a shelter.")]);
    let simulator = Simulator::start(&place, &[]);
    let args = ["map-reduce", "a.txt", "--no-reduce"];
    place.data(&[&args[..], &simulator.args()].concat());
    for (answer, code, says) in [
        ("n\n", 2, "the run is left as it is"),
        ("\n", 2, "the run is left as it is"),
        ("y\n", 0, "1 = 1 mapped"),
    ] {
        let written = Written::default();
        let mut command = place.command(&["resume", "1"]);
        command.env("XDG_STATE_HOME", place.path().join(".elsewhere"));
        let mut resumed = AtTerminal::start(&mut command, &written);
        written.wait_for("go on with it? [y/N] ", 1);
        resumed.type_in(answer);
        let (ended, screen) = resumed.end();
        assert_eq!(ended, Some(code), "{answer:?}: {screen}");
        for part in [says, "was not made here", "it sends your inputs"] {
            assert!(screen.contains(part), "{answer:?}, {part}: {screen}");
        }
    }
}

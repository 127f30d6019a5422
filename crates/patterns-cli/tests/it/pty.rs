//! What a person at a terminal sees: results and warnings beside the progress line, and questions.
#![cfg(unix)]

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
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
pub(crate) struct Written(Arc<(Mutex<Vec<u8>>, Condvar)>);

impl Written {
    fn add(&self, bytes: &[u8]) {
        self.0.0.lock().unwrap().extend_from_slice(bytes);
        self.0.1.notify_all();
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.0.lock().unwrap()).into_owned()
    }

    /// Waits until these words have been written so often.
    pub(crate) fn wait_for(&self, words: &str, times: usize) {
        let is_missing = |it: &mut Vec<u8>| {
            let text = String::from_utf8_lossy(it);
            text.matches(words).count() < times
        };
        let written = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(written, is_missing).unwrap());
    }
}

/// A command at a terminal of its own.
pub(crate) struct AtTerminal {
    child: Child,
    keyboard: File,
    written: Written,
    reader: JoinHandle<()>,
    /// Another hold on the terminal, to change its size.
    side: Option<OwnedFd>,
    columns: u16,
}

impl AtTerminal {
    pub(crate) fn start(command: &mut Command, written: &Written) -> Self {
        Self::start_in(COLUMNS.get(), command, written)
    }

    pub(crate) fn start_in(columns: u16, command: &mut Command, written: &Written) -> Self {
        let size = Winsize {
            ws_row: ROWS.get(),
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(Some(&size), None).unwrap();
        let side = || Stdio::from(pty.slave.try_clone().unwrap());
        if !command.get_envs().any(|(name, _)| name == "TERM") {
            command.env("TERM", "xterm");
        }
        let child = command
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
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
            side: Some(pty.slave),
            columns,
        }
    }

    /// Makes the terminal so many columns wide.
    fn resize(&mut self, columns: u16) {
        let side = self.side.as_ref().unwrap().try_clone().unwrap();
        let mut stty = Command::new("stty");
        let columns_now = columns.to_string();
        let status = stty
            .args(["cols", &columns_now])
            .stdin(Stdio::from(side))
            .status();
        assert!(status.unwrap().success());
        self.columns = columns;
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-INT", &id]).status();
        assert!(status.unwrap().success());
    }

    pub(crate) fn type_in(&mut self, words: &str) {
        self.keyboard.write_all(words.as_bytes()).unwrap();
    }

    /// Returns the exit code, and what the terminal shows in the end.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        // The terminal ends with the last who has it open.
        self.side.take();
        self.reader.join().unwrap();
        let columns = NonZero::new(self.columns).unwrap();
        let mut screen = vt100::Parser::new(ROWS, columns, 0);
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
fn plots_are_drawn_at_a_terminal_and_nowhere_else() {
    let place = Place::with(&[("a.txt", "The tide rose."), ("b.txt", "The tide fell.")]);
    let both = r#"{"summary": "The tide.", "combined_summary": "The tide."}"#;
    let server = Server::start(move |_| (200, completion(both)));
    let args = ["map-reduce", "a.txt", "b.txt", "--no-store", "--plots"];
    let mut command = place.command(&[&args[..], &server.args()].concat());
    let (code, screen) = AtTerminal::start(&mut command, &Written::default()).end();
    assert_eq!(code, Some(0), "{screen}");
    for beginning in ["calls    ", "working  █", "tokens   █", "         █"] {
        assert!(
            screen.lines().any(|it| it.starts_with(beginning)),
            "{beginning:?}: {screen}"
        );
    }
    let piped = place.run(&[&args[..], &server.args()].concat());
    assert!(!piped.contains('█'), "{piped}");
    let is_money = |line: &str| line.starts_with("spent    ") || line.starts_with("money    █");
    assert!(!screen.lines().any(is_money), "no price is known: {screen}");
    place.configure("[providers.compatible.prices.\"*\"]\ninput = 100\noutput = 400\n");
    let recorded = [&args[..3], &["--plots"], &server.args()[..]].concat();
    let (code, screen) =
        AtTerminal::start(&mut place.command(&recorded), &Written::default()).end();
    assert_eq!(code, Some(0), "{screen}");
    let money: Vec<&str> = screen.lines().filter(|it| is_money(it)).collect();
    assert_eq!(money.len(), 2, "{screen}");
    assert!(money[1].contains(" map $0.0060"), "{screen}");
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

/// Returns what was drawn, line by line, without what moves about on a terminal.
pub(crate) fn drawn(written: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut letters = written.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                let is_end = |it: &char| it.is_ascii_alphabetic();
                letters.by_ref().find(is_end);
            }
            '\r' => plain.push('\n'),
            letter => plain.push(letter),
        }
    }
    let lines = plain.lines().map(str::trim_end).filter(|it| !it.is_empty());
    lines.map(str::to_owned).collect()
}

fn documents() -> (Place, Vec<&'static str>) {
    let rows: String = (0..8)
        .map(|n| format!("{{\"text\": \"Row {n}.\"}}\n"))
        .collect();
    let place = Place::with(&[("rows.jsonl", &rows)]);
    let words = vec![
        "map-reduce",
        "rows.jsonl",
        "--no-reduce",
        "--no-store",
        "--concurrency",
        "1",
    ];
    (place, words)
}

#[test]
fn progress_fits_into_terminals_of_any_width_beside_results_that_stream() {
    for columns in [24, 80, 200] {
        let (place, words) = documents();
        let written = Written::default();
        let server = between_draws(&written, r#"{"summary": "A row."}"#);
        let mut command = place.command(&[&words[..], &server.args()].concat());
        command.env("NO_COLOR", "1");
        let (code, screen) = AtTerminal::start_in(columns, &mut command, &written).end();
        assert_eq!(code, Some(0), "{screen}");
        let text = written.text();
        let lines = drawn(&text);
        let progress = lines
            .iter()
            .filter(|it| it.contains("/8") && it.contains("in flight"));
        let widest = progress.map(|it| it.chars().count()).max();
        assert!(
            widest.is_some_and(|it| it <= columns.into()),
            "{columns}: {lines:#?}"
        );
        // Eight results stand there whole, and nothing of the progress is left.
        assert_eq!(
            screen.lines().filter(|it| *it == "A row.").count(),
            8,
            "{screen}"
        );
        assert!(!screen.contains("in flight"), "{screen}");
        // NO_COLOR: nothing is coloured.
        let is_colour =
            |it: &str| it.starts_with(['3', '9']) && it.split('m').next().unwrap().len() == 2;
        assert!(!text.split("\u{1b}[").skip(1).any(is_colour), "{text:?}");
    }
}

#[test]
fn a_terminal_that_changes_its_width_is_drawn_on_anew() {
    let (place, words) = documents();
    let written = Written::default();
    let gate = written.clone();
    let server = Server::start(move |_| {
        gate.wait_for("RESIZED", 1);
        (200, completion(r#"{"summary": "A row."}"#))
    });
    let mut command = place.command(&[&words[..], &server.args()].concat());
    let mut run = AtTerminal::start_in(100, &mut command, &written);
    written.wait_for("1 in flight", 1);
    run.resize(24);
    let before = written.text().len();
    // It is looked at four times a second; the spinner turns more often.
    let draws = written.text().matches("in flight").count();
    written.wait_for("in flight", draws + 6);
    let lines = drawn(&written.text()[before..]);
    let last = lines.last().map(|it| it.chars().count());
    assert!(last <= Some(24), "{lines:#?}");
    written.add(b"RESIZED");
    assert_eq!(run.end().0, Some(0));
}

#[test]
fn a_dumb_terminal_is_not_drawn_on() {
    let (place, words) = documents();
    let written = Written::default();
    let server = Server::start(|_| (200, completion(r#"{"summary": "A row."}"#)));
    let mut command = place.command(&[&words[..], &server.args()].concat());
    command.env("TERM", "dumb");
    let (code, screen) = AtTerminal::start(&mut command, &written).end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!written.text().contains('\u{1b}'), "{:?}", written.text());
    assert!(!written.text().contains("in flight"), "{screen}");
}

#[test]
fn ctrl_c_is_said_where_the_progress_is() {
    let (place, words) = documents();
    let written = Written::default();
    let gate = written.clone();
    let server = Server::start(move |_| {
        gate.wait_for("interrupted: finishing", 1);
        (200, completion(r#"{"summary": "A row."}"#))
    });
    let mut command = place.command(&[&words[..], &server.args()].concat());
    let run = AtTerminal::start_in(80, &mut command, &written);
    written.wait_for("1 in flight", 1);
    run.interrupt();
    let (code, screen) = run.end();
    assert_eq!(code, Some(130), "{screen}");
    assert!(!screen.contains("interrupted: finishing"), "{screen}");
    assert!(screen.contains("E-INTERRUPTED"), "{screen}");
}

#[test]
fn programs_are_told_in_json_and_nobody_if_nothing_is_wanted() {
    let (place, words) = documents();
    let server = Server::start(|_| (200, completion(r#"{"summary": "A row."}"#)));
    let run = |how: &str| {
        let more = ["-c", &format!("run.progress={how}")];
        let words = [&words[..], &server.args(), &more].concat();
        let output = place.command(&words).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let told = run("json");
    let last = told.lines().rfind(|it| it.starts_with('{')).unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(
        (&last["type"], &last["done"]),
        (&"progress".into(), &8.into())
    );
    assert_eq!(
        (&last["in_flight"], &last["waiting"]),
        (&0.into(), &0.into())
    );
    assert!(!run("none").contains("progress"));
}

#[test]
fn who_watches_from_another_terminal_is_told_of_branches_as_they_end() {
    let files = ["a.txt", "b.txt", "c.txt"].map(|it| (it, "The tide rose."));
    let place = Place::with(&files);
    let (run, watch) = (Written::default(), Written::default());
    let seen = watch.clone();
    let asked = Mutex::new(0_u32);
    // Each answer waits until whoever watches has been told of the one before.
    let server = Server::start(move |_| {
        let mut asked = asked.lock().unwrap();
        // The first answer has the wrong shape, so a branch is no call.
        let ended = asked.max(1) - 1;
        seen.wait_for(&format!("run 1: {ended}/3 · "), 1);
        *asked += 1;
        match *asked {
            1 => (200, completion(r#"{"summary": 7, "no": 1}"#)),
            3 => (400, "{\"error\": {\"message\": \"no\"}}".to_owned()),
            _ => (200, completion(r#"{"summary": "The tide."}"#)),
        }
    });
    let words = ["map-reduce", "a.txt", "b.txt", "c.txt", "--no-reduce"];
    let words = [&words[..], &["--concurrency", "1"], &server.args()].concat();
    let run = AtTerminal::start(&mut place.command(&words), &run);
    run.written.wait_for("in flight", 1);
    let mut command = place.command(&["watch"]);
    let (code, screen) = AtTerminal::start(&mut command, &watch).end();
    assert_eq!(code, Some(0), "{screen}");
    assert_eq!(run.end().0, Some(3));
    // What is drawn is what the run draws itself, and only how it ended stays.
    let drawn = watch.text();
    for words in [
        "run 1: 1/3 · 1 in flight",
        "run 1: 2/3 · 1 failed · 1 in flight",
    ] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    let counts = "3 started = 2 answered + 1 failed + 0 cancelled";
    let last = format!("run 1: done, with failures · {counts} · 4 attempts · ");
    let screen = screen.replace('\n', " ");
    assert!(screen.starts_with(&last), "{screen}");
}

#[test]
fn the_list_of_models_fits_into_the_terminal() {
    let place = Place::new();
    for (columns, last) in [(80, "out"), (100, "in/out")] {
        let mut command = place.command(&["models"]);
        let written = Written::default();
        let (code, screen) = AtTerminal::start_in(columns, &mut command, &written).end();
        assert_eq!(code, Some(0), "{screen}");
        let lines = drawn(&written.text());
        let widest = lines.iter().map(|it| it.chars().count()).max();
        assert!(widest <= Some(columns.into()), "{columns}: {widest:?}");
        assert_eq!(lines[0].split_whitespace().last(), Some(last), "{columns}");
        assert!(
            lines.iter().any(|it| it.contains("no room for")),
            "{screen}"
        );
    }
}

//! What a person at a terminal sees of recorded runs and of plans, and is asked before money is spent.
#![cfg(unix)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use crate::pty::{AtTerminal, Written, drawn};
use crate::support::{Place, Server, completion};

const PRICES: &str = "[providers.compatible.prices.\"*\"]\ninput = 1\noutput = 4\n";

/// A place with two documents, and a server that counts what it is asked.
fn place() -> (Place, Server, Arc<AtomicU32>) {
    let files = ["a.txt", "港湾報告書🚢.txt"].map(|it| (it, "The tide rose."));
    let place = Place::with(&files);
    place.configure(PRICES);
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let words = "The tide rose by a few feet.";
    let answer = json!({
        "summary": words, "combined_summary": words,
        "reasoning": "So.", "answer": words, "confidence": 1,
    });
    let server = Server::start(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        (200, completion(&answer.to_string()))
    });
    (place, server, asked)
}

fn words<'a>(server: &'a Server, more: &[&'a str]) -> Vec<&'a str> {
    let words = ["map-reduce", ".", "--no-reduce"];
    [&words[..], &server.args(), more].concat()
}

/// Returns whether a line has no place to break it at, or is to be copied as a whole.
fn is_one_piece(line: &str) -> bool {
    let line = line.trim();
    let is_command = ["typed ", "patterns ", "`"]
        .iter()
        .any(|it| line.starts_with(it));
    is_command || !line.contains(' ')
}

#[test]
fn pages_fit_the_terminal_and_their_colours_are_colours() {
    let (place, server, _) = place();
    for more in [&[][..], &["--fresh"]] {
        place.data(&words(&server, more));
    }
    let planned = words(&server, &["--fresh", "--dry-run"]);
    for page in [
        &["runs"][..],
        &["show"],
        &["show", "1", "0"],
        &["diff", "1", "2"],
        &["watch"],
        &["doctor"],
        &["store", "stats"],
        &["store", "verify"],
        &planned,
    ] {
        for columns in [24_u16, 80] {
            let written = Written::default();
            let mut command = place.command(page);
            AtTerminal::start_in(columns, &mut command, &written).end();
            let text = written.text();
            assert!(!text.contains("\\u001b") && !text.contains('␛'), "{text}");
            let has_bold = text.contains("\u{1b}[1m");
            let is_coloured = matches!(page[0], "runs" | "show" | "diff" | "doctor" | "map-reduce");
            assert_eq!(has_bold, is_coloured, "{page:?}: {text:?}");
            let lines = drawn(&text);
            let wide = |it: &&String| {
                let words = it.split(' ').filter(|it| !it.is_empty()).count();
                it.chars().count() > columns.into() && words > 2 && !is_one_piece(it)
            };
            let wide: Vec<_> = lines.iter().filter(wide).collect();
            assert!(wide.is_empty(), "{page:?} in {columns}: {wide:#?}");
        }
        // Elsewhere each line stays one.
        let (_, piped) = place.data(page);
        assert!(!piped.contains('\u{1b}'), "{piped}");
    }
}

#[test]
fn what_a_run_came_to_stands_below_its_result() {
    let (place, server, _) = place();
    let reduced = ["map-reduce", "a.txt", "--no-store", "--plots"];
    let asked = ["vote", "Is it?", "--no-store", "-n", "1"];
    for words in [&reduced[..], &asked] {
        let words = [words, &server.args()].concat();
        let written = Written::default();
        let (_, screen) = AtTerminal::start(&mut place.command(&words), &written).end();
        let place = |it| screen.find(it).unwrap_or_else(|| panic!("{it}: {screen}"));
        let (result, account) = (place("The tide rose by a few feet."), place("branches: "));
        assert!(result < account, "{screen}");
        if words[0] == "map-reduce" {
            assert!(account < place("documents: 1 = 1 mapped"), "{screen}");
        }
        assert_eq!(screen.matches("branches: ").count(), 1, "{screen}");
    }
}

#[test]
fn more_than_is_confirmed_is_sent_only_after_a_yes() {
    for (typed, code, calls) in [
        ("y\n", Some(0), 2),
        ("n\n", Some(5), 0),
        ("\u{4}", Some(5), 0),
    ] {
        let (place, server, asked) = place();
        let words = words(&server, &["--confirm-above", "0"]);
        let written = Written::default();
        let mut run = AtTerminal::start(&mut place.command(&words), &written);
        written.wait_for("Go on? [y/N] ", 1);
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        run.type_in(typed);
        let (ended, screen) = run.end();
        assert_eq!(
            (ended, asked.load(Ordering::Relaxed)),
            (code, calls),
            "{screen}"
        );
        let is_refused = screen
            .lines()
            .any(|it| it.starts_with("error[E-BUDGET]: nothing was sent"));
        assert_eq!(is_refused, calls == 0, "{screen}");
        assert_eq!(place.path().join(".patterns").exists(), calls > 0);
    }
}

#[test]
fn ctrl_c_at_the_question_sends_nothing_and_ends_at_once() {
    let (place, server, asked) = place();
    let words = words(&server, &["--confirm-above", "0"]);
    let written = Written::default();
    let run = AtTerminal::start(&mut place.command(&words), &written);
    written.wait_for("Go on? [y/N] ", 1);
    run.interrupt();
    let (ended, screen) = run.end();
    // It is ended by the signal itself, which a shell tells as 130.
    assert_eq!(
        (ended, asked.load(Ordering::Relaxed)),
        (None, 0),
        "{screen}"
    );
    assert!(!place.path().join(".patterns").exists());
}

#[test]
fn what_is_configured_is_shown_in_one_piece_however_narrow_the_terminal_is() {
    let place = Place::new();
    let name = "compatible:a model whose name is wide";
    place.configure(&format!("[models]\nwide = {name:?}\n"));
    let written = Written::default();
    let mut command = place.command(&["config", "show"]);
    AtTerminal::start_in(24, &mut command, &written).end();
    let text = written.text();
    assert!(text.contains(name), "{text}");
}

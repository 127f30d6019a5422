//! What becomes of a run whose result cannot be written: it has ended, what was paid is kept, and what was
//! there before stays.
#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::support::{Place, Server, Simulator, completion};

fn place() -> Place {
    Place::with(&[("a.txt", "A harbour is a shelter. Ships rest there.")])
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs the command under a shell, as `"$@"` in a script.
fn under_shell(place: &Place, script: &str, args: &[&str]) -> Output {
    let whole = place.command(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(whole.get_program());
    shell.args(args).current_dir(place.path()).env_clear();
    shell
        .env("OLLAMA_HOST", "127.0.0.1:9")
        .env("PATH", "/usr/bin:/bin");
    shell.stdin(Stdio::null()).output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_whose_result_cannot_be_written_has_ended_and_is_paid_once() {
    for form in [
        &["--output", "human"][..],
        &["--output", "json"],
        &["--output", "jsonl"],
        &["--no-reduce", "--output", "csv"],
        &["--no-reduce", "--output", "parquet"],
        &["--no-reduce", "--output", "jsonl"],
    ] {
        let place = place();
        let simulator = Simulator::start(&place, &[]);
        let requests = || simulator.ledger()["requests"].as_u64().unwrap();
        let base = [&["map-reduce", "a.txt"][..], form, &simulator.args()].concat();
        let args = [&base[..], &["-o", "/dev/full"]].concat();
        let output = place.command(&args).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(74), "{form:?}: {said}");
        assert!(said.contains("cannot write /dev/full"), "{form:?}: {said}");
        assert!(said.contains("help: make room"), "{form:?}: {said}");
        let (_, runs) = place.data(&["runs"]);
        assert!(runs.contains("stopped (exit 74)"), "{form:?}: {runs}");
        let whole = place.command(&base).output().unwrap();
        assert_eq!(whole.status.code(), Some(0), "{form:?}");
        assert!(!whole.stdout.is_empty());
        let calls = if form.contains(&"--no-reduce") { 1 } else { 2 };
        // Rows are written as they come, so the combination may be in flight when the first cannot be.
        let most = calls + u64::from(*form == ["--output", "jsonl"]);
        let asked = requests();
        assert!((calls..=most).contains(&asked), "{form:?}: {asked} calls");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_is_kept_nowhere_else_goes_to_standard_output() {
    let place = place();
    for form in [
        &["--output", "human"][..],
        &["--output", "json"],
        &["--output", "jsonl"],
    ] {
        let args = [&["map-reduce", "a.txt", "-o", "/dev/full"][..], form].concat();
        let output = place.command(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(74), "{form:?}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("A harbour is a shelter."), "{form:?}: {text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_be_written_the_file_that_was_named_is_said_too() {
    let script = "exec \"$@\" > /dev/full";
    let place = place();
    for form in ["human", "json", "jsonl"] {
        let args = ["map-reduce", "a.txt", "-o", "/dev/full", "--output", form];
        let output = under_shell(&place, script, &args);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(74), "{form}: {said}");
        assert!(said.contains("cannot write /dev/full"), "{form}: {said}");
        let both = "cannot write to standard output";
        assert!(said.contains(both), "{form}: {said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_export_that_nobody_can_read_is_no_fault_of_the_store() {
    let place = place();
    place.run(&[
        "map-reduce",
        "a.txt",
        "--store",
        "s.db",
        "--model",
        "offline",
    ]);
    let args = ["store", "export", "--store", "s.db"];
    let full = under_shell(&place, "exec \"$@\" > /dev/full", &args);
    assert_eq!(full.status.code(), Some(74), "{full:?}");
    assert!(said(&full).contains("cannot write to standard output"));
    let (_, unread) = std::io::pipe().unwrap();
    let gone = place.command(&args).stdout(unread).output().unwrap();
    assert_eq!(
        (gone.status.code(), said(&gone)),
        (Some(141), String::new())
    );
}

#[test]
fn a_file_that_is_written_into_gets_its_old_text_back() {
    let place = Place::with(&[("two.txt", "precious")]);
    fs::hard_link(place.path().join("two.txt"), place.path().join("names.txt")).unwrap();
    // A larger file cannot be written, as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
    for n in 0..40 {
        place.write(
            &format!("many/{n}.txt"),
            b"A harbour is a shelter for ships.",
        );
    }
    let args = ["map-reduce", "many", "--output", "json", "-o", "two.txt"];
    let output = under_shell(&place, script, &args);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(
        said.contains("cannot write two.txt: File too large"),
        "{said}"
    );
    assert_eq!(place.read("two.txt"), "precious");
    assert_eq!(place.read("names.txt"), "precious");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\"type\": \"outcome\""), "{text}");
}

#[test]
fn what_takes_the_place_of_the_file_during_the_run_is_not_replaced() {
    for is_link in [true, false] {
        let place = place();
        place.write("mine.txt", b"precious");
        let path = place.path().join("out.txt");
        let server = Server::start(move |_| {
            let made = match is_link {
                true => symlink("mine.txt", &path),
                false => fs::create_dir(&path),
            };
            // The second call finds it there.
            drop(made);
            (200, completion(r#"{"summary": "Ships rest there."}"#))
        });
        let base = ["map-reduce", "a.txt", "--no-reduce", "-o", "out.txt"];
        let mut command = place.command(&[&base[..], &server.args()].concat());
        let output = command.output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(74), "{said}");
        assert!(said.contains("something else than a file"), "{said}");
        let now = fs::symlink_metadata(place.path().join("out.txt")).unwrap();
        assert!(!now.is_file());
        assert_eq!(place.read("mine.txt"), "precious");
        let (_, runs) = place.data(&["runs"]);
        assert!(runs.contains("stopped (exit 74)"), "{runs}");
    }
}

#[test]
fn whoever_read_the_events_may_go_away_and_the_result_is_there() {
    let place = place();
    let events = place.path().join("events");
    let made = Command::new("mkfifo").arg(&events).status();
    assert!(made.unwrap().success());
    let (reads, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let server = Server::start(move |_| {
        // No answer comes before nobody reads.
        let _ = gone.lock().unwrap().recv();
        (200, completion(r#"{"summary": "Ships rest there."}"#))
    });
    let base = ["map-reduce", "a.txt", "--no-reduce", "--events", "events"];
    let mut command = place.command(&[&base[..], &server.args()].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    drop((File::open(&events).unwrap(), reads));
    let output = child.wait_with_output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(74), "{said}");
    let words = "cannot write events: Broken pipe\nhelp: the result is not concerned";
    assert!(said.contains(words), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Ships rest there."), "{text}");
}

#[test]
fn a_run_that_cannot_begin_does_not_look_as_if_it_went_on() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    let args = ["map-reduce", "a.txt", "--no-reduce", "-o", "rows.db"];
    let mut command = place.command(&[&args[..], &simulator.args()].concat());
    let output = command.env("TMPDIR", "/nowhere").output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("cannot write the database"), "{said}");
    let (_, runs) = place.data(&["runs"]);
    assert!(runs.contains("  stopped ·"), "{runs}");
}

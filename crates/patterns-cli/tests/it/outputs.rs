//! Where results go: files that appear whole, pipes that close, quiet, colours.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::support::{Place, Server, completion, error};

fn place() -> Place {
    Place::with(&[("a.txt", "A harbour is a shelter. Ships rest there.")])
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let place = place();
    let shown = place.run(&["map-reduce", "a.txt", "-o", "out.txt", "-q"]);
    assert_eq!(shown, "exit 0\n--- stdout\n--- stderr\n");
    assert!(place.read("out.txt").contains("A harbour is a shelter."));
    place.write("out.txt", b"precious");
    let server = Server::start(|_| (401, error("invalid_api_key", "No.")));
    let mut args = vec![
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "-o",
        "out.txt",
        "--output-file",
        "x",
    ];
    args.truncate(5);
    args.extend(server.args());
    let (code, _) = place.data(&args);
    assert_eq!(code, Some(77));
    let names = std::fs::read_dir(place.path()).unwrap();
    let names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "no temporary file is left: {names:?}");
}

#[test]
fn what_happens_is_in_the_event_file_while_the_run_goes_on() {
    let place = place();
    let events = place.path().join("events.jsonl");
    // It answers once the file says that the branch has begun.
    let server = Server::start(move |_| {
        let end = Instant::now() + Duration::from_secs(10);
        let is_there = || std::fs::read_to_string(&events).is_ok_and(|it| it.contains("started"));
        while !is_there() && Instant::now() < end {
            std::thread::yield_now();
        }
        match is_there() {
            true => (200, completion(r#"{"summary": "Ships rest there."}"#)),
            false => (400, error("late", "Nothing is in the file.")),
        }
    });
    let args = [
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "--no-store",
        "--events",
        "events.jsonl",
    ];
    let shown = place.run(&[&args[..], &server.args()].concat());
    assert!(shown.starts_with("exit 0"), "{shown}");
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let rows: String = (0..20_000)
        .map(|n| format!("{{\"text\": \"Row {n} is here.\"}}\n"))
        .collect();
    let place = Place::with(&[("rows.jsonl", &rows)]);
    let mut child = place
        .command(&[
            "map-reduce",
            "rows.jsonl",
            "--no-reduce",
            "--output",
            "jsonl",
            "-q",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut some = [0; 64];
    stdout.read_exact(&mut some).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn an_answer_is_there_while_another_is_waited_for() {
    let (tell, told) = channel::<()>();
    let told = Mutex::new(told);
    let server = Server::start(move |body| {
        if body.contains("second") {
            // Until the test has the first answer; without it, for ever.
            let _ = told.lock().unwrap().recv();
        }
        (200, completion(r#"{"summary": "s", "points": []}"#))
    });
    let place = Place::with(&[("rows.csv", "text\nthe first\nthe second\n")]);
    let args = ["map-reduce", "rows.csv", "--no-reduce", "--output", "jsonl"];
    let mut command = place.command(&[&args[..], &["-q"], &server.args()].concat());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("\"summary\":\"s\""), "{first}");
    tell.send(()).unwrap();
    assert_eq!(lines.count(), 2, "the second answer, and the outcome");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn events_are_written_with_their_time() {
    let place = place();
    place.run(&["map-reduce", "a.txt", "--events", "events.jsonl"]);
    let events = place.read("events.jsonl");
    let events: Vec<serde_json::Value> = events
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let names: Vec<&str> = events
        .iter()
        .filter_map(|it| it["event"].as_str())
        .collect();
    let expected = [
        "event_file_begun",
        "run_started",
        "branch_started",
        "branch_answered",
        "branch_started",
        "branch_answered",
        "run_finished",
    ];
    assert_eq!(names, expected);
    assert!(
        events
            .iter()
            .all(|it| it["time"].as_u64() > Some(1_700_000_000_000))
    );
}

#[test]
fn colours_are_used_only_where_they_are_wanted() {
    let place = place();
    let colored = |color: &str, no_color: bool| {
        let mut command = place.command(&["map-reduce", "a.txt", "--color", color]);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!colored("auto", false), "a pipe has no colours");
    assert!(colored("always", true));
    assert!(!colored("never", false));
}

/// What each way of naming a file must do, and leave alone.
#[cfg(unix)]
mod files {
    use std::fs;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
    use std::process::{Command, Output};

    use super::place;
    use crate::support::{Place, Server, Simulator, error};

    fn harbour(place: &Place, more: &[&str]) -> Output {
        let mut args = vec!["map-reduce", "a.txt", "-q"];
        args.extend(more);
        place.command(&args).output().unwrap()
    }

    /// Runs the command under a shell, which has its path as `$P`.
    fn shell(place: &Place, script: &str) -> Output {
        let whole = place.command(&[]);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script])
            .current_dir(place.path())
            .env_clear();
        shell
            .env("OLLAMA_HOST", "127.0.0.1:9")
            .env("PATH", "/usr/bin:/bin");
        shell.env("P", whole.get_program()).output().unwrap()
    }

    fn mode(place: &Place, name: &str) -> u32 {
        fs::metadata(place.path().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    }

    #[test]
    fn devices_pipes_and_descriptors_are_written_through() {
        let place = place();
        let script = "
            mkfifo pipe; cat pipe > read.txt & $P map-reduce a.txt -q -o pipe || exit 1; wait
            echo first > more.txt; $P map-reduce a.txt -q -o /dev/fd/3 3>> more.txt || exit 2
            $P map-reduce a.txt -q -o /dev/null || exit 3
            $P map-reduce a.txt -q -o - > dash.txt || exit 4
            $P map-reduce a.txt -q -o /dev/stdout > stdout.txt || exit 5";
        let output = shell(&place, script);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let pipe = fs::symlink_metadata(place.path().join("pipe")).unwrap();
        assert!(pipe.file_type().is_fifo(), "it is still a pipe");
        assert!(
            fs::metadata("/dev/null")
                .unwrap()
                .file_type()
                .is_char_device()
        );
        for name in ["read.txt", "more.txt", "dash.txt", "stdout.txt"] {
            let text = place.read(name);
            assert!(text.contains("A harbour is a shelter."), "{name}: {text}");
        }
        assert!(place.read("more.txt").starts_with("first\n"));
        assert!(!place.path().join("-").exists());
    }

    #[test]
    fn links_are_followed_and_modes_and_names_are_kept() {
        let place = place();
        place.write("real.txt", b"old");
        place.write("two.txt", b"old");
        fs::hard_link(place.path().join("two.txt"), place.path().join("names.txt")).unwrap();
        symlink("real.txt", place.path().join("link.txt")).unwrap();
        symlink("fresh.txt", place.path().join("dangling.txt")).unwrap();
        let path = place.path().join("real.txt");
        fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
        for name in ["link.txt", "dangling.txt", "two.txt"] {
            assert_eq!(
                harbour(&place, &["-o", name]).status.code(),
                Some(0),
                "{name}"
            );
        }
        for name in ["link.txt", "dangling.txt"] {
            let link = fs::symlink_metadata(place.path().join(name)).unwrap();
            assert!(link.is_symlink(), "{name}");
        }
        for name in ["real.txt", "fresh.txt", "names.txt"] {
            assert!(place.read(name).contains("A harbour"), "{name}");
        }
        assert_eq!(mode(&place, "real.txt"), 0o640);
        assert_eq!(
            fs::metadata(place.path().join("two.txt")).unwrap().nlink(),
            2
        );
    }

    #[test]
    fn new_files_are_as_private_as_the_umask_and_the_store() {
        let place = place();
        let script = "umask 027; $P map-reduce a.txt -q -o new.txt --events events.jsonl";
        assert_eq!(shell(&place, script).status.code(), Some(0));
        assert_eq!(
            (mode(&place, "new.txt"), mode(&place, "events.jsonl")),
            (0o640, 0o640)
        );
        let simulator = Simulator::start(&place, &[]);
        let mut args = vec!["-o", "paid.txt", "--events", "paid.jsonl"];
        args.extend(simulator.args());
        assert_eq!(harbour(&place, &args).status.code(), Some(0));
        assert_eq!(
            (mode(&place, "paid.txt"), mode(&place, "paid.jsonl")),
            (0o600, 0o600)
        );
    }

    #[test]
    fn an_input_is_never_an_output() {
        let place = Place::with(&[
            ("docs/a.txt", "A shelter."),
            ("q.jsonl", "{\"question\": \"?\"}\n"),
        ]);
        place.write(
            "s.json",
            br#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
        );
        symlink("docs/a.txt", place.path().join("link.txt")).unwrap();
        for args in [
            &["map-reduce", "docs/a.txt", "-o", "docs/a.txt"][..],
            &["map-reduce", "docs/a.txt", "-o", "link.txt"],
            &["map-reduce", "link.txt", "--events", "docs/a.txt"],
            &["map-reduce", "docs", "-o", "docs/a.txt"],
            &["map-reduce", "docs/*.txt", "-o", "docs/a.txt"],
            &[
                "map-reduce",
                "docs",
                "--map-schema",
                "s.json",
                "-o",
                "s.json",
            ],
            &[
                "section",
                "T",
                "-s",
                "S",
                "--context",
                "docs",
                "-o",
                "docs/a.txt",
            ],
            &["vote", "--batch", "q.jsonl", "-o", "q.jsonl"],
        ] {
            let shown = place.run(args);
            assert!(shown.starts_with("exit 2\n"), "{args:?}: {shown}");
            assert!(
                shown.contains("would overwrite an input"),
                "{args:?}: {shown}"
            );
        }
        assert_eq!(place.read("docs/a.txt"), "A shelter.");
        assert_eq!(place.read("q.jsonl"), "{\"question\": \"?\"}\n");
    }

    #[test]
    fn what_a_run_writes_is_no_document_of_the_next() {
        let place = place();
        let simulator = Simulator::start(&place, &[]);
        let more = [
            "-o",
            "sum.txt",
            "--events",
            "happened.jsonl",
            "--store",
            "s.db",
        ];
        let mut args = [&["map-reduce", "."][..], &more].concat();
        args.extend(simulator.args());
        let requests = || simulator.ledger()["requests"].as_u64().unwrap();
        let said = |args: &[&str]| {
            let output = place.command(args).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            String::from_utf8(output.stderr).unwrap()
        };
        let first = said(&args);
        assert!(first.contains("documents: 1 = 1 mapped"), "{first}");
        let paid = requests();
        let second = said(&args);
        assert!(second.contains("documents: 1 = 1 mapped"), "{second}");
        for name in ["sum.txt", "happened.jsonl", "s.db"] {
            let words = format!("{name} is left out of the documents");
            assert!(second.contains(&words), "{name}: {second}");
        }
        assert_eq!(requests(), paid, "nothing is paid for again");
    }

    #[test]
    fn without_a_result_the_last_one_stays() {
        let place = place();
        place.write("keep.txt", b"precious");
        let server = Server::start(|_| (401, error("invalid_api_key", "No.")));
        for form in ["human", "json", "jsonl"] {
            let mut args = vec!["map-reduce", "a.txt", "-o", "keep.txt", "--output", form];
            args.push("--no-store");
            args.extend(server.args());
            let shown = place.run(&args);
            assert!(shown.starts_with("exit 77\n"), "{form}: {shown}");
            assert!(
                shown.contains("keep.txt is left as it was"),
                "{form}: {shown}"
            );
            assert_eq!(place.read("keep.txt"), "precious", "{form}");
        }
        let shown = place.run(&["vote", "?", "--model", "offline", "-o", "keep.txt"]);
        assert!(shown.starts_with("exit 78\n"), "{shown}");
        assert_eq!(place.read("keep.txt"), "precious");
    }

    #[test]
    fn a_table_that_was_not_made_does_not_replace_the_last_one() {
        let place = Place::with(&[("a.txt", "One."), ("b.txt", "Two.")]);
        place.write("keep", b"precious");
        let simulator = Simulator::start(&place, &[]);
        let base = "map-reduce a.txt b.txt --reduce count -o keep --max-calls 1 --concurrency 1";
        for form in ["human", "jsonl", "csv", "parquet"] {
            let form = ["--output", form];
            let args = [base.split(' ').collect(), simulator.args().to_vec()].concat();
            let shown = place.run(&[&args[..], &form].concat());
            assert!(shown.starts_with("exit 5\n"), "{form:?}: {shown}");
            let said = "keep is left as it was: there is no result";
            assert!(shown.contains(said), "{form:?}: {shown}");
            assert_eq!(place.read("keep"), "precious", "{form:?}");
        }
        place.run(&["report", "latest", "--output-file", "page.html"]);
        assert!(!place.read("page.html").contains("Result in"));
        // JSON has the answers, and is no result either.
        let args = [base.split(' ').collect(), simulator.args().to_vec()].concat();
        let shown = place.run(&[&args[..], &["--output", "json"]].concat());
        assert!(shown.contains("what was answered is in keep"), "{shown}");
        place.run(&["report", "latest", "--output-file", "page.html"]);
        assert!(place.read("page.html").contains("Result in"));
    }

    #[test]
    fn a_paid_answer_is_not_lost_with_the_reduce() {
        let place = Place::with(&[("a.txt", "One."), ("b.txt", "Two.")]);
        place.write("keep.txt", b"precious");
        let server = Server::start(|body| match body.contains("combined_summary") {
            true => (401, error("invalid_api_key", "No.")),
            false => (
                200,
                crate::support::completion("{\"summary\": \"A paid one.\"}"),
            ),
        });
        let mut args = vec![
            "map-reduce",
            "a.txt",
            "b.txt",
            "-o",
            "keep.txt",
            "--no-store",
        ];
        args.extend(server.args());
        let output = place.command(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(77), "{output:?}");
        assert_eq!(place.read("keep.txt"), "precious");
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains("A paid one."), "{shown}");
    }

    #[test]
    fn a_full_event_disk_withholds_no_result() {
        let place = place();
        let output = harbour(&place, &["--events", "/dev/full"]);
        assert_eq!(output.status.code(), Some(74));
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains("A harbour is a shelter."), "{shown}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("cannot write /dev/full"), "{said}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_closed_standard_output_is_an_error() {
        let place = place();
        let closed = shell(&place, "$P map-reduce a.txt -q >&-");
        assert_eq!(closed.status.code(), Some(74), "{closed:?}");
        let said = String::from_utf8(closed.stderr).unwrap();
        assert!(said.contains("standard output: it is closed"), "{said}");
        let thrown_away = shell(&place, "$P map-reduce a.txt -q > /dev/null");
        assert_eq!(thrown_away.status.code(), Some(0));
        let elsewhere = shell(&place, "$P map-reduce a.txt -q -o out.txt >&-");
        assert_eq!(elsewhere.status.code(), Some(0));
    }
}

#[test]
fn json_has_no_character_that_a_terminal_obeys() {
    let place = Place::with(&[("a.txt", "Text.")]);
    let evil = "\u{9b}31m\u{7f}\u{202e}x";
    let summary = serde_json::json!({"summary": evil}).to_string();
    let server = Server::start(move |_| (200, crate::support::completion(&summary)));
    let mut args = vec!["map-reduce", "a.txt", "--no-reduce", "--events", "e.jsonl"];
    args.extend(["--instructions", evil]);
    args.extend(server.args());
    assert_eq!(place.data(&args).0, Some(0));
    let (_, exported) = place.data(&["store", "export"]);
    let (_, runs) = place.data(&["runs", "--output", "json"]);
    let (_, run) = place.data(&["show", "1", "--output", "json"]);
    for text in [&exported, &runs, &run, &place.read("e.jsonl")] {
        assert!(!text.contains(['\u{9b}', '\u{7f}', '\u{202e}']), "{text}");
    }
    assert!(exported.contains("\\u009b31m\\u007f\\u202ex"), "{exported}");
    place.write("export.jsonl", exported.as_bytes());
    let imported = place.data(&["store", "import", "export.jsonl", "--store", "other.db"]);
    assert_eq!(imported.0, Some(0));
    assert_eq!(
        place.data(&["store", "export", "--store", "other.db"]).1,
        exported
    );
}

#[test]
fn the_ending_of_a_file_chooses_the_form_of_what_is_in_it() {
    let place = Place::with(&[("a.txt", "The harbour is closed.")]);
    let base = [
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "--model",
        "offline",
        "-q",
    ];
    for (file, begins) in [
        ("out.csv", "document,summary,word_count,error\na.txt,"),
        ("out.jsonl", "{\"type\":\"branch\""),
        ("out.parquet", "PAR1"),
        ("out.md", "[offline: key sentences, no LLM]\n\na.txt\n"),
        ("out.txt", "[offline: key sentences, no LLM]\n\na.txt\n"),
    ] {
        let args = [&base[..], &["-o", file]].concat();
        assert_eq!(place.data(&args).0, Some(0), "{file}");
        let bytes = std::fs::read(place.path().join(file)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with(begins), "{file}: {text}");
    }
    let shown = place.run(&[&base[..], &["--output", "json", "-o", "new.csv"]].concat());
    insta::assert_snapshot!(shown, @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --output is json, and -o new.csv is csv
    help: leave --output out, or give the file another ending
    ");
    let shown = place.run(&["map-reduce", "a.txt", "--model", "offline", "-o", "new.csv"]);
    insta::assert_snapshot!(shown, @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: -o new.csv is csv by its ending, and csv, parquet and sqlite are for tables: of votes on a batch, or of a map-reduce by code (--reduce) or without a reduce (--no-reduce)
    help: give it another ending, such as .json or .txt
    ");
    assert!(!place.path().join("new.csv").exists());
    let shown = place.run(&[
        "map-reduce",
        "a.txt",
        "--model",
        "offline",
        "-o",
        "new.xlsx",
    ]);
    insta::assert_snapshot!(shown, @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: -o new.xlsx ends as a form that is not written
    help: end it in .csv, .json, .jsonl, .parquet, .db, .html, .md or .txt
    ");
    let args = ["map-reduce", "a.txt", "--model", "offline", "-o", "new.txt"];
    let said = "\nthe result is in new.txt\n";
    assert!(place.run(&args).contains(said));
    assert!(!place.run(&[&args[..], &["-q"]].concat()).contains(said));
}

#[test]
fn a_form_that_is_configured_gives_way_to_the_ending_of_a_file() {
    let place = Place::with(&[
        ("a.txt", "The harbour is closed."),
        ("patterns.toml", "[run]\noutput = \"json\"\n"),
    ]);
    let base = [
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "--model",
        "offline",
        "-q",
    ];
    place.data(&[&base[..], &["-o", "out.csv"]].concat());
    assert!(place.read("out.csv").starts_with("document,summary"));
    place.data(&[&base[..], &["-o", "out.txt"]].concat());
    assert!(place.read("out.txt").starts_with("{"));
}

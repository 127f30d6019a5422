//! Every bad input is named before anything is asked, with the exit code that is documented.

use insta::assert_snapshot;

use crate::support::{Place, Server, completion};

fn place() -> Place {
    let place = Place::with(&[
        ("good.txt", "A harbour is a shelter."),
        ("empty.txt", ""),
        ("blank.txt", " \n\n"),
        ("bad.jsonl", "{\"text\": \"a\"}\n{\"text\": }\n[1]\n"),
        (
            "twice.jsonl",
            "{\"id\": 1, \"text\": \"a\"}\n{\"id\": 1, \"text\": \"b\"}\n",
        ),
        ("nameless.csv", "title,price\nx,1\n"),
        ("ragged.csv", "text,price\nx\n"),
        ("none.jsonl", "\n"),
        (
            "map.json",
            r#"{"type": "object", "additionalProperties": {"type": "string"}}"#,
        ),
        ("broken.json", "{\"type\": \n"),
        ("ignored/.gitignore", "*.txt\n"),
        ("ignored/a.txt", "Ignored."),
    ]);
    place.write("binary.bin", b"PNG\0\x01\x02");
    let rows: Vec<String> = (0..60)
        .map(|n| format!("{{\"id\": {n}, \"message\": \"m\"}}\n"))
        .collect();
    place.write("fields.jsonl", rows.concat().as_bytes());
    place.write("odd.txt", b"caf\xe9\x01");
    place
}

#[test]
fn bad_inputs_are_named_before_anything_is_asked() {
    let place = place();
    let server = Server::start(|_| panic!("nothing may be asked"));
    let check = |inputs: &[&str], code: i32, says: &[&str]| {
        let mut args = vec!["map-reduce", "--strict"];
        args.extend(inputs);
        args.extend(server.args());
        let shown = place.run(&args);
        assert!(
            shown.starts_with(&format!("exit {code}\n--- stdout\n---")),
            "{inputs:?}: {shown}"
        );
        for words in says {
            assert!(shown.contains(words), "{inputs:?}: {shown}");
        }
    };
    check(
        &["nope.txt"],
        66,
        &["error[E-INPUT]", "nope.txt: no such file"],
    );
    check(
        &["good.txt", "nope.txt", "binary.bin"],
        66,
        &["nope.txt: no such file"],
    );
    check(&["binary.bin"], 65, &["a NUL byte at offset 3"]);
    check(
        &["odd.txt"],
        65,
        &["is not UTF-8 (the first invalid byte at offset 3)"],
    );
    check(&["empty.txt"], 65, &["empty.txt: the file is empty"]);
    check(&["blank.txt"], 65, &["blank.txt: there is no text"]);
    check(
        &["bad.jsonl"],
        65,
        &["bad.jsonl:2:", "bad.jsonl:3:1: a row is a JSON object"],
    );
    check(&["twice.jsonl"], 65, &["the id \"1\" is used twice"]);
    check(
        &["nameless.csv"],
        65,
        &["looks like the text: title, price", "--text-field"],
    );
    check(&["ragged.csv"], 65, &["the row has 1 values, the header 2"]);
    check(&["good.txt", "good.txt"], 65, &["the file is named twice"]);
    check(
        &["none.jsonl"],
        4,
        &["error[E-EMPTY]", "no row below its header"],
    );
    check(&["ignored"], 4, &["there is no document in ignored"]);
    check(&["*.nope"], 4, &["there is no document in *.nope"]);
    check(
        &["good.txt", "--text-field", "x", "twice.jsonl"],
        65,
        &["there is no text in \"x\""],
    );
    check(&["good.txt", "--schema", "nope.json"], 66, &["nope.json"]);
    for option in ["--text-field", "--id-field", "--delimiter"] {
        let says = format!("{option} is about rows");
        check(&["good.txt", option, "x"], 2, &[&says, "--format"]);
        check(
            &["twice.jsonl", "--format", "text", option, "x"],
            2,
            &[&says],
        );
    }
    check(
        &["fields.jsonl", "--delimiter", ";"],
        2,
        &["--delimiter is about rows of CSV"],
    );
    check(&["good.txt", "*.nope"], 66, &["*.nope: no file matches"]);
    check(
        &["fields.jsonl", "--text-field", "massage"],
        65,
        &[
            "did you mean \"message\"?",
            "the same in each of 60 rows",
            "--text-field",
        ],
    );
    check(
        &["good.txt", "--schema", "broken.json"],
        65,
        &["error[E-SCHEMA]: broken.json:2:0"],
    );
    check(
        &["good.txt", "--map-schema", "map.json"],
        65,
        &["a map with free keys"],
    );
    check(
        &["good.txt", "-o", "no/such/dir.json"],
        73,
        &["error[E-OUTPUT]", "no/such/dir.json"],
    );
    check(
        &["good.txt", "-o", "ignored"],
        73,
        &["ignored is a directory"],
    );
    check(
        &["good.txt", "--events", "no/such/dir"],
        73,
        &["cannot create no/such/dir"],
    );
    check(
        &["good.txt", "-c", "providers.compatible.key_file=nope"],
        66,
        &["the key file nope cannot be read"],
    );
}

#[test]
fn how_an_error_looks() {
    assert_snapshot!(place().run(&["map-reduce", "nope.txt", "odd.txt", "empty.txt"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: an input cannot be read; nothing was sent
      nope.txt: no such file or directory
    help: check names and permissions
    ");
}

#[test]
fn every_form_of_input_arrives() {
    let place = place();
    place.write("rows.csv", "id,note\n1,\"one, two\"\n2,three\n".as_bytes());
    place.write("logs/app.log", b"12:00 started\n12:01 stopped\n");
    place.write("logs/deep/more.log", b"13:00 started\n");
    place.write("logs/readme.md", b"# Logs\n");
    let server = Server::start(|_| (200, completion(r#"{"summary": "Words."}"#)));
    let ids = |inputs: &[&str]| {
        let mut args = vec!["map-reduce", "--no-reduce", "--output", "jsonl", "-q"];
        args.extend(inputs);
        args.extend(server.args());
        let (code, rows) = place.data(&args);
        assert_eq!(code, Some(0), "{inputs:?}: {rows}");
        let rows = rows.lines().map(|row| serde_json::from_str(row).unwrap());
        let rows: Vec<serde_json::Value> = rows.collect();
        let labels = rows.iter().filter_map(|row| row["label"].as_str());
        labels.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["rows.csv", "--text-field", "note"]), ["1", "2"]);
    assert_eq!(ids(&["logs/*.log"]), ["logs/app.log"]);
    assert_eq!(
        ids(&["logs/**/*.log"]),
        ["logs/app.log", "logs/deep/more.log"]
    );
    assert_eq!(ids(&["logs"]).len(), 3);
    assert_eq!(
        ids(&["good.txt", "logs/readme.md"]),
        ["good.txt", "logs/readme.md"]
    );
}

#[test]
fn standard_input_is_a_document_or_a_question() {
    let place = place();
    let run = |args: &[&str]| {
        let file = std::fs::File::open(place.path().join("good.txt")).unwrap();
        place.command(args).stdin(file).output().unwrap()
    };
    let output = run(&["map-reduce", "-", "-q"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("A harbour is a shelter."), "{text}");
    let server = Server::start(|body| {
        assert!(body.contains("A harbour is a shelter."), "{body}");
        (
            200,
            completion(r#"{"reasoning": "", "answer": "yes", "confidence": 1}"#),
        )
    });
    let mut args = vec!["vote", "-"];
    args.extend(server.args());
    assert!(run(&args).status.success());
}

#[test]
fn what_cannot_be_read_is_a_failed_branch() {
    let place = place();
    let server = Server::start(|body| {
        let field = match body.contains("combined_summary") {
            true => "combined_summary",
            false => "summary",
        };
        let answer = serde_json::json!({field: "Words."});
        (200, completion(&answer.to_string()))
    });
    let mut args = vec!["map-reduce", "bad.jsonl", "binary.bin", "good.txt"];
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 3
    --- stdout
    Words.

    documents: 2 · words: 6

    bad.jsonl:1
    Words.

    bad.jsonl:2:10
    (no answer: expected value)

    bad.jsonl:3:1
    (no answer: a row is a JSON object)

    binary.bin
    (no answer: the file is binary (a NUL byte at offset 3))

    good.txt
    Words.
    --- stderr
    branches: 6 started = 3 answered + 3 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    documents: 5 = 2 mapped + 3 failed · in no answer: bad.jsonl:2:10, bad.jsonl:3:1, binary.bin
    error[E-SOME-FAILED]: 3 of 6 branches failed
      bad.jsonl:2:10: expected value
      bad.jsonl:3:1: a row is a JSON object
      binary.bin: the file is binary (a NUL byte at offset 3)
    help: the result was made without them; --output json has each with its error, --allow-gaps accepts it
    ");
    // Without anything that can be read, nothing is begun.
    assert_snapshot!(place.run(&["map-reduce", "binary.bin", "empty.txt", "odd.txt"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: 3 inputs are not valid; nothing was sent
      binary.bin: the file is binary (a NUL byte at offset 3)
      empty.txt: the file is empty
      odd.txt: the file is not UTF-8 (the first invalid byte at offset 3)
    help: mend or remove what is listed; ignore files and globs leave files out
    ");
}

#[test]
fn documents_of_many_kinds_are_read() {
    let place = Place::with(&[
        ("app.log", "May 1 up\n  slowly\nMay 2 down\n"),
        ("page.html", "<h1>Tides</h1><p>They rise.</p>"),
        (
            "rows.csv",
            "key,title,body\nk1,One,First text\nk2,Two,Second text\n",
        ),
    ]);
    let server = Server::start(|body| {
        let texts = [
            "May 1 up\\n  slowly",
            "# Tides",
            "One: First text",
            "Two: Second text",
        ];
        let found = texts.iter().filter(|it| body.contains(*it)).count();
        (
            200,
            completion(&serde_json::json!({"summary": found.to_string()}).to_string()),
        )
    });
    let rows = |more: &[&str]| {
        let mut args = vec![
            "map-reduce",
            "--no-reduce",
            "--output",
            "jsonl",
            "--no-store",
            "-q",
        ];
        args.extend(more);
        args.extend(server.args());
        let (_, rows) = place.data(&args);
        let rows = rows
            .lines()
            .map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
        let shown = rows.filter(|it| it["type"] == "branch");
        let shown = shown.map(|it| format!("{} {}", it["label"], it["value"]["summary"]));
        shown.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(rows(&["app.log", "--records", "start:^May"]), @r#"
    "app.log:1" "1"
    "app.log:3" "0"
    "#);
    assert_snapshot!(rows(&["page.html"]), @r#""page.html" "1""#);
    assert_snapshot!(rows(&["rows.csv", "--text-template", "{{ title }}: {{ body }}", "--id-field", "key"]), @r#"
    "k1" "1"
    "k2" "1"
    "#);
}

#[test]
fn long_documents_are_cut_into_chunks() {
    let guide = "# Install\n\nRun the script that came with it.\n\n# Use\n\nPress the button, and wait \
        until it is green.\n";
    let place = Place::with(&[("guide.md", guide), ("short.txt", "Short.")]);
    let server = Server::start(|body| {
        let headings = ["# Install", "# Use"]
            .iter()
            .filter(|it| body.contains(**it))
            .count();
        (
            200,
            completion(&serde_json::json!({"summary": headings.to_string()}).to_string()),
        )
    });
    let mut args = vec![
        "map-reduce",
        "guide.md",
        "short.txt",
        "--no-reduce",
        "--no-store",
    ];
    args.extend(["--chunk-tokens", "20"]);
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    guide.md#1
    1

    guide.md#2
    1

    short.txt
    0

    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    documents: 2 = 2 mapped · chunks: 3 = 3 mapped
    ");
    args.extend(["--chunk-overlap", "11"]);
    assert_snapshot!(place.run(&args), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --chunk-overlap: an overlap of 11 tokens is more than half of a chunk of 20
    help: see --help
    ");
}

#[test]
fn chunks_are_measured_in_the_tokens_of_the_model() {
    let place = Place::with(&[("words.txt", &"harbour ".repeat(60))]);
    let server = Server::start(|_| (200, completion(r#"{"summary": "Words."}"#)));
    let chunks = |model: &str| {
        let mut args = server.args().to_vec();
        args[1] = model;
        args.extend(["map-reduce", "words.txt", "--no-reduce", "--no-store"]);
        args.rotate_left(4);
        args.extend(["--chunk-tokens", "40", "--output", "jsonl", "-q"]);
        let (_, rows) = place.data(&args);
        rows.lines().count() - 1
    };
    // Estimated, a word has almost three tokens; as the known tokenizer counts, it has fewer.
    assert_eq!(chunks("compatible:test"), 4);
    assert!(chunks("compatible:gpt-4o") < 4);
}

#[test]
fn a_key_that_rows_have_twice_is_said_of_the_first_and_all_are_counted() {
    let rows = "{\"id\": 1, \"text\": \"One.\"}\n{\"id\": 2, \"text\": \"Lost.\", \"text\": \"Two.\"}\n\
                {\"id\": 3, \"text\": \"Lost.\", \"text\": \"Three.\"}\n";
    let questions = rows.replace("text", "question");
    let place = Place::with(&[("rows.jsonl", rows), ("q.jsonl", &questions)]);
    let said = |args: &[&str]| {
        let shown = place.run(args);
        let lines: Vec<_> = shown.lines().filter(|it| it.contains("twice")).collect();
        lines.join("\n")
    };
    let documents = ["map-reduce", "rows.jsonl", "--no-reduce", "-m", "offline"];
    assert_snapshot!(said(&documents), @r#"
    warning: rows.jsonl: line 2 has "text" twice, of which the last counts
    warning: rows.jsonl: the same of 1 more line: a key twice
    "#);
    let batch = ["vote", "--batch", "q.jsonl", "-m", "offline"];
    assert_snapshot!(said(&batch), @r#"
    warning: q.jsonl: line 2 has "question" twice, of which the last counts
    warning: q.jsonl: the same of 1 more line: a key twice
    "#);
}

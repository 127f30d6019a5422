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
    place.write("latin1.txt", b"caf\xe9");
    place
}

#[test]
fn bad_inputs_are_named_before_anything_is_asked() {
    let place = place();
    let server = Server::start(|_| panic!("nothing may be asked"));
    let check = |inputs: &[&str], code: i32, says: &[&str]| {
        let mut args = vec!["map-reduce"];
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
        &["error[E-INPUT]", "nope.txt: No such file"],
    );
    check(
        &["good.txt", "nope.txt", "binary.bin"],
        66,
        &["nope.txt", "binary.bin: the file is binary"],
    );
    check(&["binary.bin"], 65, &["a NUL byte at offset 3"]);
    check(
        &["latin1.txt"],
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
    check(&["nameless.csv"], 65, &["--text-field: title, price"]);
    check(&["ragged.csv"], 65, &["the row has 1 values, the header 2"]);
    check(&["good.txt", "good.txt"], 65, &["is used twice"]);
    check(&["none.jsonl"], 4, &["error[E-EMPTY]"]);
    check(&["ignored"], 4, &["there is no document in ignored"]);
    check(&["*.nope"], 4, &["there is no document in *.nope"]);
    check(
        &["good.txt", "--text-field", "x", "twice.jsonl"],
        65,
        &["there is no text in \"x\""],
    );
    check(&["good.txt", "--schema", "nope.json"], 66, &["nope.json"]);
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
        &["good.txt", "--key-file", "nope"],
        66,
        &["the key file nope cannot be read"],
    );
}

#[test]
fn how_an_error_looks() {
    assert_snapshot!(place().run(&["map-reduce", "nope.txt", "latin1.txt", "empty.txt"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: 3 inputs cannot be read; nothing was sent
      nope.txt: No such file or directory
      latin1.txt: the file is not UTF-8 (the first invalid byte at offset 3)
      empty.txt: the file is empty
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

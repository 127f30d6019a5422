//! Reductions by code and checked statements, through the command.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::auth_log::{auth_log, triage};
use crate::support::{Place, Server, completion, error};

/// Returns the text of the first document in the body of a request.
fn document(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    let messages = body["messages"].as_array().unwrap();
    let text = messages.last().unwrap()["content"].as_str().unwrap();
    let (_, rest) = text.split_once("<document-").unwrap();
    let (_, rest) = rest.split_once(">\n").unwrap();
    rest.split_once("\n</document-").unwrap().0.to_owned()
}

fn triage_place(lines: &[String]) -> (Place, Server) {
    let place = Place::new();
    for (n, lines) in lines.chunks(40).enumerate() {
        place.write(&format!("log/{n:02}.log"), lines.join("\n").as_bytes());
    }
    let event = json!({
        "type": "object",
        "properties": {
            "kind": {"enum": ["failed", "accepted", "other"]},
            "user": {"type": ["string", "null"]},
            "host": {"type": "string"},
        },
        "required": ["kind", "user", "host"],
    });
    let schema = json!({
        "title": "triage",
        "type": "object",
        "properties": {"events": {"type": "array", "items": event}},
        "required": ["events"],
    });
    place.write("triage.json", schema.to_string().as_bytes());
    let server = Server::start(|body| (200, completion(&triage(&document(body)).to_string())));
    (place, server)
}

#[test]
fn counts_of_a_log_are_those_of_grep() {
    let lines = auth_log(11, 2_000);
    let (place, server) = triage_place(&lines);
    let run = |more: &[&str]| {
        let mut args = vec![
            "map-reduce",
            "log",
            "--map-schema",
            "triage.json",
            "--no-store",
        ];
        args.extend(["--each", "events", "-q", "--output", "csv"]);
        args.extend(more);
        args.extend(server.args());
        let (code, csv) = place.data(&args);
        assert_eq!(code, Some(0), "{csv}");
        csv
    };
    let grep = |parts: &[&str]| {
        let all = |line: &&String| parts.iter().all(|it| line.contains(it));
        lines.iter().filter(all).count()
    };
    let csv = run(&["--reduce", "count", "--group-by", "kind"]);
    let (failed, accepted) = (grep(&["Failed password"]), grep(&["Accepted"]));
    for row in [
        format!("failed,{failed}\n"),
        format!("accepted,{accepted}\n"),
        format!("other,{}\n", 2_000 - failed - accepted),
    ] {
        assert!(csv.contains(&row), "{row}{csv}");
    }
    let csv = run(&[
        "--reduce",
        "count",
        "--reduce",
        "distinct:user",
        "--group-by",
        "host",
    ]);
    assert!(csv.starts_with("host,count,distinct:user\n"), "{csv}");
    for host in ["203.0.113.7", "203.0.113.77", "2001:db8::7"] {
        let count = grep(&[&format!(" {host} port ")]);
        assert!(csv.contains(&format!("\n{host},{count},")), "{count} {csv}");
    }
    let csv = run(&["--reduce", "count", "--group-by", "user"]);
    for user in ["root", "from"] {
        let (plain, invalid) = (
            format!(" for {user} from "),
            format!(" invalid user {user} from "),
        );
        let count = grep(&["password", &plain]) + grep(&["password", &invalid]);
        let count = count + grep(&["Accepted", &plain]);
        assert!(
            csv.contains(&format!("\n{user},{count}\n")),
            "{count} {csv}"
        );
    }
}

#[test]
fn what_cannot_be_counted_is_named() {
    let place = Place::with(&[
        (
            "rows.jsonl",
            "{\"id\": \"a\", \"text\": \"1\"}\n{\"id\": \"b\", \"text\": \"x\"}\n{\"id\": \"c\", \"text\": \"2.5\"}\n",
        ),
        (
            "n.json",
            r#"{"title": "n", "type": "object", "properties": {"n": {"type": ["number", "string"]}, "k": {"type": "string"}}, "required": ["n", "k"]}"#,
        ),
    ]);
    let server = Server::start(|body| {
        let text = document(body);
        let n = serde_json::from_str(&text).unwrap_or(Value::from(&*text));
        (
            200,
            completion(&json!({"n": n, "k": "=cmd|' /C calc'!A0"}).to_string()),
        )
    });
    let mut args = vec![
        "map-reduce",
        "rows.jsonl",
        "--map-schema",
        "n.json",
        "--no-store",
    ];
    args.extend([
        "--concurrency",
        "1",
        "--reduce",
        "sum:n",
        "--reduce",
        "union:n",
        "--group-by",
        "k",
    ]);
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    k                   sum:n  union:n
    =cmd|' /C calc'!A0  3.5    1, x, 2.5

    answers: 3 · rows in them: 3
    sum:n: of the wrong type in 1 row, as in b
    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    documents: 3 = 3 mapped
    ");
    args.extend(["--output", "csv"]);
    assert_snapshot!(place.run(&args), @r#"
    exit 0
    --- stdout
    k,sum:n,union:n
    '=cmd|' /C calc'!A0,3.5,"[1,""x"",2.5]"
    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    sum:n: of the wrong type in 1 row, as in b
    documents: 3 = 3 mapped
    "#);
}

#[test]
fn keys_can_be_resolved_by_the_model() {
    let place = Place::with(&[
        (
            "rows.jsonl",
            "{\"text\": \"New York\"}\n{\"text\": \"New York City\"}\n{\"text\": \"York\"}\n",
        ),
        (
            "city.json",
            r#"{"title": "city", "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}"#,
        ),
    ]);
    let server = Server::start(|body| {
        let answer = match body.contains("name the same thing") {
            true => {
                json!({"reasoning": "Or not.", "same": body.contains("New York City") && body.contains("\\nNew York\\n")})
            }
            false => json!({"city": document(body)}),
        };
        (200, completion(&answer.to_string()))
    });
    let mut args = vec![
        "map-reduce",
        "rows.jsonl",
        "--map-schema",
        "city.json",
        "--no-store",
    ];
    args.extend(["--reduce", "count", "--group-by", "city", "--resolve-keys"]);
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    city           count
    New York City  2
    York           1

    answers: 3 · rows in them: 3
    --- stderr
    branches: 6 started = 6 answered + 0 failed + 0 cancelled · calls 6 · attempts 6 · tokens 60 in, 30 out · [time]
    documents: 3 = 3 mapped
    ");
}

fn said(text: &str, sources: &[&str], quote: Option<(&str, &str)>) -> Value {
    let quote = quote.map(|(source, text)| json!({"source": source, "text": text}));
    json!({"text": text, "sources": sources, "quote": quote})
}

/// A place whose model makes up a quote in a map answer, and a source in the combination.
fn harbour() -> (Place, Server) {
    let place = Place::with(&[
        ("light.txt", "The light is seen 12 miles off."),
        ("pier.txt", "The pier burnt\ndown in 1850."),
    ]);
    let server = Server::start(|body| {
        let statements = if body.contains("Combine all") {
            vec![
                said(
                    "The pier burnt down.",
                    &["pier.txt"],
                    Some(("pier.txt", "burnt down")),
                ),
                said(
                    "The harbour is from 1630.",
                    &["charter.txt", "pier.txt"],
                    None,
                ),
            ]
        } else if body.contains("The pier") {
            vec![said(
                "The pier burnt.",
                &["pier.txt"],
                Some(("pier.txt", "pier burnt down")),
            )]
        } else {
            vec![said(
                "The light is strong.",
                &["light.txt"],
                Some(("light.txt", "seen 20 miles off")),
            )]
        };
        (
            200,
            completion(&json!({"statements": statements}).to_string()),
        )
    });
    (place, server)
}

#[test]
fn a_made_up_quote_and_a_foreign_source_are_shown() {
    let (place, server) = harbour();
    let mut args = vec!["map-reduce", "light.txt", "pier.txt", "--statements"];
    args.extend(["--no-store", "--concurrency", "1"]);
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    - The pier burnt down.
      [pier.txt] “burnt down” (pier.txt)
    - The harbour is from 1630.
      [charter.txt, pier.txt]
      foreign source charter.txt

    statements checked: 4 = 2 supported + 1 with a foreign source + 1 with a quote that was not found
    light.txt: quote not found: The light is strong. “seen 20 miles off”
    light.txt … pier.txt: foreign source charter.txt: The harbour is from 1630.
    --- stderr
    warning: the result has numbers or names that are in no document: 1630 (what was added up or translated is among them)
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    documents: 2 = 2 mapped
    ");
    args.extend(["--unsupported", "drop"]);
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    - The pier burnt down.
      [pier.txt] “burnt down” (pier.txt)

    statements checked: 4 = 2 supported + 1 with a foreign source + 1 with a quote that was not found · dropped: 2
    light.txt: quote not found: The light is strong. “seen 20 miles off”
    light.txt … pier.txt: foreign source charter.txt: The harbour is from 1630.
    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    documents: 2 = 2 mapped
    ");
    args.extend(["--output", "json"]);
    let (code, json) = place.data(&args);
    let value = &serde_json::from_str::<Value>(&json).unwrap()["value"];
    assert_eq!((code, &value["checked"]["dropped"]), (Some(0), &json!(2)));
    assert_eq!(
        value["statements"][0]["quoted"],
        json!({"start": 9, "end": 19})
    );
}

#[test]
fn wrong_reductions_are_refused_before_anything_is_read() {
    let place = Place::with(&[("a.txt", "A harbour.")]);
    let run = |args: &[&str]| place.run(&[&["map-reduce", "a.txt"], args].concat());
    assert_snapshot!(run(&["--reduce", "averge:word_count"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error: invalid value 'averge:word_count' for '--reduce <FUNCTION>': there is no reduction "averge"; there are count, distinct, sum, mean, min, max, median, top, union

    For more information, try '--help'.
    "#);
    assert_snapshot!(run(&["--reduce", "sum:words"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: the answers have no field "words"
    help: did you mean "word_count"?
    "#);
    assert_snapshot!(run(&["--reduce", "count", "--reduce", "count"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: two columns would be called "count"
    help: see --help
    "#);
    assert_snapshot!(run(&["--output", "csv"]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --output csv, parquet and sqlite are for tables: of votes on a batch, or of a map-reduce by code (--reduce) or without a reduce (--no-reduce)
    help: choose another
    ");
}

#[test]
fn summaries_can_be_reduced_by_code_or_combined_offline() {
    let place = Place::with(&[
        ("a.txt", "A harbour is a shelter."),
        ("b.txt", "Ships rest."),
    ]);
    let args = [
        "map-reduce",
        "a.txt",
        "b.txt",
        "--reduce",
        "median:word_count",
    ];
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    [offline: key sentences, no LLM]

    median:word_count
    3.5

    answers: 2 · rows in them: 2
    --- stderr
    model: offline (key sentences, no LLM; for a model set OPENAI_API_KEY or pass --model)
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · [time]
    documents: 2 = 2 mapped
    ");
    assert_snapshot!(place.run(&["map-reduce", "a.txt", "b.txt"]), @r"
    exit 0
    --- stdout
    [offline: key sentences, no LLM]

    A harbour is a shelter. Ships rest.

    documents: 2 · words: 7

    a.txt
    A harbour is a shelter.

    b.txt
    Ships rest.
    --- stderr
    model: offline (key sentences, no LLM; for a model set OPENAI_API_KEY or pass --model)
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · [time]
    documents: 2 = 2 mapped
    ");
}

#[test]
fn a_statement_is_traced_to_its_documents() {
    let (place, server) = harbour();
    let mut args = vec!["map-reduce", "light.txt", "pier.txt", "--statements"];
    args.extend(server.args());
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert_snapshot!(place.run(&["show", "1", "--trace", "1"]), @r"
    exit 0
    --- stdout
    - The pier burnt down.
      [pier.txt] “burnt down” (pier.txt)

    light.txt … pier.txt
    - The pier burnt down.
    - The harbour is from 1630.

      pier.txt
      - The pier burnt.
        “pier burnt down” (bytes 4 to 19)
    --- stderr
    ");
    let (code, json) = place.data(&["show", "1", "--trace", "burnt", "--output", "json"]);
    assert_eq!(code, Some(0), "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let names: Vec<&str> = json["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["pier.txt", "light.txt … pier.txt"]);
    assert_snapshot!(place.run(&["show", "1", "--trace", "the"]), @r#"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: 2 statements have the words "the"
      1: The pier burnt down.
      2: The harbour is from 1630.
    help: give the number of a statement, or words that only one has
    "#);
    assert_snapshot!(place.run(&["show", "1", "--trace", "7"]), @r#"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: the result has no statement "7"
      1: The pier burnt down.
      2: The harbour is from 1630.
    help: give the number of a statement, or words that only one has
    "#);
    place.write("a.txt", b"A ship came in.");
    let shown = place.run(&["map-reduce", "a.txt", "--store", ".patterns/store.db"]);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert_snapshot!(place.run(&["show", "2", "--trace", "1"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: run 2 has no statements to trace
    help: they are kept by `patterns map-reduce --statements`, when it has come to its end
    ");
}

#[test]
fn options_without_effect_and_sums_of_texts_are_refused() {
    let schema = r#"{"type": "object", "properties": {"who": {"type": "string"}, "n": {"type": "integer"}}, "required": ["who", "n"]}"#;
    let place = Place::with(&[("a.txt", "A harbour."), ("s.json", schema)]);
    let run = |args: &[&str]| {
        let shown = place.run(&[&["map-reduce", "a.txt"], args].concat());
        assert!(shown.starts_with("exit 2\n"), "{shown}");
        shown
    };
    for args in [
        ["--no-reduce", "--group-by", "x"],
        ["--no-reduce", "--each", "x"],
        ["--no-reduce", "--unsupported", "drop"],
        ["--statements", "--glean", "2"],
    ] {
        assert!(run(&args).contains("cannot be used with"), "{args:?}");
    }
    assert_snapshot!(run(&["--map-schema", "s.json", "--reduce", "sum:who"]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --reduce sum:who is of numbers, and who is string
    help: count, distinct, top and union are of any values
    ");
}

#[test]
fn a_combination_that_is_too_long_for_the_model_is_made_in_parts() {
    let files: Vec<String> = (0..9).map(|n| format!("{n}.txt")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|it| (it.as_str(), "Mud.")).collect();
    let place = Place::with(&files);
    // It reads four answers at most.
    let server = Server::start(|body| {
        let items = body.matches("<document").count();
        if items > 4 {
            let message = format!(
                "request ({items}000 tokens) exceeds the available context size (4096 tokens)"
            );
            return (400, error("context_length_exceeded", &message));
        }
        let field = match body.contains("combined_summary") {
            true => "combined_summary",
            false => "summary",
        };
        (200, completion(&json!({field: "Read."}).to_string()))
    });
    let mut args = vec!["map-reduce", ".", "--no-store", "--output", "json"];
    args.extend(server.args());
    let (code, out) = place.data(&args);
    let out: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(0), "{out}");
    assert_eq!(out["value"]["combined_summary"], "Read.");
    assert_eq!(
        out["counts"],
        json!({"started": 10, "answered": 10, "failed": 0, "cancelled": 0})
    );
    assert_eq!(out["usage"]["attempts"], 9 + 1 + 3 + 1);
}

//! Answers and tables as CSV and Parquet.

use std::fs::File;

use insta::assert_snapshot;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

use crate::support::{Place, Server, completion};

const SCHEMA: &str = r#"{
    "title": "bill", "type": "object", "required": ["vendor", "total", "paid", "items"],
    "properties": {
        "vendor": {"type": "string"}, "total": {"type": "number"}, "paid": {"type": "boolean"},
        "items": {"type": "array", "items": {"type": "string"}}
    }
}"#;

/// Three bills, one of which gets no answer.
fn bills() -> (Place, Server) {
    let place = Place::with(&[
        ("bill.json", SCHEMA),
        ("a.txt", "Ropes from Acme, 12.50."),
        ("b.txt", "Nothing that could be read."),
        ("c.txt", "Sails, unpaid."),
    ]);
    let server = Server::start(|body| {
        let bill = if body.contains("Ropes") {
            json!({"vendor": "=Acme", "total": 12.5, "paid": true, "items": ["rope", "rope, thick"]})
        } else if body.contains("Sails") {
            json!({"vendor": "Süd\nSails", "total": 900, "paid": false, "items": []})
        } else {
            json!({"vendor": 7})
        };
        (200, completion(&bill.to_string()))
    });
    (place, server)
}

fn run(place: &Place, server: &Server, more: &[&str]) -> String {
    let mut args = vec![
        "map-reduce",
        "a.txt",
        "b.txt",
        "c.txt",
        "--map-schema",
        "bill.json",
    ];
    args.extend(["--no-store", "--concurrency", "1"]);
    args.extend(server.args());
    args.extend(more);
    place.run(&args)
}

fn rows(place: &Place, name: &str) -> Vec<Value> {
    let file = File::open(place.path().join(name)).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|it| it.unwrap().to_json_value()).collect()
}

#[test]
fn answers_are_rows_of_csv() {
    let (place, server) = bills();
    assert_snapshot!(run(&place, &server, &["--no-reduce", "--output", "csv"]), @r#"
    exit 3
    --- stdout
    document,vendor,total,paid,items,error
    a.txt,'=Acme,12.5,true,"[""rope"",""rope, thick""]",
    b.txt,,,,,"the answer breaks its contract in 4 place(s); ""total"" is a required property; ""paid"" is a required property; ""items"" is a required property"
    c.txt,"Süd
    Sails",900,false,[],
    --- stderr
    branches: 3 started = 2 answered + 1 failed + 0 cancelled · calls 5 · attempts 5 · tokens 50 in, 25 out · [time]
    documents: 3 = 2 mapped + 1 failed · in no answer: b.txt
    error[E-SOME-FAILED]: 1 of 3 branches failed
      b.txt: the answer breaks its contract in 4 place(s); "total" is a required property; "paid" is a required property; "items" is a required property
    help: the result was made without them; --output json has each with its error, --allow-gaps accepts it
    "#);
}

#[test]
fn answers_are_rows_of_parquet() {
    let (place, server) = bills();
    let shown = run(
        &place,
        &server,
        &["--no-reduce", "--output", "parquet", "-o", "bills.parquet"],
    );
    assert!(shown.starts_with("exit 3\n"), "{shown}");
    let rows = rows(&place, "bills.parquet");
    let (first, last) = (&rows[0], &rows[2]);
    assert_eq!(first["document"], "a.txt");
    assert_eq!(
        (&first["total"], &first["paid"]),
        (&json!(12.5), &json!(true))
    );
    assert_eq!(first["items"], r#"["rope","rope, thick"]"#);
    assert_eq!(
        (&last["vendor"], &last["total"]),
        (&json!("Süd\nSails"), &json!(900.0))
    );
    assert_eq!(
        (&rows[1]["vendor"], &rows[1]["paid"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        rows[1]["error"].as_str().is_some_and(|it| !it.is_empty()),
        "{}",
        rows[1]
    );
    // What was written can be read as documents.
    let read = [
        "map-reduce",
        "bills.parquet",
        "--text-field",
        "document",
        "--no-reduce",
        "--model",
        "offline",
    ];
    let shown = place.run(&read);
    assert!(shown.contains("3 started = 3 answered"), "{shown}");
    // … and as questions.
    let mut ask = vec!["vote", "--batch", "bills.parquet", "-n", "1", "--no-store"];
    ask.extend(["--question-field", "document"]);
    let server = Server::start(|_| (200, completion(r#"{"reasoning": "So.", "answer": "yes"}"#)));
    ask.extend(server.args());
    let shown = place.run(&ask);
    assert!(shown.contains("3 started = 3 answered"), "{shown}");
}

#[test]
fn a_table_is_parquet_of_its_types() {
    let (place, server) = bills();
    let table = [
        "--reduce",
        "count",
        "--reduce",
        "sum:total",
        "--group-by",
        "paid",
    ];
    let more = [&table[..], &["--output", "parquet", "-o", "sums.parquet"]].concat();
    let shown = run(&place, &server, &more);
    assert!(shown.starts_with("exit 3\n"), "{shown}");
    assert_eq!(
        rows(&place, "sums.parquet"),
        [
            json!({"paid": true, "count": 1, "sum:total": 12.5}),
            json!({"paid": false, "count": 1, "sum:total": 900.0}),
        ]
    );
}

#[test]
fn many_rows_come_in_groups() {
    let mut lines = String::new();
    for n in 0..2_500 {
        lines += &format!("{{\"id\": \"d{n}\", \"text\": \"Ship {n} came in.\"}}\n");
    }
    let place = Place::with(&[("ships.jsonl", &lines)]);
    let args = [
        "map-reduce",
        "ships.jsonl",
        "--no-reduce",
        "--model",
        "offline",
        "--output",
        "parquet",
        "-o",
        "out.parquet",
    ];
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    let rows = rows(&place, "out.parquet");
    assert_eq!(rows.len(), 2_500);
    assert_eq!(rows[2_499]["document"], "d2499");
    assert_eq!(rows[2_499]["word_count"], 4);
}

#[test]
fn only_tables_are_sheets() {
    let place = Place::with(&[("a.txt", "A ship.")]);
    for format in ["csv", "parquet"] {
        let shown = place.run(&[
            "map-reduce",
            "a.txt",
            "--model",
            "offline",
            "--output",
            format,
        ]);
        assert!(shown.contains("csv and parquet are for tables"), "{shown}");
    }
}

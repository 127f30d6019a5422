//! Answers and tables as CSV and Parquet.

use std::fs::File;

use insta::assert_snapshot;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::printer::print_schema;
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

pub(crate) fn rows(place: &Place, name: &str) -> Vec<Value> {
    let file = File::open(place.path().join(name)).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|it| it.unwrap().to_json_value()).collect()
}

#[test]
fn cells_of_a_csv_are_the_words_of_the_answer_in_a_file_and_in_a_pipe() {
    let words =
        "שלום\u{200f} \u{1f3f4}\u{e0067}\u{e007f} one\u{2028}two\rthree\u{202e}four\u{200b}";
    let place = Place::with(&[("a.txt", "Words.")]);
    let answer = json!({"summary": words}).to_string();
    let server = Server::start(move |_| (200, completion(&answer)));
    let args = [
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "--no-store",
        "--output",
        "csv",
    ];
    let args = [&args[..], &server.args()].concat();
    let (code, piped) = place.data(&args);
    assert_eq!(code, Some(0), "{piped}");
    place.data(&[&args[..], &["-o", "out.csv"]].concat());
    assert!(piped.contains(&format!("\"{words}\"")), "{piped:?}");
    assert_eq!(place.read("out.csv"), piped);
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
        assert!(
            shown.contains("csv, parquet and sqlite are for tables"),
            "{shown}"
        );
    }
}

/// As generators write it: a root that is a reference, options that are alternatives to null.
const GENERATED: &str = r##"{
    "$ref": "#/$defs/Bill",
    "$defs": {
        "Bill": {
            "title": "Bill", "type": "object", "required": ["vendor", "due", "lines"],
            "properties": {
                "vendor": {"$ref": "#/$defs/Name"},
                "due": {"anyOf": [{"$ref": "#/$defs/Amount"}, {"type": "null"}]},
                "count": {"type": ["integer", "null"]},
                "paid": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                "state": {"anyOf": [{"$ref": "#/$defs/State"}, {"type": "null"}]},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/Name"}}
            }
        },
        "Name": {"type": "string", "minLength": 1},
        "Amount": {"type": "number"},
        "State": {"enum": ["open", "closed"]}
    }
}"##;

fn generated() -> (Place, Server) {
    let (place, _) = bills();
    place.write("bill.json", GENERATED.as_bytes());
    let server = Server::start(|body| {
        let bill = if body.contains("Ropes") {
            json!({"vendor": "Acme", "due": 12.5, "count": 3.0, "paid": true, "state": "open", "lines": ["rope"]})
        } else {
            json!({"vendor": "Sails", "due": null, "count": null, "paid": null, "state": null, "lines": []})
        };
        (200, completion(&bill.to_string()))
    });
    (place, server)
}

#[test]
fn columns_of_referenced_and_nullable_fields_have_their_types() {
    let (place, server) = generated();
    let shown = run(&place, &server, &["--no-reduce", "--output", "csv"]);
    assert_snapshot!(shown, @r#"
    exit 0
    --- stdout
    document,vendor,due,count,paid,state,lines,error
    a.txt,Acme,12.5,3.0,true,open,"[""rope""]",
    b.txt,Sails,,,,,[],
    c.txt,Sails,,,,,[],
    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    documents: 3 = 3 mapped
    "#);
    let parquet = ["--no-reduce", "--output", "parquet", "-o", "bills.parquet"];
    let shown = run(&place, &server, &parquet);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    let of_file = File::open(place.path().join("bills.parquet")).unwrap();
    let reader = SerializedFileReader::new(of_file).unwrap();
    let mut schema = Vec::new();
    print_schema(&mut schema, reader.metadata().file_metadata().schema());
    assert_snapshot!(String::from_utf8(schema).unwrap(), @r"
    message rows {
      OPTIONAL BYTE_ARRAY document (STRING);
      OPTIONAL BYTE_ARRAY vendor (STRING);
      OPTIONAL DOUBLE due;
      OPTIONAL INT64 count;
      OPTIONAL BOOLEAN paid;
      OPTIONAL BYTE_ARRAY state (STRING);
      OPTIONAL BYTE_ARRAY lines (STRING);
      OPTIONAL BYTE_ARRAY error (STRING);
    }
    ");
    for (row, expected) in rows(&place, "bills.parquet").iter().zip([
        json!({"document": "a.txt", "vendor": "Acme", "due": 12.5, "count": 3, "paid": true,
            "state": "open", "lines": "[\"rope\"]", "error": null}),
        json!({"document": "b.txt", "vendor": "Sails", "due": null, "count": null, "paid": null,
            "state": null, "lines": "[]", "error": null}),
    ]) {
        assert_eq!(*row, expected);
    }
}

#[test]
fn a_number_that_a_column_cannot_hold_is_an_error() {
    let (place, server) = bills();
    let schema = r#"{"title": "n", "type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}"#;
    place.write("bill.json", schema.as_bytes());
    drop(server);
    let server = Server::start(|_| (200, completion(r#"{"n": 18446744073709551615}"#)));
    let parquet = ["--no-reduce", "--output", "parquet", "-o", "bills.parquet"];
    let shown = run(&place, &server, &parquet);
    let lost = "18446744073709551615 in the column n is no whole number of 64 bits";
    assert!(
        shown.starts_with("exit 74\n") && shown.contains(lost),
        "{shown}"
    );
}

#[test]
fn a_schema_may_be_typed_as_its_fields() {
    let place = Place::with(&[("a.txt", "Ropes from Acme, 12.50.")]);
    let server = Server::start(|body| {
        assert!(body.contains("with tax"), "{body}");
        (
            200,
            completion(r#"{"vendor": "Acme", "total": 12.5, "paid": "no"}"#),
        )
    });
    let fields = "vendor, total number: with tax, paid yes|no";
    let mut args = vec!["map-reduce", "a.txt", "--no-reduce", "--map-schema", fields];
    args.extend(["--no-store", "-q", "--output", "csv"]);
    args.extend(server.args());
    insta::assert_snapshot!(place.run(&args), @r##"
    exit 0
    --- stdout
    document,vendor,total,paid,error
    a.txt,Acme,12.5,no,
    --- stderr
    "##);
    // A file of that name is what is meant.
    place.write(
        "vendor, total",
        br#"{"type": "object", "properties": {"x": {"type": "string"}}}"#,
    );
    let args = [
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "--map-schema",
        "vendor, total",
        "--print-job",
    ];
    let shown = place.run(&args);
    assert!(shown.contains("schema = \"vendor, total\""), "{shown}");
}

#[test]
fn the_short_form_of_a_schema_is_shown_and_its_mistakes_are_pointed_at() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["schema", "name, age? int, tags [text], verdict yes|no: what it means"]), @r##"
    exit 0
    --- stdout
    {
      "type": "object",
      "properties": {
        "name": {
          "type": "string"
        },
        "age": {
          "type": "integer"
        },
        "tags": {
          "type": "array",
          "items": {
            "type": "string"
          }
        },
        "verdict": {
          "type": "string",
          "enum": [
            "yes",
            "no"
          ],
          "description": "what it means"
        }
      },
      "required": [
        "name",
        "tags",
        "verdict"
      ],
      "additionalProperties": false
    }
    --- stderr
    "##);
    insta::assert_snapshot!(place.run(&["schema", "name, age itn"]), @r##"
    exit 65
    --- stdout
    --- stderr
    error[E-SCHEMA]: the short schema is wrong at character 11: there is no type "itn"
    help: write NAME TYPE: MEANING with commas between fields, or a line for each; types are text, int, number, bool, [text], yes|no
    "##);
    insta::assert_snapshot!(place.run(&["vote", "?", "--schema", "answer, why txet"]), @r##"
    exit 65
    --- stdout
    --- stderr
    error[E-SCHEMA]: the short schema is wrong at character 13: there is no type "txet" (did you mean text?)
    help: write NAME TYPE: MEANING with commas between fields, or a line for each; types are text, int, number, bool, [text], yes|no
    "##);
    insta::assert_snapshot!(place.run(&["vote", "?", "--schema", "my bill.json"]), @r##"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: an input cannot be read; nothing was sent
      my bill.json: No such file or directory
    help: check names and permissions
    "##);
}

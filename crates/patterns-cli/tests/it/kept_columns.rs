//! Columns of the input that results have, too, and tables as SQLite databases.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use crate::support::{Place, Server, completion};

const NOTES: &str = concat!(
    r#"{"id": "a", "text": "Ropes.", "year": 1999, "tags": ["x", "y"], "error": "none"}"#,
    "\n",
    r#"{"id": "b", "text": "Broken.", "year": null, "late": true}"#,
    "\n",
    r#"{"id": "c", "text": "Sails.", "year": 18446744073709551615, "error": "=1+1"}"#,
    "\n",
);

/// Answers with a kind; what is broken is not answered.
fn kinds() -> (Place, Server) {
    let place = Place::with(&[("notes.jsonl", NOTES)]);
    let server = Server::start(|body| {
        let kind = match body {
            it if it.contains("Broken") => json!(7),
            it if it.contains("Ropes") => json!("rope"),
            _ => json!("sail"),
        };
        (200, completion(&json!({"kind": kind}).to_string()))
    });
    (place, server)
}

fn run(place: &Place, server: &Server, more: &[&str]) -> String {
    let mut args = vec!["map-reduce", "notes.jsonl", "--map-schema", "kind, "];
    args[3] = "kind text";
    args.extend(["--no-store", "--concurrency", "1"]);
    args.extend(server.args());
    args.extend(more);
    place.run(&args)
}

/// Returns the names of the columns, and the rows.
fn table(path: &Path) -> (Vec<String>, Vec<Vec<Cell>>) {
    let database = Connection::open(path).unwrap();
    let mut all = database
        .prepare("SELECT * FROM results ORDER BY rowid")
        .unwrap();
    let names: Vec<String> = all.column_names().map(str::to_owned).collect();
    let width = names.len();
    let rows = all.query_map([], |row| (0..width).map(|at| row.get(at)).collect());
    let rows = rows.unwrap().map(Result::unwrap).collect();
    (names, rows)
}

#[test]
fn columns_of_the_input_are_in_the_table() {
    let (place, server) = kinds();
    let keep = ["--no-reduce", "--keep", "year,error,late", "-o", "out.csv"];
    let shown = run(&place, &server, &keep);
    assert!(
        shown.contains("other names, as the result has its own: error as in.error"),
        "{shown}"
    );
    let csv = place.read("out.csv");
    let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(
        head,
        ["document", "year", "in.error", "late", "kind", "error"]
    );
    assert!(csv.contains("\na,1999,none,,rope,\n"), "{csv}");
    assert!(
        csv.contains("\nb,,,true,,"),
        "what failed keeps its columns: {csv}"
    );
    assert!(
        csv.contains("\nc,18446744073709551615,'=1+1,,sail,\n"),
        "{csv}"
    );
}

#[test]
fn columns_of_the_input_are_in_json_lines() {
    let (place, server) = kinds();
    run(
        &place,
        &server,
        &["--no-reduce", "--keep", "all", "-o", "out.jsonl"],
    );
    let lines = place.read("out.jsonl");
    let lines: Vec<Value> = lines
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines[0]["in"]["tags"], json!(["x", "y"]));
    assert_eq!(
        lines[1]["in"],
        json!({"id": "b", "text": "Broken.", "year": null, "late": true})
    );
    assert_eq!(lines[0]["value"], json!({"kind": "rope"}));
    assert_eq!(lines[3].get("in"), None);
}

#[test]
fn a_table_is_a_database_whose_columns_have_types() {
    let (place, server) = kinds();
    run(
        &place,
        &server,
        &["--no-reduce", "--keep", "all", "-o", "out.db"],
    );
    let (names, rows) = table(&place.path().join("out.db"));
    let expected = [
        "document", "id", "text", "year", "tags", "in.error", "late", "kind", "error",
    ];
    assert_eq!(names, expected);
    let text = |it: &str| Cell::Text(it.to_owned());
    assert_eq!(
        rows[0][3..8],
        [
            text("1999"),
            text("[\"x\",\"y\"]"),
            text("none"),
            Cell::Null,
            text("rope")
        ]
    );
    assert_eq!((&rows[1][3], &rows[1][6]), (&Cell::Null, &Cell::Integer(1)));
    assert!(
        matches!(&rows[1][8], Cell::Text(it) if !it.is_empty()),
        "{:?}",
        rows[1]
    );
    assert_eq!(rows[2][3], text("18446744073709551615"));
    assert_eq!(rows[2][5], text("=1+1"));
}

#[test]
fn a_database_takes_the_place_of_an_older_result_and_of_nothing_else() {
    let (place, server) = kinds();
    let args = ["--no-reduce", "-o", "out.sqlite"];
    run(&place, &server, &args);
    let first = fs::read(place.path().join("out.sqlite")).unwrap();
    run(
        &place,
        &server,
        &["--no-reduce", "--keep", "id", "-o", "out.sqlite"],
    );
    assert_eq!(table(&place.path().join("out.sqlite")).0[1], "id");
    assert_ne!(fs::read(place.path().join("out.sqlite")).unwrap(), first);

    let theirs = Connection::open(place.path().join("theirs.db")).unwrap();
    theirs
        .execute_batch("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)")
        .unwrap();
    drop(theirs);
    let before = fs::read(place.path().join("theirs.db")).unwrap();
    let shown = run(&place, &server, &["--no-reduce", "-o", "theirs.db"]);
    assert_snapshot!(shown, @r#"
    exit 73
    --- stdout
    --- stderr
    error[E-OUTPUT]: theirs.db is there and is no database of results that this command has written
    help: name another file, or move it away
    "#);
    assert_eq!(fs::read(place.path().join("theirs.db")).unwrap(), before);
    place.write("out.sqlite-wal", b"x");
    assert_snapshot!(run(&place, &server, &args), @r#"
    exit 73
    --- stdout
    --- stderr
    error[E-OUTPUT]: out.sqlite is a database that is in use: there is a out.sqlite-wal beside it
    help: close the program that has it open, or name another file
    "#);
}

#[test]
fn a_column_that_no_row_has_is_found_before_anything_is_sent() {
    let (place, _) = kinds();
    let refuse = Server::start(|_| panic!("nothing is to be sent"));
    let keep = |names| {
        run(
            &place,
            &refuse,
            &["--no-reduce", "--keep", names, "-o", "out.csv"],
        )
    };
    assert_snapshot!(keep("yaer"), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: no row of the input has a column "yaer"; nothing was sent
    help: did you mean "year"?
    "#);
    assert_snapshot!(keep("id,id"), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --keep names "id" twice
    help: leave one of them out
    "#);
    assert_snapshot!(run(&place, &refuse, &["--no-reduce", "--keep", "id"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --keep is for tables and JSON, and the result is text to read
    help: choose --output csv, jsonl, parquet or sqlite, or a file that ends so
    "#);
    assert_snapshot!(run(&place, &refuse, &["--keep", "id", "-o", "out.jsonl"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --keep is for results with a row for each row of the input, and this has none
    help: leave it out, or do not combine: --no-reduce
    "#);
    assert_snapshot!(run(&place, &refuse, &["--reduce", "count", "--keep", "id", "-o", "out.csv"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --keep is for results with a row for each row of the input, and this has none
    help: leave it out; --group-by in.NAME groups by a column of the input
    "#);
    let group = ["--reduce", "count", "--group-by", "in.lat", "-o", "out.csv"];
    assert_snapshot!(run(&place, &refuse, &group), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: no row of the input has a column "lat"; nothing was sent
    help: did you mean "late"?
    "#);
    let text = [
        "map-reduce",
        "-",
        "--no-reduce",
        "--keep",
        "all",
        "-o",
        "out.csv",
        "--model",
        "offline",
    ];
    assert_snapshot!(place.run(&text), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --keep all: which columns standard input has is known only at its end
    help: name the columns, such as --keep id,title, or name a file as the input
    "#);
    place.write("a.txt", b"Words.");
    let text = [
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "--keep",
        "id",
        "-o",
        "out.csv",
        "--model",
        "offline",
    ];
    assert_snapshot!(place.run(&text), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: the input has no rows, so there is no column id; nothing was sent
    help: name a .jsonl, .csv, .tsv or .parquet file, or say what it is with --format
    "#);
}

#[test]
fn groups_are_of_columns_of_the_input() {
    let place = Place::with(&[(
        "bills.csv",
        "id,text,team,amount\n1,Ropes.,red,2.5\n2,Sails.,blue,4\n3,Oars.,red,1\n",
    )]);
    let server = Server::start(|_| (200, completion(r#"{"kind": "bill", "n": 2}"#)));
    let mut args = vec![
        "map-reduce",
        "bills.csv",
        "--map-schema",
        "kind, n int",
        "-q",
        "--no-store",
    ];
    args.extend([
        "--reduce",
        "count",
        "--reduce",
        "sum:n",
        "--reduce",
        "union:in.id",
        "--reduce",
        "sum:in.amount",
    ]);
    args.extend(["--group-by", "in.team", "--output", "csv"]);
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r#"
    exit 0
    --- stdout
    in.team,count,sum:n,union:in.id,sum:in.amount
    red,2,4,"[""1"",""3""]",3.5
    blue,1,2,"[""2""]",4
    --- stderr
    "#);
}

#[test]
fn what_is_piped_in_has_named_columns() {
    let (place, server) = kinds();
    let mut args = vec![
        "map-reduce",
        "-",
        "--format",
        "jsonl",
        "--map-schema",
        "kind text",
        "-q",
    ];
    args.extend([
        "--no-reduce",
        "--no-store",
        "--keep",
        "late,year",
        "-o",
        "out.parquet",
    ]);
    args.extend(server.args());
    let mut command = place.command(&args);
    command.stdin(fs::File::open(place.path().join("notes.jsonl")).unwrap());
    let shown = crate::support::shown(&mut command);
    let rows = crate::sheets::rows(&place, "out.parquet");
    assert_eq!(rows[0]["year"], "1999", "{shown}");
    assert_eq!(
        (&rows[1]["late"], &rows[1]["year"]),
        (&json!("true"), &Value::Null)
    );
    assert_eq!(rows[0]["kind"], "rope");
}

#[test]
fn a_batch_keeps_columns_of_its_questions() {
    let rows = concat!(
        r#"{"id": "q1", "question": "Is it so?", "gold": "yes", "source": "mail", "share": 0.5}"#,
        "\n",
        r#"{"id": "q2", "question": "Is it not?", "gold": "no", "source": null}"#,
        "\n",
    );
    let place = Place::with(&[("questions.jsonl", rows)]);
    let server = Server::start(|_| {
        (
            200,
            completion(r#"{"reasoning": "It is.", "answer": "yes"}"#),
        )
    });
    let run = |more: &[&str]| {
        let mut args = vec![
            "vote",
            "--batch",
            "questions.jsonl",
            "-n",
            "1",
            "--no-store",
            "-q",
        ];
        args.extend(server.args());
        args.extend(more);
        place.run(&args)
    };
    let csv = ["--gold", "gold", "--keep", "all", "--output", "csv"];
    assert_snapshot!(run(&csv), @r#"
    exit 0
    --- stdout
    id,question,source,in.share,answer,share,reason,gold,right,decision
    q1,Is it so?,mail,0.5,yes,1.0,It is.,yes,true,won
    q2,Is it not?,,,yes,1.0,It is.,no,false,won
    --- stderr
    "#);
    run(&["--keep", "source,id", "-o", "out.db"]);
    let (names, cells) = table(&place.path().join("out.db"));
    assert_eq!(names[..5], ["id", "question", "source", "in.id", "answer"]);
    let text = |it: &str| Cell::Text(it.to_owned());
    assert_eq!(cells[0][2..5], [text("mail"), text("q1"), text("yes")]);
    assert_eq!(cells[1][5], Cell::Real(1.0));
    let lines = run(&["--keep", "source", "--output", "jsonl"]);
    assert!(lines.contains(r#""in":{"source":"mail"}"#), "{lines}");
    assert_snapshot!(run(&["--keep", "sorce", "--output", "csv"]), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: no row of the input has a column "sorce"; nothing was sent
    help: did you mean "source"?
    "#);
    assert_snapshot!(place.run(&["vote", "Is it so?", "--keep", "source"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --keep is for results with a row for each row of the input, and this has none
    help: leave it out, or ask a `batch`
    "#);
}

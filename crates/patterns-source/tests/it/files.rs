//! Texts, rows and records.

use insta::assert_snapshot;
use patterns_source::{Format, Source, SourceError};
use proptest::prelude::*;

use crate::support::{Folder, gzip};

#[test]
fn a_folder_is_read_by_path() {
    let folder = Folder::new();
    folder.write("b.txt", b"Second.");
    folder.write("a/x.md", b"# First");
    folder.write("a/empty.txt", b"");
    folder.write(".hidden", b"no");
    folder.write("rows.csv", b"id,text\n7,Seven\n8,\n7,Again\n9,a,b\n");
    folder.write("rows.tsv", b"name\tmessage\nx\tHello\n");
    assert_snapshot!(folder.read(), @r##"
    Empty a/empty.txt: the file is empty
    a/x.md = "# First"
    b.txt = "Second."
    7 = "Seven"
    Empty rows.csv:3: there is no text
    DuplicateId rows.csv:4: the id "7" is used twice
    Broken rows.csv:5: the row has 3 values, the header 2
    rows.tsv:2 = "Hello"
    "##);
}

#[test]
fn rows_have_fields() {
    let folder = Folder::with(
        "rows.jsonl",
        b"{\"key\": \"k1\", \"title\": \"T\", \"n\": 3}\n\n{\"key\": \"k2\", \"title\": \"U\"}\n[]\n{\"key\": 1,}\n",
    );
    let source = Source::new([folder.0.path()]).id_field("key");
    assert_snapshot!(folder.show(&source.clone().template("{{ title }} {{ n }}".parse().unwrap())), @r#"
    k1 = "T 3"
    NoField rows.jsonl:3: there is no text in "n"; the fields are key, title
    Broken rows.jsonl:4:1: a row is a JSON object
    Broken rows.jsonl:5:11: trailing comma
    "#);
    assert_snapshot!(folder.show(&source.clone().text_field("title")), @r#"
    k1 = "T"
    k2 = "U"
    Broken rows.jsonl:4:1: a row is a JSON object
    Broken rows.jsonl:5:11: trailing comma
    "#);
    assert_snapshot!(folder.show(&source), @r"
    NoField rows.jsonl:1: no field looks like the text: key, title, n; the same in each of 2 rows
    Broken rows.jsonl:4:1: a row is a JSON object
    Broken rows.jsonl:5:11: trailing comma
    ");
}

#[test]
fn logs_have_records() {
    let log = b"Jan 1 start\n  more\n\nJan 2 next\r\n\n\nJan 3 last";
    let folder = Folder::with("a.log", log);
    let show = |records: &str| {
        let source = Source::new([folder.0.path()]);
        folder.show(&source.records(records.parse().unwrap()))
    };
    assert_snapshot!(show("line"), @r#"
    a.log:1 = "Jan 1 start"
    a.log:2 = "  more"
    a.log:4 = "Jan 2 next"
    a.log:7 = "Jan 3 last"
    "#);
    assert_snapshot!(show("blank"), @r#"
    a.log:1 = "Jan 1 start\n  more"
    a.log:4 = "Jan 2 next"
    a.log:7 = "Jan 3 last"
    "#);
    assert_snapshot!(show("start:^Jan"), @r#"
    a.log:1 = "Jan 1 start\n  more\n"
    a.log:4 = "Jan 2 next\n\n"
    a.log:7 = "Jan 3 last"
    "#);
    let odd = Folder::with("a.log", b"good\nbad \xff\xfe here\ngood again\n");
    let source = Source::new([odd.0.path()]).records("line".parse().unwrap());
    assert_snapshot!(odd.show(&source), @r#"
    a.log:1 = "good"
    a.log:2 = "bad ÿş here"
    a.log:3 = "good again"
    "#);
}

#[test]
fn what_is_compressed_is_read_as_what_it_is() {
    let folder = Folder::new();
    folder.write("rows.jsonl.gz", &gzip(b"{\"text\": \"one\"}\n"));
    let members = [gzip(b"two "), gzip(b"members")].concat();
    folder.write("text.gz", &members);
    folder.write("cut.txt.gz", &gzip(&b"cut off ".repeat(500))[..30]);
    assert_snapshot!(folder.read(), @r#"
    Broken cut.txt.gz: incomplete deflate stream
    rows.jsonl.gz:1 = "one"
    text.gz = "two members"
    "#);
}

#[test]
fn encodings_are_told() {
    let folder = Folder::new();
    folder.write("a.txt", b"\xff\xfeh\0i\0");
    folder.write("b.txt", "Stra\u{df}e".as_bytes());
    folder.write("c.txt", b"Die Stra\xdfe f\xfchrt \xfcber die Br\xfccke.");
    folder.write("d.csv", b"text\nStra\xdfe und Br\xfccke\n");
    let documents = Source::new([folder.0.path()]).open().unwrap();
    let told: Vec<(String, String)> = documents
        .map(|it| it.unwrap())
        .map(|it| (it.document.text.to_string(), it.encoding))
        .collect();
    let expected = [
        ("hi", "UTF-16LE"),
        ("Straße", "UTF-8"),
        ("Die Straße führt über die Brücke.", "windows-1252"),
        ("Straße und Brücke", "windows-1252"),
    ];
    assert_eq!(
        told,
        expected.map(|(text, name)| (text.to_owned(), name.to_owned()))
    );
}

#[test]
fn arguments_are_looked_at_first() {
    let folder = Folder::with("a.txt", b"Text.");
    let missing = Source::new([folder.path("a.txt"), folder.path("b.txt"), folder.path("c")]);
    let Err(SourceError::Missing(missing)) = missing.open() else {
        panic!("two of them are not there");
    };
    assert_eq!(missing.len(), 2);
    assert_eq!(missing[0].reason(), "no such file or directory");
    assert_eq!(
        Source::new(["-", "-"]).open().unwrap_err(),
        SourceError::StdinTwice
    );
    assert_snapshot!(folder.show(&Source::new([folder.path("*.txt"), folder.path("a.txt")])), @r#"
    a.txt = "Text."
    DuplicateId a.txt: the file is named twice
    "#);
    assert_snapshot!(folder.show(&Source::new([folder.path("a.txt")]).format(Format::Jsonl)), @"Broken a.txt:1:1: expected value");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_line_of_a_log_is_lost(lines in prop::collection::vec("[ a-c]{0,6}", 0..20)) {
        let folder = Folder::with("a.log", lines.join("\n").as_bytes());
        for records in ["line", "blank", "start:^a"] {
            let source = Source::new([folder.0.path()]).records(records.parse().unwrap());
            let mut read = Vec::new();
            for it in source.open().unwrap().flatten() {
                read.extend(it.document.text.lines().map(str::to_owned).collect::<Vec<_>>());
            }
            let written = |it: &&String| !it.trim().is_empty();
            let expected: Vec<&String> = lines.iter().filter(written).collect();
            prop_assert_eq!(read.iter().filter(written).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        name in prop::sample::select(vec![
            "a.txt", "a.jsonl", "a.csv", "a.html", "a.pdf", "a.docx", "a.parquet", "a.gz",
        ]),
        begins in prop::sample::select(vec![&b""[..], b"%PDF-1.4\n", b"PK\x03\x04", b"PAR1", b"\x1f\x8b\x08"]),
    ) {
        let folder = Folder::with(name, &[begins, &bytes].concat());
        // A text, or a reason: nothing is empty, and nothing ends the process.
        for item in Source::new([folder.0.path()]).open().unwrap() {
            prop_assert!(item.is_err_and(|it| !it.reason().is_empty()) || name != "a.docx");
        }
    }
}

//! CSV files as people have them.

use insta::assert_snapshot;
use patterns_source::Source;

use crate::support::Folder;

fn read(text: &[u8]) -> String {
    Folder::with("a.csv", text).read()
}

#[test]
fn tables_are_read_however_they_were_written() {
    let expected = "1 = \"one\"\n2 = \"two\"\n";
    for text in [
        "id,text\n1,one\n2,two\n",
        "id,text,,\n1,one,,\n2,two,,\n",
        "id,,,text\n1,,,one\n2,,,two\n",
        ",id,text\n0,1,one\n1,2,two\n",
        "id,note,note,text\n1,a,b,one\n2,a,b,two\n",
        "id;text\n1;one\n2;two\n",
        "id|text\n1|one\n2|two\n",
        "id\ttext\r\n1\tone\r\n2\ttwo\r\n",
        "sep=;\r\nid;text\r\n1;one\r\n2;two\r\n",
        "\u{feff}\"id\",\"text\"\r\n\"1\",\"one\"\r\n\"2\",\"two\"\r\n",
        "ID,Text\n1,one\n2,two\n",
        "id,text\r1,one\r2,two\r",
        "id,text\n\n1,one\n,\n2,two\n\0\0\0",
        "id,text\r\r\n1,one\r\r\n2,\"two\"\r\r\n",
        "\u{feff}\u{feff}\"id\",\u{feff}text\n1,one\n2,two\n",
        "SEP=;\nid;text\n1;one\n2;two\n",
        "# made by x\n# 2024, y\nid,text\n1,one\n2,two\n",
        "id:text\n1:one\n2:two\n",
        "id, text\n1, \"one\"\n2, \"two\"\n",
    ] {
        assert_eq!(read(text.as_bytes()), expected, "{text:?}");
    }
}

#[test]
fn lines_end_with_returns_only_where_nothing_else_ends_them() {
    assert_eq!(
        read(b"id,text\r1,\"one\nmore\"\r2,two\r"),
        "1 = \"one\\nmore\"\n2 = \"two\"\n"
    );
    let log = |text: &[u8]| {
        let folder = Folder::with("a.log", text);
        folder.show(&Source::new([folder.0.path()]).records(patterns_source::Records::Line))
    };
    assert_eq!(log(b"one\rtwo\r"), "a.log:1 = \"one\"\na.log:2 = \"two\"\n");
    assert_eq!(
        log(b"10%\r20%\rdone\nnext\n"),
        "a.log:1 = \"10%\\r20%\\rdone\"\na.log:2 = \"next\"\n"
    );
    let folder = Folder::with("a.jsonl", b"{\"text\":\"one\"}\r{\"text\":\"two\"}\r");
    assert_eq!(folder.read(), "a.jsonl:1 = \"one\"\na.jsonl:2 = \"two\"\n");
}

#[test]
fn rows_in_any_unicode_are_read() {
    let table = "id,text\n1,Größe 😀\n2,два слова\n";
    let expected = "1 = \"Größe 😀\"\n2 = \"два слова\"\n";
    let little = table.chars().flat_map(|it| u32::from(it).to_le_bytes());
    let wide: Vec<u8> = little.collect();
    assert_eq!(read(&wide), expected);
    assert_eq!(read(&[b"\xff\xfe\0\0", wide.as_slice()].concat()), expected);
    let big: Vec<u8> = table.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(read(&big), expected);
}

#[test]
fn a_file_of_another_kind_is_named_and_not_read_as_rows() {
    let check = |bytes: &[u8], expected: &str| {
        let read = read(bytes);
        assert_eq!(
            read.trim_end(),
            format!("Unsupported a.csv: the file is {expected}")
        );
    };
    check(
        b"PK\x03\x04\x14\0\0\0\x08\0xl/workbook.xml\n1,2\n",
        "an Excel file, which is not read; save it as CSV",
    );
    check(
        b"{\\rtf1 text\n}",
        "an RTF text, which is not read; save it as DOCX, PDF or text",
    );
}

#[test]
fn rows_that_are_nearly_json_are_read_and_all_of_them_are_told_of() {
    let rows = b"{\"id\":1,\"text\":\"one\",\"n\":NaN}\n{\"id\":2,\"text\":\"a \\ud83d\"},\n{\"id\":3,\"text\":true}\n";
    let folder = Folder::with("a.jsonl", rows);
    let mut documents = Source::new([folder.0.path()]).open().unwrap();
    let texts: Vec<String> = documents
        .by_ref()
        .map(|it| it.unwrap().document.text.to_string())
        .collect();
    assert_eq!(texts, ["one", "a \u{fffd}", "true"]);
    let notes = documents.take_notes();
    assert_eq!(notes.len(), 2, "{notes:?}");
    let note =
        "line 1 is not JSON as it should be (a number that JSON has not; it is taken as text)";
    assert!(notes[0].ends_with(note), "{notes:?}");
    let note = "the same of 1 more line: not JSON as it should be";
    assert!(notes[1].ends_with(note), "{notes:?}");
}

#[test]
fn a_quote_that_nobody_closes_swallows_no_rows() {
    assert_snapshot!(read(b"id,text\n0,zero\n1,\"one\n2,two\n3,three\n"), @r#"
    0 = "zero"
    Broken a.csv:3: a quote opens here that is not closed as it should be; the rows from here on were not read
    "#);
    assert_snapshot!(read(b"id,text\n1,\"one\n2,\"two\"\n"), @"Broken a.csv:2: a quote opens here that is not closed as it should be; the rows from here on were not read");
}

#[test]
fn rows_are_called_by_their_line_however_lines_end() {
    let text = "text\none\n\"two\nmore\"\nthree\n";
    let lines = "a.csv:2 = \"one\"\na.csv:3 = \"two\\nmore\"\na.csv:5 = \"three\"\n";
    assert_eq!(read(text.as_bytes()), lines);
    assert_eq!(read(text.replace('\n', "\r\n").as_bytes()), lines);
}

#[test]
fn rows_without_an_id_are_called_by_their_line() {
    assert_snapshot!(read(b"id,text\n,one\n ,two\n7,three\n"), @r#"
    a.csv:2 = "one"
    a.csv:3 = "two"
    7 = "three"
    "#);
    let folder = Folder::with(
        "a.jsonl",
        b"{\"id\":null,\"text\":\"one\"}\n{\"id\":\"\",\"text\":\"two\"}\n",
    );
    assert_snapshot!(folder.read(), @r#"
    a.jsonl:1 = "one"
    a.jsonl:2 = "two"
    "#);
}

#[test]
fn a_wrong_field_is_said_once_and_the_right_one_is_named() {
    let folder = Folder::with("a.csv", b"ticket,message\n1,one\n2,two\n3,three\n");
    let source = Source::new([folder.0.path()]);
    assert_snapshot!(folder.show(&source.clone().text_field("massage")), @r#"NoField a.csv:2: there is no text in "massage"; did you mean "message"? the fields are ticket, message; the same in each of 3 rows"#);
    assert_snapshot!(folder.show(&source.id_field("tikket")), @r#"NoField a.csv:2: there is no id in "tikket"; did you mean "ticket"? the fields are ticket, message; the same in each of 3 rows"#);
    let late = Folder::with("a.jsonl", b"{\"x\":1}\n{\"note\":\"two\"}\n{\"x\":3}\n");
    assert_snapshot!(late.show(&Source::new([late.0.path()]).text_field("note")), @r#"
    NoField a.jsonl:1: there is no text in "note"; the fields are x
    a.jsonl:2 = "two"
    NoField a.jsonl:3: there is no text in "note"; the fields are x
    "#);
}

#[test]
fn nothing_in_a_template_is_nothing() {
    let folder = Folder::with(
        "a.jsonl",
        b"{\"a\":null,\"b\":\"x\",\"n\":100000000000000000001}\n",
    );
    let source =
        Source::new([folder.0.path()]).template("<{{ a }}{{ b }}> {{ n }}".parse().unwrap());
    assert_snapshot!(folder.show(&source), @r#"a.jsonl:1 = "<x> 100000000000000000001""#);
}

#[test]
fn ids_beyond_a_float_stay_different() {
    let rows = "{\"id\":100000000000000000001,\"text\":\"a\"}\n{\"id\":100000000000000000002,\"text\":\"b\"}\n";
    let folder = Folder::with("a.jsonl", rows.as_bytes());
    assert_snapshot!(folder.read(), @r#"
    100000000000000000001 = "a"
    100000000000000000002 = "b"
    "#);
}

#[test]
fn what_was_guessed_is_told_once_for_a_file() {
    let mut text = b"id,text\n".to_vec();
    for n in 0..5_000 {
        text.extend_from_slice(format!("{n},plain row {n} of the table\n").as_bytes());
    }
    text.extend_from_slice(b"x,Caf\xe9 Z\xfcrich\ny,na\xefve\n");
    let folder = Folder::with("a.csv", &text);
    let mut documents = Source::new([folder.0.path()]).open().unwrap();
    let texts: Vec<String> = documents
        .by_ref()
        .map(|it| it.unwrap().document.text.to_string())
        .collect();
    assert_eq!(texts[5_000..], ["Café Zürich", "naïve"]);
    let notes = documents.take_notes();
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].ends_with("a.csv: read as windows-1252, a guess"),
        "{notes:?}"
    );
}

#[test]
fn what_is_given_is_not_guessed() {
    let folder = Folder::with("a.csv", b"text:id\nz\xb3:1\n");
    let source = Source::new([folder.0.path()]).encoding("latin2".parse().unwrap());
    assert_snapshot!(folder.show(&source.delimiter(':')), @r#"1 = "zł""#);
    assert!("utf-9".parse::<patterns_source::TextEncoding>().is_err());
}

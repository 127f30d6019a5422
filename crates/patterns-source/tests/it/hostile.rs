//! Bombs, endless lines, and files that are not what they seem: a clear reason, and little memory.

use insta::assert_snapshot;
use patterns_source::{Limits, Source};

use crate::docx::docx;
use crate::pdf::pdf;
use crate::support::{Folder, gzip};

/// So little that a test reaches it.
const SMALL: Limits = Limits {
    document: 10_000,
    file: 50_000,
    attachment: 20_000,
    ratio: 20,
};

fn read(folder: &Folder) -> String {
    folder.show(&Source::new([folder.0.path()]).limits(SMALL))
}

#[test]
fn what_is_too_large_is_refused() {
    let folder = Folder::new();
    folder.write("a.txt", &b"x".repeat(10_001));
    let long = [
        b"{\"text\": \"".to_vec(),
        b"x".repeat(20_000),
        b"\"}\n{\"text\": \"short\"}\n".to_vec(),
    ];
    folder.write("b.jsonl", &long.concat());
    folder.write(
        "c.csv",
        &[b"text\n\"".to_vec(), b"y".repeat(900_000)].concat(),
    );
    folder.write("d.html", &b"<p>z</p>".repeat(7_000));
    assert_snapshot!(read(&folder), @r#"
    TooLarge a.txt: the file has more than 10000 bytes
    TooLarge b.jsonl:1: the line is longer than a document may be
    b.jsonl:2 = "short"
    TooLarge c.csv:2: the row is longer than a document may be (is a quote not closed?); the rows from here on were not read
    TooLarge d.html: the file has more than 50000 bytes
    "#);
}

#[test]
fn bombs_do_not_go_off() {
    let folder = Folder::new();
    folder.write("a.txt.gz", &gzip(&vec![b' '; 40_000_000]));
    folder.write(
        "b.jsonl.gz",
        &gzip(&b"{\"text\": \"the same again\"}\n".repeat(200_000)),
    );
    folder.write(
        "c.docx",
        &docx(&"<w:p><w:r><w:t>x</w:t></w:r></w:p>".repeat(100_000)),
    );
    let shown = read(&folder);
    // Rows that come before the bomb is seen as one are good.
    let lines = shown.lines().filter(|it| !it.contains(" = "));
    let lines: Vec<&str> = lines.collect();
    assert_snapshot!(lines.join("\n"), @r"
    TooLarge a.txt.gz: the file has more than 10000 bytes
    TooLarge b.jsonl.gz:9710: expands to more than 20 times its size
    TooLarge c.docx: the file expands to more than 50000 bytes
    ");
    assert!(shown.lines().filter(|it| it.contains(" = ")).count() < 10_000);
}

#[test]
fn what_is_broken_is_named() {
    let folder = Folder::new();
    folder.write("a.txt", b"PNG\0\x01");
    folder.write("b.pdf", &pdf("cut off")[..200]);
    folder.write("c.docx", b"PK\x03\x04 nothing of the kind");
    folder.write("d.docx", &docx("<w:p><w:unclosed>"));
    folder.write("e.parquet", b"PAR1PAR1");
    folder.write("f.pdf", &pdf(""));
    assert_snapshot!(read(&folder), @r#"
    NotText a.txt: the file is binary (a NUL byte at offset 3)
    Broken b.pdf: the file is no PDF that can be read: failed parsing cross reference table: invalid start value
    Broken c.docx: the file is no DOCX that can be read: invalid Zip archive: Could not find EOCD
    Broken d.docx: the file is no DOCX that can be read: ill-formed document: expected `</w:unclosed>`, but `</w:body>` was found
    Broken e.parquet: is no Parquet file that can be read: EOF: Parquet file too small. Size is 8 but need 827474264
    f.pdf = ""
    "#);
}

#[cfg(unix)]
#[test]
fn links_make_no_loops_and_pipes_no_hang() {
    let folder = Folder::with("a/text.txt", b"Text.");
    std::os::unix::fs::symlink(folder.path("a"), folder.path("a/loop")).unwrap();
    std::os::unix::fs::symlink(folder.path("nowhere"), folder.path("a/dead.txt")).unwrap();
    assert_snapshot!(read(&folder), @r#"
    Missing a/dead.txt: no such file or directory
    a/text.txt = "Text."
    "#);
    assert!(Source::new(["/dev/zero"]).open().is_err());
}

#[test]
fn elements_nested_without_end_are_refused() {
    let folder = Folder::with("a.html", &b"<div>".repeat(9_000));
    assert_snapshot!(read(&folder), @"TooLarge a.html: the file has elements nested more than 500 deep");
}

//! What documents are called, and which files are read.

use insta::assert_snapshot;
use patterns_source::{Source, SourceError};

use crate::support::Folder;

fn ids(source: &Source) -> Vec<String> {
    let documents = source.open().unwrap();
    documents
        .map(|it| it.unwrap().document.id.to_string())
        .collect()
}

#[test]
fn the_same_folder_has_the_same_names_however_it_is_reached() {
    let folder = Folder::with("addr/a.txt", b"A.");
    folder.write("addr/deep/b.csv", b"text\nB.\n");
    folder.write("other/c.txt", b"C.");
    for way in ["addr", "other/../addr", "./addr", "addr/"] {
        assert_eq!(
            ids(&Source::new([folder.path(way)])),
            ["a.txt", "deep/b.csv:2"],
            "{way}"
        );
    }
}

#[test]
fn a_file_that_is_named_in_two_ways_is_named_twice() {
    let folder = Folder::with("in/a.txt", b"A.");
    let [within, around] = ["in", "in/../in/a.txt"].map(|it| folder.path(it));
    let mut documents = Source::new([within, around]).open().unwrap();
    assert!(documents.next().unwrap().is_ok());
    let error = documents.next().unwrap().unwrap_err();
    assert_eq!(error.reason(), "the file is named twice");
    assert!(documents.next().is_none());
}

#[test]
fn files_of_one_name_in_two_folders_are_told_apart() {
    let folder = Folder::with("x/a.txt", b"A.");
    folder.write("y/a.txt", b"B.");
    let both = ids(&Source::new([folder.path("x"), folder.path("y")]));
    assert_eq!(both[0], "a.txt");
    assert!(both[1].ends_with("y/a.txt"), "{both:?}");
}

#[test]
fn what_names_nothing_beside_what_names_something_is_an_error() {
    let folder = Folder::with("a.txt", b"A.");
    folder.write("empty/.hidden", b"no");
    for nothing in ["typo*.log", "empty"] {
        let source = Source::new([folder.path("a.txt"), folder.path(nothing)]);
        let Err(SourceError::Missing(missing)) = source.open() else {
            panic!("{nothing} names nothing");
        };
        assert_eq!(missing.len(), 1);
        assert_eq!(
            Source::new([folder.path(nothing)]).open().unwrap().count(),
            0
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_utf_8_is_read() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::with("in/a.txt", b"A.");
    let odd = folder.path("in").join(OsStr::from_bytes(b"caf\xe9.txt"));
    std::fs::write(odd, "B.").unwrap();
    let twin = folder.path("in").join(OsStr::from_bytes(b"caf\xe8.txt"));
    std::fs::write(twin, "C.").unwrap();
    let ids = ids(&Source::new([folder.path("in")]));
    assert_eq!(ids[..2], ["a.txt", "caf\u{fffd}.txt"]);
    assert!(ids[2].ends_with("in/caf\u{fffd}.txt"), "{ids:?}");
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_a_folder_are_not_followed_and_that_is_said() {
    let folder = Folder::with("in/a.txt", b"A.");
    folder.write("secret.txt", b"Secret.");
    std::os::unix::fs::symlink(folder.path("secret.txt"), folder.path("in/b.txt")).unwrap();
    std::os::unix::fs::symlink(folder.path("secret.txt"), folder.path("in/c.txt")).unwrap();
    std::os::unix::fs::symlink(folder.path("in/a.txt"), folder.path("in/d.txt")).unwrap();
    let source = Source::new([folder.path("in")]);
    assert_snapshot!(folder.show(&source), @r#"
    a.txt = "A."
    d.txt = "A."
    "#);
    let mut documents = source.open().unwrap();
    assert_eq!(documents.by_ref().count(), 2);
    let notes = documents.take_notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].ends_with("in/b.txt"), "{notes:?}");
    // Who names a link means it.
    assert_eq!(
        Source::new([folder.path("in/b.txt")])
            .open()
            .unwrap()
            .count(),
        1
    );
}

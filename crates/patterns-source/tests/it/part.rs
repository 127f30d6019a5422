//! A part of the documents: the first ones, or some that are drawn.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use patterns_source::{Documents, Sample, Source};

use crate::support::{Folder, gzip};

/// Files, rows and what cannot be read, in this order.
const ALL: [&str; 7] = [
    "a.txt",
    "empty b.txt",
    "c.txt",
    "r1",
    "empty rows.csv:3",
    "r3",
    "z.md",
];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("a.txt", b"A.");
    folder.write("b.txt", b"");
    folder.write("c.txt", b"C.");
    folder.write("rows.csv", b"id,text\nr1,One\nr2,\nr3,Three\n");
    folder.write("z.md", b"Z.");
    folder
}

fn names(folder: &Folder, documents: Documents) -> Vec<String> {
    let base = format!("{}/", folder.0.path().display());
    let name = |item| match item {
        Ok(patterns_source::Sourced { document, .. }) => document.id,
        Err(error) => format!("empty {}", patterns_source::Unreadable::place(&error)),
    };
    documents.map(|it| name(it).replace(&base, "")).collect()
}

#[test]
fn the_first_ones_are_a_beginning() {
    let folder = folder();
    let source = Source::new([folder.0.path()]);
    for most in 0..9 {
        let first = source.open().unwrap().first(most);
        let expected = &ALL[..ALL.len().min(most as usize)];
        assert_eq!(names(&folder, first), expected, "{most}");
        assert_eq!(source.open().unwrap().count_up_to(most), most.min(7));
    }
}

#[test]
fn those_that_are_chosen_come_in_their_order_under_their_own_names() {
    let folder = folder();
    let source = Source::new([folder.0.path()]);
    for mask in 0u64..128 {
        let numbers: BTreeSet<u64> = (0..7).filter(|it| mask & (1 << it) != 0).collect();
        let expected: Vec<&str> = numbers.iter().map(|it| ALL[*it as usize]).collect();
        let only = source.open().unwrap().only(numbers);
        assert_eq!(names(&folder, only), expected, "{mask:b}");
    }
}

#[test]
fn all_are_offered_by_their_names_and_only_those_that_are_drawn_are_read() {
    let folder = folder();
    let source = Source::new([folder.0.path()]);
    let mut sample = Sample::new(NonZeroUsize::new(3).unwrap(), 1);
    source.open().unwrap().offer_to(&mut sample);
    assert_eq!(sample.offered(), 7);
    // A file that is not drawn may be anything: it is not read.
    let numbers = sample.numbers();
    for (number, name) in [(0, "a.txt"), (2, "c.txt"), (6, "z.md")] {
        if !numbers.contains(&number) {
            folder.write(name, &[0xff; 64]);
        }
    }
    let drawn = names(&folder, source.open().unwrap().only(numbers));
    assert_eq!(drawn.len(), 3);
    assert!(drawn.iter().all(|it| ALL.contains(&&**it)), "{drawn:?}");
}

#[test]
fn what_is_left_out_is_not_counted() {
    let folder = folder();
    let source = Source::new([folder.path("*.txt"), folder.path("z.md")]);
    assert_eq!(source.open().unwrap().count_files(9), Some(4));
    let source = source.leave_out(|path| path.ends_with("c.txt"));
    assert_eq!(source.open().unwrap().count_files(9), Some(3));
    assert_eq!(source.open().unwrap().count_up_to(9), 3);
}

#[test]
fn a_mailbox_may_have_several_documents_whatever_its_name() {
    let mail = "From a@b.org Tue Mar  3 10:00:00 2026\nFrom: a@b.org\n\nWords.\n\n";
    for name in ["inbox.mbox", "inbox", "inbox.txt.gz"] {
        let bytes = match name.ends_with(".gz") {
            true => gzip(mail.repeat(3).as_bytes()),
            false => mail.repeat(3).into_bytes(),
        };
        let folder = Folder::with(name, &bytes);
        folder.write("letter.txt", b"From a letter.");
        let source = Source::new([folder.0.path()]);
        assert_eq!(source.open().unwrap().count_files(9), None, "{name}");
        assert_eq!(source.open().unwrap().count_up_to(9), 4, "{name}");
    }
}

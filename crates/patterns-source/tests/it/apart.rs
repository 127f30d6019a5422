//! Files that are read elsewhere: whatever comes back, it is a document or a reason.

use std::fs::File;
use std::io::{self, Cursor};
use std::sync::Arc;

use insta::assert_snapshot;
use patterns_source::{Isolated, Isolation, Limits, RowReader, Source, Task, read_isolated};

use crate::support::{Folder, gzip};

/// Reads in place, and cuts off what is said at a byte.
#[derive(Debug)]
struct Cut(usize);

impl Isolation for Cut {
    fn start(&self, file: File, task: Task) -> io::Result<Isolated> {
        let mut said = Vec::new();
        read_isolated(file, task, &mut said)?;
        said.truncate(self.0);
        Ok(Isolated {
            output: Box::new(Cursor::new(said)),
            end: Box::new(|| Some("takes more than 20 s to be read".to_owned())),
        })
    }
}

fn folder() -> Folder {
    let folder = Folder::with("a.html", b"<p>One &amp; all.</p>");
    folder.write("b.html.gz", &gzip(b"<p>Two.</p>"));
    folder.write("c.pdf", b"%PDF-1.4 nothing");
    folder.write("d.txt", b"Text.");
    folder
}

#[test]
fn what_is_read_elsewhere_is_the_same() {
    let folder = folder();
    let source = Source::new([folder.0.path()]);
    let apart = source.clone().isolation(Arc::new(Cut(usize::MAX)));
    assert_eq!(folder.show(&apart), folder.show(&source));
}

#[test]
fn whoever_ends_without_a_last_word_has_read_nothing() {
    let folder = folder();
    let cut = Source::new([folder.0.path()]).isolation(Arc::new(Cut(12)));
    assert_snapshot!(folder.show(&cut), @r#"
    Broken a.html: the file takes more than 20 s to be read
    Broken b.html.gz: the file takes more than 20 s to be read
    Broken c.pdf: the file takes more than 20 s to be read
    d.txt = "Text."
    "#);
}

#[test]
fn a_file_of_rows_is_read_elsewhere_too() {
    let folder = Folder::with("rows.parquet", b"PAR1 nothing");
    folder.write("packed.parquet.gz", &gzip(b"PAR1 nothing"));
    for name in ["rows.parquet", "packed.parquet.gz"] {
        let path = folder.0.path().join(name);
        let rows = RowReader::open(&path, Limits::default(), Some(Arc::new(Cut(12)))).unwrap();
        let errors: Vec<_> = rows.map(|row| row.unwrap_err().to_string()).collect();
        assert!(
            errors[0].ends_with("takes more than 20 s to be read"),
            "{errors:?}"
        );
    }
}

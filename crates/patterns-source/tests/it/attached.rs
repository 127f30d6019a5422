//! What is no text is a document all the same, as it is.

use std::fs::File;
use std::io::{self, Cursor};
use std::sync::Arc;

use insta::assert_snapshot;
use patterns_source::{Isolated, Isolation, Limits, Source, Task, read_isolated};

use crate::pdf::pdf;
use crate::support::{Folder, gzip};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe rest";

/// Reads in place.
#[derive(Debug)]
struct Elsewhere;

impl Isolation for Elsewhere {
    fn start(&self, file: File, task: Task) -> io::Result<Isolated> {
        let mut said = Vec::new();
        read_isolated(file, task, &mut said)?;
        Ok(Isolated {
            output: Box::new(Cursor::new(said)),
            end: Box::new(|| None),
        })
    }
}

fn folder() -> Folder {
    let folder = Folder::with("a.png", PNG);
    folder.write("b.jpg", b"\xff\xd8\xff the rest");
    folder.write("c.webp", b"RIFF1234WEBP the rest");
    folder.write("d.gif.gz", &gzip(b"GIF89a the rest"));
    folder.write("e.bin", PNG);
    folder.write("f.png", b"What looks like a picture by its name.");
    folder.write("g.pdf", &pdf(""));
    folder.write("h.pdf", &pdf("Words."));
    folder
}

fn show(folder: &Folder, source: &Source) -> String {
    let shown = source.open().unwrap().map(|item| match item {
        Ok(it) => {
            let whole = std::fs::read(folder.path(&it.document.id)).unwrap();
            let attached = it.document.attachment.as_ref().map(|attachment| {
                let is_whole = attachment.bytes() == whole || it.document.id.ends_with(".gz");
                format!("{attachment:?} {is_whole} {}", it.format)
            });
            let attached = attached.unwrap_or_default();
            format!(
                "{} = {:?} {attached}",
                it.document.id,
                it.document.text.trim()
            )
        }
        Err(error) => format!("{:?}: {}", error.kind(), error.reason()),
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn pictures_and_scans_are_documents_with_their_bytes() {
    let folder = folder();
    let source = Source::new([folder.0.path()]);
    let shown = show(&folder, &source);
    assert_snapshot!(shown, @r#"
    a.png = "" Attachment(image/png, 16 bytes) true picture
    b.jpg = "" Attachment(image/jpeg, 12 bytes) true picture
    c.webp = "" Attachment(image/webp, 21 bytes) true picture
    d.gif.gz = "" Attachment(image/gif, 15 bytes) true picture
    e.bin = "" Attachment(image/png, 16 bytes) true picture
    Broken: the file is no PNG, JPEG, GIF or WebP picture, whatever its name says
    g.pdf = "" Attachment(application/pdf, 729 bytes) true pdf
    h.pdf = "Words."
    "#);
    let apart = source.isolation(Arc::new(Elsewhere));
    assert_eq!(show(&folder, &apart), shown, "read in a process of its own");
}

#[test]
fn what_is_too_large_to_be_sent_is_unreadable() {
    let folder = Folder::with("a.png", PNG);
    folder.write("b.pdf", &pdf(""));
    let limits = Limits {
        attachment: 12,
        ..Limits::default()
    };
    let source = Source::new([folder.0.path()]).limits(limits);
    assert_snapshot!(show(&folder, &source), @r#"
    TooLarge: the file has more than 12 bytes
    TooLarge: the file is a PDF without text, and too large to be sent as it is: it has more than 12 bytes
    "#);
}

//! Pictures, and PDF files without text, are documents for models that can look at them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Place, Server, completion, shown};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe rest";

/// A page that draws a square and says nothing.
const SCAN: &[u8] = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
    2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
    3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n\
    trailer\n<< /Size 4 /Root 1 0 R >>\n%%EOF\n";

fn place() -> Place {
    let place = Place::with(&[(
        "invoice.json",
        r#"{"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"], "additionalProperties": false}"#,
    )]);
    place.write("a.png", PNG);
    place.write("scans/b.pdf", SCAN);
    place
}

/// Reads a total out of whatever is attached.
fn totals(body: &str) -> (u16, String) {
    let body: Value = serde_json::from_str(body).unwrap();
    let pieces = body["messages"].as_array().unwrap().last().unwrap()["content"].clone();
    let pieces = pieces.as_array().cloned().unwrap_or_default();
    let total = match pieces.last() {
        Some(it) if it["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgp0aGUgcmVzdA==" => 1,
        Some(it) if it["file"]["filename"] == "scans/b.pdf" => 2,
        _ => {
            return (
                400,
                r#"{"error": {"message": "nothing is attached"}}"#.to_owned(),
            );
        }
    };
    (200, completion(&json!({ "total": total }).to_string()))
}

#[test]
fn pictures_and_scans_are_extracted_from() {
    let server = Server::start(totals);
    let mut args = vec![
        "map-reduce",
        "*.png",
        "scans/*.pdf",
        "--map-schema",
        "invoice.json",
    ];
    args.extend(["--no-reduce", "--output", "csv", "--no-store"]);
    args.extend(["-m", "openai:gpt-5-mini", "--base-url", server.url()]);
    let place = place();
    let mut command = place.command(&args);
    command.env("OPENAI_API_KEY", "key");
    assert_snapshot!(shown(&mut command), @r#"
    exit 0
    --- stdout
    document,total,error
    a.png,1,
    scans/b.pdf,2,
    --- stderr
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · tokens 20 in, 10 out · $0.000025 · [time]
    documents: 2 = 2 mapped
    "#);
}

#[test]
fn what_a_provider_cannot_be_sent_is_unreadable_to_it() {
    let place = place();
    let offline = [
        "map-reduce",
        "a.png",
        "scans",
        "-m",
        "offline",
        "--no-store",
    ];
    assert_snapshot!(place.run(&offline), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: 2 inputs are not valid; nothing was sent
      a.png: the file is a picture, and offline cannot be sent one
      scans/b.pdf: the file is a PDF without text, and offline cannot be sent one
    help: mend or remove what is listed; ignore files and globs leave files out
    "#);
    let server = Server::start(totals);
    let mut args = vec![
        "map-reduce",
        "a.png",
        "scans",
        "--map-schema",
        "invoice.json",
    ];
    args.extend(["--no-reduce", "--output", "csv", "--no-store"]);
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r#"
    exit 3
    --- stdout
    document,total,error
    a.png,1,
    scans/b.pdf,,"the file is a PDF without text, and compatible:test@http://[server]/v1 cannot be sent one"
    --- stderr
    branches: 2 started = 1 answered + 1 failed + 0 cancelled · calls 1 · attempts 1 · tokens 10 in, 5 out · [time]
    documents: 2 = 1 mapped + 1 failed · in no answer: scans/b.pdf
    error[E-SOME-FAILED]: 1 of 2 branches failed
      scans/b.pdf: the file is a PDF without text, and compatible:test@http://[server]/v1 cannot be sent one
    help: the result was made without them; --output json has each with its error, --allow-gaps accepts it
    "#);
}

#[test]
fn a_picture_is_paid_once_and_another_one_of_its_name_is_another_question() {
    let place = place();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Server::start(move |body| {
        count.fetch_add(1, Ordering::Relaxed);
        totals(body)
    });
    let mut args = vec!["map-reduce", "a.png", "--map-schema", "invoice.json"];
    args.extend(["--no-reduce", "--output", "csv"]);
    args.extend(server.args());
    let other: &[u8] = b"\x89PNG\r\n\x1a\nanother";
    for (picture, expected) in [(PNG, 1), (PNG, 1), (other, 2)] {
        place.write("a.png", picture);
        place.run(&args);
        assert_eq!(asked.load(Ordering::Relaxed), expected);
    }
}

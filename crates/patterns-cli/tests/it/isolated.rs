//! Files that end, stop or fill up whoever reads them cost one document, not the run.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::support::{Place, Server, completion};

/// Returns a PDF of one page, of its content and its resources, and of further objects from 6 on.
fn pdf(page: &str, content: &[u8], filter: &str, further: &[&str]) -> Vec<u8> {
    let stream = format!("<< /Length {} {filter} >>\nstream\n", content.len());
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.as_bytes().to_vec(),
        [stream.as_bytes(), content, b"\nendstream"].concat(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
    ];
    let further = further.iter().map(|it| it.as_bytes().to_vec());
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (at, object) in objects.into_iter().chain(further).enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file.extend_from_slice(format!("{} 0 obj\n", at + 1).as_bytes());
        file.extend_from_slice(&object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let (start, size) = (file.len(), table.len() / 20);
    let end = format!(
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.extend_from_slice(end.as_bytes());
    file
}

const PAGE: &str = "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /MediaBox [0 0 99 99] \
    /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >> >>";

/// Runs over a file and a good one, and returns what is said on standard error.
fn run(name: &str, bytes: &[u8]) -> String {
    let place = Place::with(&[("good.txt", "A harbour is a shelter.")]);
    place.write(name, bytes);
    let shown = place.run(&["map-reduce", name, "good.txt", "--no-store"]);
    assert!(shown.starts_with("exit 3\n"), "{shown}");
    assert!(shown.contains("A harbour is a shelter."), "{shown}");
    assert!(!shown.contains("panicked"), "{shown}");
    shown
}

#[test]
fn a_form_that_draws_itself_is_one_failed_document() {
    let content = "BT /F1 12 Tf (B) Tj ET /X Do";
    let form = format!(
        "<< /Length {} /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F1 5 0 R >> \
         /XObject << /X 6 0 R >> >> >>\nstream\n{content}\nendstream",
        content.len()
    );
    let shown = run("self.pdf", &pdf(PAGE, content.as_bytes(), "", &[&form]));
    assert!(
        shown.contains("self.pdf: the file is nested too deep to be read"),
        "{shown}"
    );
}

#[test]
fn a_page_that_unpacks_to_gigabytes_is_one_failed_document() {
    let mut once = ZlibEncoder::new(Vec::new(), Compression::fast());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..1_200 {
        once.write_all(&spaces).unwrap();
    }
    let mut twice = ZlibEncoder::new(Vec::new(), Compression::fast());
    twice.write_all(&once.finish().unwrap()).unwrap();
    let content = twice.finish().unwrap();
    let filter = "/Filter [/FlateDecode /FlateDecode]";
    let shown = run("bomb.pdf", &pdf(PAGE, &content, filter, &["null"]));
    assert!(
        shown.contains("bomb.pdf: the file needs more than 512 MB to be read"),
        "{shown}"
    );
}

#[test]
fn what_a_reader_says_when_it_panics_reaches_nobody() {
    // A reader that meets an encoding it does not know says its name.
    let font = "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /#1b#5d0#3bOWNED#07 /DescendantFonts [7 0 R] >>";
    let below = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) \
        /Ordering (Identity) /Supplement 0 >> /FontDescriptor 8 0 R /DW 1000 >>";
    let described = "<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 1 1] >>";
    let page = PAGE
        .replace("/F1 5 0 R", "/F1 6 0 R")
        .replace("/XObject << /X 6 0 R >>", "");
    let bytes = pdf(
        &page,
        b"BT /F1 12 Tf <0041> Tj ET",
        "",
        &[font, below, described],
    );
    let shown = run("escape.pdf", &bytes);
    assert!(
        !shown.contains("OWNED") && !shown.contains('\u{1b}'),
        "{shown}"
    );
}

#[test]
fn pages_that_cannot_be_read_are_told() {
    let place = Place::new();
    let page = PAGE.replace("/XObject << /X 6 0 R >>", "");
    let bytes = pdf(
        &page,
        b"BT /F1 12 Tf 9 9 Td (A harbour is a shelter.) Tj ET",
        "",
        &[
            "<< /Type /Page /Parent 2 0 R /Contents 7 0 R /MediaBox [0 0 99 99] /Resources << >> >>",
            "<< /Length 11 >>\nstream\nq /Im1 Do Q\nendstream",
        ],
    );
    let bytes = String::from_utf8(bytes)
        .unwrap()
        .replace("[3 0 R] /Count 1", "[3 0 R 6 0 R] /Count 2");
    place.write("a.pdf", bytes.as_bytes());
    let shown = place.run(&["map-reduce", "a.pdf", "--no-store"]);
    assert!(
        shown.contains("warning: a.pdf: page 2 could not be read"),
        "{shown}"
    );
    assert!(shown.contains("A harbour is a shelter."), "{shown}");
}

#[test]
fn a_process_that_reads_has_no_more_than_the_file() {
    let place = Place::with(&[("a.html", "<h1>Tides</h1>")]);
    let file = std::fs::File::open(place.path().join("a.html")).unwrap();
    let args = ["read-document", "html", "1000", "1000", "1000", "200"];
    let output = place.command(&args).stdin(file).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "{\"text\":\"# Tides\",\"attachment\":null,\"encoding\":\"UTF-8\",\"notes\":[]}\n{\"end\":true}\n"
    );
}

#[cfg(unix)]
#[test]
fn with_few_descriptors_no_document_is_lost() {
    let place = Place::new();
    for n in 0..60 {
        place.write(&format!("docs/{n}.txt"), format!("Harbour {n}.").as_bytes());
    }
    let server = Server::start(|_| (200, completion(r#"{"summary": "Words."}"#)));
    let mut args = vec!["map-reduce", "docs", "--no-reduce", "--no-store"];
    args.extend(["--concurrency", "50", "--output", "jsonl"]);
    args.extend(server.args());
    let command = place.command(&args);
    let mut limited = std::process::Command::new("/bin/sh");
    limited
        .args(["-c", "ulimit -n 48; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(place.path())
        .env_clear();
    let output = limited.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there will be 1 (see ulimit -n)"), "{said}");
    assert!(said.contains("documents: 60 = 60 mapped"), "{said}");
}

//! Real files, each made here: HTML, DOCX, PDF, Parquet.

use std::io::{Cursor, Write};
use std::sync::Arc;

use insta::assert_snapshot;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Folder, gzip};

const HTML: &str = "<!doctype html><html><head><title>T</title><style>p {}</style></head><body>\
    <h1>Tides</h1><p>They <b>rise</b> &amp; fall.</p><script>alert(1)</script>\
    <ul><li>Moon<li>Sun</ul></body></html>";

#[test]
fn html_becomes_markdown() {
    assert_snapshot!(Folder::with("a.html", HTML.as_bytes()).read(), @r##"a.html = "# Tides\n\nThey **rise** & fall.\n\n*   Moon\n*   Sun""##);
}

/// Returns a DOCX whose document has this body.
pub(crate) fn docx(body: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive.start_file("../../escape.txt", options).unwrap();
    archive.write_all(b"never unpacked").unwrap();
    archive.start_file("word/document.xml", options).unwrap();
    let start = r#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body>"#;
    write!(archive, "{start}{body}</w:body></w:document>").unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn docx_becomes_markdown() {
    let paragraph = |style: &str, text: &str| {
        format!(r#"<w:p><w:pPr>{style}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#)
    };
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph("", text));
    let body = [
        paragraph(r#"<w:pStyle w:val="Heading1"/>"#, "Report"),
        paragraph("", "Costs &amp; sales,"),
        paragraph("<w:numPr/>", "first item"),
        format!(
            "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr></w:tbl>",
            cell("k"),
            cell("v"),
            cell("a|b"),
            cell("1")
        ),
        paragraph("", "The end."),
    ];
    let folder = Folder::with("a.docx", &docx(&body.concat()));
    assert_snapshot!(folder.read(), @r##"a.docx = "# Report\n\nCosts & sales,\n\n- first item\n\n| k | v |\n|---|---|\n| a\\|b | 1 |\n\nThe end.\n\n""##);
    assert!(
        !folder
            .0
            .path()
            .parent()
            .unwrap()
            .join("escape.txt")
            .exists()
    );
}

/// Returns a PDF of one page with this text on it.
pub(crate) fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!(
            "<< /Length {} >>\nstream\n{content}\nendstream",
            content.len()
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", n + 1);
    }
    let table = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
    for place in &places {
        file += &format!("{place:010} 00000 n \n");
    }
    let size = places.len() + 1;
    file += &format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}

#[test]
fn pdf_becomes_text() {
    let bytes = pdf("The tide is out.");
    let folder = Folder::with("a.pdf", &bytes);
    // The beginning tells it, whatever the name says.
    folder.write("b.txt", &bytes);
    assert_snapshot!(folder.read(), @r#"
    a.pdf = "\n\nThe tide is out."
    b.txt = "\n\nThe tide is out."
    "#);
}

#[test]
fn parquet_has_rows() {
    let schema = "message rows { required binary text (UTF8); required int64 id; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let texts = ["First.", "Second."].map(ByteArray::from);
    column
        .typed::<ByteArrayType>()
        .write_batch(&texts, None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int64Type>()
        .write_batch(&[10, 20], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let folder = Folder::with("a.parquet", &bytes);
    folder.write("b.parquet", &bytes[..bytes.len() / 2]);
    let other = Folder::with("c.parquet.gz", &gzip(&bytes));
    assert_snapshot!(folder.read(), @r#"
    10 = "First."
    20 = "Second."
    Broken b.parquet: is no Parquet file that can be read: Parquet error: Invalid Parquet file. Corrupt footer
    "#);
    assert_snapshot!(other.read(), @r#"
    10 = "First."
    20 = "Second."
    "#);
}

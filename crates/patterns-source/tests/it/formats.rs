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
    assert_snapshot!(Folder::with("a.html", HTML.as_bytes()).read(), @r##"a.html = "T\n\n# Tides\n\nThey **rise** & fall.\n\n*   Moon\n*   Sun""##);
}

#[test]
fn html_is_what_a_reader_sees() {
    let check = |html: &str, expected: &str| {
        let folder = Folder::with("a.html", html.as_bytes());
        assert_eq!(folder.read(), format!("a.html = {expected:?}\n"), "{html}");
    };
    check(
        "<p>10<sup>6</sup> of CO<sub>2</sub>, x<sup>n+1</sup>",
        "10^6 of CO_2, x^(n+1)",
    );
    check(
        "<p>Seen<p hidden>no<p style='Display : none'>no<div style=visibility:hidden>no</div>",
        "Seen",
    );
    check(
        "<p>A <img alt=map src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA'>",
        "A ![map](picture)",
    );
    check(
        "<title>Tide  tables</title><h1>Tides</h1><p>High.",
        "Tide tables\n\n# Tides\n\nHigh.",
    );
    check(
        "<title>Tides</title><h1>Tides</h1><p>High.",
        "# Tides\n\nHigh.",
    );
    let folder = Folder::with("a.html", b"<meta charset=iso-8859-2><p>z\xb3");
    assert_eq!(folder.read(), "a.html = \"zł\"\n");
}

#[test]
fn every_cell_of_a_table_is_there_and_in_its_column() {
    let check = |html: &str, expected: &str| {
        let folder = Folder::with("a.html", html.as_bytes());
        assert_eq!(folder.read(), format!("a.html = {expected:?}\n"), "{html}");
    };
    check(
        "<table><tr><th>Born<td>1970<tr><th>Died<td>2020</table>",
        "| Born | 1970 |\n|---|---|\n| Died | 2020 |",
    );
    check(
        "<table><caption>People</caption><thead><tr><th rowspan=2>City<th colspan=2>Year\
         <tr><th>2010<th>2020<tbody><tr><th>Rome<td>1|2<td>3</table>",
        "People\n\n| City | Year |  |\n|---|---|---|\n| City | 2010 | 2020 |\n| Rome | 1\\|2 | 3 |",
    );
    check(
        "<table><tr><td rowspan=3>a<td>b<tr><td colspan=2>c<tr><td>d<td rowspan=0>e<tr><td>f</table>",
        "| a | b |  |\n|---|---|---|\n| a | c |  |\n| a | d | e |\n| f |  | e |",
    );
    check(
        "<table><tr><th>x<th>y<tr><td><table><tr><td>1<td>2<tr><td>3<td>4</table><td>z</table>",
        "| x | y |\n|---|---|\n| 1 · 2; 3 · 4 | z |",
    );
    // A table that only sets up a page is read as what is on it.
    check(
        "<table><tr><td><h1>Tides</h1><p>High.<td>menu<tr><td>end<td>x</table>",
        "# Tides\n\nHigh.\n\nmenu\n\nend\n\nx",
    );
    let bomb = format!(
        "<table><tr><td rowspan=65000 colspan=1000000000>{}<td>x{}</table>",
        "long ".repeat(30),
        "<tr><td>1".repeat(5_000)
    );
    assert!(Folder::with("a.html", bomb.as_bytes()).read().len() < 5_000_000);
}

#[test]
fn marks_that_change_what_html_says_are_kept() {
    let check = |html: &str, expected: &str| {
        let folder = Folder::with("a.html", html.as_bytes());
        assert_eq!(folder.read(), format!("a.html = {expected:?}\n"), "{html}");
    };
    check(
        "<p><del>$20</del> $15, <q>final</q>",
        "~~$20~~ $15, “final”",
    );
    check(
        "<p>x<math><msup><mi>x</mi><mn>2</mn></msup><mfrac><mn>1</mn><mn>2</mn></mfrac></math>",
        "xx^21/2",
    );
    check("<p>so <math alttext='x^2'><mi>x</mi></math>", "so x^2");
    check("<p>A<svg><title>Arrow</title></svg>", "A");
}

/// Returns a DOCX of these parts.
fn parts(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn docx_text(body: &str) -> String {
    let folder = Folder::with("a.docx", &docx(body));
    let mut documents = patterns_source::Source::new([folder.0.path()])
        .open()
        .unwrap();
    documents
        .next()
        .unwrap()
        .unwrap()
        .document
        .text
        .trim()
        .to_owned()
}

#[test]
fn nothing_in_a_docx_is_lost_or_said_twice() {
    let p = |text: &str| format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>");
    let tc = |text: &str| format!("<w:tc>{text}</w:tc>");
    let inner = format!("<w:tbl><w:tr>{}{}</w:tr></w:tbl>", tc(&p("A")), tc(&p("B")));
    let cell = tc(&format!("{}{inner}{}", p("before"), p("after")));
    let table = format!(
        "<w:tbl><w:tr>{}{cell}</w:tr><w:tr>{}{}</w:tr></w:tbl>",
        tc(&p("x")),
        tc(&p("y")),
        tc(&p("z"))
    );
    assert_eq!(
        docx_text(&table),
        "| x | before A · B after |\n|---|---|\n| y | z |"
    );
    let run = |xml: &str| docx_text(&format!("<w:p><w:r>{xml}</w:r></w:p>"));
    assert_eq!(
        run("<w:t>2020</w:t><w:noBreakHyphen/><w:t>2024</w:t>"),
        "2020-2024"
    );
    assert_eq!(
        run("<w:t>5 </w:t><w:sym w:font='Symbol' w:char='F06D'/><w:t>g</w:t>"),
        "5 μg"
    );
    let boxed = format!("<w:txbxContent>{}</w:txbxContent>", p("box"));
    assert_eq!(
        run(&format!(
            "<w:t>Outside</w:t><mc:AlternateContent><mc:Choice>{boxed}</mc:Choice><mc:Fallback>{boxed}</mc:Fallback></mc:AlternateContent>"
        )),
        "Outside\n\nbox"
    );
    assert_eq!(
        docx_text(
            "<w:p><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p><w:p><w:r><w:t>moved</w:t></w:r></w:p>"
        ),
        "moved"
    );
    assert_eq!(
        docx_text("<w:p><w:pPr><w:outlineLvl w:val='1'/></w:pPr><w:r><w:t>Costs</w:t></w:r></w:p>"),
        "## Costs"
    );
}

#[test]
fn a_value_of_a_docx_stays_in_its_column() {
    let cell = |text: &str, set: &str| {
        format!("<w:tc><w:tcPr>{set}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>")
    };
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let table = |rows: &[String]| docx_text(&format!("<w:tbl>{}</w:tbl>", rows.concat()));
    let (a, b, c) = (cell("a", ""), cell("b", ""), cell("c", ""));
    let wide = cell("wide", "<w:gridSpan w:val='2'/>");
    assert_eq!(
        table(&[
            row(&[wide, c.clone()]),
            row(&[a.clone(), b.clone(), c.clone()])
        ]),
        "| wide |  | c |\n|---|---|---|\n| a | b | c |"
    );
    let tall = cell("tall", "<w:vMerge w:val='restart'/>");
    let goes_on = cell("", "<w:vMerge/>");
    assert_eq!(
        table(&[row(&[tall, a.clone()]), row(&[goes_on, b.clone()])]),
        "| tall | a |\n|---|---|\n| tall | b |"
    );
    let later = format!("<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>{b}</w:tr>");
    let gone = format!("<w:tr><w:trPr><w:del w:id='1'/></w:trPr>{a}{b}</w:tr>");
    assert_eq!(
        table(&[row(&[a.clone(), c.clone()]), gone, later]),
        "| a | c |\n|---|---|\n|  | b |"
    );
}

#[test]
fn marks_that_change_what_a_docx_says_are_kept() {
    let run = |set: &str, text: &str| {
        format!("<w:r><w:rPr>{set}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>")
    };
    let check = |runs: &[String], expected: &str| {
        assert_eq!(
            docx_text(&format!("<w:p>{}</w:p>", runs.concat())),
            expected
        );
    };
    let plain = |text: &str| run("", text);
    let raised = |text: &str| run("<w:vertAlign w:val='superscript'/>", text);
    let lowered = run("<w:vertAlign w:val='subscript'/>", "2");
    check(
        &[
            plain("10"),
            raised("6"),
            plain(" CO"),
            lowered,
            plain(" x"),
            raised("n"),
            raised("+1"),
        ],
        "10^6 CO_2 x^(n+1)",
    );
    check(
        &[run("<w:strike/>", "was 10"), plain(" is 12")],
        "~~was 10~~ is 12",
    );
    check(
        &[
            run("<w:strike w:val='0'/>", "is 10"),
            run("<w:vanish/>", "hidden"),
            plain("."),
        ],
        "is 10.",
    );
    // How it was set before somebody changed it does not count.
    check(
        &[run(
            "<w:rPrChange><w:rPr><w:strike/></w:rPr></w:rPrChange>",
            "holds",
        )],
        "holds",
    );
}

#[test]
fn formulas_readings_and_lists_of_a_docx_are_kept() {
    let check = |runs: &[String], expected: &str| {
        assert_eq!(
            docx_text(&format!("<w:p>{}</w:p>", runs.concat())),
            expected
        );
    };
    let plain = |text: &str| format!("<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>");
    let math = |xml: &str| format!("<m:oMath>{xml}</m:oMath>");
    let t = |text: &str| format!("<m:r><m:t>{text}</m:t></m:r>");
    check(
        &[
            math(&format!(
                "<m:sSup><m:e>{}</m:e><m:sup>{}</m:sup></m:sSup>",
                t("x"),
                t("2")
            )),
            plain(" = "),
            math(&format!(
                "<m:f><m:num>{}</m:num><m:den>{}</m:den></m:f>",
                t("1"),
                t("2")
            )),
            math(&format!(
                "{}<m:d><m:dPr/><m:e>{}</m:e></m:d><m:d/>",
                t("f"),
                t("y")
            )),
        ],
        "x^2 = (1)/(2)f(y))",
    );
    check(
        &["<w:r><w:ruby><w:rt><w:r><w:t>kan</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢</w:t></w:r></w:rubyBase></w:ruby></w:r>".to_owned()],
        "漢(kan)",
    );
    check(&[plain("a <![CDATA[< b]]>")], "a < b");
    let list = |level: u8, text: &str| {
        format!(
            "<w:p><w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='1'/></w:numPr></w:pPr>{}</w:p>",
            plain(text)
        )
    };
    assert_eq!(
        docx_text(&[list(0, "one"), list(1, "two")].concat()),
        "- one\n\n  - two"
    );
}

#[test]
fn a_docx_that_is_cut_off_is_not_taken_for_all_of_it() {
    let body = "<w:document><w:p><w:r><w:t>First.</w:t></w:r></w:p><w:p><w:r><w:t>Sec";
    let folder = Folder::with("a.docx", &parts(&[("word/document.xml", body)]));
    assert!(
        folder.read().starts_with("Broken a.docx: "),
        "{}",
        folder.read()
    );
}

#[test]
fn the_parts_of_a_docx_are_found_by_what_they_are() {
    let rels = r#"<Relationships><Relationship Type="x/relationships/officeDocument" Target="./Word/document2.xml"/></Relationships>"#;
    let body = r#"<w:document><w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>Kosten</w:t><w:footnoteReference w:id="2"/></w:r></w:p></w:document>"#;
    let styles = r#"<w:styles><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style></w:styles>"#;
    let notes = r#"<w:footnotes><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote><w:footnote w:id="2"><w:p><w:r><w:t>Why.</w:t></w:r></w:p></w:footnote></w:footnotes>"#;
    let header = "<w:hdr><w:p><w:r><w:t>Draft</w:t></w:r></w:p></w:hdr>";
    let bytes = parts(&[
        ("_rels/.rels", rels),
        ("word/document2.xml", body),
        ("word/styles.xml", styles),
        ("word/footnotes.xml", notes),
        ("word/header1.xml", header),
        ("word/header2.xml", header),
    ]);
    let expected = r##" = "Draft\n\n# Kosten[^2]\n\n[^2]: Why.\n\n""##;
    for name in ["a.docx", "a.docm", "a.doc"] {
        assert_eq!(
            Folder::with(name, &bytes).read(),
            format!("{name}{expected}\n")
        );
    }
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
fn parquet_text_needs_no_annotation_and_any_codec() {
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;

    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(parquet::basic::ZstdLevel::default()),
    ] {
        let schema = "message rows { required binary text; required double id; }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = WriterProperties::builder().set_compression(codec).build();
        let mut bytes = Vec::new();
        let mut writer =
            SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
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
            .typed::<parquet::data_type::DoubleType>()
            .write_batch(&[1.5, f64::NAN], None, None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        let read = Folder::with("a.parquet", &bytes).read();
        assert_eq!(read, "1.5 = \"First.\"\nNaN = \"Second.\"\n", "{codec}");
    }
}

#[test]
fn a_time_in_a_parquet_file_is_the_one_that_was_written() {
    use parquet::data_type::{FloatType, Int64Type};

    let schema = "message rows {
        required int64 local (TIMESTAMP(MICROS,false));
        required int64 utc (TIMESTAMP(MICROS,true));
        required int64 exact (TIMESTAMP(NANOS,false));
        required int64 clock (TIME(NANOS,false));
        required float share;
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let times = [-1_000_000, 1_709_210_096_789_123, -1, 45_296_789_123_456];
    for time in times {
        let mut column = group.next_column().unwrap().unwrap();
        let column_writer = column.typed::<Int64Type>();
        column_writer.write_batch(&[time], None, None).unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<FloatType>()
        .write_batch(&[0.1], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let folder = Folder::with("a.parquet", &bytes);
    let template = "{{ local }}; {{ utc }}; {{ exact }}; {{ clock }}; {{ share }}";
    let source = patterns_source::Source::new([folder.0.path()]);
    let shown = folder.show(&source.template(template.parse().unwrap()));
    let expected = "1969-12-31 23:59:59.000000; 2024-02-29 12:34:56.789123 +00:00; \
                    1969-12-31 23:59:59.999999999; 12:34:56.789123456; 0.1";
    assert_eq!(shown, format!("a.parquet:1 = {expected:?}\n"));
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

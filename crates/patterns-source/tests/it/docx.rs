//! DOCX files become Markdown, nothing lost in silence and each value in its column.

use std::io::{Cursor, Write};

use insta::assert_snapshot;
use patterns_source::Source;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::Folder;

/// Returns a DOCX of these parts.
pub(crate) fn parts(parts: &[(&str, &str)]) -> Vec<u8> {
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
    let mut documents = Source::new([folder.0.path()]).open().unwrap();
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
    let long = format!("Symbol{}", "l".repeat(1_000));
    for (font, sign, shown) in [
        (&*long, "\u{f06d}", "\u{f06d}"),
        ("Symbol", "\u{f06d}", "μ"),
        ("Cambria", "\u{f06d}", "\u{f06d}"),
        ("Symbol", "\u{f0c5}", "\u{f0c5}"),
        ("Segoe UI Symbol", "\u{f06d}", "\u{f06d}"),
    ] {
        let font = format!("<w:rPr><w:rFonts w:ascii='{font}'/></w:rPr>");
        let set = run(&format!("{font}<w:t>{sign} {sign}</w:t>"));
        assert_eq!(set, format!("{shown} {shown}"));
    }
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

#[test]
fn what_is_not_read_of_a_docx_is_told() {
    let body =
        r#"<w:document><w:p><w:r><w:t>Text</w:t></w:r></w:p><w:altChunk r:id="1"/></w:document>"#;
    let notes = |others: &[&str], body: &str| {
        let others = others.iter().map(|it| (*it, "<w:comment w:id='0'/>"));
        let all: Vec<_> = [("word/document.xml", body)]
            .into_iter()
            .chain(others)
            .collect();
        let folder = Folder::with("a.docx", &parts(&all));
        let mut documents = Source::new([folder.0.path()]).open().unwrap();
        assert!(documents.by_ref().all(|it| it.is_ok()));
        documents.take_notes()
    };
    let told = notes(
        &[
            "word/comments.xml",
            "Word/charts/chart1.xml",
            "word/diagrams/data1.xml",
        ],
        body,
    );
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].ends_with(
            "a.docx: not read of it: comments, charts, diagrams (SmartArt), files that are put into it"
        ),
        "{told:?}"
    );
    let plain = body.replace(r#"<w:altChunk r:id="1"/>"#, "");
    assert_eq!(notes(&["word/settings.xml"], &plain), [""; 0]);
    // Some programs write one without any.
    let none = [
        ("word/document.xml", plain.as_str()),
        ("word/comments.xml", "<w:comments/>"),
    ];
    let folder = Folder::with("a.docx", &parts(&none));
    let mut documents = Source::new([folder.0.path()]).open().unwrap();
    assert!(documents.by_ref().all(|it| it.is_ok()) && documents.take_notes().is_empty());
}

#[test]
fn every_header_of_a_docx_is_read() {
    let headers = (1..=30).map(|it| {
        let text = format!("<w:hdr><w:p><w:r><w:t>Chapter {it}.</w:t></w:r></w:p></w:hdr>");
        (format!("word/header{it}.xml"), text)
    });
    let headers: Vec<(String, String)> = headers.collect();
    let mut all: Vec<(&str, &str)> = headers.iter().map(|(a, b)| (&**a, &**b)).collect();
    let body = "<w:document><w:p><w:r><w:t>Text</w:t></w:r></w:p></w:document>";
    all.push(("word/document.xml", body));
    let read = Folder::with("a.docx", &parts(&all)).read();
    for number in 1..=30 {
        assert!(read.contains(&format!("Chapter {number}.")), "{read}");
    }
}

/// What was chosen in a form of old stands in no text.
#[test]
fn what_was_chosen_in_a_form_is_read() {
    let field = |set: &str| {
        format!(
            "<w:r><w:fldChar w:fldCharType='begin'><w:ffData>{set}</w:ffData></w:fldChar></w:r><w:r><w:instrText> FORM </w:instrText></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r>"
        )
    };
    let list = |chosen: &str| {
        let entries = "<w:listEntry w:val='France'/><w:listEntry w:val='Spain'/>";
        field(&format!("<w:ddList>{chosen}{entries}</w:ddList>"))
    };
    let shown = |field: &str| docx_text(&format!("<w:p><w:r><w:t>In: </w:t></w:r>{field}</w:p>"));
    let result = "<w:result w:val='1'/><w:default w:val='0'/>";
    assert_eq!(shown(&list(result)), "In: Spain");
    assert_eq!(shown(&list("<w:default w:val='1'/>")), "In: Spain");
    assert_eq!(shown(&list("")), "In: France");
    for (text, shown_as) in [("Peru", "In: Peru"), (" ", "In:  Spain")] {
        let end = "<w:r><w:fldChar w:fldCharType='end'/>";
        let set = format!(
            "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>{text}</w:t></w:r>{end}"
        );
        assert_eq!(shown(&list(result).replace(end, &set)), shown_as);
    }
    let ticked = field("<w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox>");
    assert_eq!(shown(&ticked), "In: \u{2611}");
}

//! The numbers that a DOCX sets before its paragraphs are in the text, though they stand in none.

use insta::assert_snapshot;
use patterns_source::Source;

use crate::docx::parts;
use crate::support::Folder;

/// Clauses, which headings begin, and dots; the second list of clauses begins with 5.
const NUMBERING: &str = "<w:numbering>
    <w:abstractNum w:abstractNumId='7'>
        <w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.'/><w:pStyle w:val='Clause'/></w:lvl>
        <w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.%2'/></w:lvl>
        <w:lvl w:ilvl='2'><w:start w:val='1'/><w:numFmt w:val='lowerRoman'/><w:lvlText w:val='(%3)'/></w:lvl>
    </w:abstractNum>
    <w:abstractNum w:abstractNumId='8'>
        <w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='bullet'/><w:lvlText w:val='-'/></w:lvl>
    </w:abstractNum>
    <w:num w:numId='1'><w:abstractNumId w:val='7'/></w:num>
    <w:num w:numId='2'><w:abstractNumId w:val='7'/>
        <w:lvlOverride w:ilvl='0'><w:startOverride w:val='5'/></w:lvlOverride>
    </w:num>
    <w:num w:numId='3'><w:abstractNumId w:val='8'/></w:num>
</w:numbering>";

/// Clauses are referred to by their numbers, which stand in no text.
#[test]
fn what_a_docx_numbers_has_its_number() {
    let styles = "<w:styles><w:style w:styleId='Clause'><w:name w:val='heading 2'/><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:style></w:styles>";
    let p = |set: &str, words: &str| {
        format!("<w:p><w:pPr>{set}</w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>")
    };
    let heading = |words: &str| p("<w:pStyle w:val='Clause'/>", words);
    let item = |list: usize, level: usize, words: &str| {
        let set = format!("<w:ilvl w:val='{level}'/><w:numId w:val='{list}'/>");
        p(&format!("<w:numPr>{set}</w:numPr>"), words)
    };
    let cell = |text: String| format!("<w:tc>{text}</w:tc>");
    let row = cell(item(2, 0, "")) + &cell(p("", "in a row"));
    let body = [
        heading("Rent"),
        item(1, 1, "is due"),
        item(1, 2, "monthly"),
        item(1, 2, "in advance"),
        item(1, 1, "rises"),
        item(3, 0, "a dot"),
        heading("End"),
        item(1, 1, "by notice"),
        item(2, 0, "again"),
        format!("<w:tbl><w:tr>{row}</w:tr></w:tbl>"),
    ];
    let body = format!("<w:document>{}</w:document>", body.concat());
    let bytes = parts(&[
        ("word/document.xml", &body),
        ("word/numbering.xml", NUMBERING),
        ("word/styles.xml", styles),
    ]);
    let folder = Folder::with("a.docx", &bytes);
    let mut documents = Source::new([folder.0.path()]).open().unwrap();
    assert_snapshot!(documents.next().unwrap().unwrap().document.text.trim(), @r"
    ## 1. Rent

      1.1 is due

        (i) monthly

        (ii) in advance

      1.2 rises

    - a dot

    ## 2. End

      2.1 by notice

    5. again

    | 6. | in a row |
    |---|---|
    ");
}

/// The clauses are there without their numbers, and that is said.
#[test]
fn a_docx_whose_numbers_are_damaged_is_read_without_them() {
    let body = "<w:document><w:p><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>Rent</w:t></w:r></w:p></w:document>";
    let bytes = parts(&[
        ("word/document.xml", body),
        (
            "word/numbering.xml",
            &NUMBERING.replace("</w:abstractNum>", "</w:num>"),
        ),
    ]);
    let folder = Folder::with("a.docx", &bytes);
    let mut documents = Source::new([folder.0.path()]).open().unwrap();
    let text = documents.next().unwrap().unwrap().document.text;
    assert_eq!(text.trim(), "- Rent");
    assert!(documents.next().is_none());
    let told = documents.take_notes();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].ends_with("a.docx: not read of it: the numbers of lists, which are damaged"),
        "{told:?}"
    );
}

/// A list may look otherwise than its kind on some levels, and show the numbers above it in figures.
#[test]
fn a_list_has_levels_of_its_own() {
    let level = |at: usize, set: &str, text: &str| {
        format!("<w:lvl w:ilvl='{at}'><w:start w:val='1'/>{set}<w:lvlText w:val='{text}'/></w:lvl>")
    };
    let format = |it: &str| format!("<w:numFmt w:val='{it}'/>");
    let articles = level(0, &format("upperRoman"), "Article %1.");
    let clauses = level(1, &(format("decimal") + "<w:isLgl/>"), "%1.%2");
    let annexes = level(0, &format("upperLetter"), "Annex %1:");
    let numbering = format!(
        "<w:numbering><w:abstractNum w:abstractNumId='7'>{articles}{clauses}</w:abstractNum>
        <w:num w:numId='1'><w:abstractNumId w:val='7'/></w:num>
        <w:num w:numId='2'><w:abstractNumId w:val='7'/><w:lvlOverride w:ilvl='0'>{annexes}</w:lvlOverride></w:num></w:numbering>"
    );
    let item = |list: usize, level: usize, words: &str| {
        format!(
            "<w:p><w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{list}'/></w:numPr></w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>"
        )
    };
    let body = [
        item(1, 0, "rent"),
        item(1, 1, "due"),
        item(2, 0, "map"),
        item(2, 1, "scale"),
    ];
    let body = format!("<w:document>{}</w:document>", body.concat());
    let bytes = parts(&[
        ("word/document.xml", &body),
        ("word/numbering.xml", &numbering),
    ]);
    assert_snapshot!(Folder::with("a.docx", &bytes).read(), @r#"a.docx = "Article I. rent\n\n  1.1 due\n\nAnnex B: map\n\n  2.1 scale\n\n""#);
}

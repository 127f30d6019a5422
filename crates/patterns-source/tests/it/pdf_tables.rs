//! Tables that a PDF brings with it: what codes mean, how wide letters are, and whose fonts a form has.

use crate::pdf::{FONT, composite, pages, read, shows};

/// Returns a PDF with further objects, of which those with a content are streams.
fn with(file: &str, objects: &[(u32, &str, &str)]) -> String {
    let mut more = String::new();
    for (number, entries, content) in objects {
        let length = content.len();
        more += &format!(
            "{number} 0 obj\n<< {entries} /Length {length} >>\nstream\n{content}\nendstream\nendobj\n"
        );
    }
    file.replacen("xref", &format!("{more}xref"), 1)
}

const LETTERS: &str = "1 beginbfrange <0041> <005A> <0041> endbfrange";

/// What viewers show as `ONE TWO`: a space stands in no text, and the letters are narrow or wide.
#[test]
fn letters_are_as_wide_as_a_range_of_them_says() {
    let shown = "BT /F1 10 Tf 72 720 Td <004F004E> Tj 18 0 Td <0045> Tj 12 0 Td <00540057> Tj 18 0 Td <004F> Tj ET";
    for widths in [
        "[65 90 900]",
        "[65 [900 900] 67 70 900 71 90.0 900]",
        "[65 90 900 91]",
        "[70000 [500] 65 90 900]",
        "[99 0 R 70000 500 -1 [500] 65 90 900]",
    ] {
        let font = composite("Identity-H", "/ToUnicode 60 0 R").replace(
            "/CIDSystemInfo",
            &format!(
                "/FontDescriptor << /Type /FontDescriptor >> /DW 100 /W {widths} /CIDSystemInfo"
            ),
        );
        let file = with(&pages(&[shown], &font), &[(60, "", LETTERS)]);
        assert_eq!(read(file.as_bytes()), ("ONE TWO".to_owned(), vec![]));
    }
}

#[test]
fn tables_of_any_program_say_what_codes_mean() {
    let widths = "500 ".repeat(96);
    let font = format!(
        "<< /Type /Font /Subtype /Type1 /BaseFont /X /FirstChar 32 /LastChar 127 /Widths [{widths}] /ToUnicode 60 0 R >>"
    );
    for table in [
        "2 beginbfchar <31> <41> <32> <0042> endbfchar",
        "1 beginbfrange\n<31> <32> <41>\nendbfrange % of pdfTeX",
        "9 beginbfchar\n<31><0041>\n<32><0042>\nendbfchar",
        "1 beginbfrange <31> <34> [<0041> <0042>] endbfrange",
        "9 beginbfchar <31> <41> <33> /C <32> <42> endbfchar",
        "1 beginbfrange <31> <33> [<41> <42> /C.sc] endbfrange",
        "1 beginbfchar <33> <D835> endbfchar 1 beginbfrange <31> <32> <41> endbfrange",
    ] {
        let file = with(&pages(&[&shows("12")], &font), &[(60, "", table)]);
        assert_eq!(read(file.as_bytes()), ("AB".to_owned(), vec![]), "{table}");
    }
}

#[test]
fn codes_are_as_long_as_a_table_in_the_file_says() {
    let codes = "2 begincodespacerange <00> <80> <8140> <9FFC> endcodespacerange 2 begincidrange <00> <80> 0 <8140> <9FFC> 633 endcidrange";
    let meanings = "2 beginbfchar <41> <0041> <8141> <65E5> endbfchar";
    let shown = "BT /F1 12 Tf 72 720 Td <418141419FFC> Tj ET";
    let font = composite("X", "/ToUnicode 60 0 R").replace("/Encoding /X", "/Encoding 61 0 R");
    let file = with(
        &pages(&[shown], &font),
        &[(60, "", meanings), (61, "/Type /CMap", codes)],
    );
    let note = "1 letters have no meaning in its fonts; U+FFFD stands for them";
    assert_eq!(
        read(file.as_bytes()),
        ("A日A\u{fffd}".to_owned(), vec![note.to_owned()])
    );
}

/// Some have two bytes for each, of which the letters need not be numbered by them.
#[test]
fn letters_that_have_two_units_are_read_by_a_table_in_the_file() {
    let meanings = "3 beginbfchar <0041> <0041> <0042> <D83DDE00> <0043> <00660066> endbfchar";
    let shown = "BT /F1 12 Tf 72 720 Td <004100420043> Tj ET";
    let font = composite("X", "/ToUnicode 60 0 R").replace("/Encoding /X", "/Encoding 61 0 R");
    let font = font.replace(
        "/CIDSystemInfo",
        "/FontDescriptor << /Type /FontDescriptor >> /CIDSystemInfo",
    );
    for numbers in ["<0000> <FFFF> 0", "<0041> <0043> 7"] {
        let codes = format!(
            "1 begincodespacerange <0000> <FFFF> endcodespacerange 1 begincidrange {numbers} endcidrange"
        );
        let file = with(
            &pages(&[shown], &font),
            &[(60, "", meanings), (61, "/Type /CMap", &codes)],
        );
        assert_eq!(
            read(file.as_bytes()),
            ("A😀ff".to_owned(), vec![]),
            "{numbers}"
        );
    }
}

#[test]
fn a_form_without_resources_has_those_of_what_shows_it() {
    let text = "BT /F1 12 Tf 72 700 Td <93FA967B> Tj ET";
    let shown = format!(
        "BT /F2 12 Tf 72 720 Td (Hello) Tj ET /Outer Do {}",
        text.replace("700", "680")
    );
    let page = pages(&[&shown], &composite("90ms-RKSJ-H", ""));
    let objects = "/XObject << /Outer 50 0 R /Inner 51 0 R >>";
    let page = page.replace(
        "/F1 3 0 R >>",
        &format!("/F1 3 0 R /F2 {FONT} >> {objects}"),
    );
    let form = "/Type /XObject /Subtype /Form /BBox [0 0 612 792]";
    let file = with(&page, &[(50, form, "/Inner Do"), (51, form, text)]);
    assert_eq!(
        read(file.as_bytes()),
        ("Hello 日本 日本".to_owned(), vec![])
    );
}

/// What is above a page may be no object of its own, and lead back to it.
#[test]
fn resources_are_not_looked_for_without_end() {
    let file = pages(&[&shows("One."), &shows("Two.")], FONT).replacen(
        "/Resources << /Font << /F1 3 0 R >> >>",
        "/Parent << /Parent 10 0 R >>",
        1,
    );
    let file = file.replacen("/Parent 2 0 R", "", 1);
    let note = "page 1 could not be read".to_owned();
    assert_eq!(read(file.as_bytes()), ("Two.".to_owned(), vec![note]));
}

#[test]
fn the_text_of_an_attached_pdf_is_not_that_of_the_file() {
    let inner = pages(&[&shows("INNER")], FONT);
    let file = pages(&[&shows("One."), &shows("Two.")], FONT)
        .replace("/Contents 13 0 R", "/Contents 99 0 R");
    let before = format!("startxref\n{}\n", file.find("xref\n").unwrap());
    let file = with(&file, &[(50, "/Type /EmbeddedFile", &inner)]);
    let at = file.find("xref\n0 14").unwrap();
    let file = file.replace(&before, &format!("startxref\n{at}\n"));
    let note = "page 2 could not be read".to_owned();
    assert_eq!(read(file.as_bytes()), ("One.".to_owned(), vec![note]));
}

#[test]
fn forms_that_share_fonts_have_those_and_not_the_ones_of_others() {
    let text = |it: &str| format!("BT /F1 12 Tf 72 700 Td {it} Tj ET");
    let (plain, own) = (text("(One)"), text("<93FA967B>"));
    let form = "/Type /XObject /Subtype /Form /BBox [0 0 612 792]";
    let fonts = composite("90ms-RKSJ-H", "");
    let other = format!("{form} /Resources << /Font << /F1 {fonts} >> >>");
    let page = pages(&["/A Do /C Do /B Do"], FONT).replace(
        "/F1 3 0 R >>",
        "/F1 3 0 R >> /XObject << /A 50 0 R /B 51 0 R /C 52 0 R >>",
    );
    let forms = [
        (50, form, &*plain),
        (51, form, &*plain),
        (52, &*other, &*own),
    ];
    let words = "One 日本 One".to_owned();
    assert_eq!(read(with(&page, &forms).as_bytes()), (words, vec![]));
}

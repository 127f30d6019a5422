//! PDF files that viewers show and readers stumble over.

use insta::assert_snapshot;
use patterns_source::Source;

use crate::support::Folder;

/// Returns a PDF whose pages have these contents, one font, and what else there is.
pub(crate) fn pages(contents: &[&str], font: &str) -> String {
    let mut objects = vec![
        (1, "<< /Type /Catalog /Pages 2 0 R >>".to_owned()),
        (3, font.to_owned()),
    ];
    let mut kids = String::new();
    for (at, content) in contents.iter().enumerate() {
        let (page, stream) = (10 + 2 * at, 11 + 2 * at);
        kids += &format!("{page} 0 R ");
        objects.push((page, format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {stream} 0 R /Resources << /Font << /F1 3 0 R >> >> >>")));
        objects.push((
            stream,
            format!(
                "<< /Length {} >>\nstream\n{content}\nendstream",
                content.len()
            ),
        ));
    }
    let count = contents.len();
    objects.push((
        2,
        format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>"),
    ));
    let mut file = String::from("%PDF-1.4\n");
    let size = objects.iter().map(|it| it.0).max().unwrap_or(0) + 1;
    let mut table = vec!["0000000000 65535 f \n".to_owned(); size];
    for (number, object) in &objects {
        table[*number] = format!("{:010} 00000 n \n", file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = file.len();
    let table = table.concat();
    format!(
        "{file}xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    )
}

pub(crate) const FONT: &str =
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";

pub(crate) fn shows(text: &str) -> String {
    format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET")
}

/// Returns a PDF of one page with this text on it.
pub(crate) fn pdf(text: &str) -> Vec<u8> {
    pages(&[&shows(text)], FONT).into_bytes()
}

/// Returns the words, and what was said about them.
pub(crate) fn read(bytes: &[u8]) -> (String, Vec<String>) {
    let folder = Folder::with("a.pdf", bytes);
    let mut documents = Source::new([folder.0.path()]).open().unwrap();
    let words = match documents.next().unwrap() {
        Ok(it) => it
            .document
            .text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => format!("{:?}: {}", error.kind(), error.reason()),
    };
    let notes = documents.take_notes();
    let below = |it: String| it.rsplit_once("a.pdf: ").unwrap().1.to_owned();
    (words, notes.into_iter().map(below).collect())
}

#[test]
fn pdf_becomes_text() {
    let bytes = pdf("The tide is out.");
    let folder = Folder::with("a.pdf", &bytes);
    // The beginning tells it, whatever the name says.
    folder.write("b.txt", &bytes);
    assert_snapshot!(folder.read(), @r#"
    a.pdf = "The tide is out."
    b.txt = "The tide is out."
    "#);
}

#[test]
fn a_bad_page_is_told_and_the_others_are_read() {
    let lost = "q /Im1 Do Q";
    let file = pages(&[&shows("One."), lost, &shows("Three.")], FONT);
    let (words, notes) = read(file.as_bytes());
    assert_eq!(
        (words.as_str(), notes),
        ("One. Three.", vec!["page 2 could not be read".to_owned()])
    );
    let packed = file.replace("<< /Length 11 >>", "<< /Filter /FlateDecode /Length 11 >>");
    let (words, notes) = read(packed.as_bytes());
    assert_eq!((words.as_str(), notes.len()), ("One. Three.", 1));
}

#[test]
fn what_is_wrong_around_the_pages_is_mended() {
    let good = pages(&[&shows("Hello world")], FONT);
    let table = good.rfind("xref\n0 ").unwrap();
    let start = format!(
        "startxref\n{}",
        good.rfind("startxref").map(|_| table).unwrap()
    );
    for wrong in [
        format!("{good}{}", "\0".repeat(600)),
        format!("{good}{}", "<!-- served in 0.2 s -->".repeat(60)),
        format!("HTTP/1.1 200 OK\r\n\r\n{good}"),
        format!(
            "\r\n\r\n{}",
            good.replace(&start, &format!("startxref\n{}", table + 4))
        ),
        good.replace(&start, &format!("startxref\n{}", table + 1)),
        good.replace(&start, "startxref\n0"),
        good.replace("%%EOF\n", ""),
        good[..table].to_owned(),
        good[..good.len() - 60].to_owned(),
        good.replace('\n', "\r\n"),
        good.replace("/Length", "/Length 4 /Lengths"),
        good.replace("/Length", "/Length 400 /Lengths"),
        good.replace("\nendstream", "\n \nendstream")
            .replace('\n', "\r\n"),
        good.replace("/Length", "/Length 99 0 R /Lengths"),
    ] {
        assert_eq!(read(wrong.as_bytes()).0, "Hello world", "{wrong}");
    }
}

#[test]
fn a_page_whose_text_is_missing_is_told() {
    let file = pages(&[&shows("One."), &shows("Two.")], FONT).replace("\n13 0 obj", "\n93 0 obj");
    let note = "page 2 could not be read".to_owned();
    assert_eq!(read(file.as_bytes()), ("One.".to_owned(), vec![note]));
}

#[test]
fn a_page_that_is_above_itself_ends() {
    let file = pages(&[&shows("One.")], FONT)
        .replace("/Parent 2 0 R /MediaBox", "/Parent 10 0 R /MediaBox");
    assert_eq!(read(file.as_bytes()).0, "One.");
}

/// Returns a composite font with this table of letters, and what else it has.
pub(crate) fn composite(table: &str, more: &str) -> String {
    format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /{table} {more} /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>] >>"
    )
}

#[test]
fn text_on_a_next_line_is_read() {
    for shown in [
        "BT /F1 12 Tf 14 TL 72 720 Td (One) Tj (two) ' 1 2 (it's) \" ET",
        "BT /F1 12 Tf 14 TL 72 720 Td(One)Tj(two)' 1 2(it's)\" ET",
        "BT /F1 12 Tf 14 TL 72 720 Td <4F6E65> Tj <74776F>\n' 1 2 <69742773>\n\" ET",
    ] {
        let file = pages(&[shown], FONT);
        assert_eq!(read(file.as_bytes()).0, "One two it's", "{shown}");
    }
}

#[test]
fn forms_have_fonts_of_their_own() {
    let text = "BT /F9 12 Tf 72 700 Td <93FA967B> Tj ET";
    let form = |resources: &str| {
        format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] {resources} /Length {} >>\nstream\n{text}\nendstream",
            text.len()
        )
    };
    let with = |resources: &str| {
        let shown = format!("{} /Fm Do", shows("Hello world"));
        let page = "/F1 3 0 R >> /XObject << /Fm 50 0 R >>";
        let file = pages(&[&shown], FONT).replace("/F1 3 0 R >>", page);
        let at = file.find("xref").unwrap();
        format!(
            "{}50 0 obj\n{}\nendobj\n{}",
            &file[..at],
            form(resources),
            &file[at..]
        )
    };
    let fonts = format!(
        "/Resources << /Font << /F9 {} >> >>",
        composite("90ms-RKSJ-H", "")
    );
    assert_eq!(read(with(&fonts).as_bytes()).0, "Hello world 日本");
}

#[test]
fn fonts_of_a_form_are_its_own_though_they_have_the_names_of_others() {
    let fonts = format!("/Font << /F1 {} >>", composite("90ms-RKSJ-H", ""));
    let text = "BT /F1 12 Tf 72 700 Td <93FA967B> Tj ET";
    let length = text.len();
    let form = format!(
        "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << {fonts} >> /Length {length} >>\nstream\n{text}\nendstream"
    );
    for (before, after) in [("/Fm Do", ""), ("", "/Fm Do")] {
        let shown = format!("{before} {} {after}", shows("Hello world"));
        let page = "/F1 3 0 R >> /XObject << /Fm 50 0 R >>";
        let file = pages(&[&shown], FONT).replace("/F1 3 0 R >>", page);
        let file = file.replacen("xref", &format!("50 0 obj\n{form}\nendobj\nxref"), 1);
        let words = match before {
            "" => "Hello world 日本",
            _ => "日本 Hello world",
        };
        assert_eq!(read(file.as_bytes()).0, words);
    }
}

/// Marks on a page often have one, to be seen by.
#[test]
fn a_form_without_text_takes_no_text_away() {
    let shown = "BT /F1 12 Tf 72 720 Td <93FA967B> Tj ET";
    let file = pages(&[shown], &composite("90ms-RKSJ-H", ""));
    let form =
        "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 3 >>\nstream\nq Q\nendstream";
    let file = file.replacen("xref", &format!("50 0 obj\n{form}\nendobj\nxref"), 1);
    assert_eq!(read(file.as_bytes()).0, "日本");
}

#[test]
fn what_was_filled_in_is_read() {
    let fields = [
        "<< /Subtype /Widget /FT /Tx /T (name) /V (Ann\\351 Lee) >>",
        "<< /Subtype /Widget /FT /Tx /T (f1_01[0]) /TU (Date of birth) /V <FEFF0031002E0035002E> >>",
        "<< /Subtype /Widget /T (kid) /Parent << /FT /Ch /T (Country) /V [(Mali) (Peru)] >> >>",
        "<< /Subtype /Widget /FT /Btn /T (Member) /AS /Yes >>",
        "<< /Subtype /Widget /FT /Btn /T (Retired) /AS /Off >>",
        "<< /Subtype /Widget /FT /Tx /T (secret) /F 2 /V (hidden) >>",
        "<< /Subtype /Widget /FT /Tx /T (empty) /V () >>",
        "<< /Subtype /FreeText /Contents (Paid in cash) >>",
        "<< /Subtype /Text /Contents (a note beside the page) >>",
    ];
    let page = format!("/MediaBox [0 0 612 792] /Annots [{}]", fields.join(" "));
    for (shown, before) in [(shows("Form 7"), "Form 7 "), (String::new(), "")] {
        let file = pages(&[&shown], FONT).replace("/MediaBox [0 0 612 792]", &page);
        assert_eq!(
            read(file.as_bytes()).0,
            format!(
                "{before}name: Ann\u{e9} Lee Date of birth: 1.5. kid: Mali, Peru Member: Yes Paid in cash"
            )
        );
    }
}

#[test]
fn words_are_told_apart_whichever_way_the_text_runs() {
    for (shown, words) in [
        (
            "0 1 -1 0 300 100 Tm (One) Tj 0 1 -1 0 300 140 Tm (two) Tj 0 1 -1 0 320 100 Tm (three) Tj",
            "One two three",
        ),
        (
            "1 0 0 -1 72 100 Tm (One) Tj 1 0 0 -1 72 115 Tm (two) Tj",
            "One two",
        ),
        ("72 720 Td 4 Tc (fa) Tj 0 Tc 20 0 Td (r) Tj", "f a r"),
        ("72 720 Td 4 Tc (SPACED) Tj", "SPACED"),
        ("300 720 Td (right) Tj -228 0 Td (left) Tj", "right left"),
        // Letters that are set a little apart, in pieces.
        ("72 720 Td 1.3 Tc [(is) -500 (it) -500 (so)] TJ", "is it so"),
        // Upright all the same.
        (
            "/F1 -12 Tf -1 0 0 -1 72 720 Tm (One) Tj -1 0 0 -1 122 720 Tm (two) Tj",
            "One two",
        ),
        (
            "0 Tz 1 0 0 1 72 720 Tm (One) Tj 1 0 0 1 272 720 Tm (two) Tj",
            "One two",
        ),
    ] {
        let file = pages(&[&format!("BT /F1 12 Tf {shown} ET")], FONT);
        assert_eq!(read(file.as_bytes()).0, words, "{shown}");
    }
    let two = pages(&[&shows("One."), &shows("Two.")], FONT);
    assert_eq!(read(two.as_bytes()).0, "One. Two.");
}

/// A page shows them from left to right.
#[test]
fn languages_that_are_read_from_the_right_are_turned_round() {
    let hex = |text: &str| -> String {
        let units = text.encode_utf16().map(|it| format!("{it:04X}"));
        units.collect()
    };
    let font = composite("UniGB-UCS2-H", "");
    for (seen, read_as) in [
        (
            "\u{5dd}\u{5d5}\u{5dc}\u{5e9}",
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
        ),
        ("123 \u{5d1}\u{5d0}", "\u{5d0}\u{5d1} 123"),
        (")\u{5d1}\u{5d0}( 12", "12 (\u{5d0}\u{5d1})"),
        ("(\u{5d1}\u{5d0}) 12", "12 (\u{5d0}\u{5d1})"),
        (
            "price \u{5d1}\u{5d0} in the north",
            "price \u{5d0}\u{5d1} in the north",
        ),
        ("\u{fee1}\u{fefc}\u{fee7}", "\u{646}\u{644}\u{627}\u{645}"),
    ] {
        let shown = format!("BT /F1 12 Tf 72 720 Td <{}> Tj ET", hex(seen));
        assert_eq!(
            read(pages(&[&shown], &font).as_bytes()).0,
            read_as,
            "{seen}"
        );
    }
    // Pieces may come in the order in which they are read.
    let (first, second) = (hex("\u{5d1}\u{5d0}"), hex("\u{5d3}\u{5d2}"));
    let shown = format!("BT /F1 12 Tf 272 720 Td <{first}> Tj -100 0 Td <{second}> Tj ET");
    let words = "\u{5d0}\u{5d1} \u{5d2}\u{5d3}";
    assert_eq!(read(pages(&[&shown], &font).as_bytes()).0, words);
    // So may lines, close below each other.
    let line = |at: u32, letters: [&str; 2]| {
        let [first, second] = letters.map(hex);
        format!("1 0 0 1 272 {at} Tm <{first}> Tj 1 0 0 1 172 {at} Tm <{second}> Tj ")
    };
    let lines = line(720, ["\u{5d0}\u{5d0}", "\u{5d1}\u{5d1}"])
        + &line(706, ["\u{5d2}\u{5d2}", "\u{5d3}\u{5d3}"]);
    let words = "\u{5d0}\u{5d0} \u{5d1}\u{5d1} \u{5d2}\u{5d2} \u{5d3}\u{5d3}";
    let shown = format!("BT /F1 12 Tf {lines}ET");
    assert_eq!(read(pages(&[&shown], &font).as_bytes()).0, words);
    // A mark stands above the middle of its letter.
    let shown = format!(
        "BT /F1 12 Tf 72 720 Td <{}> Tj 6 0 Td <{}> Tj -6 0 Td <{}> Tj 12 0 Td <{}> Tj ET",
        hex("\u{5d1}"),
        hex("\u{5b8}"),
        hex(""),
        hex("\u{5d0}")
    );
    let words = "\u{5d0}\u{5d1}\u{5b8}";
    assert_eq!(read(pages(&[&shown], &font).as_bytes()).0, words);
}

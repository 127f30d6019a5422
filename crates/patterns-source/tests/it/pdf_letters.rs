//! Which letters the fonts of a PDF show: by their tables, by their names, and where nothing says it.

use crate::pdf::{FONT, composite, pages, pdf, read, shows};

#[test]
fn odd_fonts_are_read_as_far_as_they_go() {
    let widths = "500 ".repeat(95);
    for font in [
        "<< /Type /Font /Subtype /Type1 >>".to_owned(),
        "<< /Type /Font /Subtype /Type9 /BaseFont /X >>".to_owned(),
        format!(
            "<< /Type /Font /Subtype /TrueType /BaseFont /X /FirstChar 32 /LastChar 126 /Widths [{widths}] /Encoding /WinAnsiEncoding /ToUnicode /Identity-V >>"
        ),
    ] {
        assert_eq!(
            read(pages(&[&shows("Hello world")], &font).as_bytes()).0,
            "Hello world",
            "{font}"
        );
    }
}

#[test]
fn tables_of_letters_that_every_viewer_has_are_known() {
    for (table, text, words) in [
        ("90ms-RKSJ-H", "<93FA967B 2041 31>", "日本 A1"),
        ("Ext-RKSJ-V", "<93FA967B>", "日本"),
        ("EUC-H", "<C6FCCBDC 41>", "日本A"),
        ("H", "<467C4B5C>", "日本"),
        ("UniJIS-UCS2-HW-H", "<65E5672C>", "日本"),
        ("UniJIS-UTF16-H", "<65E5672C D842DFB7>", "日本𠮷"),
        ("GBK-EUC-H", "<D6D0CEC4 41>", "中文A"),
        ("GBK2K-V", "<D6D0CEC4>", "中文"),
        ("UniGB-UCS2-H", "<4E2D6587>", "中文"),
        ("UniGB-UCS2-H", "<4EBA2EA05E012EF32F42>", "人民币龟文"),
        ("ETen-B5-H", "<A4A4A4E5>", "中文"),
        ("KSCms-UHC-H", "<C7D1B1B9>", "한국"),
        ("UniKS-UTF16-H", "<D55CAD6D>", "한국"),
        ("UniJIS-UTF32-H", "<000065E5 0000672C>", "日本"),
        ("UniCNS-UTF8-V", "<E4B8AD E6968741>", "中文A"),
    ] {
        let shown = format!("q BT /F1 12 Tf 72 720 Td [{text}] TJ ET Q");
        for more in ["", "/ToUnicode /Identity-H"] {
            let file = pages(&[&shown], &composite(table, more));
            assert_eq!(read(file.as_bytes()).0, words, "{table}");
        }
    }
}

#[test]
fn letters_that_no_table_explains_are_told_and_not_left_out() {
    let fonts = format!("/F1 3 0 R /F2 {}", composite("Identity-H", ""));
    let shown =
        "BT /F1 12 Tf 72 720 Td (Total due: ) Tj /F2 12 Tf <00110012> Tj /F1 12 Tf ( crowns) Tj ET";
    let file = pages(&[shown], FONT).replace("/F1 3 0 R", &fonts);
    let (words, notes) = read(file.as_bytes());
    assert_eq!(words, "Total due: \u{fffd}\u{fffd} crowns");
    assert_eq!(
        notes,
        ["2 letters have no meaning in its fonts; U+FFFD stands for them"]
    );
    let only = pages(
        &["BT /F1 12 Tf 72 720 Td <00110012> Tj ET"],
        &composite("Identity-H", ""),
    );
    // Nothing of it can be read: it is sent as it is.
    assert_eq!(read(only.as_bytes()), (String::new(), vec![]));
}

#[test]
fn text_is_written_anew_once_and_in_the_font_that_it_is_shown_in() {
    let font = composite("90ms-RKSJ-H", "");
    let twice = pages(&["BT /F1 12 Tf 72 720 Td <93FA967B> Tj ET"], &font)
        .replace("[10 0 R ]", "[10 0 R 10 0 R]");
    assert_eq!(read(twice.as_bytes()).0, "日本 日本");
    // There is nothing to go back to.
    let unpaired = "/F1 12 Tf Q BT 72 720 Td <93FA967B> Tj ET";
    assert_eq!(read(pages(&[unpaired], &font).as_bytes()).0, "日本");
}

#[test]
fn a_font_that_shows_nothing_takes_no_text_away() {
    let fonts = format!("/F1 3 0 R /F2 {}", composite("90ms-RKSJ-H", ""));
    let shown = "BT /F2 12 Tf 72 720 Td () Tj /F1 12 Tf (Hello) Tj ET";
    let file = pages(&[shown], FONT).replace("/F1 3 0 R", &fonts);
    assert_eq!(read(file.as_bytes()), ("Hello".to_owned(), vec![]));
}

#[test]
fn letters_are_what_their_names_say() {
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /X /FirstChar 1 /LastChar 8 /Widths [500 500 500 500 500 500 500 500] /Encoding << /Type /Encoding /Differences [1 /fi /f_f_i /uni20AC /one.oldstyle /g7 /u1D4D0 /Asmall /eacute.sc] >> >>";
    let shown = "BT /F1 12 Tf 72 720 Td <0102030405060708> Tj ET";
    let (words, notes) = read(pages(&[shown], font).as_bytes());
    assert_eq!(words, "fiffi\u{20ac}1\u{fffd}\u{1d4d0}a\u{e9}");
    assert_eq!(notes.len(), 1);
}

/// TeX draws them on their own, in the place of the letter that follows.
#[test]
fn accents_belong_to_their_letters() {
    let shown = "BT /F1 12 Tf 72 720 Td (f) Tj 1 0 0 1 77 720 Tm (\\250) Tj 1 0 0 1 75.7 720 Tm (ur \\250 u) Tj ET";
    assert_eq!(
        read(pages(&[shown], FONT).as_bytes()).0,
        "f\u{fc}r \u{a8} u"
    );
    // Beside a narrow letter is not above it.
    for words in ["Use `if x` or `list`", "`like this''"] {
        assert_eq!(read(&pdf(words)).0, words);
    }
}

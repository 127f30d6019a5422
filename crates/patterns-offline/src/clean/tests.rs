//! A table of markup and the prose in it.

use proptest::prelude::*;

use super::*;

fn check(source: &str, expected: &[&str]) {
    let found: Vec<String> = paragraphs(source)
        .into_iter()
        .map(|it| it.text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, expected, "{source}");
}

#[test]
fn prose_stays_and_lines_are_joined() {
    check(
        "One line\nand its end.\n\nAnother.",
        &["One line and its end.", "Another."],
    );
    check(
        "\u{feff}Windows\r\nlines.\r\n\r\nTwo.",
        &["Windows lines.", "Two."],
    );
    check("> Quoted\n> words.", &["Quoted words."]);
    check(
        "    An indented letter is still prose.\n",
        &["An indented letter is still prose."],
    );
    check("", &[]);
}

#[test]
fn code_goes() {
    check(
        "Before.\n\n```rust\nlet x = 1;\n```\n\nAfter.",
        &["Before.", "After."],
    );
    check(
        "Before.\n\n~~~\ncode\n```\ncode\n~~~\nAfter.",
        &["Before.", "After."],
    );
    check("Before.\n```\nnever closed", &["Before.", "never closed"]);
    check(
        "Before.\n\n    let x = 1;\n    f(x);\n\nAfter.",
        &["Before.", "After."],
    );
    check(
        "Example::\n\n  Not code. But literal.\n\nAfter.",
        &["Example::", "After."],
    );
    check("Try.\n\n>>> f(1)\n2\n\nAfter.", &["Try.", "After."]);
    check("<script>\nlet x;\n</script>\nAfter.", &["After."]);
    check("<!-- a\ncomment -->\nAfter.", &["After."]);
}

#[test]
fn tables_go() {
    check("A.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nB.", &["A.", "B."]);
    check("a | b | c\n--|--|--\n1 | 2 | 3\n\nB.", &["B."]);
    check("A.\n\n+---+---+\n| a | b |\n+---+---+\n\nB.", &["A.", "B."]);
    check(
        "A.\n\n====  ====\na     b\n====  ====\n1     2\n====  ====\n\nB.",
        &["A.", "B."],
    );
}

#[test]
fn restructured_text_goes() {
    check(".. note::\n   Inside.\n\n   More.\n\nAfter.", &["After."]);
    check(".. [1] A footnote\n   goes on\n\nAfter.", &["After."]);
    check(".. _target: https://a.b\n\nAfter.", &["After."]);
    check(":Author: Somebody\n:Date: Today\n\nAfter.", &["After."]);
    check(":pep:`8` is old.", &["PEP 8 is old."]);
    check(
        "See :func:`~os.path.join` and `the docs <https://a.b>`__.",
        &["See os.path.join and the docs."],
    );
    check(
        "It was shown [1]_ and ``x = 1`` said [#note]_.",
        &["It was shown and x = 1 said ."],
    );
    check(
        "The :external+py3.14:func:`gcd` of `target`_.",
        &["The gcd of target."],
    );
}

#[test]
fn inline_markup_shows_its_words() {
    check(
        "A [link](https://a.b \"t\") and [two][ref].",
        &["A link and two."],
    );
    check("An ![image](a.png) here.", &["An here."]);
    check(
        "Very **strong** and *soft*, 2 * 3 * 4.",
        &["Very strong and soft, 2 * 3 * 4."],
    );
    check(
        "A `code` and <b>bold</b> &amp; Vec<String>.",
        &["A code and bold & Vec<String>."],
    );
    check(
        "Write to <me@example.org> or <https://a.b>.",
        &["Write to <me@example.org> or https://a.b."],
    );
    check(
        "A note[^1] and [brackets] stay; snake_case too.",
        &["A note and [brackets] stay; snake_case too."],
    );
    check("[a]: https://x.y\n[1] https://x.y\n\nAfter.", &["After."]);
    check(
        "**unclosed and `open and [half",
        &["**unclosed and `open and [half"],
    );
}

#[test]
fn items_stand_alone() {
    check(
        "List:\n\n* One\n  goes on.\n* Two.\n",
        &["List:", "One goes on.", "Two."],
    );
    check(
        "1. One.\n2. Two.\n(3) Three.\nb) Four.",
        &["One.", "Two.", "Three.", "Four."],
    );
    check("- [x] Done.\n- [ ] Not.", &["Done.", "Not."]);
    check(
        "It fell in\n1990. Then it rose.",
        &["It fell in 1990. Then it rose."],
    );
}

#[test]
fn front_matter_gives_the_title() {
    for source in [
        "PEP: 13\nTitle: Governance\nAuthor: The team\n  and others\nStatus: Active\n\n\nBody text.",
        "---\ntitle: \"Governance\"\ntags:\n  - a\n---\n\nBody text.",
        "From: me\nSubject: Governance\nDate: today\n\nBody text.",
    ] {
        check(source, &["Body text."]);
        assert_eq!(paragraphs(source)[0].heading, "Governance", "{source}");
    }
    check(
        "Alice: Hello there.\nBob: Hello.",
        &["Alice: Hello there. Bob: Hello."],
    );
    check("Note: this is all.", &["Note: this is all."]);
    check("---\nNot yaml at all\n---\n", &[]);
}

#[test]
fn headings_stand_over_paragraphs() {
    let check = |source: &str, expected: &[(&str, &str)]| {
        let found = paragraphs(source);
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.heading.as_str(), it.text.as_str()))
            .collect();
        assert_eq!(found, expected, "{source}");
    };
    check(
        "# One #\nText.\n\n## Two\nMore.",
        &[("One", "Text."), ("Two", "More.")],
    );
    check(
        "One\n===\n\nText.\n\nTwo\n---\nMore.",
        &[("One", "Text."), ("Two", "More.")],
    );
    check("=====\nTitle\n=====\n\nText.", &[("Title", "Text.")]);
    check("Text.\n\n---\n\nMore.", &[("", "Text."), ("", "More.")]);
    check(
        "Title: T\nDate: d\n\nOne\n===\nText.",
        &[("T / One", "Text.")],
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        paragraphs(&text);
    }

    #[test]
    fn no_markup_panics(text in "[-=#*`~:._<>!|&\\[\\]()+ \n1aé日]{0,120}") {
        paragraphs(&text);
    }
}

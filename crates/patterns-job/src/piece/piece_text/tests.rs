//! Tests how a piece is put together.

use patterns_parallel::sectioning::WrittenSection;

use super::*;

#[test]
fn contents_lead_to_each_section_whatever_its_title() {
    let sections = [
        ("Why", 0, "So.\n\n# 3. Why\n```\n# no"),
        ("Why", 1, "<!--"),
        ("The `a[1]` [of](b) <it>", 0, "So."),
        ("Why", 0, "So."),
    ];
    let sections = sections.map(|(title, depth, content)| WrittenSection {
        title: title.to_owned(),
        depth,
        answer: Some(Section {
            content: content.to_owned(),
            ..Section::default()
        }),
    });
    let piece = Piece::of(SynthesisTask {
        topic: "T".into(),
        title: "On\nit #".to_owned(),
        sections: sections.into(),
        changes: Vec::new(),
    });
    insta::assert_snapshot!(piece.text, @r"
        # On it \#

        - [1. Why](#1-why)
          - [1.1 Why](#11-why)
        - [2. The a\[1\] of \<it>](#2-the-a1-of-it)
        - [3. Why](#3-why-1)

        ## 1. Why

        So.

        ### 3. Why
        ```
        # no
        ```

        ### 1.1 Why

        \<!--

        ## 2. The `a[1]` [of](b) \<it>

        So.

        ## 3. Why

        So.
        ");
}

fn section(content: &str, quotes: &[(&str, bool)]) -> Section {
    let citations = quotes.iter().map(|(quote, holds)| Citation {
        source: "a.md".to_owned(),
        quote: (*quote).to_owned(),
        holds: *holds,
    });
    Section {
        content: content.to_owned(),
        key_points: vec!["A\npoint.".to_owned()],
        citations: citations.collect(),
        ..Section::default()
    }
}

#[test]
fn what_models_write_keeps_to_its_place() {
    let mut text = PieceText::numbered();
    let first = section(
        "# 1. Silt\n\n## Why\nIt settles [2](x) [1].\n```\n# no heading\n```",
        &[("It settles.", true)],
    );
    let second = section(
        "Boats pay [2], and [1] more [3].",
        &[("Fees rose.", false), ("It settles.", true)],
    );
    let whole = [
        text.title("Harbours"),
        text.section("Silt", 0, Some(&first)),
        text.section("Depth", 1, None),
        text.section("Fees", 0, Some(&second)),
        text.sources(),
    ];
    insta::assert_snapshot!(whole.concat(), @"
        # Harbours

        ## 1. Silt

        #### Why
        It settles [2](x) [1].
        ```
        # no heading
        ```

        ### 1.1 Depth

        *(this section could not be written)*

        ## 2. Fees

        Boats pay [1], and [2] more [?].

        ## Sources

        1. a.md: “It settles.”
        2. a.md: “Fees rose.” *(not found in it)*
        ");
}

#[test]
fn an_article_cites_what_it_shows() {
    let mut text = PieceText::numbered();
    let mut it = section(
        "It settles fast.",
        &[("It settles", true), ("A point.", true)],
    );
    it.key_points = vec!["A point.".to_owned()];
    let shown = text.section("Silt", 0, Some(&it)) + &text.sources();
    assert_eq!(
        shown,
        "\n## 1. Silt\n\nIt settles [1] fast.\n\n## Sources\n\n1. a.md: \u{201c}It settles\u{201d}\n"
    );
}

#[test]
fn a_brief_has_key_points_and_no_numbers() {
    let mut text = PieceText::with_key_points();
    let it = section("It settles.", &[("It settles.", true)]);
    insta::assert_snapshot!(text.section("Silt", 0, Some(&it)), @"
        ## Silt

        It settles. [1]

        - A point.
        ");
}

#[test]
fn a_mark_is_put_where_it_is_one() {
    let quotes = [("let a", true), ("It settles", true)];
    for (content, marked) in [
        ("`let a` It settles", "`let a` It settles [2] [1]"),
        (
            "[so](<let a>) It settles(x)",
            "[so](<let a>) It settles(x) [1] [2]",
        ),
        ("```\nlet a;\n```", "```\nlet a;\n```\n\n[1] [2]"),
        ("| a |\n| --- |\n| b |", "| a |\n| --- |\n| b |\n\n[1] [2]"),
        ("- One.\n- Two.", "- One.\n- Two. [1] [2]"),
        ("# It settles\n\nSo.", "### It settles\n\nSo. [1] [2]"),
        ("So.\n\n# Then", "So.\n\n### Then\n\n[1] [2]"),
        ("One.\n\n---", "One.\n\n---\n\n[1] [2]"),
        ("One `[1]`\n\n    a[1]", "One `[1]`\n\n    a[1]\n\n[1] [2]"),
    ] {
        let shown = PieceText::numbered().section("S", 0, Some(&section(content, &quotes)));
        assert_eq!(shown, format!("\n## 1. S\n\n{marked}\n"), "{content}");
    }
}

/// They would stand for what another section cites.
#[test]
fn marks_in_points_have_the_numbers_of_the_whole() {
    let mut text = PieceText::with_key_points();
    text.section(
        "Fees",
        0,
        Some(&section("Boats pay [1].", &[("Boats pay", true)])),
    );
    let mut it = section("It settles.", &[("It settles.", true)]);
    it.key_points = vec!["Mud [1].".to_owned()];
    let shown = text.section("Silt", 0, Some(&it));
    assert_eq!(shown, "\n## Silt\n\nIt settles.\n\n- Mud [2].\n");
}

#[test]
fn sources_show_what_they_quote() {
    let mut text = PieceText::numbered();
    text.section(
        "Silt",
        0,
        Some(&section("It is [1].", &[("![x](http://y) <b>", true)])),
    );
    let sources = text.sources();
    assert!(
        sources.contains("\u{201c}!\\[x\\](http://y) \\<b>\u{201d}"),
        "{sources}"
    );
}

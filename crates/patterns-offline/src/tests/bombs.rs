//! Texts that are meant to crash or to stall: each must be answered, and shortly.

use patterns_core::{Document, Part};
use serde_json::json;

use super::{fill, generate, request, strings};

const MEGABYTE: usize = 1 << 20;

/// The summary has an end, whatever the text is.
fn check(name: &str, text: String) {
    let parts = vec![Part::Document(Document::new(name, text))];
    let summary = generate(&request(None, parts.clone())).unwrap().text;
    assert!(
        !summary.is_empty() && summary.len() <= 4_000,
        "{name}: {} bytes",
        summary.len()
    );
    fill(
        json!({ "key_points": strings(), "keywords": strings() }),
        parts,
    );
}

#[test]
fn endless_lines() {
    check("one word", "a".repeat(MEGABYTE));
    check("words", "word ".repeat(MEGABYTE / 5));
    check("sentences", "The mill grinds rye. ".repeat(MEGABYTE / 21));
    check("stops", ".".repeat(MEGABYTE));
    check("spaced stops", "a. ".repeat(MEGABYTE / 3));
    check("wide", "麦".repeat(MEGABYTE / 3));
    check("wide sentences", "水車は麦を挽く。".repeat(MEGABYTE / 24));
}

#[test]
fn many_lines() {
    check("lines", "short\n".repeat(100_000));
    check("paragraphs", "The mill grinds rye.\n\n".repeat(50_000));
    let numbered =
        |n: usize| format!("10.0.0.{n} - - [01/Jan/2026:10:00:00] \"GET /{n}\" 200 {n}\n");
    check("access log", (0..100_000).map(numbered).collect());
    let varied = |n: usize| {
        format!(
            "Mill {n} grinds {} tons of rye{n} in year {}. ",
            n * 7,
            n * 3
        )
    };
    check("different sentences", (0..20_000).map(varied).collect());
}

#[test]
fn marks_that_never_close() {
    for mark in [
        "`",
        "``",
        "```\n",
        "[",
        "![",
        "](",
        "<",
        "<!--",
        "<b ",
        "*",
        "**",
        "* ",
        "\n* ",
        ":a:`",
        "|",
        "| ",
        "&",
        "\n.. ",
        "\n:a: ",
        "== ==\n",
        "= ",
        "\n> ",
        "\n# ",
        "::\n\n ",
        "~~~\n```\n",
        "[1]",
        ".[1]",
        "<script\n",
        "</script\n",
        "(",
        "\"",
        "—",
        "{",
        "\n---\n",
        "1. ",
        "\n1. ",
        "Title: a\n",
        "a.b.",
    ] {
        check(
            mark,
            format!("A {}", mark.repeat(MEGABYTE / 4 / mark.len())),
        );
    }
}

#[test]
fn not_text_at_all() {
    check("zeros", format!("x{}", "\0".repeat(MEGABYTE)));
    check(
        "json",
        format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
    );
    check(
        "object",
        format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000)),
    );
    check("space", format!("{}x", " \n".repeat(MEGABYTE / 2)));
}

#[test]
fn many_documents() {
    let parts: Vec<Part> = (0..2_000)
        .map(|n| {
            Part::Document(Document::new(
                n.to_string(),
                format!("Mill {n} grinds rye for the village {n}. It is old."),
            ))
        })
        .collect();
    let summary = generate(&request(None, parts)).unwrap().text;
    assert!(summary.matches("grinds rye").count() >= 1, "{summary}");
}

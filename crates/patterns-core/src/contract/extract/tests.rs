//! Tables and properties of the extractor.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn check(text: &str, value: &Value, fixes: &[Fix]) {
    let found = candidates(text).unwrap_or_else(|rejection| panic!("{text:?}: {rejection:?}"));
    assert_eq!(&found[0].value, value, "{text:?}");
    assert_eq!(found[0].fixes, fixes, "{text:?}");
}

#[test]
fn mends_only_what_needs_mending() {
    use Fix::*;
    let a = json!({"a": 1});
    check(r#"{"a": 1}"#, &a, &[]);
    check(" \n{\"a\": 1}\n", &a, &[]);
    check("\u{feff}{\"a\":1}", &a, &[ByteOrderMark]);
    check("```json\n{\"a\": 1}\n```", &a, &[CodeFence]);
    check("Sure!\n```\n{\"a\": 1}\n```\nBye.", &a, &[CodeFence]);
    check("```json\n{\"a\": 1}", &a, &[CodeFence]);
    check("Here it is: {\"a\": 1}. Good?", &a, &[SurroundingText]);
    check(r#"{"a": 1,}"#, &a, &[TrailingComma]);
    check("```json\n{\"a\": 1\n```", &a, &[CodeFence, UnclosedBracket]);
    check(
        "```json\r\n{\"a\": 1,}\r\n```",
        &a,
        &[CodeFence, TrailingComma],
    );
    check("```json {\"a\": 1} ```", &a, &[SurroundingText]);
    check(
        "\u{feff}So: {\"a\": 1,}",
        &a,
        &[ByteOrderMark, SurroundingText, TrailingComma],
    );
    check(r#"{"a": 1} }"#, &a, &[SurroundingText]);
    check(r#"{"a": true"#, &json!({"a": true}), &[UnclosedBracket]);
    check(r#"{"a": "\"}""#, &json!({"a": "\"}"}), &[UnclosedBracket]);
    check(
        r#"{"a": [{"b": [1], "#,
        &json!({"a": [{"b": [1]}]}),
        &[UnclosedBracket, TrailingComma],
    );
    check(r#"{"a": 1,"#, &a, &[UnclosedBracket, TrailingComma]);
    check(
        r#"{"a": [1, 2, {"b": "}"}"#,
        &json!({"a": [1, 2, {"b": "}"}]}),
        &[UnclosedBracket],
    );
    check(
        r#"{"a": "x,]", "b": [1,],}"#,
        &json!({"a": "x,]", "b": [1]}),
        &[TrailingComma],
    );
    check("\"just text\"", &json!("just text"), &[]);
    check(
        "{\"a\": \"ünï,}\",}",
        &json!({"a": "ünï,}"}),
        &[TrailingComma],
    );
}

#[test]
fn later_objects_are_candidates_too() {
    let found = candidates(r#"Like {"example": 1}, so: {"answer": 2}"#).unwrap();
    let values: Vec<_> = found.into_iter().map(|it| it.value).collect();
    assert_eq!(values, [json!({"example": 1}), json!({"answer": 2})]);
}

#[test]
fn a_fence_within_the_answer_is_not_its_fence() {
    let quoting = json!({"code": "```\n{}\n```", "x": {"y": "```json"}});
    let pretty = serde_json::to_string_pretty(&quoting).unwrap();
    check(&quoting.to_string(), &quoting, &[]);
    check(
        &format!("Here: {quoting}\n{{}}"),
        &quoting,
        &[Fix::SurroundingText],
    );
    check(
        &format!("Here:\n```json\n{pretty}\n```\n"),
        &quoting,
        &[Fix::CodeFence],
    );
}

#[test]
fn the_number_of_candidates_is_bounded() {
    let many = "{\"a\": 1} ".repeat(1_000);
    assert_eq!(candidates(&many).unwrap().len(), MAX_CANDIDATES);
}

#[test]
fn never_guesses() {
    for text in [
        "",
        "  ",
        "no json here",
        r#"{"a": "cut in the mid"#,
        r#"{"a": "cut after a backslash\"#,
        r#"{"a": "cut in a\u00"#,
        r#"{"a": "cut", "in a k"#,
        r#"{"a": 1"#,
        r#"{"a": [1.2"#,
        r#"Sure: {"a": -10"#,
        r#"{"a": tru"#,
        r#"{"a": -"#,
        r#"{"a":"#,
        r#"{"a""#,
        r#"{"a": 1,,}"#,
        r#"{"a": 1]"#,
        r#"{'a': 1}"#,
        r#"{"a": 1, "a": 2}"#,
        r#"{"a": 1, "\u0061": 2}"#,
        r#"{"a": 1e400}"#,
        r#"{"a": "\ud800"}"#,
    ] {
        assert!(candidates(text).is_err(), "{text:?}");
    }
}

#[test]
fn bombs_are_rejected() {
    for text in [
        "[".repeat(50_000),
        "{\"a\":".repeat(50_000),
        format!("{}{}", "[".repeat(200), "]".repeat(200)),
        format!("x {}", "[{".repeat(1_000_000)),
        "\"".repeat(1_000_001),
        "a".repeat(MAX_ANSWER_BYTES + 1),
    ] {
        assert!(candidates(&text).is_err());
    }
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(4_000_000));
    assert!(candidates(&long).is_ok());
}

proptest! {
    #[test]
    fn any_text_ends_in_a_value_or_a_rejection(text in "(?s)[\\[\\]{}\",:\\\\a-z0-9 `\n]{0,200}") {
        if let Err(rejection) = candidates(&text) {
            prop_assert!(!rejection.violations.is_empty());
        }
    }

    #[test]
    fn valid_json_is_taken_as_it_is(words in prop::collection::vec(".*", 0..5), number: i64) {
        let value = json!({"words": words, "number": number});
        let found = candidates(&value.to_string()).unwrap();
        prop_assert_eq!(&found[0].value, &value);
        prop_assert!(found[0].fixes.is_empty());
    }

    #[test]
    fn prose_and_fences_around_never_change_the_value(words in prop::collection::vec("[^`]*", 0..5)) {
        let value = json!({"words": words});
        let fenced = format!("Here:\n```json\n{value}\n```\nDone.");
        prop_assert_eq!(&candidates(&fenced).unwrap()[0].value, &value);
        let prose = format!("The answer is {value} as asked.");
        prop_assert_eq!(&candidates(&prose).unwrap()[0].value, &value);
    }
}

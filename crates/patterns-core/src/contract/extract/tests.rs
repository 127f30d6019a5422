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
    check(
        r#"{"a": "x,]", "b": [1,],}"#,
        &json!({"a": "x,]", "b": [1]}),
        &[TrailingComma],
    );
    let lines = json!({"a": "# One\r\n\n\tTwo, \"three\".", "b": [1]});
    check(
        "{\n\t\"a\": \"# One\r\n\n\tTwo, \\\"three\\\".\",\n\t\"b\": [1]}",
        &lines,
        &[RawLineBreak],
    );
    check(
        "So: {\"a\": \"x\ny\",}",
        &json!({"a": "x\ny"}),
        &[SurroundingText, TrailingComma, RawLineBreak],
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
fn equal_values_are_one_candidate_and_too_many_are_refused() {
    let many = "{\"a\": 1} ".repeat(MAX_PLACES);
    assert_eq!(candidates(&many).unwrap().len(), 1);
    let different: String = (0..100).map(|n| format!("{{\"a\": {n}}} ")).collect();
    assert!(candidates(&different).is_err());
    assert!(candidates(&"{} ".repeat(MAX_PLACES + 1)).is_err());
}

fn check_thoughts(text: &str, value: &Value) {
    let found = candidates(text).unwrap_or_else(|rejection| panic!("{text:?}: {rejection:?}"));
    let values: Vec<&Value> = found.iter().map(|it| &it.value).collect();
    assert_eq!(values, [value], "{text:?}");
    assert!(found[0].fixes.contains(&Fix::Thoughts), "{text:?}");
}

#[test]
fn drafts_in_thoughts_are_no_answers() {
    let b = json!({"a": 2});
    for text in [
        "<think>Maybe {\"a\": 1}? No.</think>\n{\"a\": 2}",
        "Maybe {\"a\": 1}? No.\n</think>\n\n{\"a\": 2}",
        "<think>\n```json\n{\"a\": 1}\n```\nno.\n</think>\n```json\n{\"a\": 2}\n```",
        "<think>x <think>{\"a\": 1}</think> {\"a\": 0} </think>{\"a\": 2}",
        "{\"a\": 2}\n<think>Is {\"a\": 1} better? No.</think>",
        "{\"a\": 2}\n<think>Is {\"a\": 1} better? I",
        "<THINK>{\"a\": 1}</THINK>{\"a\": 2,}",
        "[THINK]{\"a\": 1}[/THINK]{\"a\": 2}",
        "<thinking>{\"a\": 1}</thinking> Here: {\"a\": 2}",
        "<think>A { brace, a \" quote</think>{\"a\": 2}",
        "<|channel|>analysis<|message|>{\"a\": 1}<|end|><|start|>assistant<|channel|>final<|message|>{\"a\": 2}",
        "<|channel|>analysis<|message|>{\"a\": 1}<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>{\"a\": 2}<|return|>",
        "analysisMaybe {\"a\": 1}.assistantfinal{\"a\": 2}",
    ] {
        check_thoughts(text, &b);
    }
}

#[test]
fn thoughts_in_every_markup_are_no_answers() {
    let b = json!({"a": 2});
    for (open, close) in [
        ("<thoughts>", "</thoughts>"),
        ("<antThinking>", "</antThinking>"),
        ("<scratchpad>", "</scratchpad>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|channel>thought\n", "<channel|>"),
        ("<|think|>", "<|/think|>"),
    ] {
        check_thoughts(&format!("{open}Maybe {{\"a\": 1}}?{close}{{\"a\": 2}}"), &b);
    }
}

#[test]
fn what_a_model_says_in_the_users_place_is_no_answer() {
    let a = json!({"a": 1});
    for text in [
        "{\"a\": 1}<|im_end|>\n<|im_start|>user\nAnd: {\"a\": 2}",
        "{\"a\": 1}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{\"a\": 2}",
        "{\"a\": 1}</s> [INST] {\"a\": 2}<|im_end|><|im_start|>user",
    ] {
        check(text, &a, &[Fix::SurroundingText]);
        assert_eq!(candidates(text).unwrap().len(), 1, "{text}");
    }
    // Two turns of its own are two answers, and a mark that is quoted ends no turn.
    let twice = "{\"a\": 1}<|im_end|>\n<|im_start|>assistant\n{\"a\": 2}";
    assert_eq!(candidates(twice).unwrap().len(), 2);
    let quoting = json!({"mark": "</s>[INST] x"});
    check(&format!("So: {quoting}"), &quoting, &[Fix::SurroundingText]);
}

#[test]
fn brackets_and_quotes_around_the_whole_are_dropped() {
    let a = json!({"a": "x"});
    let text = a.to_string();
    let quoted = json!(text).to_string();
    check(&format!("[{text}]"), &a, &[Fix::Wrapped]);
    check(&quoted, &a, &[Fix::Wrapped]);
    check(&json!(quoted).to_string(), &a, &[Fix::Wrapped]);
    check(&format!("[{quoted}]"), &a, &[Fix::Wrapped]);
    check(
        &format!("```json\n[{text}]\n```"),
        &a,
        &[Fix::CodeFence, Fix::Wrapped],
    );
    for (text, value) in [
        (r#"[{"a": 1}, {"a": 1}]"#, json!([{"a": 1}, {"a": 1}])),
        ("[[[[{}]]]]", json!([[[[{}]]]])),
        (r#"{"answer": {"a": 1}}"#, json!({"answer": {"a": 1}})),
        ("[1]", json!([1])),
    ] {
        check(text, &value, &[]);
    }
}

#[test]
fn braces_of_a_template_are_no_json() {
    for text in ["{{\"a\": 1}}", "$$\\boxed{{{\"a\": 1}}}$$"] {
        check(text, &json!({"a": 1}), &[Fix::SurroundingText]);
    }
}

#[test]
fn thoughts_without_an_answer_are_refused() {
    for text in [
        "<think>{\"a\": 1}",
        "<think>{\"a\": 1}</think>",
        "{\"a\": 1}</think>\n",
        "<|channel|>analysis<|message|>{\"a\": 1}",
    ] {
        assert!(candidates(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_tag_that_an_answer_quotes_ends_no_thoughts() {
    let quoting = json!({"tag": "</think>", "other": "<think>"});
    check(&quoting.to_string(), &quoting, &[]);
    let fenced = format!("```json\n{quoting}\n```");
    check(&fenced, &quoting, &[Fix::CodeFence]);
    check_thoughts(&format!("<think>hm</think>{quoting}"), &quoting);
}

#[test]
fn what_is_cut_off_is_never_taken() {
    for text in [
        "```json\n{\"a\": 1\n```",
        r#"{"a": true"#,
        r#"{"a": 1,"#,
        r#"{"items": ["oak", "ash", "elm"]"#,
        r#"{"items": ["oak", "ash", "#,
        r#"[{"a": 1}, {"a": 2},"#,
        r#"{"a": 1} or rather {"a": 2, "b": ["#,
    ] {
        assert!(candidates(text).is_err(), "{text:?}");
    }
}

#[test]
fn numbers_are_kept_or_refused_with_their_place() {
    let kept = r#"{"a": 18446744073709551615, "b": -9223372036854775808, "c": 0.1, "d": 1e20}"#;
    let value = json!({"a": u64::MAX, "b": i64::MIN, "c": 0.1, "d": 1e20});
    check(kept, &value, &[]);
    check("{\"a\": [-0, -0.0]}", &json!({"a": [0, -0.0]}), &[]);
    for number in [
        "100000000000000000001",
        "-9223372036854775809",
        "0.12345678901234567891",
    ] {
        let text = format!("{{\"n 1\": [2, {number}]}}");
        let rejection = candidates(&text).unwrap_err();
        assert_eq!(rejection.violations[0].pointer, "/n 1/1", "{rejection:?}");
        assert!(rejection.violations[0].message.contains(number));
    }
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
        "{\"a\": \"x\\\ny\"}",
        "{\"a\": \"one,\n\"b\": \"two\"}",
        "{\"a\": \"one\n, \"b\": 2}",
        "{\"a\": \"cut\n",
        "{\"a\": \"x\u{1}y\"}",
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

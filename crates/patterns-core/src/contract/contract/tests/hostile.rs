//! Whatever a model writes, it is accepted or refused in bounded time, and never misread.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{MAX_ANSWER_BYTES, MAX_DEPTH};

#[test]
fn many_violations_are_capped() {
    let answer = json!({"title": "T", "confidence": 0, "findings": vec![0; 200_000]});
    assert_eq!(
        violations(report().decode(&answer.to_string())).len(),
        Rejection::MAX
    );
}

#[test]
fn long_values_are_quoted_shortly() {
    let key = "k".repeat(1_000_000);
    let answer =
        json!({"title": {"a": &key}, "confidence": &key, "note": [&key], "findings": {&key: 1}});
    for violation in violations(report().decode(&answer.to_string())) {
        assert!(violation.len() < 500, "{}", violation.len());
    }
    let twice = format!("{{\"{key}\": 1, \"{key}\": 2}}");
    let inside = format!("{{\"{key}\": {{\"a\": 1, \"a\": 2}}}}");
    for text in [twice, inside] {
        assert!(violations(report().decode(&text))[0].len() < 500);
    }
}

/// A schema whose every level offers itself twice, so that an explanation doubles with each.
fn tree() -> Contract {
    let variant = |op: &str| {
        let one = json!({"$ref": "#/$defs/E"});
        json!({"type": "object", "properties": {"l": one, "op": {"const": op}}, "required": ["l", "op"]})
    };
    let expression = json!({"oneOf": [variant("+"), variant("-"), {"type": "null"}]});
    let properties = json!({"e": {"$ref": "#/$defs/E"}});
    Contract::from_schema(json!({
        "type": "object", "properties": properties, "required": ["e"], "$defs": {"E": expression}
    }))
    .unwrap()
}

fn nested(levels: usize, leaf: &str) -> String {
    let open = "{\"op\": \"-\", \"l\": ".repeat(levels);
    format!("{{\"e\": {open}{leaf}{}}}", "}".repeat(levels))
}

#[test]
fn recursive_alternatives_are_decided_in_bounded_time() {
    assert!(tree().decode(&nested(MAX_DEPTH - 1, "null")).is_ok());
    let deep = violations(tree().decode(&nested(MAX_DEPTH - 1, "\"bad\"")));
    assert_eq!(
        deep,
        ["does not match the schema, and is nested too deeply to say where"]
    );
    let shallow = violations(tree().decode(&nested(3, "\"bad\"")));
    assert!(shallow[0].starts_with("/e"), "{shallow:?}");
    assert_eq!(
        violations(tree().decode(&nested(MAX_DEPTH, "null"))).len(),
        1
    );
}

/// What lies at the bottom is looked at as often as there are ways to it.
#[test]
fn wide_answers_count_too() {
    let list = |keyword: &str| json!({"type": "array", "items": {"$ref": "#/$defs/L"}, keyword: 1});
    let lists = json!({"anyOf": [list("minItems"), list("maxItems")]});
    let properties = json!({"l": {"$ref": "#/$defs/L"}});
    let schema = json!({
        "type": "object", "properties": properties, "required": ["l"], "$defs": {"L": lists}
    });
    let contract = Contract::from_schema(schema).unwrap();
    let bad = "0,".repeat(100_000);
    let wide = format!("{{\"l\": {}{bad}0{}}}", "[".repeat(10), "]".repeat(10));
    let expected = ["does not match the schema, and is nested too deeply to say where"];
    assert_eq!(violations(contract.decode(&wide)), expected);
    assert!(violations(contract.decode(r#"{"l": [[0]]}"#))[0].starts_with("/l"));
}

/// Nesting alone is no reason to withhold the explanation.
#[test]
fn deep_answers_of_simple_recursion_are_explained() {
    let mut answer = json!({"title": "T", "confidence": 2});
    for _ in 0..40 {
        answer = json!({"title": "T", "confidence": 1, "children": [answer]});
    }
    let found = violations(report().decode(&answer.to_string()));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("/children/0/children/0/"), "{found:?}");
}

#[test]
fn bombs_are_rejected() {
    for text in [
        "[".repeat(100_000),
        "{\"title\":".repeat(100_000),
        format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{{\"children\": {}", "[{\"children\":".repeat(100_000)),
        format!("{{\"title\": \"{}", "x".repeat(2_000_000)),
        "{}".repeat(1_000_000),
        "```\n".repeat(500_000),
        "{\"".repeat(1_000_000),
        format!("{{{}\"title\": 1}}", "\"a\":1,".repeat(500_000)),
        "\\".repeat(1_000_000),
        ",".repeat(1_000_000),
        "x".repeat(MAX_ANSWER_BYTES + 1),
    ] {
        assert!(report().decode(&text).is_err());
    }
    let long = "x".repeat(MAX_ANSWER_BYTES);
    let text = json!({"title": long, "confidence": 0}).to_string();
    assert_eq!(
        violations(report().decode(&text)),
        ["the answer is too long: at most 8388608 bytes are read"]
    );
    let long = "x".repeat(4_000_000);
    let text = json!({"title": long, "confidence": 0}).to_string();
    assert_eq!(report().decode(&text).unwrap().value.title.len(), 4_000_000);
}

fn any_report() -> impl Strategy<Value = Report> {
    let finding = prop_oneof![
        "(?s).{0,20}".prop_map(|text| Finding::Quote { text }),
        ("[a-z]{1,5}", any::<u32>()).prop_map(|(unit, n)| Finding::Count { unit, n }),
    ];
    let fields = (
        "(?s)[`{}\\[\\]\"\\\\,:a-z\n\u{feff}]{0,30}",
        0.0..1.0,
        prop::collection::vec(finding, 0..4),
        prop::option::of("(?s).{0,20}"),
    );
    let flat = fields.prop_map(|(title, confidence, findings, note)| Report {
        title,
        confidence,
        findings,
        note,
        children: vec![],
    });
    flat.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..3))
            .prop_map(|(one, children)| Report { children, ..one })
    })
}

proptest! {
    #[test]
    fn any_text_is_accepted_or_rejected(text in "(?s).{0,200}") {
        if let Err(rejection) = report().decode(&text) {
            prop_assert!(!rejection.violations.is_empty());
            prop_assert!(rejection.violations.len() <= Rejection::MAX);
        }
    }

    #[test]
    fn any_almost_valid_text_is_accepted_or_rejected(report_ in any_report(), cut: prop::sample::Index, with in ".{0,3}") {
        let mut text = serde_json::to_string(&report_).unwrap();
        let mut at = cut.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.insert_str(at, &with);
        let _ = report().decode(&text);
        if let Err(rejection) = report().decode(&text[..at]) {
            prop_assert!(!rejection.violations.is_empty());
        }
    }

    #[test]
    fn a_valid_value_survives_fences_and_prose(
        value in any_report(), before in "[^`{}\\[\\]]{0,20}", after in "[^`{}\\[\\]]{0,20}", pretty: bool,
    ) {
        let json = match pretty {
            true => serde_json::to_string_pretty(&value).unwrap(),
            false => serde_json::to_string(&value).unwrap(),
        };
        let contract = report();
        for text in [
            json.clone(),
            format!("\u{feff}{json}"),
            format!("{before}{json}{after}"),
            format!("```json\n{json}\n```"),
            format!("{before}\n```\n{json}\n```\n{after}"),
            format!("```json\n{json}"),
        ] {
            let decoded = contract.decode(&text).map(|it| it.value);
            prop_assert_eq!(decoded.as_ref(), Ok(&value), "{}", text);
        }
    }
}

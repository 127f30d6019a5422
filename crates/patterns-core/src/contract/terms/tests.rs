//! What contracts accept and how they refuse, for types and for schemas read at run time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

mod hostile;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Report {
    title: String,
    #[schemars(range(min = 0, max = 1))]
    confidence: f64,
    #[serde(default)]
    findings: Vec<Finding>,
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    children: Vec<Self>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Finding {
    Quote {
        text: String,
    },
    Count {
        #[schemars(regex(pattern = "^[a-z]+$"))]
        unit: String,
        n: u32,
    },
}

fn report() -> Contract<Report> {
    Contract::of::<Report>().unwrap()
}

fn violations<T>(result: Result<Decoded<T>, Rejection>) -> Vec<String> {
    let Err(rejection) = result else {
        panic!("accepted");
    };
    assert!(!rejection.violations.is_empty());
    rejection
        .violations
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(violations(report().decode(text)), expected, "{text}");
}

#[test]
fn a_valid_answer_is_decoded_with_its_fixes() {
    let text = r#"{"title": "T", "confidence": 0.5, "findings": [{"kind": "count", "unit": "m", "n": 3}], "note": null}"#;
    let decoded = report().decode(text).unwrap();
    let findings = vec![Finding::Count {
        unit: "m".to_owned(),
        n: 3,
    }];
    let expected = Report {
        title: "T".to_owned(),
        confidence: 0.5,
        findings,
        ..Report::default()
    };
    assert_eq!(
        decoded,
        Decoded {
            value: expected.clone(),
            fixes: vec![]
        }
    );
    let fenced = report().decode(&format!("```json\n{text}\n```")).unwrap();
    assert_eq!(
        fenced,
        Decoded {
            value: expected,
            fixes: vec![Fix::CodeFence]
        }
    );
}

#[test]
fn every_violation_is_reported_with_its_place() {
    check(
        r#"{"confidence": 2, "findings": [{"kind": "quote", "text": "a"}, 7], "note": 1, "children": [{"title": 0, "confidence": 0}]}"#,
        &[
            r#""title" is a required property"#,
            r#"/confidence: 2 is greater than the maximum of 1"#,
            r#"/findings/1: 7 is not valid under any of the schemas listed in the 'oneOf' keyword"#,
            r#"/note: 1 is not of types "null", "string""#,
            r#"/children/0/title: 0 is not of type "string""#,
        ],
    );
    check(
        r#"{"title": "T", "confidence": null}"#,
        &[r#"/confidence: null is not of type "number""#],
    );
    check("[]", &["the answer must be a JSON object"]);
    check("\"text\"", &["the answer must be a JSON object"]);
    check("", &["the answer is empty"]);
    check(
        "Sorry, no.",
        &["the answer is not JSON: expected value at line 1 column 1"],
    );
    check(
        r#"{"title": "cut"#,
        &["the answer is not JSON: EOF while parsing a string at line 1 column 14"],
    );
    check(
        r#"{"title": "a", "children": [{"n/m": {"x": 1, "x": 2}}]}"#,
        &[r#"/children/0/n~1m: duplicate key "x""#],
    );
}

#[test]
fn the_object_is_what_the_reask_is_about() {
    check(
        r#"As [1] says: {"title": "T"}"#,
        &[r#""confidence" is a required property"#],
    );
    let text = r#"Like {"title": 1}, so: {"title": "T", "confidence": 1}"#;
    assert_eq!(report().decode(text).unwrap().value.title, "T");
}

/// What the schema cannot say but the type demands is found with its path too.
#[test]
fn errors_of_the_decoder_carry_their_path() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only decoding matters")]
    struct Outer {
        list: Vec<Inner>,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only decoding matters")]
    struct Inner {
        #[schemars(with = "String")]
        address: std::net::Ipv4Addr,
    }
    let contract = Contract::of::<Outer>().unwrap();
    let text = r#"{"list": [{"address": "127.0.0.1"}, {"address": "here"}]}"#;
    assert_eq!(
        violations(contract.decode(text)),
        ["/list/1/address: invalid IPv4 address syntax"]
    );
}

#[test]
fn checks_see_only_valid_answers_and_all_of_them_speak() {
    let contract = report()
        .check(|it: &Report| {
            assert!(it.confidence <= 1.0, "an invalid answer got here");
            let is_wrong = it.title.is_empty();
            is_wrong
                .then(|| Violation::new("/title", "is empty"))
                .into_iter()
                .collect()
        })
        .check(|it: &Report| {
            let is_wrong = it.findings.is_empty();
            is_wrong
                .then(|| Violation::new("/findings", "says nothing"))
                .into_iter()
                .collect()
        });
    let wrong = r#"{"title": "", "confidence": 1}"#;
    let expected = ["/title: is empty", "/findings: says nothing"];
    assert_eq!(violations(contract.decode(wrong)), expected);
    assert_eq!(
        violations(contract.clone().decode(wrong)),
        expected,
        "a clone checks too"
    );
    assert_eq!(
        violations(contract.decode(r#"{"title": "", "confidence": 2}"#)).len(),
        1
    );
    let right = r#"{"title": "T", "confidence": 1, "findings": [{"kind": "quote", "text": ""}]}"#;
    assert!(contract.decode(right).is_ok());

    let noisy = report().check(|_| vec![Violation::new("", "no"); 100]);
    assert_eq!(violations(noisy.decode(wrong)).len(), Rejection::MAX);
}

#[test]
fn a_schema_of_the_user_decodes_to_json() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Invoice",
        "properties": {
            "number": {"type": "string", "pattern": "^[0-9]+$", "maxLength": 4},
            "due": {"type": "string", "format": "date"},
            "lines": {"items": {"$ref": "#/definitions/Line"}, "uniqueItems": true}
        },
        "required": ["number"],
        "definitions": {"Line": {"type": "object", "properties": {"sum": {"type": "integer"}}}}
    });
    let contract = Contract::from_schema(schema).unwrap();
    assert_eq!(contract.schema().name(), "Invoice");
    let decoded = contract
        .decode(r#"{"number": "12", "due": null, "lines": [{"sum": null}]}"#)
        .unwrap();
    assert_eq!(decoded.value, json!({"number": "12", "lines": [{}]}));
    // What strict decoding cannot enforce is held against the user's own words.
    let text = r#"{"number": "12345", "due": "2026-02-30", "lines": [{"sum": 1}, {"sum": 1}]}"#;
    let found = violations(contract.decode(text));
    assert_eq!(found.len(), 3, "{found:#?}");
    assert_eq!(
        violations(contract.decode("[]")),
        ["the answer must be a JSON object"]
    );
}

/// What is known only at run time narrows what is sent and what is accepted.
#[test]
fn an_amended_type_accepts_less() {
    let amend = |schema: &mut Value| schema["properties"]["title"]["enum"] = json!(["A", "B"]);
    let contract = Contract::of_amended::<Report>(amend).unwrap();
    let title = &contract.schema().schema()["properties"]["title"];
    assert_eq!(title, &json!({"type": "string", "enum": ["A", "B"]}));
    assert!(
        contract
            .decode(r#"{"title": "A", "confidence": 1}"#)
            .is_ok()
    );
    let found = violations(contract.decode(r#"{"title": "C", "confidence": 1}"#));
    assert_eq!(found, [r#"/title: "C" is not one of "A" or "B""#]);
}

fn check_refused(schema: Value, pointer: &str, words: &str) {
    let error = Contract::from_schema(schema.clone()).unwrap_err();
    let first = &error.problems()[0];
    assert_eq!(first.pointer, pointer, "{schema}: {error}");
    assert!(first.message.contains(words), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("the answer schema cannot be used: #"),
        "{error}"
    );
}

#[test]
fn unusable_schemas_are_refused_when_the_contract_is_built() {
    let with = |p: Value| json!({"type": "object", "properties": {"p": p}, "required": ["p"]});
    let p = "/properties/p";
    check_refused(json!("text"), "", "JSON object");
    check_refused(json!(true), "", "JSON object");
    check_refused(json!({"type": "string"}), "", "must be an object");
    check_refused(with(json!({"type": "object"})), p, "map");
    check_refused(with(json!({"type": "text"})), "/properties/p/type", "");
    check_refused(
        with(json!({"type": "string", "minLength": -1})),
        "/properties/p/minLength",
        "",
    );
    let pattern = |it: &str| with(json!({"type": "string", "pattern": it}));
    check_refused(pattern("("), "/properties/p/pattern", "");
    check_refused(pattern("^(?=a)"), "/properties/p/pattern", "look-around");
    let mut dialect = with(json!({"type": "string"}));
    dialect["$schema"] = json!("https://example.com/our-own-dialect");
    assert!(Contract::from_schema(dialect).is_err());
}

/// Wherever the reference hides, the contract is refused instead of asking the network.
#[test]
fn references_to_other_documents_are_never_followed() {
    for target in [
        "http://127.0.0.1:1/schema.json",
        "https://example.com/a",
        "file:///etc/hosts",
        "b.json",
    ] {
        let remote = json!({"$ref": target});
        let p = |p: Value| json!({"type": "object", "properties": {"p": p}, "required": ["p"]});
        check_refused(p(remote.clone()), "/properties/p", "refers to");
        for hidden in [
            json!({"type": "string", "not": remote}),
            json!({"type": "string", "if": remote, "then": {}}),
            json!({"type": "array", "items": {"type": "string"}, "contains": remote}),
        ] {
            assert!(
                Contract::from_schema(p(hidden.clone())).is_err(),
                "{hidden}"
            );
        }
        let mut dialect = p(json!({"type": "string"}));
        dialect["$schema"] = json!(target);
        assert!(Contract::from_schema(dialect).is_err(), "{target}");
    }
}

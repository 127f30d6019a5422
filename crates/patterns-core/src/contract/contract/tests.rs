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
    check("see [1] and [2]", &["the answer must be a JSON object"]);
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

#[test]
fn two_different_answers_are_none() {
    let one = r#"{"title": "A", "confidence": 1}"#;
    let other = r#"{"title": "B", "confidence": 1}"#;
    let two = "there are two different answers; give only the one that is meant";
    check(&format!("{one} or {other}"), &[two]);
    check(&format!("{one}\n```json\n{other}\n```"), &[two]);
    let twice = format!("{one}\n```json\n{one}\n```");
    assert_eq!(report().decode(&twice).unwrap().value.title, "A");
    check(
        &format!(r#"{one} or {{"title": "B"}}"#),
        &[r#""confidence" is a required property"#],
    );
    let with_note = format!(r#"{one} {{"note to self": 1}}"#);
    assert_eq!(report().decode(&with_note).unwrap().value.title, "A");
}

fn all_optional() -> Contract {
    let line = json!({"type": "object", "properties": {"sum": {"type": "number"}}});
    let schema = json!({"type": "object", "properties": {
        "number": {"type": "string"}, "lines": {"type": "array", "items": line}}});
    Contract::from_schema(schema).unwrap()
}

#[test]
fn an_answer_under_other_names_is_none() {
    for (answer, pointer) in [
        (json!({"invoice": {"number": "7"}}), ""),
        (json!({"type": "object", "properties": {"number": "7"}}), ""),
        (json!({"Number": "7"}), ""),
        (
            json!({"number": "7", "lines": [{"sum": 1}, {"Sum": 1}]}),
            "/lines/1",
        ),
    ] {
        let rejection = all_optional().decode(&answer.to_string()).unwrap_err();
        assert_eq!(rejection.violations[0].pointer, pointer, "{answer}");
        assert!(
            rejection.violations[0]
                .message
                .contains("none of the properties")
        );
    }
    for answer in [
        json!({}),
        json!({"number": "7"}),
        json!({"number": "7", "x": 1}),
    ] {
        assert_eq!(
            all_optional().decode(&answer.to_string()).unwrap().value,
            answer
        );
    }
    let nothing = all_optional().decode(r#"{"number": null, "lines": null}"#);
    assert_eq!(nothing.unwrap().value, json!({}));
}

#[test]
fn an_empty_object_is_not_taken_before_a_full_one() {
    for text in [r#"{} so: {"number": "7"}"#, r#"{"number": "7"} not {}"#] {
        let decoded = all_optional().decode(text).unwrap();
        assert_eq!(decoded.value, json!({"number": "7"}), "{text}");
    }
}

#[test]
fn what_only_informs_never_fails_an_answer() {
    let schema = json!({"type": "object", "required": ["answer", "sure"], "properties": {
        "answer": {"type": "string"},
        "sure": {"type": "number", "minimum": 0, "maximum": 1, "x-informs": true}}});
    let contract = Contract::from_schema(schema).unwrap();
    let sent = contract.schema().schema();
    assert_eq!(sent["required"], json!(["answer", "sure"]));
    assert_eq!(
        sent["properties"]["sure"],
        json!({"type": "number", "minimum": 0, "maximum": 1})
    );
    for (sure, kept, is_mended) in [
        (json!(0.5), json!(0.5), false),
        (json!(95), json!(1), true),
        (json!(-3.5), json!(0), true),
        (json!("high"), Value::Null, true),
        (Value::Null, Value::Null, false),
    ] {
        let decoded = contract
            .decode(&json!({"answer": "a", "sure": sure}).to_string())
            .unwrap();
        assert_eq!(decoded.value["sure"], kept, "{sure}");
        assert_eq!(!decoded.fixes.is_empty(), is_mended, "{sure}");
    }
    assert!(contract.decode(r#"{"answer": "a"}"#).is_ok());
    assert!(contract.decode(r#"{"sure": 1}"#).is_err());
}

#[test]
fn schemas_of_old_dialects_are_sent_and_held_alike() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": {
            "a": {"type": "string", "nullable": true},
            "b": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
            "c": {"type": "string", "nullable": true}
        },
        "required": ["a", "b"]
    });
    let contract = Contract::from_schema(schema).unwrap();
    let properties = &contract.schema().schema()["properties"];
    assert_eq!(properties["a"], json!({"type": ["string", "null"]}));
    assert_eq!(
        properties["b"],
        json!({"type": "number", "exclusiveMinimum": 0})
    );
    let decoded = contract
        .decode(r#"{"a": null, "b": 1, "c": null}"#)
        .unwrap();
    assert_eq!(decoded.value, json!({"a": null, "b": 1}));
    assert!(
        contract
            .decode(r#"{"a": null, "b": 0, "c": null}"#)
            .is_err()
    );
}

/// Pydantic writes such patterns for decimals.
#[test]
fn patterns_that_look_around_hold_but_are_not_sent() {
    let pattern = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$";
    let schema = json!({"type": "object", "required": ["sum"], "properties": {
        "sum": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": pattern}]}}});
    let contract = Contract::from_schema(schema).unwrap();
    let sent = &contract.schema().schema()["properties"]["sum"]["anyOf"][1];
    assert_eq!(sent, &json!({"type": "string"}));
    assert!(contract.decode(r#"{"sum": "12.50"}"#).is_ok());
    assert!(contract.decode(r#"{"sum": "+."}"#).is_err());
    // What would take for ever is no match.
    let slow = json!({"type": "object", "required": ["a"], "properties": {
        "a": {"type": "string", "pattern": "^(?!x)(a+)+$"}}});
    let answer = json!({"a": format!("{}b", "a".repeat(60))});
    assert!(
        Contract::from_schema(slow)
            .unwrap()
            .decode(&answer.to_string())
            .is_err()
    );
}

#[test]
fn a_schema_with_two_values_under_one_key_is_refused() {
    let text = r#"{"properties": {"a": {"type": "string"}, "a": {"type": "integer"}}}"#;
    let violation = parse_schema(text).unwrap_err();
    assert_eq!(violation.to_string(), "/properties: duplicate key \"a\"");
    assert_eq!(parse_schema("\u{feff}{}"), Ok(json!({})));
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
    let required = |names: Value| {
        let mut schema = with(json!({"type": "string"}));
        schema["required"] = names;
        schema
    };
    check_refused(required(json!(["p", "q"])), "/required", "\"q\"");
    let inner =
        json!({"type": "object", "properties": {"naem": {"type": "string"}}, "required": ["name"]});
    check_refused(with(inner), "/properties/p/required", "\"name\"");
    let list = |keywords: Value| {
        let mut list = json!({"type": "array", "items": {"type": "string"}});
        list.as_object_mut()
            .unwrap()
            .extend(keywords.as_object().unwrap().clone());
        with(list)
    };
    check_refused(
        list(json!({"minItems": 3, "maxItems": 2})),
        p,
        "minItems is above maxItems",
    );
    for impossible in [
        json!({"type": "number", "minimum": 2, "maximum": 1}),
        json!({"type": "number", "minimum": 1, "exclusiveMaximum": 1}),
        json!({"type": "string", "minLength": 2, "maxLength": 1}),
        json!({"type": "string", "enum": []}),
        json!({"type": "integer", "enum": ["a", 1.5]}),
        json!({"enum": ["a"], "const": "b"}),
        json!({"type": "string", "const": 1}),
    ] {
        check_refused(with(impossible), p, "");
    }
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

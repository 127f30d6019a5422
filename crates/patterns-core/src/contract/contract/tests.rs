//! Which answers contracts accept, and how they refuse the others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

mod hostile;
mod schemas;

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

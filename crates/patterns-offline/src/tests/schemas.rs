//! Which schemas the model can fill, and which need a model that judges.

use patterns_core::ModelErrorKind;
use serde_json::{Value, json};

use super::{TEXT, document, fill, generate, object, request, string, strings};

#[test]
fn summaries_points_and_keywords_are_filled() {
    let answer = fill(
        json!({ "content": string(), "key_points": strings(), "keywords": strings() }),
        vec![document(TEXT)],
    );
    let points = answer["key_points"].as_array().unwrap();
    assert!((3..=5).contains(&points.len()), "{points:?}");
    for point in points {
        assert!(
            !answer["content"]
                .as_str()
                .unwrap()
                .contains(point.as_str().unwrap()),
            "{point}"
        );
    }
    let keywords = answer["keywords"].as_array().unwrap();
    assert!(
        keywords.iter().any(|it| it == "harbour board"),
        "{keywords:?}"
    );
    assert!(keywords.iter().any(|it| it == "lighthouse"), "{keywords:?}");
}

#[test]
fn what_can_take_one_value_only_is_given() {
    let answer = fill(
        json!({
            "kind": { "const": "summary" },
            "language": { "type": "string", "enum": ["en"] },
            "nothing": { "type": "null" },
            "inner": object(json!({ "combined_summary": string() })),
            "tldr": { "anyOf": [string(), { "type": "null" }] },
        }),
        vec![document(TEXT)],
    );
    assert_eq!(
        (&answer["kind"], &answer["language"]),
        (&json!("summary"), &json!("en"))
    );
    assert!(answer["nothing"].is_null());
    assert!(
        answer["inner"]["combined_summary"]
            .as_str()
            .unwrap()
            .contains("Cape Grim")
    );
    assert!(answer["tldr"].is_string());
    let constant = request(Some(object(json!({ "kind": { "const": 7 } }))), vec![]);
    assert_eq!(
        generate(&constant).unwrap().text,
        r#"{"kind":7}"#,
        "no document needed"
    );
}

#[test]
fn what_needs_judgement_needs_a_model() {
    let check = |properties: Value, pointer: &str| {
        let error = generate(&request(Some(object(properties)), vec![document(TEXT)])).unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::NeedsModel);
        assert_eq!(error.usage().calls, 1);
        let detail = error.detail().unwrap();
        assert!(detail.contains(&format!("; {pointer} ")), "{detail}");
        assert!(
            detail.contains("OPENAI_API_KEY") && detail.contains("--model"),
            "{detail}"
        );
    };
    check(
        json!({ "reasoning": string(), "answer": string(), "confidence": { "type": "number" } }),
        "/reasoning",
    );
    check(
        json!({ "summary": string(), "confidence": { "type": "number" } }),
        "/confidence",
    );
    check(json!({ "safe": { "type": "boolean" } }), "/safe");
    check(json!({ "class": { "enum": ["a", "b"] } }), "/class");
    check(json!({ "summary": { "enum": ["a", "b"] } }), "/summary");
    check(
        json!({ "tags": { "type": "array", "items": { "type": "string", "enum": ["a"] } } }),
        "/tags",
    );
    check(
        json!({ "items": { "type": "array", "items": object(json!({ "summary": string() })) } }),
        "/items",
    );
    check(json!({ "note": { "type": ["string", "null"] } }), "/note");
    check(
        json!({ "maybe": { "anyOf": [{ "const": 1 }, { "type": "null" }] } }),
        "/maybe",
    );
    check(
        json!({ "summary": { "type": "string", "pattern": "^A" } }),
        "/summary",
    );
    check(
        json!({ "summary": { "type": ["string", "integer"] } }),
        "/summary",
    );
    check(
        json!({ "a/b": object(json!({ "x~y": string() })) }),
        "/a~1b/x~0y",
    );
    check(
        json!({ "quotes": { "type": "array", "items": string(), "minItems": 500 } }),
        "/quotes",
    );
    check(
        json!({ "summary": { "type": "string", "minLength": 5000 } }),
        "/summary",
    );
    check(json!({ "summary": { "$ref": "#/$defs/none" } }), "/summary");
}

#[test]
fn references_are_followed_but_not_for_ever() {
    let schema = |target: Value| {
        let mut schema = object(json!({ "inner": { "$ref": "#/$defs/inner" } }));
        schema["$defs"] = json!({ "inner": target });
        request(Some(schema), vec![document(TEXT)])
    };
    let filled = generate(&schema(object(json!({ "summary": string() })))).unwrap();
    assert!(
        filled
            .text
            .starts_with(r#"{"inner":{"summary":"The lighthouse"#),
        "{}",
        filled.text
    );
    let endless = generate(&schema(object(
        json!({ "again": { "$ref": "#/$defs/inner" } }),
    )));
    assert_eq!(endless.unwrap_err().kind(), ModelErrorKind::NeedsModel);
    let circle = generate(&schema(json!({ "$ref": "#/$defs/inner" })));
    assert_eq!(circle.unwrap_err().kind(), ModelErrorKind::NeedsModel);
}

#[test]
fn a_schema_that_doubles_at_each_level_is_refused_quickly() {
    let mut definitions = serde_json::Map::new();
    for n in 0..30 {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        definitions.insert(format!("d{n}"), object(json!({ "a": next, "b": next })));
    }
    definitions.insert("d30".to_owned(), json!({ "const": 1 }));
    let mut schema = object(json!({ "a": { "$ref": "#/$defs/d20" } }));
    schema["$defs"] = Value::Object(definitions);
    let error = generate(&request(Some(schema), vec![])).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::NeedsModel);
}

#[test]
fn lengths_are_honoured() {
    let list = |min: usize, max: usize| json!({ "type": "array", "items": { "type": "string" }, "minItems": min, "maxItems": max });
    let length = |name: &str, schema: Value| {
        let answer = fill(json!({ name: schema }), vec![document(TEXT)]);
        answer[name].as_array().unwrap().len()
    };
    assert_eq!(length("quotes", list(0, 2)), 2);
    assert_eq!(length("quotes", list(8, 8)), 8);
    assert_eq!(length("keywords", list(0, 1)), 1);
    assert_eq!(length("key_points", list(0, 0)), 0);
    for max in [4, 30, 60, 200] {
        let schema = json!({ "type": "string", "maxLength": max });
        let answer = fill(json!({ "summary": schema }), vec![document(TEXT)]);
        let summary = answer["summary"].as_str().unwrap();
        assert!(
            !summary.is_empty() && summary.chars().count() <= max,
            "{max}: {summary}"
        );
    }
}

//! Which schemas contracts are made of, what is sent of them, and which are refused.

use serde_json::json;

use super::*;

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

#[test]
fn a_type_or_a_dialect_that_is_not_there_is_said_in_plain_words() {
    let of = |more: serde_json::Value| {
        let mut schema =
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
        for (name, value) in more.as_object().unwrap() {
            schema[name] = value.clone();
        }
        Contract::from_schema(schema)
            .err()
            .map(|it| it.to_string())
            .unwrap_or_default()
    };
    let said = of(json!({"properties": {"a": {"type": "strnig"}}}));
    assert!(
        said.ends_with("/properties/a/type: there is no type \"strnig\"; did you mean \"string\"?"),
        "{said}"
    );
    let said = of(json!({"not": {"properties": {"type": "string"}}}));
    assert!(!said.contains("there is no type"), "{said}");
    let said = of(json!({"$schema": "http://example.org/my"}));
    assert!(
        said.ends_with("the dialect \"http://example.org/my\" is not known; leave $schema out"),
        "{said}"
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

//! Tables and properties of removing nulls that stand for absent properties.

use proptest::prelude::*;
use schemars::Schema;
use schemars::transform::Transform;
use serde_json::json;

use super::*;
use crate::Strict;

fn check(schema: &Value, answer: &Value, expected: &Value) {
    let mut cleaned = answer.clone();
    remove_absent(&mut cleaned, schema);
    assert_eq!(&cleaned, expected, "{schema}\n{answer}");
    let validator = jsonschema::validator_for(schema).unwrap();
    let is_valid = validator.is_valid(&cleaned);
    assert!(
        is_valid || !validator.is_valid(answer),
        "made invalid: {answer}"
    );
}

fn object(property: Value) -> Value {
    json!({
        "type": "object",
        "properties": {"p": property},
        "$defs": {
            "Text": {"type": "string"},
            "Maybe": {"type": ["string", "null"]},
            "Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}},
            "Loop": {"anyOf": [{"$ref": "#/$defs/Loop"}, {"type": "string"}]}
        }
    })
}

#[test]
fn a_null_that_the_schema_accepts_is_kept() {
    for property in [
        json!({"type": "null"}),
        json!({"type": ["string", "null"]}),
        json!({"enum": ["a", null]}),
        json!({"const": null}),
        json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        json!({"oneOf": [{"$ref": "#/$defs/Text"}, {"$ref": "#/$defs/Maybe"}]}),
        json!({"allOf": [{"$ref": "#/$defs/Maybe"}], "description": "d"}),
        json!({"$ref": "#/$defs/Maybe"}),
        json!(true),
        json!({}),
    ] {
        check(&object(property), &json!({"p": null}), &json!({"p": null}));
    }
}

#[test]
fn a_null_that_the_schema_refuses_means_absent() {
    for property in [
        json!({"type": "string"}),
        json!({"type": ["string", "integer"]}),
        json!({"type": "string", "enum": ["a"]}),
        json!({"enum": ["a", "b"]}),
        json!({"const": "a"}),
        json!({"type": ["string", "null"], "enum": ["a"]}),
        json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"allOf": [{"$ref": "#/$defs/Maybe"}, {"$ref": "#/$defs/Text"}]}),
        json!({"$ref": "#/$defs/Text"}),
        json!({"$ref": "#/$defs/Loop"}),
        json!(false),
    ] {
        check(&object(property), &json!({"p": null}), &json!({}));
    }
}

#[test]
fn required_and_unknown_nulls_are_left_to_the_validator() {
    let mut required = object(json!({"type": "string"}));
    required["required"] = json!(["p"]);
    check(&required, &json!({"p": null}), &json!({"p": null}));
    let optional = object(json!({"type": "string"}));
    check(&optional, &json!({"q": null}), &json!({"q": null}));
    for other in [json!(null), json!([null]), json!("null"), json!(0)] {
        check(&optional, &other, &other);
    }
}

#[test]
fn other_values_and_their_order_stay() {
    let schema = object(json!({"type": "string"}));
    let mut answer = json!({"z": 1, "p": null, "a": "null", "m": [null]});
    remove_absent(&mut answer, &schema);
    assert_eq!(answer.to_string(), r#"{"z":1,"a":"null","m":[null]}"#);
}

#[test]
fn nulls_are_found_wherever_they_are_nested() {
    let inner = object(json!({"type": "string"}));
    check(
        &object(inner.clone()),
        &json!({"p": {"p": null}}),
        &json!({"p": {}}),
    );
    let list = json!({"type": "array", "items": inner});
    let answer = json!({"p": [{"p": null}, {"p": "a"}, null]});
    check(
        &object(list),
        &answer,
        &json!({"p": [{}, {"p": "a"}, null]}),
    );
    let node = object(json!({"$ref": "#/$defs/Node"}));
    let answer = json!({"p": {"next": {"next": {"next": null}}}});
    check(&node, &answer, &json!({"p": {"next": {"next": {}}}}));
    let root = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
    check(
        &root,
        &json!({"next": {"next": null}}),
        &json!({"next": {}}),
    );
}

/// One name means different things in the variants of an enum; the tag says which.
#[test]
fn the_tag_of_a_variant_decides() {
    let schema = object(json!({"oneOf": [
        {"type": "object", "properties": {"t": {"const": "a"}, "v": {"type": "string"}}, "required": ["t"]},
        {"type": "object", "properties": {"t": {"enum": ["b"]}, "v": {"type": "null"}}, "required": ["t", "v"]}
    ]}));
    let answer = |tag: &str| json!({"p": {"t": tag, "v": null}});
    check(&schema, &answer("a"), &json!({"p": {"t": "a"}}));
    check(&schema, &answer("b"), &answer("b"));
}

/// A hundred levels of two alternatives each: followed one by one, 2¹⁰⁰ ways lead to the innermost.
#[test]
fn alternatives_of_alternatives_are_looked_at_once() {
    let next = json!({"$ref": "#/$defs/E"});
    let variant = |n: u8| json!({"type": "object", "properties": {"c": next, "v": {"const": n}, "o": {"type": "string"}}});
    let schema = json!({"$ref": "#/$defs/E", "$defs": {"E": {"anyOf": [variant(1), variant(2)]}}});
    let nested = |inner: Value| (0..100).fold(inner, |it, _| json!({"c": it, "v": 2, "o": null}));
    let mut answer = nested(json!({}));
    remove_absent(&mut answer, &schema);
    assert!(!answer.to_string().contains("null"));
    let mut unmarked = (0..100).fold(json!(null), |it, _| json!({"c": it}));
    remove_absent(&mut unmarked, &schema);
    assert!(!unmarked.to_string().contains("null"));
}

#[test]
fn references_that_lead_nowhere_are_ignored() {
    for target in [
        "#/$defs/Missing",
        "other.json#/a",
        "",
        "#/$defs/%zz",
        "https://example.com",
    ] {
        let schema = object(json!({"$ref": target}));
        let mut answer = json!({"p": {"q": null}});
        remove_absent(&mut answer, &schema);
        assert_eq!(answer, json!({"p": {"q": null}}), "{target}");
    }
}

#[derive(Clone, Debug)]
struct Field {
    schema: Value,
    value: Value,
    is_required: bool,
    is_present: bool,
}

fn field() -> impl Strategy<Value = Field> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|n| (json!({"type": "integer"}), json!(n))),
        ".{0,5}".prop_map(|text| (json!({"type": "string"}), json!(text))),
        any::<bool>().prop_map(|it| (
            json!({"enum": ["a", "b"]}),
            json!(if it { "a" } else { "b" })
        )),
        Just((json!({"const": 7}), json!(7))),
        Just((json!({"$ref": "#/$defs/Text"}), json!("text"))),
        Just((
            json!({"anyOf": [{"type": "string"}, {"type": "boolean"}]}),
            json!(true)
        )),
    ];
    let tree = leaf.prop_recursive(3, 20, 4, |inner| {
        let list = inner.clone().prop_map(|(schema, value)| {
            (
                json!({"type": "array", "items": schema}),
                json!([value, value]),
            )
        });
        let object = (inner, any::<bool>()).prop_map(|((schema, value), is_required)| {
            let names: &[&str] = if is_required { &["inner"] } else { &[] };
            let schema =
                json!({"type": "object", "properties": {"inner": schema}, "required": names});
            let value = if is_required {
                json!({"inner": value})
            } else {
                json!({})
            };
            (schema, value)
        });
        prop_oneof![list, object]
    });
    (tree, any::<bool>(), any::<bool>()).prop_map(|((schema, value), is_required, is_present)| {
        Field {
            schema,
            value,
            is_required,
            is_present: is_present || is_required,
        }
    })
}

/// Writes null for every property that is absent, as strict decoding makes models do.
fn fill(answer: &mut Value, schema: &Value) {
    match answer {
        Value::Object(map) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                match map.get_mut(name) {
                    Some(value) => fill(value, property),
                    None => {
                        map.insert(name.clone(), Value::Null);
                    }
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                fill(item, &schema["items"]);
            }
        }
        _ => {}
    }
}

proptest! {
    /// What a model may write under the strict schema means what it would have left out.
    #[test]
    fn filled_with_nulls_means_absent(fields in prop::collection::vec(field(), 0..5)) {
        let (mut properties, mut required, mut answer) = (Map::new(), Vec::new(), Map::new());
        for (n, field) in fields.into_iter().enumerate() {
            let name = format!("f{n}");
            if field.is_required {
                required.push(name.clone());
            }
            if field.is_present {
                answer.insert(name.clone(), field.value);
            }
            properties.insert(name, field.schema);
        }
        let schema = json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": false, "$defs": {"Text": {"type": "string"}}
        });
        let answer = Value::Object(answer);
        let mut filled = answer.clone();
        fill(&mut filled, &schema);

        let mut sent = Schema::try_from(schema.clone()).unwrap();
        let mut strict = Strict::default();
        strict.transform(&mut sent);
        prop_assert!(strict.problems.is_empty(), "{:?}", strict.problems);
        let sent = jsonschema::validator_for(sent.as_value()).unwrap();
        prop_assert!(sent.is_valid(&filled), "a model may write this: {filled}");

        remove_absent(&mut filled, &schema);
        prop_assert_eq!(&filled, &answer);
        prop_assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&filled));
    }
}

#[test]
fn where_nothing_is_optional_there_is_nothing_to_remove() {
    let inner =
        json!({"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]});
    let of = |required: Value, a: &Value| json!({"type": "object", "properties": {"a": a}, "required": required});
    for (schema, expected) in [
        (of(json!(["a"]), &inner), false),
        (
            of(json!(["a"]), &json!({"type": "array", "items": inner})),
            false,
        ),
        (of(json!([]), &inner), true),
        (of(json!(["a"]), &of(json!([]), &inner)), true),
        (
            of(json!(["a"]), &json!({"anyOf": [inner, {"type": "null"}]})),
            true,
        ),
        (
            of(
                json!(["a"]),
                &json!({"type": "array", "items": of(json!([]), &inner)}),
            ),
            true,
        ),
    ] {
        assert_eq!(has_optional(&schema), expected, "{schema}");
        for answer in [
            json!({"a": null}),
            json!({"a": {"b": null}}),
            json!({"a": [{"b": null}]}),
        ] {
            let mut kept = answer.clone();
            remove_absent(&mut kept, &schema);
            assert!(
                expected || kept == answer,
                "{schema}: {answer} became {kept}"
            );
        }
    }
}

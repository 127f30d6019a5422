//! Tables of what has no strict form, and of schemas that are hostile.

use super::*;

fn check_problem(schema: &Value, pointer: &str, words: &str) {
    let (_, problems) = transformed(schema);
    let expected = format!("#{pointer}: ");
    let is_named = |it: &String| it.starts_with(&expected) && it.contains(words);
    assert!(problems.iter().any(is_named), "{schema}\n{problems:#?}");
    assert_eq!(problems.len(), 1, "{schema}\n{problems:#?}");
}

#[test]
fn what_has_no_strict_form_is_named_with_its_place() {
    let text = json!({"type": "string"});
    let p = "/properties/p";
    for (property, words) in [
        (
            json!({"type": "object", "additionalProperties": text}),
            "map with free keys",
        ),
        (json!({"type": "object"}), "map with free keys"),
        (
            json!({"type": "object", "patternProperties": {"^a": text}}),
            "map with free keys",
        ),
        (
            json!({"type": ["object", "null"], "additionalProperties": text}),
            "map with free keys",
        ),
        (
            json!({"type": "array", "prefixItems": [text], "items": false}),
            "tuple",
        ),
        (json!({"type": "array", "items": [text, text]}), "tuple"),
        (json!({"type": "array"}), "list of anything"),
        (json!(true), "any value"),
        (json!({}), "any value"),
        (json!({"description": "Free."}), "any value"),
        (json!(false), "no value"),
        (json!({"allOf": [text, {"minLength": 1}]}), "allOf"),
        (json!({"allOf": []}), "allOf"),
        (
            json!({"anyOf": [text], "oneOf": [text]}),
            "anyOf beside oneOf",
        ),
        (json!({"$ref": "other.json"}), "refers to"),
        (json!({"$ref": "https://example.com/schema"}), "refers to"),
        (json!({"$ref": "#/$defs/Missing"}), "refers to"),
        (json!({"$ref": "#/properties/p"}), "refers to"),
        (
            json!({"type": "object", "properties": {"x": text}, "anyOf": [text]}),
            "beside alternatives",
        ),
    ] {
        check_problem(&object_with(&property, &NONE), p, words);
    }
    for root in [
        json!({"type": "array", "items": text}),
        text.clone(),
        json!({}),
        json!({"anyOf": []}),
    ] {
        check_problem(&root, "", "must be an object");
    }
}

#[test]
fn places_are_json_pointers_through_everything() {
    let any = json!({});
    let inner = json!({"type": "object", "properties": {"a/b~c": any}});
    let list = json!({"anyOf": [{"type": "null"}, {"type": "array", "items": inner}]});
    check_problem(
        &object_with(&list, &NONE),
        "/properties/p/anyOf/1/items/properties/a~1b~0c",
        "any value",
    );
    let reference = json!({"$ref": "#/$defs/D"});
    check_problem(
        &object_with(&reference, &json!({"D": any})),
        "/$defs/D",
        "any value",
    );
    let drafted = json!({
        "type": "object", "properties": {"p": {"$ref": "#/definitions/D"}}, "definitions": {"D": any}
    });
    check_problem(&drafted, "/definitions/D", "any value");
    let twice = json!({
        "type": "object", "additionalProperties": false,
        "$defs": {"D": {"type": "null"}}, "definitions": {"D": any}
    });
    check_problem(&twice, "/definitions/D", "differs");
}

/// What a reference cannot be merged with is not silently left out.
#[test]
fn additions_to_what_cannot_be_copied_are_refused() {
    let addition = json!({"$ref": "#", "properties": {"tag": {"const": "a"}}});
    check_problem(
        &object_with(&addition, &NONE),
        "/properties/p",
        "cannot be copied",
    );
    let endless = json!({"N": {"type": "object", "properties": {
        "next": {"$ref": "#/$defs/N", "properties": {"tag": {"const": "a"}}}
    }}});
    let (_, problems) = transformed(&object_with(&json!({"$ref": "#/$defs/N"}), &endless));
    assert!(problems[0].contains("nested too deeply"), "{problems:?}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let schema = json!({"type": "object", "properties": {"a": {}, "b": {"type": "array"}, "c": {"$ref": "x"}}});
    let (_, problems) = transformed(&schema);
    assert_eq!(problems.len(), 3, "{problems:#?}");
}

/// Each definition names the next one twice: copied out, the last would be there 2⁴⁰ times.
#[test]
fn hostile_schemas_end() {
    for sibling in [true, false] {
        let mut defs = json!({"D40": {"type": "string"}});
        for n in 0..40 {
            let mut next = json!({"$ref": format!("#/$defs/D{}", n + 1)});
            if sibling {
                next["description"] = json!("beside");
            }
            let properties = json!({"a": next, "b": next});
            defs[format!("D{n}")] = json!({"type": "object", "properties": properties});
        }
        let (sent, _) = transformed(&object_with(&json!({"$ref": "#/$defs/D0"}), &defs));
        assert!(sent.to_string().len() < 1_000_000, "copied without end");
    }
    let circle = json!({"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}});
    let root = json!({"$ref": "#/$defs/A", "$defs": circle});
    check_problem(&root, "", "must be an object");
    transformed(&object_with(
        &json!({"$ref": "#/$defs/A", "description": "x"}),
        &circle,
    ));
    let all_of = json!({"A": {"allOf": [{"$ref": "#/$defs/A"}]}});
    transformed(&object_with(&json!({"$ref": "#/$defs/A"}), &all_of));
    let mut deep = json!({"type": "string"});
    for _ in 0..120 {
        deep = json!({"type": "array", "items": deep});
    }
    let (_, problems) = transformed(&object_with(&deep, &NONE));
    assert!(problems[0].contains("nested too deeply"), "{problems:?}");
}

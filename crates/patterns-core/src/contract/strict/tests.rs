//! Tables of the strict dialect: what a schema becomes.

use super::*;

mod problems;

fn transformed(schema: &Value) -> (Value, Vec<String>) {
    let mut sent = Schema::try_from(schema.clone()).unwrap();
    let mut strict = Strict::default();
    strict.transform(&mut sent);
    let problems = strict.problems.iter().map(ToString::to_string).collect();
    (sent.to_value(), problems)
}

fn check(schema: &Value, expected: &Value) {
    let (sent, problems) = transformed(schema);
    assert_eq!(problems, [] as [&str; 0], "{schema}");
    assert_eq!(&sent, expected, "{schema}");
    assert_eq!(order(&sent), order(expected), "{schema}");
    let (again, problems) = transformed(&sent);
    assert_eq!(problems, [] as [&str; 0], "strict twice: {sent}");
    assert_eq!(again, sent, "strict twice");
}

/// Returns the names of all properties as they are written; maps are equal in any order.
fn order(schema: &Value) -> Vec<&str> {
    let Value::Object(map) = schema else {
        let items = schema.as_array().into_iter().flatten();
        return items.flat_map(order).collect();
    };
    let properties = map.get("properties").and_then(Value::as_object);
    let names = properties
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str);
    let inner = properties.into_iter().flat_map(Map::values).flat_map(order);
    let rest = ["items", "anyOf", "$defs"]
        .into_iter()
        .filter_map(|it| map.get(it))
        .flat_map(order);
    names.chain(inner).chain(rest).collect()
}

/// Checks a property `p`, required, with the definitions `defs`.
fn check_property(property: &Value, defs: &Value, expected: &Value, expected_defs: &Value) {
    let mut expected = closed(&json!({"p": expected}), &["p"]);
    if !expected_defs.is_null() {
        expected["$defs"] = expected_defs.clone();
    }
    check(&object_with(property, defs), &expected);
}

fn object_with(property: &Value, defs: &Value) -> Value {
    let mut schema = json!({"type": "object", "properties": {"p": property}, "required": ["p"]});
    if !defs.is_null() {
        schema["$defs"] = defs.clone();
    }
    schema
}

fn closed(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object", "properties": properties,
        "required": required, "additionalProperties": false
    })
}

const NONE: Value = Value::Null;

#[test]
fn objects_are_closed_and_everything_is_required_in_declared_order() {
    check(
        &json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Vote",
            "description": "A ballot.",
            "type": "object",
            "properties": {
                "reasoning": {"type": "string", "minLength": 1},
                "answer": {"type": "string", "default": ""},
                "confidence": {"type": "number", "minimum": 0, "maximum": 1}
            },
            "required": ["confidence", "reasoning"]
        }),
        &json!({
            "description": "A ballot.",
            "type": "object",
            "properties": {
                "reasoning": {"type": "string", "minLength": 1},
                "answer": {"type": ["string", "null"]},
                "confidence": {"type": "number", "minimum": 0, "maximum": 1}
            },
            "required": ["reasoning", "answer", "confidence"],
            "additionalProperties": false
        }),
    );
}

#[test]
fn an_open_object_with_properties_is_closed() {
    let text = json!({"type": "string"});
    let expected = closed(&json!({"a": {"type": "string"}}), &["a"]);
    for open in [json!(true), json!({}), json!(false)] {
        let schema = json!({
            "type": "object", "properties": {"a": text},
            "required": ["a"], "additionalProperties": open
        });
        check(&schema, &expected);
    }
    let inner = json!({"type": "object", "properties": {"a": text}, "required": ["a"]});
    check_property(&inner, &NONE, &expected, &NONE);
    let list = json!({"type": "array", "items": inner, "minItems": 1, "uniqueItems": true});
    let expected = json!({"type": "array", "items": expected, "minItems": 1});
    check_property(&list, &NONE, &expected, &NONE);
    check(
        &json!({"type": "object", "additionalProperties": false}),
        &json!({"type": "object", "additionalProperties": false, "required": []}),
    );
}

fn check_optional(property: &Value, expected: &Value) {
    let defs = json!({"D": {"type": "string", "enum": ["x", "y"]}});
    let is_used = property.to_string().contains("$ref");
    let schema = json!({"type": "object", "properties": {"p": property}, "$defs": defs});
    let mut expected = closed(&json!({"p": expected}), &["p"]);
    if is_used {
        expected["$defs"] = defs.clone();
    }
    check(&schema, &expected);
}

#[test]
fn what_is_optional_becomes_nullable() {
    let nothing = json!({"type": "null"});
    let reference = json!({"$ref": "#/$defs/D"});
    check_optional(
        &json!({"type": "string"}),
        &json!({"type": ["string", "null"]}),
    );
    check_optional(
        &json!({"type": ["string", "null"]}),
        &json!({"type": ["string", "null"]}),
    );
    check_optional(&nothing, &nothing);
    check_optional(&reference, &json!({"anyOf": [reference, nothing]}));
    // `Option<Enum>` is nullable already; its `Option` once more changes nothing.
    let option = json!({"anyOf": [reference, nothing]});
    check_optional(&option, &option);
    check_optional(
        &json!({"anyOf": [option, nothing]}),
        &json!({"anyOf": [option, nothing]}),
    );
    check_optional(
        &json!({"type": "string", "enum": ["a"]}),
        &json!({"type": ["string", "null"], "enum": ["a", null]}),
    );
    check_optional(
        &json!({"enum": ["a", null]}),
        &json!({"type": ["string", "null"], "enum": ["a", null]}),
    );
    check_optional(
        &json!({"const": 1}),
        &json!({"anyOf": [{"const": 1, "type": "integer"}, nothing]}),
    );
    check_optional(
        &json!({"const": null}),
        &json!({"const": null, "type": "null"}),
    );
    check_optional(
        &json!({"type": "array", "items": {"type": "integer"}}),
        &json!({"type": ["array", "null"], "items": {"type": "integer"}}),
    );
}

#[test]
fn alternatives_are_any_of() {
    check_property(
        &json!({"description": "Tone.", "oneOf": [
            {"const": "calm", "description": "Without heat."},
            {"const": "angry"},
            {"type": "string", "enum": ["a", "b"]}
        ]}),
        &NONE,
        &json!({
            "description": "Tone.\n\"calm\": Without heat.",
            "type": "string", "enum": ["calm", "angry", "a", "b"]
        }),
        &NONE,
    );
    check_property(
        &json!({"oneOf": [{"const": 1}, {"const": "a"}]}),
        &NONE,
        &json!({"type": ["integer", "string"], "enum": [1, "a"]}),
        &NONE,
    );
    let shape = |tag: &str| json!({"type": "object", "properties": {"t": {"const": tag}}, "required": ["t"]});
    let strict = |tag: &str| closed(&json!({"t": {"const": tag, "type": "string"}}), &["t"]);
    check_property(
        &json!({"oneOf": [shape("a"), shape("b")]}),
        &NONE,
        &json!({"anyOf": [strict("a"), strict("b")]}),
        &NONE,
    );
    // An `object` above alternatives that are objects says nothing new.
    check_property(
        &json!({"type": "object", "required": ["t"], "anyOf": [shape("a"), shape("b")]}),
        &NONE,
        &json!({"anyOf": [strict("a"), strict("b")]}),
        &NONE,
    );
}

#[test]
fn references_with_siblings_and_all_of_one_are_inlined() {
    let defs = json!({
        "Text": {"type": "string", "description": "Theirs."},
        "Alias": {"$ref": "#/$defs/Text", "description": "Alias."}
    });
    let ours = json!({"description": "Ours.", "type": "string"});
    let by_ref = json!({"description": "Ours.", "$ref": "#/$defs/Text"});
    check_property(&by_ref, &defs, &ours, &NONE);
    let by_all_of = json!({"description": "Ours.", "allOf": [{"$ref": "#/$defs/Text"}]});
    check_property(&by_all_of, &defs, &ours, &NONE);
    let by_alias = json!({"description": "Ours.", "$ref": "#/$defs/Alias"});
    check_property(&by_alias, &defs, &ours, &NONE);
    // Alone, it stays a reference; what nothing refers to any more is not sent.
    check_property(
        &json!({"$ref": "#/$defs/Text"}),
        &defs,
        &json!({"$ref": "#/$defs/Text"}),
        &json!({"Text": {"type": "string", "description": "Theirs."}}),
    );
}

/// The tag of an internally tagged enum stands beside a reference to the variant's content.
#[test]
fn a_tag_beside_a_reference_joins_its_properties() {
    check_property(
        &json!({"type": "object", "properties": {"kind": {"const": "a"}},
            "$ref": "#/$defs/A", "required": ["kind"]}),
        &json!({"A": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}}),
        &closed(
            &json!({"kind": {"const": "a", "type": "string"}, "x": {"type": "integer"}}),
            &["kind", "x"],
        ),
        &NONE,
    );
}

#[test]
fn recursion_is_kept() {
    let node = |note: Value| {
        json!({"type": "object", "properties": {
            "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            "parent": note
        }, "required": ["children", "parent"]})
    };
    let mut strict = node(json!({"$ref": "#/$defs/Node"}));
    strict["additionalProperties"] = json!(false);
    // The description beside the recursive reference has no place in the dialect.
    let described = json!({"description": "Up.", "$ref": "#/$defs/Node"});
    check_property(
        &json!({"$ref": "#/$defs/Node"}),
        &json!({"Node": node(described)}),
        &json!({"$ref": "#/$defs/Node"}),
        &json!({"Node": strict}),
    );
    let list = json!({"type": "array", "items": {"$ref": "#"}});
    check_property(&list, &NONE, &list, &NONE);
}

#[test]
fn older_drafts_call_definitions_otherwise() {
    let text = json!({"type": "string"});
    check(
        &json!({
            "type": "object",
            "properties": {"p": {"$ref": "#/definitions/T"}, "q": {"$ref": "#/definitions/a~1b%20c"}},
            "required": ["p", "q"],
            "definitions": {"T": text, "a/b c": text}
        }),
        &json!({
            "type": "object",
            "properties": {"p": {"$ref": "#/$defs/T"}, "q": {"$ref": "#/$defs/a~1b%20c"}},
            "required": ["p", "q"],
            "additionalProperties": false,
            "$defs": {"T": text, "a/b c": text}
        }),
    );
}

#[test]
fn a_root_that_is_a_reference_stands_for_its_target() {
    let object =
        json!({"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"]});
    check(
        &json!({"$ref": "#/$defs/B", "$defs": {"A": object, "B": {"$ref": "#/$defs/A"}}}),
        &closed(&json!({"a": {"type": "null"}}), &["a"]),
    );
}

#[test]
fn the_type_of_values_is_said() {
    for (values, name) in [
        (json!(["a", "b"]), json!("string")),
        (json!([true]), json!("boolean")),
        (json!([1, 0.5, 2]), json!(["integer", "number"])),
    ] {
        let expected = json!({"enum": values, "type": name});
        check_property(&json!({"enum": values}), &NONE, &expected, &NONE);
    }
    let lists = json!({"enum": [[1], [2]]});
    check_property(&lists, &NONE, &lists, &NONE);
}

#[test]
fn types_that_are_only_implied_are_said() {
    check(
        &json!({"properties": {"l": {"items": {"type": "integer"}}}, "required": ["l"]}),
        &json!({
            "properties": {"l": {"items": {"type": "integer"}, "type": "array"}},
            "required": ["l"], "type": "object", "additionalProperties": false
        }),
    );
}

#[test]
fn unknown_keywords_and_formats_are_left_out() {
    check_property(
        &json!({"type": "string", "format": "uri", "maxLength": 3, "examples": ["a"], "x-ours": 1}),
        &NONE,
        &json!({"type": "string", "maxLength": 3}),
        &NONE,
    );
    let date = json!({"type": "string", "format": "date", "pattern": "^2"});
    check_property(&date, &NONE, &date, &NONE);
}

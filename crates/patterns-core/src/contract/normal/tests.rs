//! What old and foreign schemas are rewritten to.

use super::*;

fn check(schema: Value, expected: Value) {
    assert_eq!(normal(schema.clone()), expected, "{schema}");
}

fn one(property: &Value) -> Value {
    json!({"type": "object", "properties": {"a": property}})
}

#[test]
fn what_openapi_calls_nullable_accepts_null() {
    let check = |a: Value, expected: Value| check(one(&a), one(&expected));
    check(
        json!({"type": "string", "nullable": true}),
        json!({"type": ["string", "null"], "nullable": true}),
    );
    check(
        json!({"type": "string", "enum": ["x"], "x-nullable": true}),
        json!({"type": ["string", "null"], "enum": ["x", null], "nullable": true}),
    );
    check(
        json!({"allOf": [{"type": "string"}], "description": "d", "nullable": true}),
        json!({"description": "d", "anyOf": [{"allOf": [{"type": "string"}]}, {"type": "null"}], "nullable": true}),
    );
    check(
        json!({"type": "string", "nullable": false}),
        json!({"type": "string", "nullable": false}),
    );
    // A property may have that name.
    let named = json!({"type": "object", "properties": {"nullable": {"type": "boolean"}}});
    check(named.clone(), named);
}

#[test]
fn what_is_referred_to_by_its_path_gets_a_name() {
    let address = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    check(
        json!({"properties": {"from": address, "to": {"$ref": "#/properties/from"}}}),
        json!({
            "properties": {"from": address, "to": {"$ref": "#/$defs/from"}},
            "$defs": {"from": address}
        }),
    );
    check(
        json!({"properties": {"a": {"$ref": "#/$defs/A/$defs/B"}}, "$defs": {"A": {"$defs": {"B": address}}}}),
        json!({
            "properties": {"a": {"$ref": "#/$defs/B"}},
            "$defs": {"A": {"$defs": {"B": address}}, "B": address}
        }),
    );
    // A path that leads back to where it is used ends, too.
    let inner = json!({"type": "array", "items": {"$ref": "#/$defs/a"}});
    check(
        json!({"properties": {"a": {"type": "array", "items": {"$ref": "#/properties/a"}}}}),
        json!({"properties": {"a": inner}, "$defs": {"a": inner}}),
    );
}

#[test]
fn names_in_references_are_escaped_and_the_own_address_is_left_out() {
    let reference =
        |to: &str| json!({"$id": "https://example.org/s", "properties": {"a": {"$ref": to}}});
    check(
        reference("https://example.org/s#/$defs/A"),
        reference("#/$defs/A"),
    );
    check(
        reference("#/definitions/Partial<A>"),
        reference("#/definitions/Partial%3CA%3E"),
    );
    check(
        reference("#/definitions/Partial%3CA%3E"),
        reference("#/definitions/Partial%3CA%3E"),
    );
    check(reference("#/nowhere"), reference("#/nowhere"));
    let quoted = json!({"properties": {"a": {"const": {"$ref": "#/properties/a"}}}});
    check(quoted.clone(), quoted);
}

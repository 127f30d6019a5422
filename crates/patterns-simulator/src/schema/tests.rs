//! Instances of schemas hold against an independent validator.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::Plan;

/// Draws many instances and returns the different ones.
fn draw(schema: &Value) -> Vec<Value> {
    let plan = Plan::new(schema).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap();
    let mut different = Vec::new();
    for seed in 0..200 {
        let instance = plan.draw(&mut StdRng::seed_from_u64(seed));
        let instance = instance.unwrap_or_else(|| panic!("no instance of {schema}"));
        if let Err(error) = validator.validate(&instance) {
            panic!("{instance} is not an instance of {schema}: {error}");
        }
        if !different.contains(&instance) {
            different.push(instance);
        }
    }
    different
}

/// Checks that instances are valid, and that at least this many different ones are found.
#[track_caller]
fn check(schema: &Value, least: usize) {
    let different = draw(schema);
    assert!(different.len() >= least, "{schema}: only {different:?}");
}

#[test]
fn strict_schemas() {
    check(&json!({"type": "string"}), 100);
    check(
        &json!({"type": "string", "minLength": 0, "maxLength": 0}),
        1,
    );
    check(
        &json!({"type": "string", "minLength": 40, "maxLength": 41}),
        100,
    );
    check(&json!({"type": "string", "maxLength": 7}), 50);
    check(&json!({"type": ["string", "null"], "maxLength": 7}), 50);
    check(&json!({"type": "boolean"}), 2);
    check(&json!({"type": "null"}), 1);
    check(&json!({"enum": ["a", "b", null, 3]}), 4);
    check(&json!({"type": "string", "enum": ["a", "b", null]}), 2);
    check(&json!({"type": "integer", "enum": [1, 2.0, 2.5]}), 2);
    check(&json!({"const": {"a": [1]}}), 1);
    check(
        &json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        50,
    );
    check(&json!({"type": "array", "items": {"type": "boolean"}}), 8);
    check(
        &json!({"type": "array", "minItems": 5, "maxItems": 5, "items": {"type": "null"}}),
        1,
    );
    check(
        &json!({"type": "array", "maxItems": 1, "items": {"const": 1}}),
        2,
    );
    check(
        &json!({
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": ["string", "null"]}},
            "required": ["a", "b"],
            "additionalProperties": false
        }),
        100,
    );
}

#[test]
fn formats() {
    for format in [
        "date",
        "date-time",
        "time",
        "duration",
        "email",
        "hostname",
        "uri",
        "uuid",
        "ipv4",
        "ipv6",
    ] {
        check(&json!({"type": "string", "format": format}), 20);
    }
    check(
        &json!({"type": "string", "format": "email", "maxLength": 22}),
        20,
    );
    check(
        &json!({"type": "string", "format": "unheard-of", "maxLength": 22}),
        20,
    );
}

#[test]
fn patterns() {
    for pattern in [
        "^[A-Z]{2}-\\d{4}$",
        "^(red|green|blue)[^a-z]?$",
        "b+c*",
        "^\\S+@\\w+\\.(com|org)$",
        "^[äöü]{3}$",
        "^.{5,}$",
    ] {
        check(&json!({"type": "string", "pattern": pattern}), 3);
    }
    check(
        &json!({"type": "string", "pattern": "^[a-z]*$", "minLength": 20}),
        100,
    );
}

#[test]
fn numbers() {
    check(&json!({"type": "integer", "minimum": -3, "maximum": -1}), 3);
    check(
        &json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 3}),
        2,
    );
    check(
        &json!({"type": "integer", "minimum": 1, "multipleOf": 7}),
        50,
    );
    check(&json!({"type": "integer", "multipleOf": 1.5}), 30);
    check(
        &json!({"type": "integer", "minimum": 9_223_372_036_854_775_900_u64}),
        50,
    );
    check(
        &json!({"type": "integer", "maximum": -1_000_000, "format": "int64"}),
        50,
    );
    check(&json!({"type": "number"}), 100);
    check(&json!({"type": "number", "minimum": 0, "maximum": 1}), 50);
    check(
        &json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9}),
        50,
    );
    check(
        &json!({"type": "number", "multipleOf": 0.1, "maximum": 1.0, "minimum": 0}),
        11,
    );
    check(
        &json!({"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 2}),
        50,
    );
    check(
        &json!({"type": "number", "minimum": -1e308, "maximum": 1e308}),
        100,
    );
    check(&json!({"type": "number", "minimum": 3, "maximum": 3}), 1);
}

#[test]
fn recursion_ends() {
    let tree = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "minItems": 0, "items": {"$ref": "#"}},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}
        },
        "required": ["name", "children", "next"],
        "additionalProperties": false,
        "$defs": {"node": {
            "type": "object",
            "properties": {"left": {"$ref": "#/$defs/side"}, "right": {"$ref": "#/$defs/side"}},
            "required": ["left", "right"],
            "additionalProperties": false
        }, "side": {"anyOf": [{"$ref": "#/$defs/node"}, {"enum": ["leaf"]}]}}
    });
    check(&tree, 190);
    let longest = draw(&tree).iter().map(|it| it.to_string().len()).max();
    assert!(longest < Some(40_000), "{longest:?} bytes");
}

#[test]
fn beyond_the_strict_dialect() {
    check(
        &json!({"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 5}]}),
        10,
    );
    check(
        &json!({"type": "integer", "minimum": 0, "maximum": 9, "not": {"const": 4}}),
        9,
    );
    check(
        &json!({"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 5}]}),
        3,
    );
    check(
        &json!({"type": "array", "uniqueItems": true, "minItems": 3, "items": {"enum": [1, 2, 3]}}),
        6,
    );
    check(
        &json!({"type": "object", "properties": {"a": {"type": "null"}}, "required": ["b"]}),
        50,
    );
    check(&json!({"properties": {"a": {"type": "null"}}}), 2);
    check(&json!(true), 50);
    check(
        &json!({"$ref": "#/$defs/a", "maximum": 4, "$defs": {"a": {"type": "integer", "minimum": 3}}}),
        2,
    );
    check(
        &json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
            "anyOf": [{"properties": {"kind": {"const": "a"}}}, {"properties": {"kind": {"const": "b"}}}]}),
        2,
    );
}

#[test]
fn siblings_of_references_and_older_drafts() {
    check(
        &json!({"$ref": "#/$defs/a", "type": "string", "$defs": {"a": {"type": ["string", "null"]}}}),
        100,
    );
    let draft4 = "http://json-schema.org/draft-04/schema#";
    check(
        &json!({"$schema": draft4, "type": "integer", "minimum": 1, "exclusiveMinimum": true, "maximum": 3}),
        2,
    );
    let draft7 = "http://json-schema.org/draft-07/schema#";
    check(
        &json!({"$schema": draft7, "type": "array", "items": [{"type": "string"}], "maxItems": 1}),
        50,
    );
    check(&json!({"enum": ["a", "bcd"], "maxLength": 1}), 1);
}

#[test]
fn what_cannot_be_met_is_an_error_and_not_a_loop() {
    #[track_caller]
    fn check(schema: &Value, part: &str) {
        let error = Plan::new(schema).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    let finite = "no finite instance";
    check(
        &json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
        finite,
    );
    check(
        &json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}),
        finite,
    );
    check(
        &json!({"type": "integer", "minimum": 3, "maximum": 2}),
        finite,
    );
    check(&json!({"type": "integer", "minimum": 1e300}), finite);
    check(&json!({"enum": [1], "type": "string"}), finite);
    check(&json!(false), finite);
    let contradiction = json!({"type": "string", "minLength": 3, "maxLength": 2});
    check(&contradiction, finite);
    check(
        &json!({"type": "array", "minItems": 3, "maxItems": 2}),
        finite,
    );
    check(
        &json!({"type": "string", "minLength": 1_000_000}),
        "not simulated",
    );
    check(&json!({"type": "text"}), "text");
    check(&json!({"$ref": "#/$defs/missing"}), "missing");

    let contradiction = json!({"type": "boolean", "not": {"type": "boolean"}});
    let plan = Plan::new(&contradiction).unwrap();
    assert_eq!(plan.draw(&mut StdRng::seed_from_u64(0)), None);
}

/// Makes schemas of the strict dialect, nested.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "boolean"})),
        Just(json!({"type": ["string", "null"]})),
        (0..20_u32, 0..20_u32).prop_map(
            |(min, more)| json!({"type": "string", "minLength": min, "maxLength": min + more})
        ),
        (-50..50_i32, 0..40_i32).prop_map(
            |(min, more)| json!({"type": "integer", "minimum": min, "maximum": min + more})
        ),
        (-9.0..9.0_f64, 0.001..9.0_f64).prop_map(
            |(min, more)| json!({"type": "number", "exclusiveMinimum": min, "maximum": min + more})
        ),
        proptest::collection::vec("[a-z]{1,4}", 1..4).prop_map(|values| json!({"enum": values})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0..3_u32, 0..3_u32).prop_map(|(items, min, more)| {
                json!({"type": "array", "items": items, "minItems": min, "maxItems": min + more})
            }),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|it| json!({"anyOf": it})),
            proptest::collection::btree_map("[a-f]", inner, 0..4).prop_map(|properties| {
                let required: Vec<_> = properties.keys().cloned().collect();
                json!({"type": "object", "properties": properties, "required": required,
                    "additionalProperties": false})
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn strict_schemas_need_no_second_try(schema in schemas(), seed: u64) {
        let plan = Plan::new(&schema).unwrap();
        let instance = plan.draw(&mut StdRng::seed_from_u64(seed)).unwrap();
        prop_assert!(jsonschema::is_valid(&schema, &instance), "{} for {}", instance, schema);
        prop_assert!(!format!("{plan:?}").contains("check: Some"), "{} is inexact", schema);
    }
}

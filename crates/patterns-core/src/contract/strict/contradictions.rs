//! Finds what no answer can satisfy, before a model is asked for it in vain.

use serde_json::{Map, Value};

/// Lower and upper bounds of the same thing.
const BOUNDS: [(&str, &str); 5] = [
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
];

/// Returns what contradicts itself within the keywords of one schema.
pub(super) fn contradiction(map: &Map<String, Value>) -> Option<String> {
    let number = |keyword: &str| map.get(keyword).and_then(Value::as_f64);
    for (low, high) in BOUNDS {
        if let (Some(least), Some(most)) = (number(low), number(high))
            && least > most
        {
            return Some(format!(
                "{low} is above {high}, so no value fits; swap or change them"
            ));
        }
    }
    for (low, high) in [
        ("exclusiveMinimum", "maximum"),
        ("minimum", "exclusiveMaximum"),
        ("exclusiveMinimum", "exclusiveMaximum"),
    ] {
        if let (Some(least), Some(most)) = (number(low), number(high))
            && least >= most
        {
            return Some(format!(
                "{low} leaves nothing below {high}; change one of them"
            ));
        }
    }
    let values = match (map.get("enum"), map.get("const")) {
        (Some(Value::Array(values)), _) if values.is_empty() => {
            return Some("enum lists no value; list what is allowed".to_owned());
        }
        (Some(Value::Array(values)), Some(constant)) if !values.contains(constant) => {
            return Some("const is not one of enum; change one of them".to_owned());
        }
        (Some(Value::Array(values)), _) => values.as_slice(),
        (_, Some(constant)) => std::slice::from_ref(constant),
        _ => return None,
    };
    let types = match map.get("type")? {
        Value::Array(types) => types.as_slice(),
        one => std::slice::from_ref(one),
    };
    let fits = |value: &Value| {
        types
            .iter()
            .filter_map(Value::as_str)
            .any(|it| is_a(value, it))
    };
    (!values.iter().any(fits))
        .then(|| "no value of enum or const is of the type; change one of them".to_owned())
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|it| it.fract() == 0.0),
        // An unknown type is another problem, which is told elsewhere.
        _ => true,
    }
}

/// Returns the names that are required and are no properties.
pub(super) fn unknown_names(required: &Value, properties: Option<&Value>) -> Vec<String> {
    let is_known = |name: &str| properties.is_some_and(|it| it.get(name).is_some());
    let names = required.as_array().into_iter().flatten();
    let names = names.filter_map(Value::as_str).filter(|it| !is_known(it));
    names.map(|it| format!("{it:?}")).collect()
}

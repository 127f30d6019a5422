//! Finds the schema that a system message asks for.

use serde_json::Value;

/// What stands before a schema.
const MARKER: &str = "JSON Schema";

/// Finds the last JSON object behind the last mention of a JSON Schema.
pub(super) fn schema_in(text: &str) -> Option<Value> {
    let (_, rest) = text.rsplit_once(MARKER)?;
    // A later object may be an example, but one within another never counts, so whole objects are
    // stepped over.
    let mut last = None;
    let mut rest = rest;
    while let Some(start) = rest.find('{') {
        let mut values = serde_json::Deserializer::from_str(&rest[start..]).into_iter::<Value>();
        let found = values.next().and_then(Result::ok);
        let length = if found.is_some() {
            values.byte_offset()
        } else {
            1
        };
        last = found.or(last);
        rest = &rest[start + length..];
    }
    last
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_whole_object_after_the_marker_is_the_schema() {
        #[track_caller]
        fn check(text: &str, expected: Option<Value>) {
            assert_eq!(schema_in(text), expected, "{text}");
        }
        check("no schema {\"a\": 1}", None);
        check("this JSON Schema: none", None);
        check(
            "this JSON Schema:\n{\"a\": {\"b\": 1}}",
            Some(json!({"a": {"b": 1}})),
        );
        check(
            "JSON Schema ```json\n{\"a\": 1}\n```\nNow {go}.",
            Some(json!({"a": 1})),
        );
        check(
            "JSON Schema {\"a\": 1} or {\"b\": 2}",
            Some(json!({"b": 2})),
        );
        check(
            "{\"a\": 1} JSON Schema {broken: {\"b\": 2}",
            Some(json!({"b": 2})),
        );
        check("JSON Schema {{{{", None);
    }
}

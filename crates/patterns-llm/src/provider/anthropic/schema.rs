//! The dialect of JSON Schema that Anthropic can hold its models to: no recursion, no limits of numbers,
//! texts and lists, no fancy patterns (<https://platform.claude.com/docs/en/build-with-claude/structured-outputs>).

use serde_json::Value;

use crate::provider::schema::{Lacks, circle, without};

const LACKS: Lacks = Lacks {
    limits: &[
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "maxItems",
    ],
    items_above: Some(1),
    pattern: is_fancy,
    constants: false,
    nested_values: true,
};

/// Returns a closed schema in this dialect.
///
/// # Errors
///
/// Returns where the schema refers to itself.
pub(super) fn of(closed: &Value) -> Result<Value, String> {
    match circle(closed) {
        Some(name) => Err(format!("#/$defs/{name} refers to itself")),
        None => Ok(without(closed, &LACKS)),
    }
}

/// Returns whether a pattern has references, word boundaries or counts, which are not taken or make
/// grammars too large.
fn is_fancy(pattern: &str) -> bool {
    let is_special = |it: char| it.is_ascii_digit() || "bBk".contains(it);
    let mut escaped = pattern.split('\\').skip(1);
    let has_escape = escaped.any(|it| it.starts_with(is_special));
    has_escape || pattern.contains("(?") || pattern.contains('{')
}

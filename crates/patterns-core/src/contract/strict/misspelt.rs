//! Finds keywords of a schema that are nearly those of JSON Schema. A validator passes over what it does not
//! know, so that with `requierd` every field could be missing, without a word.

use serde_json::{Map, Value};

const KEYWORDS: [&str; 46] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "default",
    "definitions",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "writeOnly",
];

/// Keywords of OpenAPI and of W3C's Thing Descriptions that only describe.
const DESCRIBING: [&str; 3] = ["example", "titles", "descriptions"];

/// Returns what is wrong with the first keyword that is nearly another one. What begins with `x-`, `$` or
/// JSON-LD's `@` is not meant to be known.
pub(super) fn misspelt(map: &Map<String, Value>) -> Option<String> {
    let is_own = |it: &str| it.starts_with("x-") || it.starts_with(['$', '@']);
    let is_known = |it: &str| KEYWORDS.contains(&it) || DESCRIBING.contains(&it);
    let mut strange = map.keys().filter(|it| !is_own(it) && !is_known(it));
    strange.find_map(|name| {
        let small = name.to_lowercase();
        let is_near = |known: &&&str| {
            let most = if known.len() < 8 { 1 } else { 2 };
            strsim::osa_distance(&known.to_lowercase(), &small) <= most
        };
        let known = KEYWORDS.iter().find(is_near)?;
        Some(format!(
            "there is no keyword {name:?}; did you mean {known:?}?"
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_keyword_that_is_nearly_one_is_told_from_what_is_somebody_elses() {
        for (name, meant) in [
            ("requierd", Some("required")),
            ("maxlenght", Some("maxLength")),
            ("Type", Some("type")),
            ("additional_properties", Some("additionalProperties")),
            ("item", Some("items")),
            ("description", None),
            ("example", None),
            ("titles", None),
            ("descriptions", None),
            ("@type", None),
            ("x-informs", None),
            ("$comment", None),
            ("propertyOrdering", None),
            ("discriminator", None),
            ("id", None),
            ("if", None),
            ("not", None),
            ("name", None),
            ("formula", None),
        ] {
            let mut map = Map::new();
            map.insert(name.to_owned(), json!(1));
            let said =
                meant.map(|it| format!("there is no keyword {name:?}; did you mean {it:?}?"));
            assert_eq!(misspelt(&map), said);
        }
    }
}

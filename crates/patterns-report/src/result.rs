//! Writes a result for people: the fields of an object beside their names, lists as lists, texts as texts.
//!
//! Nothing stands between the elements: within a text, an end of a line is seen.

use serde_json::{Map, Value};

use crate::html::Text;

/// What lies deeper is written as JSON: nobody reads it, and a page has to end.
const DEEPEST: usize = 6;

/// Writes a value as HTML.
pub(crate) fn html(value: &Value) -> String {
    at(value, 0)
}

fn at(value: &Value, depth: usize) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::String(text) if text.is_empty() => NONE.to_owned(),
        Value::Array(items) if items.is_empty() => NONE.to_owned(),
        Value::Object(fields) if fields.is_empty() => NONE.to_owned(),
        Value::Bool(it) => (if *it { "yes" } else { "no" }).to_owned(),
        Value::Number(it) => it.to_string(),
        Value::String(text) => Text(text).to_string(),
        _ if depth == DEEPEST => {
            let json = serde_json::to_string_pretty(value).unwrap_or_default();
            format!("<pre>{}</pre>", Text(&json))
        }
        Value::Array(items) => list(items, depth),
        Value::Object(fields) => object(fields, depth),
    }
}

const NONE: &str = "<span class=\"dim\">none</span>";

fn object(fields: &Map<String, Value>, depth: usize) -> String {
    let field = |(name, value): (&String, &Value)| {
        format!("<dt>{}</dt><dd>{}</dd>", Text(name), at(value, depth + 1))
    };
    let fields: String = fields.iter().map(field).collect();
    format!("<dl>{fields}</dl>")
}

fn list(items: &[Value], depth: usize) -> String {
    let item = |it: &Value| format!("<li>{}</li>", at(it, depth + 1));
    let items: String = items.iter().map(item).collect();
    format!("<ul>{items}</ul>")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_is_written_by_its_shape_and_none_of_it_as_markup() {
        for (value, expected) in [
            (json!("a < b"), "a &lt; b"),
            (json!(null), NONE),
            (json!([]), NONE),
            (json!(true), "yes"),
            (json!(12_345_678), "12345678"),
            (json!(99_999.999_99), "99999.99999"),
            (json!(2.0), "2.0"),
            (json!(1e-9), "1e-9"),
            (json!(["a", 1]), "<ul><li>a</li><li>1</li></ul>"),
            (
                json!({"<b>": {"n": ["x"]}}),
                "<dl><dt>&lt;b&gt;</dt><dd><dl><dt>n</dt><dd><ul><li>x</li></ul></dd></dl></dd></dl>",
            ),
        ] {
            assert_eq!(html(&value), expected, "{value}");
        }
    }

    #[test]
    fn what_lies_deep_is_json() {
        let deep = (0..9).fold(json!("<i>"), |it, n| json!({ format!("f{n}"): it }));
        let text = html(&deep);
        assert_eq!(text.matches("<dl>").count(), DEEPEST, "{text}");
        assert!(text.contains("<pre>{\n  &quot;f2&quot;"), "{text}");
        assert!(!text.contains("<i>"), "{text}");
    }
}

//! Shortens an answer to what a row of a table can show.
//!
//! An answer that is a JSON object keeps its first fields, each shortened, so that the page can give
//! each field a column and sort by it. Everything else is a text. The whole answer is in another place.

use serde_json::{Map, Value};

/// The most fields of an object, and the most characters of a text, that are kept.
const FIELDS: usize = 8;
const LENGTH: usize = 160;

/// Returns what a row shows of an answer.
pub(crate) fn excerpt(answer: &str) -> Value {
    match serde_json::from_str(answer) {
        Ok(Value::Object(fields)) if !fields.is_empty() => {
            let fields = fields.into_iter().take(FIELDS);
            Value::Object(
                fields
                    .map(|(name, it)| (cut(&name), short(it)))
                    .collect::<Map<_, _>>(),
            )
        }
        _ => Value::String(cut(answer)),
    }
}

fn short(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(&text)),
        Value::Array(items) if items.iter().all(is_single) => {
            let words: Vec<String> = items.iter().take(LENGTH).map(word).collect();
            Value::String(cut(&words.join(", ")))
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(|it| name(it).is_some()) => {
            let names: Vec<&str> = items.iter().take(LENGTH).filter_map(name).collect();
            Value::String(cut(&names.join("; ")))
        }
        Value::Array(_) | Value::Object(_) => Value::String(cut(&value.to_string())),
        single => single,
    }
}

fn is_single(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns what an item of a list is called, or says.
fn name(item: &Value) -> Option<&str> {
    ["text", "name", "title"]
        .into_iter()
        .find_map(|it| item.get(it)?.as_str())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_keeps_its_fields_and_the_rest_is_text() {
        let long = "x".repeat(200);
        let cut = format!("{}…", "x".repeat(160));
        let table = [
            (
                r#"{"verdict": "yes", "n": 3, "tags": ["a", 2]}"#.to_owned(),
                json!({"verdict": "yes", "n": 3, "tags": "a, 2"}),
            ),
            (
                r#"{"deep": {"a": [1]}, "list": [{"b": 1}]}"#.to_owned(),
                json!({"deep": r#"{"a":[1]}"#, "list": r#"[{"b":1}]"#}),
            ),
            (
                r#"{"all": [{"text": "a", "n": 1}, {"text": "b"}]}"#.to_owned(),
                json!({"all": "a; b"}),
            ),
            (json!({"text": long}).to_string(), json!({"text": cut})),
            (long.clone(), json!(cut)),
            ("[1, 2]".to_owned(), json!("[1, 2]")),
            ("{}".to_owned(), json!("{}")),
            ("{\"a\"".to_owned(), json!("{\"a\"")),
        ];
        for (answer, expected) in table {
            assert_eq!(excerpt(&answer), expected, "{answer}");
        }
    }

    #[test]
    fn of_many_fields_the_first_are_kept() {
        let many: Map<String, Value> = (0..20).map(|n| (format!("f{n}"), json!(n))).collect();
        let kept = excerpt(&Value::Object(many).to_string());
        assert_eq!(kept.as_object().unwrap().len(), 8);
    }
}

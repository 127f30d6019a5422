//! Reads the list of its models that a server gives.

use serde_json::Value;

/// Reads a list of models, as OpenAI and Anthropic (`data`, `id`), Gemini and Ollama (`models`, `name`)
/// write it.
pub(crate) fn listed(body: &[u8]) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let list = ["data", "models"].iter().find_map(|it| body.get(it))?;
    // Ollama's compatible endpoint sends `null` when it has no model yet.
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    let name = |it: &Value| {
        let name = it.get("id").or_else(|| it.get("name"))?.as_str()?;
        Some(name.trim_start_matches("models/").to_owned())
    };
    Some(list.iter().filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_all_providers_are_read() {
        for (body, expected) in [
            (
                r#"{"data": [{"id": "gpt-5-mini"}]}"#,
                Some(vec!["gpt-5-mini"]),
            ),
            (
                r#"{"models": [{"name": "models/gemini-2.5-flash"}]}"#,
                Some(vec!["gemini-2.5-flash"]),
            ),
            (
                r#"{"models": [{"name": "qwen3:8b", "model": "qwen3:8b"}]}"#,
                Some(vec!["qwen3:8b"]),
            ),
            (r#"{"data": null}"#, Some(vec![])),
            (r#"{"error": "no"}"#, None),
            ("<html>", None),
        ] {
            let found = listed(body.as_bytes());
            let expected = expected.map(|it| it.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{body}");
        }
    }
}

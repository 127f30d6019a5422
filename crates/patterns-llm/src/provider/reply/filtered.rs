//! Says what a content filter has found, in Azure's notes beside a question or an answer
//! (<https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter-annotations>).

use serde_json::Value;

/// Returns what was held back and how grave it was, such as `violence (medium), jailbreak`; none, where
/// nothing was.
pub(crate) fn filtered(notes: &Value) -> Option<String> {
    let notes = notes.as_object()?.iter();
    let found = notes.filter(|(_, note)| note["filtered"] == true);
    let found = found.map(|(name, note)| match note["severity"].as_str() {
        Some(severity) => format!("{name} ({severity})"),
        None => name.clone(),
    });
    let found: Vec<String> = found.collect();
    (!found.is_empty()).then(|| found.join(", "))
}

/// The same of a question, within an error.
pub(crate) fn in_error(error: &Value) -> Option<String> {
    let inner = ["innererror", "inner_error"].iter().map(|it| &error[*it]);
    let names = ["content_filter_result", "content_filter_results"];
    let mut notes = inner.flat_map(|inner| names.map(|name| &inner[name]));
    notes.find_map(filtered)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_held_back_is_named_and_nothing_else() {
        let notes = json!({"hate": {"filtered": false, "severity": "safe"},
            "violence": {"filtered": true, "severity": "medium"},
            "jailbreak": {"filtered": true, "detected": true}});
        let words = Some("violence (medium), jailbreak".to_owned());
        assert_eq!(filtered(&notes), words);
        for inner in [
            json!({"innererror": {"content_filter_result": notes}}),
            json!({"inner_error": {"content_filter_results": notes}}),
        ] {
            assert_eq!(in_error(&inner), words);
        }
        for nothing in [
            json!(null),
            json!({}),
            json!([1]),
            json!({"hate": {"filtered": false}}),
            json!({"hate": 1}),
        ] {
            assert_eq!(filtered(&nothing), None, "{nothing}");
            assert_eq!(in_error(&nothing), None, "{nothing}");
        }
    }
}

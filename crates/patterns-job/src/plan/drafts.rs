//! Changes the drafts of answers on which further calls depend, so that the least or the most follows from them.

use serde_json::{Value, json};

use super::rehearsal::Extent;

/// Decides whether a topic divides, if that is what is asked.
pub(super) fn gated(answer: &str, extent: Extent) -> Option<String> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    *answer.get_mut("is_step_by_step")? = (extent == Extent::Least).into();
    Some(answer.to_string())
}

/// The words of a section that is as long as they get; a draft has some.
const MOST_WORDS: usize = 1_500;

/// Asks for as many further sections as there may be, or for none; the bounds of the job end that. Where the most
/// is rehearsed, the section is long, too, since later calls read it.
pub(super) fn grown(answer: &str, extent: Extent, seed: u64) -> Option<String> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    if let (Some(Value::String(text)), Extent::Most) = (answer.get_mut("content"), extent) {
        text.push_str(&" and".repeat(MOST_WORDS));
    }
    if let Some(further) = answer.get_mut("further_sections") {
        let asked = if extent == Extent::Most { 12 } else { 0 };
        let section = |n| json!({"title": format!("Part {n} of {seed}"), "brief": "More of it."});
        *further = (1..=asked).map(section).collect();
    }
    Some(answer.to_string())
}

/// Finds something in each section or in none.
pub(super) fn reviewed(schema: &str, extent: Extent) -> String {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let places = ["/$defs/issue", "/properties/issues/items"];
    let ids = places.into_iter().find_map(|it| {
        let ids = schema.pointer(&format!("{it}/properties/section/enum"));
        ids.and_then(Value::as_array)
    });
    let ids = ids.filter(|_| extent == Extent::Most).into_iter().flatten();
    let issue = |id| json!({"section": id, "issue": "Said before.", "fix": "Leave it out."});
    json!({"issues": ids.map(issue).collect::<Vec<_>>()}).to_string()
}

/// Makes an answer that looks for what an earlier one missed find nothing, or one thing in each list.
pub(super) fn gleaned(answer: &str, extent: Extent, seed: u64) -> Option<String> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    let fields = answer.as_object_mut()?;
    let lists = fields.values_mut().filter_map(Value::as_array_mut);
    for list in lists {
        match (extent, list.first()) {
            (Extent::Least, _) => list.clear(),
            (_, None) => return None,
            // It was not found before.
            (_, Some(first)) => *list = vec![numbered(first.clone(), seed as usize % 100_000)],
        }
    }
    Some(answer.to_string())
}

/// Gives the first list of an answer so many items, which differ in all their texts.
pub(super) fn with_length(answer: &str, items: usize) -> Option<String> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    let list = answer
        .as_object_mut()?
        .values_mut()
        .find_map(Value::as_array_mut)?;
    let first = list.first()?.clone();
    *list = (1..=items).map(|n| numbered(first.clone(), n)).collect();
    Some(answer.to_string())
}

fn numbered(mut item: Value, n: usize) -> Value {
    match &mut item {
        Value::String(text) => text.push_str(&format!(" {n}")),
        Value::Object(fields) => {
            for field in fields.values_mut().filter(|it| it.is_string()) {
                *field = numbered(field.take(), n);
            }
        }
        _ => {}
    }
    item
}

//! Says which rules can decide a field of a kind, and which values are of that kind.

use patterns_core::{SchemaKind, SchemaView, pointer};
use serde_json::Value;

use crate::canonical::canonical;

/// Returns a field for which a rule may be set.
pub(super) fn addressable<'a>(view: &SchemaView<'a>, name: &str) -> Option<SchemaView<'a>> {
    let is_open = view.keyword("additionalProperties").next().is_some();
    let additional = || view.additional().filter(|_| is_open);
    view.property(name).or_else(additional)
}

/// Returns the pointers of all fields; where a schema contains itself, down to some depth.
pub(super) fn pointers(schema: &Value) -> Vec<String> {
    const DEEPEST: usize = 5;
    const MOST: usize = 1000;
    let mut found = Vec::new();
    let mut due = vec![(String::new(), SchemaView::new(schema), 0)];
    while let Some((path, view, depth)) = due.pop() {
        if depth < DEEPEST && found.len() < MOST {
            for (name, view) in view.properties() {
                due.push((pointer::join(&path, [name]), view, depth + 1));
            }
        }
        if !path.is_empty() {
            found.push(path);
        }
    }
    found
}

/// Returns the names of the rules that can decide on such values.
pub(super) fn fitting(kind: &SchemaKind<'_>) -> &'static [&'static str] {
    match kind {
        SchemaKind::Object | SchemaKind::Flag => &["plurality", "majority", "threshold"],
        SchemaKind::List => &["union", "plurality", "majority", "threshold"],
        // Free text that happens to be a number is not worth a vote that may find none.
        SchemaKind::Choice(_) | SchemaKind::Text => &["plurality", "majority", "threshold"],
        SchemaKind::Integer | SchemaKind::Number | SchemaKind::Any => {
            &["median", "plurality", "majority", "threshold"]
        }
    }
}

/// Returns what to call such a value in an error.
pub(super) fn name(kind: &SchemaKind<'_>) -> &'static str {
    match kind {
        SchemaKind::Object => "an object",
        SchemaKind::List => "a list",
        SchemaKind::Choice(_) => "a choice",
        SchemaKind::Integer => "an integer",
        SchemaKind::Number => "a number",
        SchemaKind::Flag => "true or false",
        SchemaKind::Text => "text",
        SchemaKind::Any => "of no single kind",
    }
}

/// Returns a ballot's value as one of this kind, or nothing if it is of another; a choice
/// that is spelled differently becomes the one that is meant.
pub(super) fn read<'a>(kind: &SchemaKind<'a>, value: &'a Value) -> Option<&'a Value> {
    let fits = match kind {
        SchemaKind::Object => value.is_object(),
        SchemaKind::List => value.is_array(),
        SchemaKind::Choice(choices) => return meant(choices, value),
        SchemaKind::Integer => value.is_i64() || value.is_u64() || is_whole(value),
        SchemaKind::Number => value.is_number(),
        SchemaKind::Flag => value.is_boolean(),
        SchemaKind::Text => value.is_string(),
        SchemaKind::Any => true,
    };
    fits.then_some(value)
}

fn meant<'a>(choices: &[&'a Value], value: &Value) -> Option<&'a Value> {
    if let Some(choice) = choices.iter().find(|it| **it == value) {
        return Some(choice);
    }
    let counted = canonical(value);
    let mut alike = choices.iter().filter(|it| canonical(it) == counted);
    let choice = alike.next()?;
    alike.next().is_none().then_some(*choice)
}

fn is_whole(value: &Value) -> bool {
    value.as_f64().is_some_and(|it| it.fract() == 0.0)
}

//! Keeps what only informs from failing an answer.
//!
//! Small models state a confidence of 95 where 0 to 1 is asked for, and do so again when they are
//! asked again: of 50 ballots 36 were lost to a number that no rule was going to look at. A property
//! that carries `"x-informs": true` is asked for like any other, but a number out of its range is
//! moved to the nearest end of it, and what is no number is left out.

use serde_json::{Map, Value};

/// The properties of an answer that only inform.
#[derive(Clone, Debug, Default)]
pub(super) struct Informing(Vec<(String, Value)>);

const KEYWORD: &str = "x-informs";

impl Informing {
    /// Finds them in `schema`, and no longer demands them there.
    pub(super) fn take(schema: &mut Value) -> Self {
        let properties = schema.get("properties").and_then(Value::as_object);
        let properties = properties.into_iter().flatten();
        let informing = properties.filter(|(_, it)| it.get(KEYWORD) == Some(&Value::Bool(true)));
        let informing = Self(
            informing
                .map(|(name, it)| (name.clone(), it.clone()))
                .collect(),
        );
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|it| !informing.0.iter().any(|(name, _)| it == name));
        }
        informing
    }

    /// Demands them in what is sent: a model asked to state what it may leave out often does.
    pub(super) fn demand(&self, schema: &mut Value) {
        let Value::Object(map) = schema else { return };
        let required = map
            .entry("required")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(required) = required {
            required.extend(self.0.iter().map(|(name, _)| Value::String(name.clone())));
        }
    }

    /// Mends them in `answer`, and returns whether there was anything to mend.
    pub(super) fn mend(&self, answer: &mut Value) -> bool {
        let Value::Object(answer) = answer else {
            return false;
        };
        let mut is_mended = false;
        for (name, schema) in &self.0 {
            is_mended |= mend(answer, name, schema);
        }
        is_mended
    }
}

fn mend(answer: &mut Map<String, Value>, name: &str, schema: &Value) -> bool {
    let Some(value) = answer.get_mut(name) else {
        return false;
    };
    let Some(number) = value.as_f64() else {
        answer.shift_remove(name);
        return true;
    };
    let bound = |keyword: &str| schema.get(keyword).filter(|it| it.is_number());
    let least = bound("minimum").filter(|it| it.as_f64().is_some_and(|it| number < it));
    let most = bound("maximum").filter(|it| it.as_f64().is_some_and(|it| number > it));
    let Some(end) = least.or(most) else {
        return false;
    };
    *value = end.clone();
    true
}

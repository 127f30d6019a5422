//! Remembers which answer formats a server has been found not to know.
//!
//! Whether a format is unknown or only one request is disliked, a refusal does not say. A format in
//! which any schema has been answered is known to the server: then a refusal is about the schema that
//! came with it (a grammar that is too large, say), and that schema alone is asked for in a weaker
//! format; and if that very schema has been answered, it is about the one request, and moves nothing.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use patterns_core::{AnswerFormat, AnswerSchema};

/// Which format each schema is asked for in.
#[derive(Debug)]
pub(super) struct Rungs(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The strongest format that the server may know.
    format: AnswerFormat,
    /// The formats in which a schema has been answered.
    answered: HashSet<(AnswerFormat, [u8; 32])>,
    /// The weaker formats of single schemas.
    lowered: HashMap<[u8; 32], AnswerFormat>,
}

impl Default for Rungs {
    fn default() -> Self {
        Self::from(AnswerFormat::JsonSchema)
    }
}

impl Rungs {
    /// Begins with a format.
    pub(super) fn from(format: AnswerFormat) -> Self {
        Self(Mutex::new(State {
            format,
            answered: HashSet::new(),
            lowered: HashMap::new(),
        }))
    }

    /// Returns the strongest format in which the schema may be known.
    pub(super) fn format(&self, schema: Option<&AnswerSchema>) -> AnswerFormat {
        let state = self.lock();
        let lowered = schema.and_then(|it| state.lowered.get(it.digest()));
        lowered.map_or(state.format, |it| state.format.max(*it))
    }

    /// Remembers that the schema has been answered in `format`.
    pub(super) fn answered(&self, schema: &AnswerSchema, format: AnswerFormat) {
        self.lock().answered.insert((format, *schema.digest()));
    }

    /// Remembers that the schema has been refused in `from`, and returns the weaker format that is
    /// used now. Of several calls that find out together, the first is told.
    pub(super) fn step_down(
        &self,
        schema: &AnswerSchema,
        from: AnswerFormat,
    ) -> Option<AnswerFormat> {
        let to = from.step_down()?;
        // Without lengths, the schema is the same as with them.
        let to = match to {
            AnswerFormat::PlainJsonSchema if !has_lengths(schema) => to.step_down()?,
            to => to,
        };
        let digest = *schema.digest();
        if self.format(Some(schema)) != from {
            return None;
        }
        let mut state = self.lock();
        if state.answered.contains(&(from, digest)) {
            return None;
        }
        if state.answered.iter().any(|(format, _)| *format == from) {
            state.lowered.insert(digest, to);
        } else {
            state.format = to;
        }
        Some(to)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether a schema limits the lengths of texts, which OpenAI's dialect cannot.
pub(crate) fn has_lengths(schema: &AnswerSchema) -> bool {
    let json = schema.json().get();
    json.contains("\"minLength\"") || json.contains("\"maxLength\"")
}

#[cfg(test)]
mod tests {
    use patterns_core::AnswerFormat::*;
    use serde_json::json;

    use super::*;

    fn schema(name: &str) -> AnswerSchema {
        let lengths = json!({"type": "string", "maxLength": 3});
        AnswerSchema::new(
            name,
            json!({"type": "object", "properties": {"a": lengths}}),
        )
    }

    #[test]
    fn a_server_that_has_answered_nothing_steps_down_for_all() {
        let (a, b) = (schema("a"), schema("b"));
        let rungs = Rungs::default();
        assert_eq!(rungs.step_down(&a, JsonSchema), Some(PlainJsonSchema));
        assert_eq!(rungs.step_down(&a, JsonSchema), None, "told once");
        assert_eq!(rungs.step_down(&b, PlainJsonSchema), Some(JsonObjectSchema));
        assert_eq!(rungs.step_down(&b, JsonObjectSchema), Some(JsonObject));
        assert_eq!(rungs.step_down(&b, JsonObject), Some(Prompt));
        assert_eq!(rungs.step_down(&b, Prompt), None);
        assert_eq!(rungs.format(Some(&a)), Prompt);
        let plain = AnswerSchema::new("plain", json!({"type": "object"}));
        let rungs = Rungs::default();
        assert_eq!(rungs.step_down(&plain, JsonSchema), Some(JsonObjectSchema));
    }

    #[test]
    fn one_refusal_moves_nobody_who_has_been_answered() {
        let (a, b, c) = (schema("a"), schema("b"), schema("c"));
        let rungs = Rungs::default();
        rungs.answered(&a, JsonSchema);
        assert_eq!(
            rungs.step_down(&a, JsonSchema),
            None,
            "the request is wrong"
        );
        assert_eq!(rungs.step_down(&b, JsonSchema), Some(PlainJsonSchema));
        assert_eq!(rungs.format(Some(&b)), PlainJsonSchema);
        for untouched in [Some(&a), Some(&c), None] {
            assert_eq!(rungs.format(untouched), JsonSchema);
        }
    }
}

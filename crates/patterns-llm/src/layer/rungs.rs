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
pub(super) struct Rungs {
    /// The formats that servers of this kind may know, strongest first.
    formats: &'static [AnswerFormat],
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The strongest format that the server may know.
    format: AnswerFormat,
    /// The formats in which a schema has been answered.
    answered: HashSet<(AnswerFormat, [u8; 32])>,
    /// The weaker formats of single schemas.
    lowered: HashMap<[u8; 32], AnswerFormat>,
}

impl Rungs {
    /// Begins with the first of some formats, which are in falling order.
    pub(super) fn new(formats: &'static [AnswerFormat]) -> Self {
        Self {
            formats,
            state: Mutex::new(State {
                format: formats.first().copied().unwrap_or(AnswerFormat::Prompt),
                answered: HashSet::new(),
                lowered: HashMap::new(),
            }),
        }
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
        let to = self.below(schema, from)?;
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

    /// Remembers that the schema has no form in `from`, and returns the weaker format that it is asked
    /// for in from now on.
    pub(super) fn lower(&self, schema: &AnswerSchema, from: AnswerFormat) -> Option<AnswerFormat> {
        let to = self.below(schema, from)?;
        self.lock().lowered.insert(*schema.digest(), to);
        Some(to)
    }

    /// Returns the next weaker format.
    fn below(&self, schema: &AnswerSchema, from: AnswerFormat) -> Option<AnswerFormat> {
        let weaker = self.formats.iter().copied().filter(|it| *it > from);
        // Without lengths, the schema is the same as with them.
        let is_same =
            |it: &AnswerFormat| *it == AnswerFormat::PlainJsonSchema && !has_lengths(schema);
        weaker.filter(|it| !is_same(it)).min()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    const ALL: &[AnswerFormat] = &[
        JsonSchema,
        PlainJsonSchema,
        JsonObjectSchema,
        JsonObject,
        Prompt,
    ];

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
        let rungs = Rungs::new(ALL);
        assert_eq!(rungs.step_down(&a, JsonSchema), Some(PlainJsonSchema));
        assert_eq!(rungs.step_down(&a, JsonSchema), None, "told once");
        assert_eq!(rungs.step_down(&b, PlainJsonSchema), Some(JsonObjectSchema));
        assert_eq!(rungs.step_down(&b, JsonObjectSchema), Some(JsonObject));
        assert_eq!(rungs.step_down(&b, JsonObject), Some(Prompt));
        assert_eq!(rungs.step_down(&b, Prompt), None);
        assert_eq!(rungs.format(Some(&a)), Prompt);
        let plain = AnswerSchema::new("plain", json!({"type": "object"}));
        let rungs = Rungs::new(ALL);
        assert_eq!(rungs.step_down(&plain, JsonSchema), Some(JsonObjectSchema));
    }

    #[test]
    fn one_refusal_moves_nobody_who_has_been_answered() {
        let (a, b, c) = (schema("a"), schema("b"), schema("c"));
        let rungs = Rungs::new(ALL);
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

    #[test]
    fn each_kind_of_server_has_its_own_formats() {
        let (a, b) = (schema("a"), schema("b"));
        let rungs = Rungs::new(&[JsonSchema, Tool, Prompt]);
        assert_eq!(rungs.lower(&a, JsonSchema), Some(Tool));
        assert_eq!(rungs.format(Some(&a)), Tool);
        assert_eq!(rungs.format(Some(&b)), JsonSchema, "only that schema");
        assert_eq!(rungs.step_down(&b, JsonSchema), Some(Tool));
        assert_eq!(rungs.step_down(&b, Tool), Some(Prompt));
        assert_eq!(rungs.lower(&a, Prompt), None);
    }
}

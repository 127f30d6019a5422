//! The user's own ballot: where its answer is, and what that may be.

use patterns_core::{SchemaKind, SchemaView, pointer};
use serde::Serialize;
use serde_json::{Value, json};

/// The user's own ballot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BallotSpec {
    /// Its schema.
    pub schema: Value,
    /// Where the counted answer is, as a JSON pointer; empty for the whole ballot.
    pub answer: String,
}

impl BallotSpec {
    /// Returns what the schema says of the counted answer; `None` if it does not name it.
    pub(crate) fn answer(&self) -> Option<SchemaView<'_>> {
        let names = pointer::names(&self.answer);
        let mut names = names.iter();
        names.try_fold(SchemaView::new(&self.schema), |at, name| at.property(name))
    }

    /// Returns the texts of which the counted answer must be one; empty if it is open.
    pub fn choices(&self) -> Vec<String> {
        let answer = Some(()).filter(|()| !self.answer.is_empty());
        let kind = answer.and_then(|()| Some(self.answer()?.kind()));
        let Some(SchemaKind::Choice(choices)) = kind else {
            return Vec::new();
        };
        let texts = choices.into_iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Returns the schema of the ballot for a question with these options, to which an answer that is a
    /// text is held however the schema says that it is one.
    pub fn schema_for(&self, options: &[String]) -> Value {
        let mut schema = self.schema.clone();
        let answer = self.answer().filter(|_| !self.answer.is_empty());
        let texts = answer.filter(|it| it.kind().plain() == SchemaKind::Text);
        if let Some(answer) = texts.filter(|_| !options.is_empty())
            && let Some(place) = self.place_in(&mut schema)
        {
            hold_to(options, place, answer.is_nullable());
        }
        schema
    }

    /// Finds the answer in a copy of the schema, with what it refers to on the way in its place.
    fn place_in<'s>(&self, schema: &'s mut Value) -> Option<&'s mut Value> {
        let mut view = SchemaView::new(&self.schema);
        let mut place = schema;
        for name in pointer::names(&self.answer) {
            if place.get("properties").is_none() {
                let object = view
                    .schemas()
                    .iter()
                    .find(|it| it.get("properties").is_some());
                *place = (*object?).clone();
            }
            place = place.get_mut("properties")?.get_mut(&name)?;
            view = view.property(&name)?;
        }
        Some(place)
    }
}

fn hold_to(options: &[String], place: &mut Value, is_nullable: bool) {
    let mut values = json!(options);
    if place.get("type").is_none_or(|it| it != "string") {
        let description = place.get("description").cloned();
        *place = json!({"type": "string"});
        if let Some(description) = description {
            place["description"] = description;
        }
        if is_nullable && let Value::Array(values) = &mut values {
            place["type"] = json!(["string", "null"]);
            values.push(Value::Null);
        }
    }
    place["enum"] = values;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(verdict: &Value) -> BallotSpec {
        BallotSpec {
            schema: json!({
                "type": "object",
                "properties": {"of": {"$ref": "#/$defs/Of"}},
                "$defs": {
                    "Of": {"type": "object", "properties": {"verdict": verdict}},
                    "Text": {"type": "string", "maxLength": 9},
                    "Grade": {"enum": ["good", "bad"]},
                },
            }),
            answer: "/of/verdict".to_owned(),
        }
    }

    #[test]
    fn options_bind_the_answer_however_its_schema_is_written() {
        let options = ["yes".to_owned(), "no".to_owned()];
        let table = [
            (
                json!({"type": "string"}),
                json!({"type": "string", "enum": ["yes", "no"]}),
            ),
            (
                json!({"$ref": "#/$defs/Text", "description": "So?"}),
                json!({"type": "string", "description": "So?", "enum": ["yes", "no"]}),
            ),
            (
                json!({"anyOf": [{"$ref": "#/$defs/Text"}, {"type": "null"}]}),
                json!({"type": ["string", "null"], "enum": ["yes", "no", null]}),
            ),
            (json!({"type": "integer"}), json!({"type": "integer"})),
        ];
        for (verdict, held) in table {
            let schema = ballot(&verdict).schema_for(&options);
            let spec = BallotSpec {
                schema,
                ..ballot(&verdict)
            };
            let answer = spec.answer().unwrap();
            assert_eq!(*answer.schemas()[0], held, "{verdict}");
        }
    }

    #[test]
    fn the_choices_of_an_answer_are_found_behind_references_and_beside_null() {
        let table = [
            (json!({"$ref": "#/$defs/Grade"}), vec!["good", "bad"]),
            (
                json!({"anyOf": [{"$ref": "#/$defs/Grade"}, {"type": "null"}]}),
                vec!["good", "bad"],
            ),
            (
                json!({"oneOf": [{"const": "a"}, {"const": "b"}]}),
                vec!["a", "b"],
            ),
            (json!({"type": "string"}), vec![]),
        ];
        for (verdict, choices) in table {
            assert_eq!(ballot(&verdict).choices(), choices, "{verdict}");
        }
    }
}

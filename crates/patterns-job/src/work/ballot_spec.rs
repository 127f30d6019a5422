//! The user's own ballot: where its answer is, and what that may be.

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
    /// Returns the schema of the counted answer; `None` if it is the whole ballot, or not named.
    pub fn answer_schema(&self) -> Option<&Value> {
        let names = self.answer.split('/').skip(1);
        let mut schema = &self.schema;
        for name in names {
            let name = name.replace("~1", "/").replace("~0", "~");
            schema = self.resolve(schema.get("properties")?.get(&name)?);
        }
        (!self.answer.is_empty()).then_some(schema)
    }

    /// Follows a reference within the schema.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let pointer = schema.get("$ref").and_then(Value::as_str);
        let pointer = pointer.and_then(|it| it.strip_prefix('#'));
        let found = pointer.and_then(|it| self.schema.pointer(it));
        found.unwrap_or(schema)
    }

    /// Returns the texts of which the counted answer must be one; empty if it is open.
    pub fn choices(&self) -> Vec<String> {
        let listed = self
            .answer_schema()
            .and_then(|it| it.get("enum")?.as_array());
        let texts = listed.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Returns the schema of the ballot for a question with these options.
    pub fn schema_for(&self, options: &[String]) -> Value {
        let mut schema = self.schema.clone();
        if options.is_empty() || self.answer.is_empty() {
            return schema;
        }
        let place = self.answer.replace('/', "/properties/");
        if let Some(Value::Object(answer)) = schema.pointer_mut(&place)
            && answer.get("type").is_some_and(|it| it == "string")
        {
            answer.insert("enum".to_owned(), json!(options));
        }
        schema
    }
}

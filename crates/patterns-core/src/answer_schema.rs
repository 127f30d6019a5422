//! The JSON Schema that an answer is asked for by, written down once for all calls of an agent.

mod shape;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The JSON Schema of an answer in the strict dialect, with the name it is sent under.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct AnswerSchema {
    name: String,
    schema: Value,
    json: Box<RawValue>,
    digest: [u8; 32],
    shape: Option<Arc<str>>,
    closed: Option<Box<Value>>,
}

/// What an [`AnswerSchema`] is made of, the rest being computed.
#[derive(Serialize, Deserialize)]
struct Parts {
    name: String,
    schema: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<Box<Value>>,
}

impl AnswerSchema {
    /// Makes a schema. Providers accept names of letters, digits, `_` and `-`, at most 64 bytes.
    pub fn new(name: impl Into<String>, schema: Value) -> Self {
        let name = name.into();
        let json = schema.to_string();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(json.as_bytes());
        Self {
            digest: *hasher.finalize().as_bytes(),
            // What a `Value` writes is JSON; `null` stands for what cannot happen.
            json: RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned()),
            shape: Some(shape::shape(&schema))
                .filter(|it| it.len() <= shape::MAX_BYTES)
                .map(Arc::from),
            name,
            schema,
            closed: None,
        }
    }

    /// Sets the schema with its optional properties optional, for providers that can enforce that. It
    /// takes the same answers, but that what is absent is left out instead of `null`; so it is no part
    /// of what a call is known by.
    #[must_use]
    pub fn with_closed(mut self, closed: Value) -> Self {
        self.closed = (closed != self.schema).then(|| Box::new(closed));
        self
    }

    /// Returns the schema with its optional properties optional, and every object closed.
    pub fn closed(&self) -> &Value {
        self.closed.as_deref().unwrap_or(&self.schema)
    }

    /// Returns the name it is sent under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the schema.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Returns the schema as it is sent.
    pub fn json(&self) -> &RawValue {
        &self.json
    }

    /// Returns the schema in a form that is quickly read, with its descriptions; nothing, if that
    /// is too long to help.
    pub fn shape(&self) -> Option<&str> {
        self.shape.as_deref()
    }

    /// Returns a BLAKE3 digest of the name and the schema as it is sent.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

impl PartialEq for AnswerSchema {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for AnswerSchema {}

impl From<Parts> for AnswerSchema {
    fn from(parts: Parts) -> Self {
        let schema = Self::new(parts.name, parts.schema);
        match parts.closed {
            Some(closed) => schema.with_closed(*closed),
            None => schema,
        }
    }
}

impl From<AnswerSchema> for Parts {
    fn from(schema: AnswerSchema) -> Self {
        Self {
            name: schema.name,
            schema: schema.schema,
            closed: schema.closed,
        }
    }
}

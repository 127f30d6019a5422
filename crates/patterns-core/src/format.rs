//! The ways of asking a provider for structured answers, strongest first.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a provider is asked for an answer of a given shape.
///
/// Whatever the format, answers are validated by their [`Contract`](crate::Contract).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFormat {
    /// The provider enforces the schema while decoding (`json_schema`, strict).
    JsonSchema,
    /// As before, without the lengths of texts, which OpenAI's dialect does not know.
    PlainJsonSchema,
    /// The provider enforces a schema beside `json_object`, as llama.cpp and its relatives do.
    JsonObjectSchema,
    /// The model is made to call a tool, and the schema is that of its arguments.
    Tool,
    /// The provider enforces JSON; the schema is in the prompt (`json_object`).
    JsonObject,
    /// Nothing is enforced; the schema is in the prompt.
    Prompt,
}

impl fmt::Display for AnswerFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JsonSchema => "json_schema",
            Self::PlainJsonSchema => "json_schema without lengths",
            Self::JsonObjectSchema => "json_object with a schema",
            Self::Tool => "a forced tool",
            Self::JsonObject => "json_object",
            Self::Prompt => "schema in the prompt",
        })
    }
}

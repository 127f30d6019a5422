//! The lines of an event file, which other programs read: its version, and the schema that is published.

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use crate::Event;

/// One line of an event file: a JSON object.
///
/// ```
/// use patterns_core::{EventLine, Recorded};
///
/// let line = r#"{"time": 1795817617000, "event": "answer_reused", "origin": {"run": 1, "branch": 0}}"#;
/// let line: EventLine = serde_json::from_str(line)?;
/// assert!(matches!(line.what, Recorded::Happened(_)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "One line of an event file: a JSON object.")]
pub struct EventLine {
    /// When it was written, in milliseconds since 1970, UTC.
    pub time: u64,
    /// What it says.
    #[serde(flatten)]
    pub what: Recorded,
}

/// What a line of an event file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Recorded {
    /// The first line: how to read the others.
    Begun(EventFileBegun),
    /// Any other line.
    Happened(Event),
}

/// The first line of an event file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventFileBegun {
    /// The file begins.
    EventFileBegun {
        /// The version of what is written. It grows when a field or an event goes, or means something else;
        /// new ones may come at any time, so skip what you do not know.
        version: u32,
        /// The program that writes.
        program: String,
    },
}

impl EventLine {
    /// The version of what is written.
    pub const VERSION: u32 = 1;

    /// Returns the JSON Schema of a line.
    pub fn schema() -> Schema {
        schema_for!(Self)
    }
}

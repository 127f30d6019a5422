//! Why an answer was not accepted, in words that a model can act on.

use std::fmt::{self, Write as _};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One way in which an answer breaks its contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// Where, as a JSON pointer; empty for the whole answer.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl Violation {
    /// Makes a violation; long messages are shortened, because they quote the answer.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: shorten(pointer.into()),
            message: shorten(message.into()),
        }
    }

    /// Makes a violation of a message that may quote megabytes of the answer: only the beginning
    /// is ever written.
    pub(super) fn quoting(pointer: String, message: &dyn fmt::Display) -> Self {
        let mut beginning = Beginning(String::new());
        // The only error is the one that says "enough".
        let _ = write!(beginning, "{message}");
        Self::new(pointer, beginning.0)
    }
}

/// Takes text until there is more than a message shows.
struct Beginning(String);

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let missing = (4 * (MAX_CHARS + 1)).saturating_sub(self.0.len());
        match text.char_indices().find(|(at, _)| *at >= missing) {
            Some((end, _)) => {
                self.0.push_str(&text[..end]);
                Err(fmt::Error)
            }
            None => {
                self.0.push_str(text);
                Ok(())
            }
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.pointer, self.message)
    }
}

/// An answer that breaks its contract: every violation found, at most [`Rejection::MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What is wrong; never empty.
    pub violations: Vec<Violation>,
}

impl Rejection {
    /// The most violations that are reported for one answer.
    pub const MAX: usize = 20;

    pub(super) fn one(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            violations: vec![Violation::new(pointer, message)],
        }
    }

    /// Returns the words of the re-ask: what failed, and the `shape` that the answer must have, if
    /// it can be said.
    pub fn to_prompt(&self, shape: Option<&str>) -> String {
        let mut prompt = String::from("Your answer was not accepted:\n");
        for violation in &self.violations {
            prompt.push_str(&format!("- {violation}\n"));
        }
        if let Some(shape) = shape {
            prompt.push_str(&format!("The answer must have this shape:\n{shape}\n"));
        }
        prompt.push_str("Answer again with the corrected JSON object and nothing else.");
        prompt
    }
}

impl From<Violation> for Rejection {
    fn from(violation: Violation) -> Self {
        Self {
            violations: vec![violation],
        }
    }
}

/// The most characters of a message.
const MAX_CHARS: usize = 200;

/// Cuts a text to what a person or a model still reads, at a character boundary.
fn shorten(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

//! What is asked about an answer that may not be complete, and in which words.

use patterns_core::{Document, Part, Prompt};
use serde_json::Value;

/// Asks what was missed in a document.
#[derive(Clone, Debug, PartialEq)]
pub struct GleanTask {
    /// The document.
    pub document: Document,
    /// What was found in it so far.
    pub found: Value,
    /// Which follow-up it is, from 1.
    pub round: u32,
}

impl From<&GleanTask> for Prompt {
    fn from(task: &GleanTask) -> Self {
        task.prompt(
            "What was missed? Go through the document again, and answer only with what it says and \
             what is not among what was found. If nothing was missed, every list is empty.",
        )
    }
}

impl GleanTask {
    /// Puts the document first, as in the first question, so that a provider can serve it from its
    /// cache.
    pub(super) fn prompt(&self, question: &str) -> Prompt {
        let found = serde_json::to_string_pretty(&self.found).unwrap_or_default();
        Prompt::new([
            Part::Document(self.document.clone()),
            Part::text("This was found in it so far:"),
            Part::Document(Document::new("found", found)),
            Part::text(question),
        ])
    }
}

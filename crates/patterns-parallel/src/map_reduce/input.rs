//! What comes in: documents, and what should have been documents.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use patterns_core::{Agent, AgentError, Answer, Document, Origin};

/// An input of map-reduce. A stream of [`Document`]s is a stream of inputs, too.
#[derive(Clone)]
pub enum MapInput {
    /// A document to work on.
    Document(Document),
    /// What could not be read: a failed branch, so that it is named and counted.
    Unreadable {
        /// Where it is.
        id: String,
        /// Why.
        reason: Arc<dyn Error + Send + Sync>,
    },
}

impl From<Document> for MapInput {
    fn from(document: Document) -> Self {
        Self::Document(document)
    }
}

impl MapInput {
    /// Returns the name of its branch.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Document(document) => document.id.clone(),
            Self::Unreadable { id, .. } => id.clone(),
        }
    }

    /// Lets an agent work on it, if it is a document.
    pub(super) async fn map<M>(
        self,
        agent: &dyn Agent<Document, M>,
        origin: Origin,
    ) -> Result<Answer<M>, AgentError> {
        match self {
            Self::Document(document) => agent.run(&document, origin).await,
            Self::Unreadable { reason, .. } => Err(AgentError::unreadable_input(reason)),
        }
    }
}

impl fmt::Debug for MapInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MapInput").field(&self.label()).finish()
    }
}

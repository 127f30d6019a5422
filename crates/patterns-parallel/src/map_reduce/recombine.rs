//! Combines answers that are there already, say in another order.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream;
use patterns_core::{
    Agent, AgentError, Answer, BoxFuture, Document, ModelError, ModelErrorKind, Origin, Outcome,
};
use serde::Serialize;

use super::pattern::MapReduce;
use crate::{RunError, RunOptions};

impl<M, R> MapReduce<M, R>
where
    M: Serialize + Clone + Send + Sync + 'static,
    R: Serialize + Clone + Send + Sync + 'static,
{
    /// Combines answers that are there, in this order, and asks about no document: to see whether the
    /// order matters ([`Measures::compared_with`](crate::Measures::compared_with)).
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if there is no answer, or if the fan-in is less than 2.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends all calls under way.
    pub async fn recombine(
        &self,
        answers: impl IntoIterator<Item = (String, M)>,
        options: &RunOptions,
    ) -> Result<Outcome<R, M>, RunError> {
        let answers: Vec<(String, M)> = answers.into_iter().collect();
        let documents: Vec<Document> = answers
            .iter()
            .map(|(name, _)| Document::new(name.as_str(), ""))
            .collect();
        let given = Given(answers.into_iter().collect());
        let again = self.mapped_by(Arc::new(given));
        again.run(stream::iter(documents), options).await
    }
}

/// Gives answers by the names of documents.
struct Given<M>(BTreeMap<String, M>);

impl<M: Clone + Send + Sync> Agent<Document, M> for Given<M> {
    fn run<'a>(
        &'a self,
        document: &'a Document,
        _: Origin,
    ) -> BoxFuture<'a, Result<Answer<M>, AgentError>> {
        let answer = self.0.get(&*document.id).cloned();
        Box::pin(async move {
            let missing = || ModelError::new(ModelErrorKind::NotSent);
            Ok(Answer::new(answer.ok_or_else(missing)?))
        })
    }
}

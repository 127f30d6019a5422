//! Batch extraction: an agent per document, and no combination.

use std::sync::Arc;

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::{Agent, Branch, Document, Outcome};

use super::intake::{Intake, rows};
use super::pattern::start;
use super::split::Split;
use crate::{FanOut, Order, RunError, RunOptions};

/// Works on the documents without combining them, handing each branch to `each` in input order as
/// soon as it can: batch extraction. Any number of documents needs constant memory.
///
/// The outcome has the sums; its list of branches is empty.
///
/// # Errors
///
/// Returns a [`RunError`] if there is no document.
///
/// # Cancellation
///
/// Dropping the future ends all calls under way.
pub async fn map_documents<M, S>(
    map: &Arc<dyn Agent<Document, M>>,
    documents: S,
    options: &RunOptions,
    each: impl FnMut(Branch<M>),
) -> Result<Outcome<(), M>, RunError>
where
    M: Send + Sync + 'static,
    S: Stream<Item = Document> + Send,
{
    map_chunks(map, None, documents, options, each).await
}

/// As [`map_documents`], but cuts documents that are too long for one call, as
/// [`MapReduce::split`](crate::MapReduce::split) does: there is a branch for each chunk.
///
/// # Errors
///
/// Returns a [`RunError`] if there is no document.
///
/// # Cancellation
///
/// Dropping the future ends all calls under way.
pub async fn map_chunks<M, S>(
    map: &Arc<dyn Agent<Document, M>>,
    splitter: Option<Arc<dyn Split>>,
    documents: S,
    options: &RunOptions,
    mut each: impl FnMut(Branch<M>),
) -> Result<Outcome<(), M>, RunError>
where
    M: Send + Sync + 'static,
    S: Stream<Item = Document> + Send,
{
    let intake = Intake::new(splitter);
    let (mut run, pieces) = start(documents, options, &intake).await?;
    let fan_out = FanOut::new(pieces, options, |piece, origin| {
        let intake = &intake;
        Box::pin(async move { intake.map(&piece, &**map, origin).await })
    });
    let mut fan_out = fan_out.order(Order::Input);
    while let Some(branch) = fan_out.next().await {
        run.account(&branch);
        rows(branch).into_iter().for_each(&mut each);
    }
    let value = run.verdict(fan_out.stopped());
    let mut outcome = run.finish(value, Vec::new());
    outcome.coverage = Some(intake.coverage());
    Ok(outcome)
}

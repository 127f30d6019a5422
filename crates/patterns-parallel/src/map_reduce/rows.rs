//! Batch extraction: an agent per document or chunk, and no combination.

use std::sync::Arc;

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::{Agent, Branch, Document, Outcome};

use super::input::MapInput;
use super::intake::{Intake, Piece, rows};
use super::pattern::start;
use super::split::Split;
use crate::run::Run;
use crate::{FanOut, Order, RunError, RunOptions, Stop};

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
    S: Stream<Item: Into<MapInput>> + Send,
{
    map_chunks(map, None, documents, options, each).await
}

/// As [`map_documents`], but cuts the documents if there is a splitter, as
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
    S: Stream<Item: Into<MapInput>> + Send,
{
    let intake = Intake::new(splitter);
    let (mut run, pieces) = start(documents, options, &intake).await?;
    let stop = map_each(&mut run, map, (&intake, pieces), &mut each).await;
    let value = run.verdict(stop);
    let mut outcome = run.finish(value, Vec::new());
    outcome.coverage = Some(intake.coverage());
    Ok(outcome)
}

/// Works on the pieces of a run that has begun, in input order, and returns why it ended early, if
/// it did.
pub(super) async fn map_each<M, S>(
    run: &mut Run<'_>,
    map: &Arc<dyn Agent<Document, M>>,
    (intake, pieces): (&Intake, S),
    each: &mut impl FnMut(Branch<M>),
) -> Option<Stop>
where
    M: Send + Sync + 'static,
    S: Stream<Item = (String, Piece)> + Send,
{
    let fan_out = FanOut::new(pieces, run.options, |piece, origin| {
        Box::pin(intake.map(piece, &**map, origin))
    });
    let mut fan_out = fan_out.order(Order::Input);
    while let Some(branch) = fan_out.next().await {
        run.account(&branch);
        rows(branch).into_iter().for_each(&mut *each);
    }
    intake.end(run, fan_out.is_exhausted());
    fan_out.stopped()
}

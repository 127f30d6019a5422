//! Batch extraction: an agent per document, and no combination.

use std::sync::Arc;

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::{Agent, Branch, Document, Outcome};

use super::input::MapInput;
use super::pattern::start;
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
    mut each: impl FnMut(Branch<M>),
) -> Result<Outcome<(), M>, RunError>
where
    M: Send + Sync + 'static,
    S: Stream<Item: Into<MapInput>> + Send,
{
    let (mut run, inputs) = start(documents, options).await?;
    let stop = map_each(&mut run, map, inputs, &mut each).await;
    let value = run.verdict(stop);
    Ok(run.finish(value, Vec::new()))
}

/// Works on the documents of a run that has begun, in input order, and returns why it ended early,
/// if it did.
pub(super) async fn map_each<M, S>(
    run: &mut Run<'_>,
    map: &Arc<dyn Agent<Document, M>>,
    inputs: S,
    each: &mut impl FnMut(Branch<M>),
) -> Option<Stop>
where
    M: Send + Sync + 'static,
    S: Stream<Item = (String, MapInput)> + Send,
{
    let fan_out = FanOut::new(inputs, run.options, |input: MapInput, origin| {
        Box::pin(input.map(&**map, origin))
    });
    let mut fan_out = fan_out.order(Order::Input);
    while let Some(branch) = fan_out.next().await {
        run.account(&branch);
        each(branch);
    }
    fan_out.stopped()
}

//! Asks an agent about the candidates, as further steps of a run.

use futures_util::{StreamExt, stream};
use patterns_core::{Agent, AggregateError, AggregateErrorKind, StepRole, Warning};

use super::{KeyCount, KeyMerges, KeyPair, SameKey, key_candidates};
use crate::run::Run;
use crate::{FanOut, Stop};

/// The most pairs that are asked about, in runs that don't say otherwise.
const MOST_PAIRS: usize = 500;

/// Asks which of the keys mean the same. Keys of a failed pair stay apart; the run names it.
///
/// # Errors
///
/// Returns an error if trouble that all pairs would meet, or the end of the run, kept some from
/// being asked about.
pub(in crate::map_reduce) async fn resolve(
    run: &mut Run<'_>,
    field: &str,
    keys: &[KeyCount],
    same: &dyn Agent<KeyPair, SameKey>,
) -> Result<KeyMerges, AggregateError> {
    let candidates = key_candidates(keys, MOST_PAIRS);
    if candidates.left_out > 0 {
        let left_out = candidates.left_out;
        let message = format!("{left_out} pairs of keys were not compared, being less alike");
        run.warn(Warning::new("keys-not-compared", message));
    }
    let inputs = candidates.pairs.iter().map(|&(a, b)| {
        let pair = KeyPair {
            field: field.to_owned(),
            left: keys[a].key.clone(),
            right: keys[b].key.clone(),
        };
        (format!("{:?} = {:?}?", pair.left, pair.right), pair)
    });
    let first = run.next_id();
    let fan_out = FanOut::new(stream::iter(inputs), run.options, |pair, origin| {
        Box::pin(async move { same.run(&pair, origin).await })
    });
    let mut fan_out = fan_out.role(StepRole::Reduce).first(first);
    let mut pairs = candidates.same;
    while let Some(branch) = fan_out.next().await {
        let place = (branch.id.0 - first.0) as usize;
        if let Some(answer) = run.take_step(branch)
            && answer.same
        {
            pairs.extend(candidates.pairs.get(place));
        }
    }
    match fan_out.stopped() {
        None => Ok(KeyMerges::new(keys, pairs)),
        Some(Stop::Drained) => Err(AggregateError::new(AggregateErrorKind::Drained)),
        Some(Stop::Fatal | Stop::Policy) => Err(run.step_error()),
    }
}

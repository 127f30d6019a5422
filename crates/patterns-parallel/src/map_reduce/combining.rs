//! Says which answers can be combined now, and keeps those that wait for their neighbours.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use patterns_core::{AggregateError, AggregateErrorKind, StepRole, TokenCounter};
use serde::Serialize;

use super::combine::Combine;
use super::halves::Mapped;
use super::reduce::{DueStep, End, MapDone, MapPurpose, MapWork, Reducing};
use super::reduce_prompt::{ReduceItem, ReduceTask};
use super::topology::{Frontier, ReduceGroup, TopologyEnd};
use crate::fan_out::Stop;
use crate::machine::Due;
use crate::run::Run;

/// Answers that are being combined.
pub(super) struct Combining<M, R> {
    combine: Arc<Combine<M, R>>,
    waiting: Frontier,
    /// Answers that wait for their neighbours; several for a chunk that was asked about in parts.
    items: BTreeMap<u64, Vec<ReduceItem<M, R>>>,
    /// Whether no combination has failed: without one, there can be no root.
    is_whole: bool,
}

impl<M, R> Combining<M, R>
where
    M: Serialize + Clone + Send,
    R: Serialize + Send,
{
    pub(super) fn new(combine: Arc<Combine<M, R>>, waiting: Frontier) -> Self {
        Self {
            combine,
            waiting,
            items: BTreeMap::new(),
            is_whole: true,
        }
    }

    /// Takes an answer that is alone for its own combination, if it may be.
    fn take_lone(&mut self, place: u64, task: &ReduceTask<M, R>) -> bool {
        let (Some(make), [ReduceItem::Mapped { answer, .. }]) =
            (self.combine.alone, &task.items[..])
        else {
            return false;
        };
        let item = ReduceItem::reduced(task.ends(), make(answer));
        self.take_item(place, item);
        true
    }

    fn take_item(&mut self, place: u64, item: ReduceItem<M, R>) {
        let items = vec![item];
        let size = size(&items, &self.combine.counter);
        self.items.insert(place, items);
        self.waiting.group_answered(place, size);
    }

    fn task(&mut self, group: &ReduceGroup) -> ReduceTask<M, R> {
        let items = group.items.iter().filter_map(|at| self.items.remove(at));
        ReduceTask {
            items: items.flatten().collect(),
            level: group.level,
        }
    }

    /// Returns the combination of everything, or why there is none.
    fn root(&mut self, run: &Run<'_>, stop: Option<Stop>) -> Result<R, AggregateError> {
        let end = self.waiting.end();
        // What came to its end is whole, even if the run was told to end meanwhile.
        if let Some(TopologyEnd::Root(place)) = end
            && let Some(ReduceItem::Reduced { answer, .. }) =
                self.items.remove(&place).and_then(|mut it| it.pop())
        {
            return Ok(answer);
        }
        let step_error = run.step_error();
        let is_by_step = match stop {
            Some(Stop::Fatal) => step_error.kind() == AggregateErrorKind::Stopped,
            Some(Stop::Policy) => !run.has_failures(),
            Some(Stop::Drained) | None => false,
        };
        if !is_by_step {
            run.verdict(stop)?;
        }
        Err(match end {
            Some(TopologyEnd::DoesNotFit) => AggregateError::new(AggregateErrorKind::DoesNotFit),
            Some(TopologyEnd::Root(_)) | None => step_error,
        })
    }
}

impl<M, R> Reducing<M, R> for Combining<M, R>
where
    M: Serialize + Clone + Send + Sync + 'static,
    R: Serialize + Send + Sync + 'static,
{
    fn begun(&mut self, place: u64) {
        self.waiting.push(place);
    }

    fn mapped(&mut self, place: u64, name: &str, answers: &[Mapped<M>]) {
        if answers.is_empty() || !self.is_whole {
            return self.waiting.leaf_failed(place);
        }
        let items = answers.iter().map(|it| ReduceItem::Mapped {
            id: it.id.clone(),
            answer: it.answer.clone(),
        });
        let items: Vec<_> = items.collect();
        let size = size(&items, &self.combine.counter);
        self.waiting.leaf_answered(place, &digest(name), size);
        self.items.insert(place, items);
    }

    fn finish(&mut self) {
        self.waiting.finish();
    }

    fn due(&mut self, _: bool, _: &mut Run<'_>) -> Option<DueStep<M, R>> {
        while self.is_whole
            && let Some(group) = self.combine.topology.next_group(&mut self.waiting)
        {
            let task = self.task(&group);
            if self.take_lone(group.place, &task) {
                continue;
            }
            let combine = Arc::clone(&self.combine);
            let (name, ends) = (task.name(), task.ends());
            let purpose = MapPurpose::Combine(group.place, ends);
            let step = MapWork::Step(Box::new(move |scope| {
                Box::pin(async move {
                    let answer = combine.combine(task, scope).await?;
                    Ok(answer.map(MapDone::Combined))
                })
            }));
            return Some(Due::new(StepRole::Reduce, name, purpose, step));
        }
        None
    }

    fn ended(&mut self, step: MapPurpose, made: Option<MapDone<M, R>>) {
        match (step, made) {
            (MapPurpose::Combine(place, ends), Some(MapDone::Combined(answer)))
                if self.is_whole =>
            {
                self.take_item(place, ReduceItem::reduced(ends, answer));
            }
            (_, Some(_)) => {}
            (_, None) => {
                self.is_whole = false;
                self.items.clear();
            }
        }
    }

    fn value(mut self: Box<Self>, end: End<'_, '_>) -> Result<R, AggregateError> {
        let mut value = self.root(end.run, end.stop)?;
        if let Some(warning) = end.words.and_then(|it| it.warning(&value)) {
            end.run.warn(warning);
        }
        if let Some(complete) = self.combine.complete {
            complete(&mut value, end.coverage);
        }
        Ok(value)
    }
}

/// Returns what a document is known by in the tree: a digest of its name. So a changed text changes
/// no shape. Another digest here would be another tree for all recorded runs.
fn digest(name: &str) -> [u8; 32] {
    const CONTEXT: &str = "patterns 2026-11-23 reduce tree v1";
    static HASHER: LazyLock<blake3::Hasher> =
        LazyLock::new(|| blake3::Hasher::new_derive_key(CONTEXT));
    *HASHER.clone().update(name.as_bytes()).finalize().as_bytes()
}

/// Returns how many tokens the items of one place take in a reduce call.
fn size<M: Serialize, R: Serialize>(items: &[ReduceItem<M, R>], counter: &TokenCounter) -> u64 {
    // The fence and the id around an item cost a few tokens too.
    let sizes = items
        .iter()
        .map(|it| counter.count(&it.to_json()).saturating_add(16));
    sizes.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_digest_that_recorded_runs_know() {
        let expected = blake3::derive_key("patterns 2026-11-23 reduce tree v1", b"a.txt");
        assert_eq!(digest("a.txt"), expected);
    }
}

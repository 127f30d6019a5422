//! One map-reduce run under way: what its branches bring goes to the caller and into the tree.

use std::collections::BTreeMap;

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::{
    AggregateError, AggregateErrorKind, Branch, BranchId, Outcome, StepRole, TokenCounter,
};
use serde::Serialize;

use super::intake::{Intake, rows};
use super::task::{ReduceItem, ReduceTask};
use super::topology::{Place, ReduceGroup, Shape, ShapeEnd};
use super::work::{Made, Task, digest, size};
use crate::inputs::WINDOW;
use crate::run::Run;
use crate::settle::only;
use crate::{FanOut, Order, Stop};

/// The state of a run.
pub(super) struct Course<'a, M, R, E> {
    run: Run<'a>,
    shape: Box<dyn Shape>,
    order: Order,
    counter: TokenCounter,
    each: E,
    /// Makes a result of an answer that is alone.
    alone: Option<fn(&M) -> R>,
    /// The number of the first branch that this has not heard of; it will be a document.
    unknown: BranchId,
    /// Documents under way.
    maps: BTreeMap<BranchId, Place>,
    /// Combinations under way.
    reduces: BTreeMap<BranchId, Covered>,
    /// Answers that wait for their neighbours; two for a chunk that was halved.
    items: BTreeMap<Place, Vec<ReduceItem<M, R>>>,
    /// Finished documents that wait for their turn.
    waiting: BTreeMap<Place, Vec<Branch<M>>>,
    next_out: Place,
    /// Whether no combination has failed: without one, there can be no root.
    is_whole: bool,
}

/// What a combination is about.
struct Covered {
    place: Place,
    first: String,
    last: String,
}

impl<'a, M, R, E> Course<'a, M, R, E>
where
    M: Serialize + Clone + 'static,
    R: Serialize + 'static,
    E: FnMut(Branch<M>),
{
    pub(super) fn new(
        run: Run<'a>,
        shape: Box<dyn Shape>,
        order: Order,
        counter: TokenCounter,
        each: E,
    ) -> Self {
        Self {
            unknown: run.next_id(),
            run,
            shape,
            order,
            counter,
            each,
            alone: None,
            maps: BTreeMap::new(),
            reduces: BTreeMap::new(),
            items: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_out: Place(0),
            is_whole: true,
        }
    }

    pub(super) fn alone(mut self, make: Option<fn(&M) -> R>) -> Self {
        self.alone = make;
        self
    }

    /// Runs the fan-out to its end, adding combinations to it.
    pub(super) async fn run<S>(
        mut self,
        mut fan_out: FanOut<'_, Task<M, R>, Made<M, R>, S>,
        intake: &Intake,
    ) -> Outcome<R, M>
    where
        S: Stream<Item = (String, Task<M, R>)>,
    {
        loop {
            let branch = fan_out.next().await;
            self.announce(fan_out.next_id());
            let is_idle = branch.is_none();
            if let Some(branch) = branch {
                self.take(branch);
            }
            if fan_out.is_exhausted() {
                self.shape.finish();
            }
            let has_added = self.add_reduces(&mut fan_out);
            if is_idle && !has_added {
                break;
            }
            fan_out.hold(self.order == Order::Input && self.is_window_full());
        }
        intake.end(&mut self.run, fan_out.is_exhausted());
        let value = self.value(fan_out.stopped());
        let warning = value.as_ref().ok().and_then(|it| intake.unseen(it));
        warning.into_iter().for_each(|it| self.run.warn(it));
        self.run.finish(value, Vec::new())
    }

    /// Tells of documents that have begun.
    fn announce(&mut self, next: BranchId) {
        for id in (self.unknown.0..next.0).map(BranchId) {
            self.maps.insert(id, self.shape.push());
        }
        self.unknown = next;
    }

    fn is_window_full(&self) -> bool {
        let unyielded = self.maps.len() + self.waiting.len();
        unyielded >= WINDOW * self.run.options.concurrency.get()
    }

    fn take(&mut self, branch: Branch<Made<M, R>>) {
        if let Some(covered) = self.reduces.remove(&branch.id) {
            self.take_reduced(covered, branch);
        } else if let Some(place) = self.maps.remove(&branch.id) {
            self.take_mapped(place, branch);
        }
    }

    fn take_mapped(&mut self, place: Place, branch: Branch<Made<M, R>>) {
        let branch = only(branch, |made| match made {
            Made::Mapped(answer) => Some(answer),
            Made::Reduced(_) => None,
        });
        self.run.account(&branch);
        match branch.value() {
            Some(answers) if self.is_whole => {
                let items = answers.iter().map(|it| ReduceItem::Mapped {
                    id: it.id.clone(),
                    answer: it.answer.clone(),
                });
                let items: Vec<_> = items.collect();
                let size = size(&items, &self.counter);
                self.shape
                    .leaf_answered(place, &digest(&branch.label), size);
                self.items.insert(place, items);
            }
            Some(_) | None => self.shape.leaf_failed(place),
        }
        self.hand_over(place, rows(branch));
    }

    fn hand_over(&mut self, place: Place, rows: Vec<Branch<M>>) {
        if self.order == Order::Finish {
            return rows.into_iter().for_each(&mut self.each);
        }
        self.waiting.insert(place, rows);
        while let Some(rows) = self.waiting.remove(&self.next_out) {
            self.next_out.0 += 1;
            rows.into_iter().for_each(&mut self.each);
        }
    }

    fn take_reduced(&mut self, covered: Covered, branch: Branch<Made<M, R>>) {
        let branch = only(branch, |made| match made {
            Made::Reduced(answer) => Some(answer),
            Made::Mapped(_) => None,
        });
        let Covered { place, first, last } = covered;
        match self.run.take_step(branch) {
            Some(answer) if self.is_whole => {
                let item = ReduceItem::Reduced {
                    first,
                    last,
                    answer,
                };
                self.take_item(place, item);
            }
            Some(_) => {}
            None => {
                self.is_whole = false;
                self.items.clear();
            }
        }
    }

    /// Adds the combinations that can be made now, and returns whether there are any.
    fn add_reduces<S>(&mut self, fan_out: &mut FanOut<'_, Task<M, R>, Made<M, R>, S>) -> bool
    where
        S: Stream<Item = (String, Task<M, R>)>,
    {
        let mut has_added = false;
        while self.may_reduce(fan_out.is_exhausted(), fan_out.stopped())
            && let Some(group) = self.shape.next_group()
        {
            let (place, task) = self.task(group);
            if self.take_lone(place, &task) {
                continue;
            }
            let covered = Covered {
                place,
                first: task.items.first().map_or("", ReduceItem::first).to_owned(),
                last: task.items.last().map_or("", ReduceItem::last).to_owned(),
            };
            let id = fan_out.add(StepRole::Reduce, task.name(), Task::Reduce(task));
            self.reduces.insert(id, covered);
            has_added = true;
        }
        self.unknown = fan_out.next_id();
        has_added
    }

    /// Takes an answer that is alone for its own combination, if it may be.
    fn take_lone(&mut self, place: Place, task: &ReduceTask<M, R>) -> bool {
        let (Some(make), [ReduceItem::Mapped { id, answer }]) = (self.alone, &task.items[..])
        else {
            return false;
        };
        let item = ReduceItem::Reduced {
            first: id.clone(),
            last: id.clone(),
            answer: make(answer),
        };
        self.take_item(place, item);
        true
    }

    fn take_item(&mut self, place: Place, item: ReduceItem<M, R>) {
        let items = vec![item];
        let size = size(&items, &self.counter);
        self.items.insert(place, items);
        self.shape.group_answered(place, size);
    }

    /// Returns whether another combination makes sense. Once all documents have ended, it is known
    /// whether too many of them have failed.
    fn may_reduce(&self, is_exhausted: bool, stop: Option<Stop>) -> bool {
        let is_open = !is_exhausted || !self.maps.is_empty();
        self.is_whole && stop.is_none() && (is_open || self.run.verdict(None).is_ok())
    }

    fn task(&mut self, group: ReduceGroup) -> (Place, ReduceTask<M, R>) {
        let items = group.items.iter().filter_map(|at| self.items.remove(at));
        let items = items.flatten().collect();
        let level = group.level;
        (group.place, ReduceTask { items, level })
    }

    fn value(&mut self, stop: Option<Stop>) -> Result<R, AggregateError> {
        let end = self.shape.end();
        // What came to its end is whole, even if the run was told to end meanwhile.
        if let Some(ShapeEnd::Root(place)) = end
            && let Some(ReduceItem::Reduced { answer, .. }) =
                self.items.remove(&place).and_then(|mut it| it.pop())
        {
            return Ok(answer);
        }
        let step_error = self.run.step_error();
        let is_by_step = match stop {
            Some(Stop::Fatal) => step_error.kind() == AggregateErrorKind::Stopped,
            Some(Stop::Policy) => !self.run.has_failures(),
            Some(Stop::Drained) | None => false,
        };
        if !is_by_step {
            self.run.verdict(stop)?;
        }
        Err(match end {
            Some(ShapeEnd::DoesNotFit) => AggregateError::new(AggregateErrorKind::DoesNotFit),
            Some(ShapeEnd::Root(_) | ShapeEnd::Empty) | None => step_error,
        })
    }
}

//! The machine, driven by hand: whatever ends when, every document is a row, in order, and in the
//! account.

use std::task::Waker;

use futures_util::{FutureExt, stream};
use patterns_core::{Document, ModelError, Scope, Usage};
use patterns_testkit::ScriptedAgent;
use proptest::prelude::*;

use super::*;
use crate::in_order::WINDOW;
use crate::map_reduce::Topology;
use crate::map_reduce::combine::Combine;
use crate::map_reduce::reduce::{Fold, Reduce};
use crate::map_reduce::reduce_prompt::{ReduceItem, ReduceTask};

type It<'r, R> = MapReduceMachine<'r, String, R>;

fn rows_only() -> Reduce<String, ()> {
    let add = |(): &mut (), _: &str, _: &String| ();
    Reduce::of(move || Ok(Fold { value: (), add }))
}

fn machine<'r, R>(
    options: &'r RunOptions,
    count: usize,
    reduce: &'r Reduce<String, R>,
) -> It<'r, R> {
    let documents = (0..count).map(|n| Document::new(format!("{n:03}"), "text"));
    let pieces = Pieces::open(stream::iter(documents), None, false);
    let pieces = pieces.now_or_never().unwrap().unwrap();
    let reducing = reduce.begin().unwrap();
    MapReduceMachine::new(options, pieces, reducing)
}

/// Combines answers into the names of the documents that they are about.
fn combine(topology: Topology) -> Combine<String, Vec<String>> {
    let agent = ScriptedAgent::new(|task: &ReduceTask<String, Vec<String>>| Ok(combined(task)));
    Combine::by(agent).topology(topology).fan_in(3)
}

fn combined(task: &ReduceTask<String, Vec<String>>) -> Vec<String> {
    let items = task.items.iter().flat_map(|item| match item {
        ReduceItem::Mapped { id, .. } => vec![id.clone()],
        ReduceItem::Reduced { answer, .. } => answer.clone(),
    });
    items.collect()
}

/// How a document ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    Answered,
    Failed,
    NotSent,
}

/// A machine with what is under way.
struct Driven<'r, R> {
    machine: It<'r, R>,
    under_way: Vec<(BranchId, DueStep<String, R>)>,
    next: u64,
    rows: Vec<String>,
    is_over: bool,
}

impl<'r, R> Driven<'r, R> {
    fn new(machine: It<'r, R>) -> Self {
        Self {
            machine,
            under_way: Vec::new(),
            next: 0,
            rows: Vec::new(),
            is_over: false,
        }
    }

    fn begin(&mut self, bound: usize) {
        let mut cx = Context::from_waker(Waker::noop());
        while self.under_way.len() < bound {
            let id = BranchId(self.next);
            match self.machine.due(id, &mut cx) {
                Poll::Ready(Some(due)) => self.under_way.push((id, due)),
                Poll::Ready(None) => {
                    self.is_over = true;
                    return;
                }
                Poll::Pending => {
                    assert!(
                        !self.under_way.is_empty(),
                        "nothing would ever be due again"
                    );
                    return;
                }
            }
            self.next += 1;
        }
    }

    fn end(&mut self, at: usize, ends: Ends) {
        let (id, due) = self.under_way.swap_remove(at % self.under_way.len());
        let done = match due.work {
            MapWork::Map(_) => MapDone::Mapped(vec![Mapped {
                id: due.label.clone(),
                answer: due.label.clone(),
                usage: Usage::default(),
            }]),
            MapWork::Step(step) => {
                let ended = step(Scope::default()).now_or_never();
                ended.expect("nobody waits").expect("it answers").value
            }
        };
        let end = match (ends, due.role) {
            (Ends::Answered, _) | (_, StepRole::Reduce) => BranchEnd::Answered(done),
            (Ends::Failed, _) => {
                BranchEnd::Failed(AgentError::from(ModelError::new(ModelErrorKind::Refused)))
            }
            (Ends::NotSent, _) => BranchEnd::Cancelled,
        };
        let branch = Branch {
            id,
            role: due.role,
            label: due.label,
            usage: Usage::default(),
            end,
            columns: None,
        };
        let needless = self.machine.ended(due.purpose, branch);
        assert!(needless.is_empty());
        let rows = std::iter::from_fn(|| self.machine.next_row());
        self.rows.extend(rows.map(|row| row.label));
    }
}

fn ends() -> impl Strategy<Value = Ends> {
    prop_oneof![6 => Just(Ends::Answered), 1 => Just(Ends::Failed), 1 => Just(Ends::NotSent)]
}

proptest! {
    #[test]
    fn every_document_is_a_row_in_order_and_in_the_account(
        topology in prop::sample::select(vec![Topology::Tree, Topology::Refine, Topology::Unordered]),
        all in prop::collection::vec((ends(), any::<usize>()), 1..40),
        bound in 1..6_usize,
        stop_after in 0..80_usize,
    ) {
        let options = RunOptions::default();
        let reduce = combine(topology).into();
        let mut it = Driven::new(machine(&options, all.len(), &reduce));
        let mut ended = 0;
        let mut ends = all.iter().cycle();
        loop {
            // Once a run is stopped, nothing is due any more.
            if ended != stop_after {
                it.begin(bound);
            }
            if it.under_way.is_empty() {
                break;
            }
            let (ends, at) = *ends.next().unwrap();
            it.end(at, ends);
            ended += usize::from(ended != stop_after);
        }
        let stop = (!it.is_over).then_some(Stop::Drained);
        prop_assert!(it.rows.is_sorted());
        prop_assert!(it.rows.windows(2).all(|it| it[0] != it[1]));
        let rows = it.rows.len() as u64;
        prop_assert!(stop.is_some() || rows == all.len() as u64);
        let outcome = it.machine.outcome(stop);
        let counts = outcome.counts;
        prop_assert_eq!(counts.started, counts.answered + counts.failed + counts.cancelled);
        let documents = outcome.coverage.unwrap().documents;
        prop_assert_eq!(documents.total(), all.len() as u64);
        prop_assert_eq!(documents.mapped + documents.failed + documents.not_begun, all.len() as u64);
        if let Ok(mut names) = outcome.value {
            names.sort();
            prop_assert_eq!(names.len() as u64, documents.mapped);
            prop_assert!(names.iter().all(|name| it.rows.contains(name)));
        }
    }
}

#[test]
fn a_slow_document_bounds_what_waits_for_it_unless_all_is_kept() {
    let options = RunOptions {
        concurrency: const { std::num::NonZeroUsize::MIN },
        ..RunOptions::default()
    };
    let reduce = rows_only();
    for keeps_all in [false, true] {
        let mut machine = machine(&options, 200, &reduce);
        if keeps_all {
            machine.keep_all();
        }
        let mut it = Driven::new(machine);
        it.begin(2);
        loop {
            // The first one is slow.
            let next = it.under_way.iter().position(|it| it.0 != BranchId(0));
            let Some(next) = next else { break };
            it.end(next, Ends::Answered);
            it.begin(2);
        }
        let begun = if keeps_all { 200 } else { WINDOW };
        assert_eq!((it.next, it.rows.len()), (begun, 0));
    }
}

#[test]
fn what_was_cancelled_in_flight_has_failed_and_what_was_not_sent_was_not_begun() {
    for (stop, expected) in [(Stop::Policy, (1, 0)), (Stop::Drained, (0, 1))] {
        let options = RunOptions::default();
        let reduce = rows_only();
        let mut it = Driven::new(machine(&options, 1, &reduce));
        it.begin(1);
        it.end(0, Ends::NotSent);
        let documents = it.machine.outcome(Some(stop)).coverage.unwrap().documents;
        assert_eq!(
            (documents.failed, documents.not_begun),
            expected,
            "{stop:?}"
        );
    }
}

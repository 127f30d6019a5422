//! Says what is due in a sectioning run: an outline, its sections, their synthesis.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use patterns_core::{
    AggregateError, Branch, BranchId, Document, Outcome, Pattern, StepRole, Warning,
};

use super::plan::Plan;
use super::task::{Outline, OutlineTask, SectionTask, SynthesisTask, WrittenSection};
use crate::RunOptions;
use crate::fan_out::Stop;
use crate::in_order::InOrder;
use crate::machine::{Due, Machine, narrowed};
use crate::run::Run;
use crate::running::RunMachine;

/// What a branch works on.
pub(super) enum Work<S> {
    Outline(OutlineTask),
    Section(SectionTask),
    Synthesis(SynthesisTask<S>),
}

/// What a branch makes.
pub(super) enum Done<S, Y> {
    Outline(Outline),
    Section(S),
    Synthesis(Y),
}

/// A piece that is being written.
pub(super) struct SectioningMachine<'a, S, Y> {
    run: Run<'a>,
    topic: Arc<str>,
    context: Arc<[Document]>,
    stage: Stage,
    /// The sections that have ended, by their places in the outline.
    ended: BTreeMap<usize, WrittenOrNot<S>>,
    /// The branches of sections, for the caller.
    rows: InOrder<Branch<S>>,
    /// The branch of the first section; the others follow it.
    first: BranchId,
    value: Option<Y>,
}

/// The name of a section, and its text unless it failed.
type WrittenOrNot<S> = (String, Option<S>);

/// How far a piece has come.
enum Stage {
    /// An outline of so many sections is due.
    Planning(usize),
    /// It is under way.
    Planned(usize),
    /// So many sections have begun.
    Writing {
        outline: Arc<Outline>,
        begun: usize,
    },
    /// The synthesis is under way.
    Merging,
    Over,
}

impl<'a, S, Y> SectioningMachine<'a, S, Y> {
    pub(super) fn new(
        topic: Arc<str>,
        context: Arc<[Document]>,
        plan: &Plan,
        options: &'a RunOptions,
    ) -> Self {
        let (stage, given) = match plan {
            Plan::Given(outline) => {
                let given = outline.sections.len() as u64;
                (Stage::writing(outline.clone()), Some(given))
            }
            Plan::Ask { sections, .. } => (Stage::Planning(sections.get()), None),
        };
        Self {
            run: Run::start(options, Pattern::Sectioning, given),
            topic,
            context,
            stage,
            ended: BTreeMap::new(),
            rows: InOrder::new(),
            first: BranchId(0),
            value: None,
        }
    }

    /// Returns why there is no synthesis: a step has failed, or the sections are no good.
    fn error(&self, stop: Option<Stop>) -> AggregateError {
        if self.run.has_failed_step() {
            return self.run.step_error();
        }
        let verdict = self.run.verdict(stop);
        verdict.err().unwrap_or_else(|| self.run.step_error())
    }

    fn outline_task(&self, sections: usize) -> OutlineTask {
        OutlineTask {
            topic: Arc::clone(&self.topic),
            sections,
            context: Arc::clone(&self.context),
        }
    }

    /// Takes the planner's outline. More sections than asked for would cost more than the user agreed
    /// to.
    fn take_outline(&mut self, mut outline: Outline) {
        if let Stage::Planned(planned) = self.stage
            && outline.sections.len() > planned
        {
            let message = format!(
                "the planner proposed {} sections; the first {planned} are used",
                outline.sections.len(),
            );
            self.run.warn(Warning::new("outline-shortened", message));
            outline.sections.truncate(planned);
        }
        self.stage = Stage::writing(outline);
    }
}

impl Stage {
    fn writing(outline: Outline) -> Self {
        Self::Writing {
            outline: Arc::new(outline),
            begun: 0,
        }
    }
}

impl<S: Clone, Y> SectioningMachine<'_, S, Y> {
    /// Returns the synthesis as soon as all sections have ended, if they are good enough for one.
    fn synthesis(&mut self) -> Poll<Option<Due<Work<S>>>> {
        if self.run.verdict(None).is_err() {
            self.stage = Stage::Over;
            return Poll::Ready(None);
        }
        self.stage = Stage::Merging;
        let (mut sections, mut missing) = (Vec::new(), Vec::new());
        for (name, answer) in mem::take(&mut self.ended).into_values() {
            match answer {
                Some(answer) => sections.push(WrittenSection { name, answer }),
                None => missing.push(name),
            }
        }
        let topic = Arc::clone(&self.topic);
        let task = SynthesisTask {
            topic,
            sections,
            missing,
        };
        due(StepRole::Synthesis, "synthesis", Work::Synthesis(task))
    }
}

fn due<S>(role: StepRole, label: &str, work: Work<S>) -> Poll<Option<Due<Work<S>>>> {
    let label = label.to_owned();
    Poll::Ready(Some(Due { role, label, work }))
}

impl<S: Clone, Y> Machine for SectioningMachine<'_, S, Y> {
    type Work = Work<S>;
    type Done = Done<S, Y>;

    fn due(&mut self, id: BranchId, _cx: &mut Context<'_>) -> Poll<Option<Due<Work<S>>>> {
        match &mut self.stage {
            Stage::Planning(sections) => {
                let sections = *sections;
                let task = self.outline_task(sections);
                self.stage = Stage::Planned(sections);
                due(StepRole::Outline, "outline", Work::Outline(task))
            }
            Stage::Writing { outline, begun } => {
                let index = *begun;
                let Some(section) = outline.sections.get(index) else {
                    return match self.ended.len() == index {
                        true => self.synthesis(),
                        false => Poll::Pending,
                    };
                };
                if index == 0 {
                    self.first = id;
                }
                *begun += 1;
                let task = SectionTask {
                    topic: Arc::clone(&self.topic),
                    outline: Arc::clone(outline),
                    index,
                    context: Arc::clone(&self.context),
                };
                due(StepRole::Section, &section.name, Work::Section(task))
            }
            Stage::Planned(_) | Stage::Merging => Poll::Pending,
            Stage::Over => Poll::Ready(None),
        }
    }

    fn ended(&mut self, branch: Branch<Done<S, Y>>) -> Vec<BranchId> {
        if branch.role == StepRole::Section {
            let section = narrowed(branch, |done| match done {
                Done::Section(section) => Some(section),
                Done::Outline(_) | Done::Synthesis(_) => None,
            });
            self.run.account(&section);
            let place = section.id.0 - self.first.0;
            let answer = section.value().cloned();
            self.ended
                .insert(place as usize, (section.label.clone(), answer));
            self.rows.put(place, section);
            return Vec::new();
        }
        match self.run.take_step(branch) {
            Some(Done::Outline(outline)) => self.take_outline(outline),
            Some(Done::Synthesis(value)) => {
                self.value = Some(value);
                self.stage = Stage::Over;
            }
            Some(Done::Section(_)) | None => self.stage = Stage::Over,
        }
        Vec::new()
    }

    fn total(&self) -> Option<u64> {
        match &self.stage {
            Stage::Writing { outline, .. } => Some(outline.sections.len() as u64),
            Stage::Planning(_) | Stage::Planned(_) | Stage::Merging | Stage::Over => None,
        }
    }
}

impl<S: Clone, Y> RunMachine for SectioningMachine<'_, S, Y> {
    type Value = Y;
    type Row = S;

    fn next_row(&mut self) -> Option<Branch<S>> {
        self.rows.next()
    }

    fn outcome(mut self, stop: Option<Stop>) -> Outcome<Y, S> {
        let value = match self.value.take() {
            Some(value) => Ok(value),
            None => Err(self.error(stop)),
        };
        self.run.finish(value, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::task::Waker;

    use patterns_core::{AgentError, AggregateErrorKind, BranchEnd, ModelError, ModelErrorKind};
    use patterns_testkit::MockAgent;

    use super::super::task::SectionBrief;
    use super::*;

    type Piece<'a> = SectioningMachine<'a, &'static str, String>;

    fn outline(names: &[&str]) -> Outline {
        let sections = names.iter().copied().map(SectionBrief::named).collect();
        Outline { sections }
    }

    fn piece(plan: impl Into<Plan>, options: &RunOptions) -> Piece<'_> {
        SectioningMachine::new("Tides".into(), Arc::default(), &plan.into(), options)
    }

    /// Returns the label of what is due, or how it stands if nothing is.
    fn next(piece: &mut Piece<'_>, id: u64) -> String {
        let mut cx = Context::from_waker(Waker::noop());
        match piece.due(BranchId(id), &mut cx) {
            Poll::Ready(Some(due)) => match due.work {
                Work::Synthesis(task) => {
                    let written: Vec<&str> = task.sections.iter().map(|it| it.answer).collect();
                    format!("synthesis of {written:?} without {:?}", task.missing)
                }
                Work::Outline(_) | Work::Section(_) => due.label,
            },
            Poll::Ready(None) => "over".to_owned(),
            Poll::Pending => "pending".to_owned(),
        }
    }

    fn end(
        piece: &mut Piece<'_>,
        id: u64,
        role: StepRole,
        end: BranchEnd<Done<&'static str, String>>,
    ) {
        let needless = piece.ended(Branch {
            id: BranchId(id),
            role,
            label: format!("section {id}"),
            usage: patterns_core::Usage::default(),
            end,
        });
        assert!(needless.is_empty());
    }

    fn failed<D>() -> BranchEnd<D> {
        BranchEnd::Failed(AgentError::from(ModelError::new(ModelErrorKind::Refused)))
    }

    #[test]
    fn the_synthesis_is_due_once_all_sections_have_ended() {
        let options = RunOptions::default();
        let mut it = piece(["a", "b", "c"], &options);
        let begun = [0, 1, 2, 3].map(|id| next(&mut it, id));
        assert_eq!(begun, ["a", "b", "c", "pending"]);
        let section = |text| BranchEnd::Answered(Done::Section(text));
        end(&mut it, 2, StepRole::Section, section("third"));
        end(&mut it, 1, StepRole::Section, failed());
        assert_eq!(next(&mut it, 9), "pending");
        end(&mut it, 0, StepRole::Section, section("first"));
        assert_eq!(
            next(&mut it, 9),
            r#"synthesis of ["first", "third"] without ["section 1"]"#
        );
        assert_eq!(next(&mut it, 9), "pending");
        let whole = BranchEnd::Answered(Done::Synthesis("whole".to_owned()));
        end(&mut it, 3, StepRole::Synthesis, whole);
        assert_eq!(next(&mut it, 9), "over");
        let rows = std::iter::from_fn(|| it.next_row());
        assert_eq!(rows.map(|it| it.id.0).collect::<Vec<_>>(), [0, 1, 2]);
        let outcome = it.outcome(None);
        assert_eq!(outcome.value.unwrap(), "whole");
        assert_eq!((outcome.counts.started, outcome.counts.failed), (4, 1));
    }

    #[test]
    fn no_more_sections_are_written_than_were_asked_for() {
        let options = RunOptions::default();
        let planner = MockAgent::<OutlineTask, Outline>::new();
        let two = const { NonZeroUsize::new(2).expect("2 is not zero") };
        let mut it = piece(Plan::by(planner, two), &options);
        assert_eq!([0, 1].map(|id| next(&mut it, id)), ["outline", "pending"]);
        let planned = BranchEnd::Answered(Done::Outline(outline(&["a", "b", "c"])));
        end(&mut it, 0, StepRole::Outline, planned);
        assert_eq!(it.total(), Some(2));
        assert_eq!([1, 2, 3].map(|id| next(&mut it, id)), ["a", "b", "pending"]);
        assert_eq!(it.outcome(None).warnings[0].code, "outline-shortened");
    }

    #[test]
    fn why_there_is_no_synthesis_is_said() {
        use AggregateErrorKind::{Drained, NothingAnswered, StepFailed, TooManyFailures};
        let options = RunOptions::default();
        let begin = || {
            let mut it = piece(["a"], &options);
            assert_eq!(next(&mut it, 0), "a");
            it
        };
        let kind = |it: Piece<'_>, stop| it.outcome(stop).value.unwrap_err().kind();
        let mut it = begin();
        end(&mut it, 0, StepRole::Section, failed());
        assert_eq!(next(&mut it, 9), "over");
        assert_eq!(kind(it, None), NothingAnswered);
        let mut it = begin();
        end(&mut it, 0, StepRole::Section, failed());
        assert_eq!(kind(it, Some(Stop::Policy)), TooManyFailures);
        assert_eq!(kind(begin(), Some(Stop::Drained)), Drained);
        let mut it = begin();
        let section = BranchEnd::Answered(Done::Section("first"));
        end(&mut it, 0, StepRole::Section, section);
        next(&mut it, 9);
        end(&mut it, 1, StepRole::Synthesis, failed());
        assert_eq!(next(&mut it, 9), "over");
        assert_eq!(kind(it, None), StepFailed);
    }
}

//! Says what is due in a sectioning run: a gate, an outline, its sections as a DAG, a review of all of
//! them and what it asks to write again, and their synthesis.
//!
//! A section whose input has failed is written without it, told so, and named in a warning: one failure
//! must not lose what others can say, and nobody should take the section for one that knew it.

mod outlining;
mod rewriting;
mod writing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};

use patterns_core::{
    AgentError, AggregateError, AggregateErrorKind, Branch, BranchId, Outcome, Pattern, StepRole,
    Warning,
};

use super::dag::Dag;
use super::outline::{GateTask, Outline, OutlineTask, Verdict};
use super::pattern::{Ending, Sectioning};
use super::review::{Change, Issue, Review, ReviewTask};
use super::task::{SectionTask, SynthesisTask, WrittenSection};
use crate::RunOptions;
use crate::fan_out::Stop;
use crate::machine::{Due, Machine};
use crate::run::Run;
use crate::running::RunMachine;

/// What a branch works on.
pub(super) enum Work<S> {
    Gate(GateTask),
    Outline(OutlineTask),
    Section(Box<SectionTask>),
    Review(ReviewTask),
    Synthesis(SynthesisTask<S>),
}

/// What a branch makes.
pub(super) enum Done<S, Y> {
    Gate(Verdict),
    Outline(Outline),
    Section(S),
    Review(Review),
    Synthesis(Y),
}

/// A piece that is being written.
pub(super) struct SectioningMachine<'a, S, Y> {
    run: Run<'a>,
    pattern: &'a Sectioning<S, Y>,
    topic: Arc<str>,
    outline: Arc<Outline>,
    stage: Stage,
    dag: Dag,
    /// How many sections are under way, those that are written again among them.
    under_way: usize,
    /// The sections that have ended.
    ended: BTreeMap<usize, Branch<S>>,
    /// How many sections the caller has got.
    yielded: usize,
    /// Documents of which a section got a passage.
    used: BTreeSet<String>,
    changes: Vec<Change>,
    /// How many of them are of earlier rounds.
    changes_before: usize,
    value: Option<Y>,
    /// Why there is no outline, though a planner has answered.
    wrong: Option<AgentError>,
}

/// How far a piece has come.
#[derive(Debug)]
enum Stage {
    /// Whether the topic divides is to be asked.
    Gating,
    /// An outline is due.
    Planning,
    /// A step is under way, without which nothing else can be done.
    Waiting,
    /// Sections are written.
    Writing,
    /// All of them are to be read together, so many times before.
    Reviewing(u32),
    /// Some are written again: these still have to begin.
    Rewriting(u32, VecDeque<(usize, Vec<Issue>)>),
    /// They are to be merged.
    Merging,
    Over,
}

type NextDue<S> = Poll<Option<Due<Work<S>, Option<usize>>>>;

fn due<S>(role: StepRole, label: &str, section: Option<usize>, work: Work<S>) -> NextDue<S> {
    Poll::Ready(Some(Due {
        role,
        label: label.to_owned(),
        purpose: section,
        work,
    }))
}

impl<'a, S, Y> SectioningMachine<'a, S, Y> {
    pub(super) fn new(
        topic: Arc<str>,
        pattern: &'a Sectioning<S, Y>,
        given: Option<Outline>,
        options: &'a RunOptions,
    ) -> Self {
        let sections = given.as_ref().map(|it| it.sections.len() as u64);
        let sections = sections.filter(|_| !matches!(pattern.ending, Ending::Outline(_)));
        let mut machine = Self {
            run: Run::start(options, Pattern::Sectioning, sections),
            pattern,
            topic,
            outline: Arc::default(),
            stage: match pattern.has_gate() {
                true => Stage::Gating,
                false => Stage::Planning,
            },
            dag: Dag::default(),
            under_way: 0,
            ended: BTreeMap::new(),
            yielded: 0,
            used: BTreeSet::new(),
            changes: Vec::new(),
            changes_before: 0,
            value: None,
            wrong: None,
        };
        if let Some(passages) = &pattern.passages {
            let warning = Warning::new("context-selected", passages.describe());
            machine.run.warn(warning);
        }
        if let Some(outline) = given {
            machine.begin(outline);
        }
        machine
    }

    /// Returns why there is no value: a step has failed, or the sections are no good.
    fn error(&self, stop: Option<Stop>) -> AggregateError {
        if self.run.has_failed_step() {
            return self.run.step_error();
        }
        if let Some(error) = &self.wrong {
            return AggregateError::caused_by(AggregateErrorKind::StepFailed, error.clone());
        }
        let verdict = self.run.verdict(stop);
        verdict.err().unwrap_or_else(|| self.run.step_error())
    }

    fn is_final(&self) -> bool {
        match self.stage {
            Stage::Merging | Stage::Over => true,
            // Before there are sections, or for their synthesis.
            Stage::Waiting => self.dag.len() > 0,
            _ => !self.pattern.has_review(),
        }
    }
}

impl<S: Clone, Y> SectioningMachine<'_, S, Y> {
    fn answer(&self, n: usize) -> Option<&S> {
        self.ended.get(&n)?.value()
    }

    fn merge(&mut self) -> NextDue<S> {
        let task = self.synthesis_task();
        match &self.pattern.ending {
            Ending::Code(merge) => self.value = Some(merge(task)),
            Ending::Synthesis {
                alone: Some(whole), ..
            } if self.is_undivided() => {
                self.value = task.written().next().map(|it| whole(it.1));
            }
            Ending::Synthesis { .. } => {
                self.stage = Stage::Waiting;
                return due(
                    StepRole::Synthesis,
                    "synthesis",
                    None,
                    Work::Synthesis(task),
                );
            }
            Ending::Outline(_) => {}
        }
        self.stage = Stage::Over;
        Poll::Ready(None)
    }

    fn is_undivided(&self) -> bool {
        self.pattern.has_gate() && self.dag.len() == 1
    }

    fn synthesis_task(&self) -> SynthesisTask<S> {
        let sections = self.dag.order().iter().map(|n| {
            let node = self.dag.node(*n);
            WrittenSection {
                title: node.brief.title.clone(),
                depth: node.depth,
                answer: self.answer(*n).cloned(),
            }
        });
        let title = self.outline.title.as_deref().unwrap_or(&self.topic);
        SynthesisTask {
            topic: Arc::clone(&self.topic),
            title: title.to_owned(),
            sections: sections.collect(),
            changes: self.changes.clone(),
        }
    }

    fn next(&mut self) -> NextDue<S> {
        match &self.stage {
            Stage::Gating => self.gate(),
            Stage::Planning => self.plan(),
            Stage::Waiting => Poll::Pending,
            Stage::Writing => self.write(),
            Stage::Reviewing(round) => {
                let round = *round;
                self.review(round)
            }
            Stage::Rewriting(..) => self.rewrite(),
            Stage::Merging => self.merge(),
            Stage::Over => Poll::Ready(None),
        }
    }
}

impl<S: Clone, Y> Machine for SectioningMachine<'_, S, Y> {
    type Work = Work<S>;
    type Done = Done<S, Y>;
    /// The number of the section, if it is one that is written.
    type Purpose = Option<usize>;

    fn due(&mut self, _: BranchId, _: &mut Context<'_>) -> NextDue<S> {
        self.next()
    }

    fn ended(&mut self, section: Option<usize>, branch: Branch<Done<S, Y>>) -> Vec<BranchId> {
        self.under_way -= usize::from(section.is_some());
        let written = |done: Done<S, Y>| match done {
            Done::Section(section) => Some(section),
            _ => None,
        };
        let role = branch.role;
        if let (StepRole::Section, Some(n)) = (role, section) {
            self.take_section(n, branch.and_then(written));
            return Vec::new();
        }
        match (section, self.run.take_step(branch)) {
            (Some(n), done) => self.take_rewritten(n, done.and_then(written)),
            (_, Some(Done::Gate(verdict))) => self.take_verdict(&verdict),
            (_, Some(Done::Outline(outline))) => self.take_outline(outline),
            (_, Some(Done::Review(review))) => self.take_review(review),
            (_, Some(Done::Synthesis(value))) => {
                self.value = Some(value);
                self.stage = Stage::Over;
            }
            (None, None) if role == StepRole::Review => self.stage = Stage::Merging,
            (_, Some(Done::Section(_)) | None) => self.stage = Stage::Over,
        }
        if let Stage::Rewriting(round, queue) = &self.stage
            && queue.is_empty()
            && self.under_way == 0
        {
            let round = *round;
            self.end_round(round);
        }
        Vec::new()
    }

    fn total(&self) -> Option<u64> {
        (self.dag.len() > 0).then(|| self.dag.len() as u64)
    }
}

impl<S: Clone, Y> RunMachine for SectioningMachine<'_, S, Y> {
    type Value = Y;
    type Row = S;

    fn stopped(&mut self, _: Option<Stop>) {
        self.stage = Stage::Over;
    }

    fn next_row(&mut self) -> Option<Branch<S>> {
        if !self.is_final() {
            return None;
        }
        let is_over = matches!(self.stage, Stage::Over);
        loop {
            let n = self.dag.order().get(self.yielded)?;
            let row = self.ended.get(n);
            if row.is_none() && !is_over {
                return None;
            }
            self.yielded += 1;
            if let Some(row) = row {
                return Some(row.clone());
            }
        }
    }

    fn outcome(mut self, stop: Option<Stop>) -> Outcome<Y, S> {
        self.warn_of_left_out();
        if let Some(passages) = &self.pattern.passages {
            self.warn_of_unused(&**passages);
        }
        let value = match self.value.take() {
            Some(value) => Ok(value),
            None => Err(self.error(stop)),
        };
        self.run.finish(value, Vec::new())
    }
}

#[cfg(test)]
mod tests;

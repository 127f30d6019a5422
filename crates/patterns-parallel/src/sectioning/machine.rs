//! Says what is due in a sectioning run: a gate, an outline, its sections as a DAG, a review of all of
//! them and what it asks to write again, and their synthesis.
//!
//! A section whose input has failed is written without it, told so, and named in a warning: one failure
//! must not lose what others can say, and nobody should take the section for one that knew it.

mod writing;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};

use patterns_core::{
    Agent, AgentError, AggregateError, AggregateErrorKind, Branch, BranchId, Document, Outcome,
    Pattern, StepRole, Warning,
};

use super::dag::Dag;
use super::outline::{GateTask, Outline, OutlineTask, Plan, Verdict, is_step_by_step};
use super::pattern::{Ending, Sectioning};
use super::review::{Change, Review, ReviewTask};
use super::task::{SectionTask, SynthesisTask};
use crate::RunOptions;
use crate::fan_out::Stop;
use crate::machine::{Due, Machine};
use crate::run::Run;
use crate::running::RunMachine;

/// What a branch works on, and who does that.
pub(super) enum Work<'a, S, Y> {
    Gate(&'a dyn Agent<GateTask, Verdict>, GateTask),
    Outline(&'a dyn Agent<OutlineTask, Outline>, OutlineTask),
    Section(&'a dyn Agent<SectionTask, S>, Box<SectionTask>),
    Review(&'a dyn Agent<ReviewTask, Review>, ReviewTask),
    Synthesis(&'a dyn Agent<SynthesisTask<S>, Y>, SynthesisTask<S>),
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
    dag: Dag<S>,
    /// How many sections are under way, those that are written again among them.
    under_way: usize,
    /// How many sections the caller has got.
    yielded: usize,
    /// Documents of which a section got a passage.
    used: BTreeSet<String>,
    /// The sections that still have to be written again.
    to_rewrite: VecDeque<usize>,
    /// What each review has asked for.
    rounds: Vec<Vec<Change>>,
    value: Option<Y>,
    /// What is in the synthesis and in nothing it was given.
    unseen: Vec<String>,
    /// Why there is no outline, though a planner has answered.
    wrong: Option<AgentError>,
}

/// How far a piece has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Whether the topic divides is to be asked.
    Gating,
    /// An outline is due.
    Planning,
    /// A step is under way, without which nothing else can be done.
    Waiting,
    /// Sections are written.
    Writing,
    /// All of them are to be read together.
    Reviewing,
    /// Some are written again.
    Rewriting,
    /// They are to be merged.
    Merging,
    Over,
}

type NextDue<'a, S, Y> = Poll<Option<Due<Work<'a, S, Y>, Option<usize>>>>;

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
            run: Run::start(options, Some(Pattern::Sectioning), sections),
            pattern,
            topic,
            outline: Arc::default(),
            stage: Stage::Gating,
            dag: Dag::of(&Outline::default()),
            under_way: 0,
            yielded: 0,
            used: BTreeSet::new(),
            to_rewrite: VecDeque::new(),
            rounds: Vec::new(),
            value: None,
            unseen: Vec::new(),
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

    /// Begins to write the sections of an outline, unless it is all that was asked for.
    fn begin(&mut self, outline: Outline) {
        if let Ending::Outline(finish) = &self.pattern.ending {
            self.value = Some(finish(outline));
            self.stage = Stage::Over;
            return;
        }
        self.dag = Dag::of(&outline);
        self.outline = Arc::new(outline);
        self.stage = Stage::Writing;
    }

    /// Writes the topic as one section.
    fn begin_undivided(&mut self, why: &str) {
        let message = format!("the topic is written in a single call: {why}");
        self.run.warn(Warning::new("not-divided", message));
        let mut outline = Outline::new([&*self.topic]);
        // A topic can be longer than what an id is made of, and is no less a heading.
        outline.sections[0].id = "whole".to_owned();
        outline.tidy();
        self.begin(outline);
    }

    /// Takes the planner's outline. More sections than asked for would cost more than the user agreed
    /// to.
    fn take_outline(&mut self, mut outline: Outline) {
        outline.tidy();
        if let Plan::Ask { sections, .. } = &self.pattern.plan
            && outline.sections.len() > sections.get()
        {
            let message = format!(
                "the planner proposed {} sections; the first {sections} are used",
                outline.sections.len(),
            );
            self.run.warn(Warning::new("outline-shortened", message));
            outline.sections.truncate(sections.get());
        }
        for unknown in outline.leave_out_unknown() {
            let message = format!("{unknown}; it is written without that");
            self.run
                .warn(Warning::new("outline-unknown-input", message));
        }
        match outline.checked() {
            Ok(outline) => self.begin(outline),
            Err(error) => {
                self.wrong = Some(AgentError::code(error));
                self.stage = Stage::Over;
            }
        }
    }

    /// Returns the material for what comes before there are sections.
    fn overview(&self) -> Arc<[Document]> {
        let selected = self.pattern.passages.iter();
        let selected = selected.flat_map(|it| it.select(&[&self.topic]));
        self.pattern
            .context
            .iter()
            .cloned()
            .chain(selected)
            .collect()
    }

    fn is_final(&self) -> bool {
        match self.stage {
            Stage::Merging | Stage::Over => true,
            // Before there are sections, or for their synthesis.
            Stage::Waiting => self.dag.len() > 0,
            _ => self.pattern.review.is_none(),
        }
    }
}

impl<'a, S: Clone, Y> SectioningMachine<'a, S, Y> {
    fn gate(&mut self) -> NextDue<'a, S, Y> {
        let Some(gate) = self.pattern.gate.as_deref() else {
            return self.plan();
        };
        if is_step_by_step(&self.topic) {
            self.begin_undivided("its words ask for something that is done step by step");
            return self.next();
        }
        let task = GateTask {
            topic: Arc::clone(&self.topic),
            context: self.overview(),
        };
        self.stage = Stage::Waiting;
        let work = Work::Gate(gate, task);
        Poll::Ready(Some(Due::new(StepRole::Outline, "gate", None, work)))
    }

    fn plan(&mut self) -> NextDue<'a, S, Y> {
        let Plan::Ask { planner, sections } = &self.pattern.plan else {
            self.stage = Stage::Over;
            return Poll::Ready(None);
        };
        let task = OutlineTask {
            topic: Arc::clone(&self.topic),
            sections: sections.get(),
            context: self.overview(),
        };
        self.stage = Stage::Waiting;
        let work = Work::Outline(&**planner, task);
        Poll::Ready(Some(Due::new(StepRole::Outline, "outline", None, work)))
    }

    fn merge(&mut self) -> NextDue<'a, S, Y> {
        let task = self.synthesis_task();
        match &self.pattern.ending {
            Ending::Code(merge) => self.value = Some(merge(task)),
            Ending::Synthesis {
                alone: Some(whole), ..
            } if self.pattern.gate.is_some() && self.dag.len() == 1 => {
                self.value = task.written().next().map(|it| whole(it.1));
            }
            Ending::Synthesis { agent, .. } => {
                self.stage = Stage::Waiting;
                let work = Work::Synthesis(&**agent, task);
                return Poll::Ready(Some(Due::new(StepRole::Synthesis, "synthesis", None, work)));
            }
            Ending::Outline(_) => {}
        }
        self.stage = Stage::Over;
        Poll::Ready(None)
    }

    fn next(&mut self) -> NextDue<'a, S, Y> {
        match self.stage {
            Stage::Gating => self.gate(),
            Stage::Planning => self.plan(),
            Stage::Waiting => Poll::Pending,
            Stage::Writing => self.write(),
            Stage::Reviewing => self.review(),
            Stage::Rewriting => self.rewrite(),
            Stage::Merging => self.merge(),
            Stage::Over => Poll::Ready(None),
        }
    }
}

impl<'a, S: Clone, Y> Machine for SectioningMachine<'a, S, Y> {
    type Work = Work<'a, S, Y>;
    type Done = Done<S, Y>;
    /// The number of the section, if it is one that is written.
    type Purpose = Option<usize>;

    fn due(&mut self, _: BranchId, _: &mut Context<'_>) -> NextDue<'a, S, Y> {
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
            (_, Some(Done::Gate(verdict))) => match verdict.why_undivided() {
                None => self.stage = Stage::Planning,
                Some(why) => self.begin_undivided(&why),
            },
            (_, Some(Done::Outline(outline))) => self.take_outline(outline),
            (_, Some(Done::Review(review))) => self.take_review(review),
            (_, Some(Done::Synthesis(value))) => {
                if let Ending::Synthesis {
                    unseen: Some(unseen),
                    ..
                } = &self.pattern.ending
                {
                    self.unseen = unseen(&value, &self.synthesis_task());
                }
                self.value = Some(value);
                self.stage = Stage::Over;
            }
            (None, None) if role == StepRole::Review => self.stage = Stage::Merging,
            (_, Some(Done::Section(_)) | None) => self.stage = Stage::Over,
        }
        if self.stage == Stage::Rewriting && self.to_rewrite.is_empty() && self.under_way == 0 {
            self.end_round();
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
        let is_over = self.stage == Stage::Over;
        loop {
            let n = self.dag.order().get(self.yielded)?;
            let row = self.dag.node(*n).ended();
            if row.is_none() && !is_over {
                return None;
            }
            self.yielded += 1;
            if row.is_some() {
                return row.cloned();
            }
        }
    }

    fn outcome(mut self, stop: Option<Stop>) -> Outcome<Y, S> {
        self.warn_of_left_out();
        if let Some(passages) = &self.pattern.passages {
            self.warn_of_unused(&**passages);
        }
        self.warn_of_unseen();
        self.warn_of_repeated_briefs();
        let value = match self.value.take() {
            Some(value) => Ok(value),
            None => Err(self.error(stop)),
        };
        self.run.finish(value, Vec::new())
    }
}

#[cfg(test)]
mod tests;

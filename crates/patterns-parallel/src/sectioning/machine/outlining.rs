//! Gets the outline of a piece: asks the gate and the planner, and takes their answers.

use std::sync::Arc;
use std::task::Poll;

use patterns_core::{AgentError, Document, StepRole, Warning};

use super::super::dag::Dag;
use super::super::outline::{GateTask, Outline, OutlineTask, Plan, Verdict, is_step_by_step};
use super::super::pattern::Ending;
use super::{NextDue, SectioningMachine, Stage, Work, due};

impl<S, Y> SectioningMachine<'_, S, Y> {
    /// Begins to write the sections of an outline, unless it is all that was asked for.
    pub(super) fn begin(&mut self, outline: Outline) {
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
    pub(super) fn begin_undivided(&mut self, why: &str) {
        let message = format!("the topic is written in a single call: {why}");
        self.run.warn(Warning::new("not-divided", message));
        let mut outline = Outline::new([&*self.topic]);
        // A topic can be longer than what an id is made of, and is no less a heading.
        outline.sections[0].id = "whole".to_owned();
        match outline.checked() {
            Ok(outline) => self.begin(outline),
            Err(error) => self.give_up(AgentError::code(error)),
        }
    }

    pub(super) fn give_up(&mut self, error: AgentError) {
        self.wrong = Some(error);
        self.stage = Stage::Over;
    }

    pub(super) fn take_verdict(&mut self, verdict: &Verdict) {
        if verdict.divides() {
            self.stage = Stage::Planning;
            return;
        }
        let why = match verdict.is_step_by_step {
            true => "it is done step by step".to_owned(),
            false => format!(
                "it has fewer than {} independent points ({})",
                Verdict::LEAST_POINTS,
                verdict.different_points()
            ),
        };
        self.begin_undivided(&why);
    }

    /// Takes the planner's outline. More sections than asked for would cost more than the user agreed
    /// to.
    pub(super) fn take_outline(&mut self, mut outline: Outline) {
        outline.tidy();
        if let Plan::Ask { sections, .. } = &self.pattern.plan
            && outline.sections.len() > sections.get()
        {
            let message = format!(
                "the planner proposed {} sections; the first {sections} are used",
                outline.sections.len(),
            );
            self.run.warn(Warning::new("outline-shortened", message));
            let left_out = outline.sections.split_off(sections.get());
            let is_left_out = |id: &String| left_out.iter().any(|it| it.id == *id);
            for section in &mut outline.sections {
                section.depends_on.retain(|it| !is_left_out(it));
            }
        }
        for unknown in outline.leave_out_unknown() {
            let message = format!("{unknown}; it is written without that");
            self.run
                .warn(Warning::new("outline-unknown-input", message));
        }
        match outline.checked() {
            Ok(outline) => self.begin(outline),
            Err(error) => self.give_up(AgentError::code(error)),
        }
    }

    /// Returns the material for what comes before there are sections.
    pub(super) fn overview(&self) -> Arc<[Document]> {
        let Some(passages) = &self.pattern.passages else {
            return Arc::clone(&self.pattern.context);
        };
        let selected = passages.select(&[&self.topic]);
        self.pattern
            .context
            .iter()
            .cloned()
            .chain(selected)
            .collect()
    }
}

impl<S: Clone, Y> SectioningMachine<'_, S, Y> {
    pub(super) fn gate(&mut self) -> NextDue<S> {
        if is_step_by_step(&self.topic) {
            self.begin_undivided("its words ask for something that is done step by step");
            return self.next();
        }
        let task = GateTask {
            topic: Arc::clone(&self.topic),
            context: self.overview(),
        };
        self.stage = Stage::Waiting;
        due(StepRole::Outline, "gate", None, Work::Gate(task))
    }

    pub(super) fn plan(&mut self) -> NextDue<S> {
        let Plan::Ask { sections, .. } = &self.pattern.plan else {
            self.stage = Stage::Over;
            return Poll::Ready(None);
        };
        let task = OutlineTask {
            topic: Arc::clone(&self.topic),
            sections: sections.get(),
            context: self.overview(),
        };
        self.stage = Stage::Waiting;
        due(StepRole::Outline, "outline", None, Work::Outline(task))
    }
}

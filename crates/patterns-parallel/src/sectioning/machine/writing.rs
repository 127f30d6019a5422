//! Has sections written: gives each its inputs, takes those that have ended, and adds the further ones that
//! they ask for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Poll;

use patterns_core::{Branch, Select, StepRole, Warning, some_of};

use super::super::outline::{Outline, SectionBrief};
use super::super::task::{SectionSummary, SectionTask};
use super::{NextDue, SectioningMachine, Stage, Work, due};

impl<S, Y> SectioningMachine<'_, S, Y> {
    /// Warns of sections that were not begun when the run ended.
    pub(super) fn warn_of_left_out(&mut self) {
        let left = self.dag.order().iter().map(|n| self.dag.node(*n));
        let left = left.filter(|it| it.is_waiting());
        let left: Vec<String> = left.map(|it| format!("{:?}", it.brief.title)).collect();
        if !left.is_empty() {
            let message = format!("not begun: {}", left.join(", "));
            self.run.warn(Warning::new("sections-not-begun", message));
        }
    }

    /// Warns of documents of which no section has got anything.
    pub(super) fn warn_of_unused(&mut self, passages: &dyn Select) {
        if self.ended.is_empty() {
            return;
        }
        let mut unused = passages.documents();
        unused.retain(|it| !self.used.contains(it));
        if !unused.is_empty() {
            let named = some_of(unused.iter().take(3), unused.len() as u64);
            let message = format!("no section was given anything of {named}");
            self.run.warn(Warning::new("context-unused", message));
        }
    }
}

impl<S: Clone, Y> SectioningMachine<'_, S, Y> {
    pub(super) fn write(&mut self) -> NextDue<S> {
        if let Some(n) = self.dag.begin() {
            let task = self.task(n);
            self.warn_of_inputs(&task);
            let label = task.brief.title.clone();
            self.under_way += 1;
            let work = Work::Section(Box::new(task));
            return due(StepRole::Section, &label, Some(n), work);
        }
        if !self.dag.have_all_ended() {
            return Poll::Pending;
        }
        // What is no good is not read together.
        self.stage = match self.run.verdict(None) {
            Err(_) => Stage::Over,
            Ok(()) if self.pattern.has_review() && self.dag.len() > 1 => Stage::Reviewing(0),
            Ok(()) => Stage::Merging,
        };
        self.next()
    }

    pub(super) fn warn_of_inputs(&mut self, task: &SectionTask) {
        let missing = task.inputs.iter().filter(|it| it.summary.is_none());
        let missing: Vec<String> = missing.map(|it| format!("{:?}", it.title)).collect();
        if !missing.is_empty() {
            let message = format!(
                "{:?} was written without {}, which could not be written",
                task.brief.title,
                missing.join(" and ")
            );
            self.run
                .warn(Warning::new("section-without-input", message));
        }
    }

    pub(super) fn task(&mut self, n: usize) -> SectionTask {
        let node = self.dag.node(n);
        let SectionBrief { title, brief, .. } = &*node.brief;
        let passages = match &self.pattern.passages {
            None => Vec::new(),
            Some(it) => it.select(&[&format!("{title} {brief}"), &self.topic]),
        };
        if let Some(all) = &self.pattern.passages {
            let documents = passages.iter().filter_map(|it| all.document_of(&it.id));
            self.used.extend(documents);
        }
        let inputs = node.inputs.iter().map(|it| self.summary(*it));
        let growth = self.pattern.growth;
        let parent = node.parent.map(|it| self.dag.node(it).brief.title.clone());
        SectionTask {
            topic: Arc::clone(&self.topic),
            outline: Arc::clone(&self.outline),
            index: n,
            brief: Arc::clone(&node.brief),
            parent,
            depth: node.depth,
            context: Arc::clone(&self.pattern.context),
            passages,
            inputs: inputs.collect(),
            may_grow: growth
                .is_some_and(|it| node.depth < it.max_depth && self.dag.len() < it.max_sections),
            revision: None,
        }
    }

    /// Returns what a section says, in short.
    pub(super) fn summary(&self, n: usize) -> SectionSummary {
        let brief = &self.dag.node(n).brief;
        SectionSummary {
            id: brief.id.clone(),
            title: brief.title.clone(),
            summary: self.answer(n).map(|it| self.pattern.reading.summary(it)),
        }
    }

    pub(super) fn take_section(&mut self, n: usize, branch: Branch<S>) {
        self.run.account(&branch);
        self.dag.end(n);
        let further = branch.value().map(self.pattern.reading.further);
        self.ended.insert(n, branch);
        self.grow(n, further.unwrap_or_default());
    }

    /// Adds the sections that a section has asked for, within the bounds.
    pub(super) fn grow(&mut self, parent: usize, further: Vec<SectionBrief>) {
        let Some(growth) = self.pattern.growth else {
            return;
        };
        let above = self.dag.node(parent);
        let (title, id) = (above.brief.title.clone(), above.brief.id.clone());
        let known = self.dag.order().iter();
        let mut known: BTreeSet<String> = known
            .map(|n| self.dag.node(*n).brief.title.to_lowercase())
            .collect();
        let mut asked = Outline::new(further);
        asked.tidy();
        let is_new =
            |it: &SectionBrief| !it.title.is_empty() && known.insert(it.title.to_lowercase());
        let all: Vec<SectionBrief> = asked.sections.into_iter().filter(is_new).collect();
        let room = match above.depth < growth.max_depth {
            true => growth.max_sections.saturating_sub(self.dag.len()),
            false => 0,
        };
        if all.len() > room {
            let message = format!(
                "{} of {} sections that {title:?} asked for are not written: there are {} at most, {} \
                 levels deep",
                all.len() - room,
                all.len(),
                growth.max_sections,
                growth.max_depth
            );
            self.run.warn(Warning::new("outline-bounded", message));
        }
        // One that was planned may be called so.
        let ids = (1_u32..).map(|number| format!("{id}.{number}"));
        let ids: Vec<String> = ids
            .filter(|it| self.dag.find(it).is_none())
            .take(all.len().min(room))
            .collect();
        let added = all.into_iter().zip(ids);
        let added = added.map(|(brief, new)| SectionBrief {
            id: new,
            depends_on: vec![id.clone()],
            ..brief
        });
        let added = added.collect();
        self.dag.add_below(parent, added);
    }
}

//! Has sections written: gives each its inputs, takes those that have ended, and adds the further ones that
//! they ask for. Then has all of them read together, and those with issues written again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Poll;

use patterns_core::{Branch, BranchEnd, Select, StepRole, Warning, some_of};

use super::super::answer::Section;
use super::super::outline::{Outline, SectionBrief};
use super::super::review::{Change, Issue, MOST_ROUNDS, Review, ReviewTask};
use super::super::task::{Revision, SectionSummary, SectionTask, SynthesisTask, WrittenSection};
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
            Ok(()) if self.pattern.review.is_some() && self.dag.len() > 1 => Stage::Reviewing,
            Ok(()) => Stage::Merging,
        };
        self.next()
    }

    fn warn_of_inputs(&mut self, task: &SectionTask) {
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

    fn task(&mut self, n: usize) -> SectionTask {
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

    /// Returns what has become of a section, if it was written.
    fn read(&self, n: usize) -> Option<Section> {
        self.answer(n).map(self.pattern.read)
    }

    /// Returns what a section says, in short.
    fn summary(&self, n: usize) -> SectionSummary {
        let brief = &self.dag.node(n).brief;
        SectionSummary {
            id: brief.id.clone(),
            title: brief.title.clone(),
            summary: self.read(n).map(|it| it.summary()),
        }
    }

    pub(super) fn synthesis_task(&self) -> SynthesisTask<S> {
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

    pub(super) fn take_section(&mut self, n: usize, branch: Branch<S>) {
        self.run.account(&branch);
        self.dag.end(n);
        self.ended.insert(n, branch);
        let further = self.read(n).map(|it| it.further_sections);
        self.grow(n, further.unwrap_or_default());
    }

    /// Adds the sections that a section has asked for, within the bounds.
    fn grow(&mut self, parent: usize, further: Vec<SectionBrief>) {
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
        let mut all: Vec<SectionBrief> = asked.sections.into_iter().filter(is_new).collect();
        let room = match above.depth < growth.max_depth {
            true => growth.max_sections.saturating_sub(self.dag.len()),
            false => 0,
        };
        if all.len() > room {
            let message = format!(
                "{} of {} sections that {title:?} asked for are not written: there are {} at most, to a \
                 depth of {}",
                all.len() - room,
                all.len(),
                growth.max_sections,
                growth.max_depth
            );
            self.run.warn(Warning::new("outline-bounded", message));
            all.truncate(room);
        }
        // One that was planned may be called so.
        let ids = (1_u32..).map(|number| format!("{id}.{number}"));
        let ids = ids.filter(|it| self.dag.find(it).is_none());
        let added = all.into_iter().zip(ids);
        let added = added.map(|(brief, new)| SectionBrief {
            id: new,
            depends_on: vec![id.clone()],
            ..brief
        });
        let added = added.collect();
        self.dag.add_below(parent, added);
    }

    /// Has the sections read together that were written.
    pub(super) fn review(&mut self) -> NextDue<S> {
        let written = self.dag.order().iter().map(|n| self.summary(*n));
        let written = written.filter(|it| it.summary.is_some());
        let task = ReviewTask {
            topic: Arc::clone(&self.topic),
            sections: written.collect(),
        };
        self.reviews += 1;
        self.stage = Stage::Rewriting;
        due(StepRole::Review, "review", None, Work::Review(task))
    }

    /// Takes what does not go together. Its contract has it name sections that were read.
    pub(super) fn take_review(&mut self, review: Review) {
        self.changes_before = self.changes.len();
        for Issue {
            section,
            issue,
            fix,
        } in review.issues
        {
            let Some(n) = self.dag.find(&section) else {
                continue;
            };
            let change = Change {
                section: self.dag.node(n).brief.title.clone(),
                issue,
                fix,
                is_made: false,
            };
            if !self.changes[self.changes_before..].contains(&change) {
                self.changes.push(change);
            }
            if !self.to_rewrite.contains(&n) {
                self.to_rewrite.push_back(n);
            }
        }
    }

    pub(super) fn rewrite(&mut self) -> NextDue<S> {
        let Some(n) = self.to_rewrite.pop_front() else {
            return Poll::Pending;
        };
        let before = self.read(n).unwrap_or_default();
        let mut task = self.task(n);
        task.may_grow = false;
        let title = &task.brief.title;
        let (earlier, of_round) = self.changes.split_at(self.changes_before);
        let label = match earlier.iter().any(|it| it.section == *title) {
            true => format!("{title} (again, twice)"),
            false => format!("{title} (again)"),
        };
        let changes = of_round.iter().filter(|it| it.section == *title);
        task.revision = Some(Revision {
            text: before.content,
            changes: changes.cloned().collect(),
            gaps: before.gaps,
        });
        self.under_way += 1;
        let work = Work::Section(Box::new(task));
        due(StepRole::Rewrite, &label, Some(n), work)
    }

    pub(super) fn take_rewritten(&mut self, n: usize, section: Option<S>) {
        let title = &self.dag.node(n).brief.title;
        // What an earlier round has asked for in vain is not made by this one.
        let of_round = self.changes.iter_mut().skip(self.changes_before);
        let mut whys = Vec::new();
        for change in of_round.filter(|it| it.section == *title) {
            change.is_made = section.is_some();
            whys.push(format!("{} ({})", change.issue, change.fix));
        }
        let whys = whys.join("; ");
        let warning = match &section {
            Some(again) => {
                let before = self.read(n).unwrap_or_default();
                let lost = lost(&before, &(self.pattern.read)(again));
                let message = format!("{title:?} was written again: {whys}{lost}");
                Warning::new("section-rewritten", message)
            }
            None => Warning::new(
                "section-not-rewritten",
                format!("{title:?} could not be written again and stays as it was: {whys}"),
            ),
        };
        if let (Some(section), Some(branch)) = (section, self.ended.get_mut(&n)) {
            branch.end = BranchEnd::Answered(section);
        }
        self.run.warn(warning);
    }

    /// Goes on when nothing of a round is under way any more.
    pub(super) fn end_round(&mut self) {
        let mut of_round = self.changes.iter().skip(self.changes_before);
        let has_rewritten = of_round.any(|it| it.is_made);
        self.stage = match has_rewritten && self.reviews < MOST_ROUNDS {
            true => Stage::Reviewing,
            false => Stage::Merging,
        };
    }
}

/// Says what a text has lost that was written again: most of its length, or citations that held.
fn lost(before: &Section, again: &Section) -> String {
    // Not in words: many scripts put nothing between them.
    let length = |it: &Section| it.content.chars().filter(|it| !it.is_whitespace()).count();
    let holding = |it: &Section| it.citations.iter().filter(|it| it.holds).count();
    let mut lost = String::new();
    let (was, is) = (length(before), length(again));
    if 2 * is < was {
        lost += &format!("; it is {} % as long as it was", 100 * is / was);
    }
    let (held, hold) = (holding(before), holding(again));
    if hold < held {
        lost += &format!("; of {held} citations that held, it has {hold}");
    }
    lost
}

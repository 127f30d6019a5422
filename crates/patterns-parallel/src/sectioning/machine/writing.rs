//! Has sections written: gives each its inputs, takes those that have ended, and adds the further ones that
//! they ask for. Then has all of them read together, and those with issues written again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Poll;

use patterns_core::{Branch, Select, StepRole, Warning, some_of};

use super::super::answer::Section;
use super::super::outline::{Outline, SectionBrief};
use super::super::review::{Change, Issue, MOST_ROUNDS, Review, ReviewTask};
use super::super::task::{Revision, SectionSummary, SectionTask, SynthesisTask, WrittenSection};
use super::{NextDue, SectioningMachine, Stage, Work};
use crate::machine::Due;

/// How many numbers and names of a text a warning names.
const MOST_UNSEEN: usize = 5;

impl<S, Y> SectioningMachine<'_, S, Y> {
    /// Warns of sections that were not begun when the run ended.
    pub(super) fn warn_of_left_out(&mut self) {
        let left = self.dag.in_order().filter(|it| it.is_waiting());
        let left: Vec<String> = left.map(|it| format!("{:?}", it.brief.title)).collect();
        if !left.is_empty() {
            let message = format!("not begun: {}", left.join(", "));
            self.run.warn(Warning::new("sections-not-begun", message));
        }
    }

    /// Warns of documents of which no section has got anything.
    pub(super) fn warn_of_unused(&mut self, passages: &dyn Select) {
        if self.dag.in_order().all(|it| it.ended().is_none()) {
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

impl<'a, S: Clone, Y> SectioningMachine<'a, S, Y> {
    /// Warns of numbers and names that a text cannot have from what its agent was given.
    pub(super) fn warn_of_unseen(&mut self) {
        let sections = self.dag.order().iter().filter_map(|n| self.read(*n));
        let mut texts: Vec<(String, Vec<String>)> = sections
            .map(|it| (format!("{:?}", it.section_name), it.unseen))
            .collect();
        texts.push(("the synthesis".to_owned(), std::mem::take(&mut self.unseen)));
        texts.retain(|it| !it.1.is_empty());
        let texts = texts.iter().map(|(name, unseen)| {
            let named = some_of(unseen.iter().take(MOST_UNSEEN), unseen.len() as u64);
            format!("{named} in {name}")
        });
        let texts: Vec<String> = texts.collect();
        if !texts.is_empty() {
            let message = format!(
                "numbers or names that are in nothing their author was given: {} (what was added up or \
                 translated is among them)",
                texts.join("; ")
            );
            self.run.warn(Warning::new("not-in-documents", message));
        }
    }

    /// Warns of sections that say nothing but their briefs.
    pub(super) fn warn_of_repeated_briefs(&mut self) {
        let sections = self.dag.order().iter().filter_map(|n| self.read(*n));
        let repeating = sections.filter(Section::repeats_brief);
        let repeating: Vec<String> = repeating
            .map(|it| format!("{:?}", it.section_name))
            .collect();
        if !repeating.is_empty() {
            let message = format!("only the brief is repeated in {}", repeating.join(", "));
            self.run
                .warn(Warning::new("section-repeats-brief", message));
        }
    }

    pub(super) fn write(&mut self) -> NextDue<'a, S, Y> {
        if let Some(n) = self.dag.begin() {
            let task = self.task(n);
            self.warn_of_inputs(&task);
            let label = task.brief.title.clone();
            return self.begin_section(StepRole::Section, label, task);
        }
        if !self.dag.have_all_ended() {
            return Poll::Pending;
        }
        // What is no good is not read together.
        self.stage = match self.run.verdict(None) {
            Err(_) => Stage::Over,
            Ok(()) if self.dag.len() > 1 => Stage::Reviewing,
            Ok(()) => Stage::Merging,
        };
        self.next()
    }

    fn begin_section(
        &mut self,
        role: StepRole,
        label: String,
        task: SectionTask,
    ) -> NextDue<'a, S, Y> {
        self.under_way += 1;
        let n = Some(task.index);
        let work = Work::Section(&*self.pattern.section, Box::new(task));
        Poll::Ready(Some(Due::new(role, label, n, work)))
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
        let passages = self.pattern.passages.as_ref().map(|all| {
            let passages = all.select(&[&format!("{title} {brief}"), &self.topic]);
            let documents = passages.iter().filter_map(|it| all.document_of(&it.id));
            self.used.extend(documents);
            passages
        });
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
            passages: passages.unwrap_or_default(),
            inputs: inputs.collect(),
            may_grow: growth
                .is_some_and(|it| node.depth < it.max_depth && self.dag.len() < it.max_sections),
            revision: None,
        }
    }

    /// Returns what has become of a section, if it was written.
    fn read(&self, n: usize) -> Option<Section> {
        let branch = self.dag.node(n).ended()?;
        branch.value().map(self.pattern.read)
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
        let sections = self.dag.in_order().map(|node| WrittenSection {
            title: node.brief.title.clone(),
            depth: node.depth,
            answer: node.ended().and_then(Branch::value).cloned(),
        });
        let title = self.outline.title.as_deref().unwrap_or(&self.topic);
        SynthesisTask {
            topic: Arc::clone(&self.topic),
            title: title.to_owned(),
            sections: sections.collect(),
            changes: self.rounds.concat(),
        }
    }

    pub(super) fn take_section(&mut self, n: usize, branch: Branch<S>) {
        self.run.account(&branch);
        self.dag.end(n, branch);
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
        let known = self.dag.in_order();
        let mut known: BTreeSet<String> = known.map(|it| it.brief.title.to_lowercase()).collect();
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
    pub(super) fn review(&mut self) -> NextDue<'a, S, Y> {
        let Some(review) = self.pattern.review.as_deref() else {
            self.stage = Stage::Merging;
            return self.next();
        };
        let written = self.dag.order().iter().map(|n| self.summary(*n));
        let written = written.filter(|it| it.summary.is_some());
        let task = ReviewTask {
            topic: Arc::clone(&self.topic),
            sections: written.collect(),
        };
        self.rounds.push(Vec::new());
        self.stage = Stage::Rewriting;
        let work = Work::Review(review, task);
        Poll::Ready(Some(Due::new(StepRole::Review, "review", None, work)))
    }

    /// Takes what does not go together. Its contract has it name sections that were read.
    pub(super) fn take_review(&mut self, review: Review) {
        let mut changes = Vec::new();
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
            if !changes.contains(&change) {
                changes.push(change);
            }
            if !self.to_rewrite.contains(&n) {
                self.to_rewrite.push_back(n);
            }
        }
        self.rounds
            .last_mut()
            .into_iter()
            .for_each(|it| it.append(&mut changes));
    }

    pub(super) fn rewrite(&mut self) -> NextDue<'a, S, Y> {
        let Some(n) = self.to_rewrite.pop_front() else {
            return Poll::Pending;
        };
        let before = self.read(n).unwrap_or_default();
        let mut task = self.task(n);
        task.may_grow = false;
        let title = &task.brief.title;
        let mut rounds = self.rounds.iter().rev();
        let changes = rounds.next().into_iter().flatten();
        let changes = changes.filter(|it| it.section == *title).cloned();
        let label = match rounds.flatten().any(|it| it.section == *title) {
            true => format!("{title} (again, twice)"),
            false => format!("{title} (again)"),
        };
        task.revision = Some(Revision {
            text: before.content,
            changes: changes.collect(),
            gaps: before.gaps,
        });
        self.begin_section(StepRole::Rewrite, label, task)
    }

    pub(super) fn take_rewritten(&mut self, n: usize, section: Option<S>) {
        let title = &self.dag.node(n).brief.title;
        let again = section.as_ref().map(self.pattern.read);
        let before = self.read(n).unwrap_or_default();
        let is_other = again.as_ref().is_some_and(|it| {
            (&it.content, &it.key_points) != (&before.content, &before.key_points)
                || it.citations != before.citations
        });
        // What an earlier round has asked for in vain is not made by this one.
        let of_round = self.rounds.last_mut().into_iter().flatten();
        let mut whys = Vec::new();
        for change in of_round.filter(|it| it.section == *title) {
            change.is_made = is_other;
            whys.push(format!("{} ({})", change.issue, change.fix));
        }
        let whys = whys.join("; ");
        let warning = match &again {
            Some(_) if !is_other => Warning::new(
                "section-not-rewritten",
                format!("{title:?} was to be written again and came back as it was: {whys}"),
            ),
            Some(again) => {
                let lost = lost(&before, again);
                let message = format!("{title:?} was written again: {whys}{lost}");
                Warning::new("section-rewritten", message)
            }
            None => Warning::new(
                "section-not-rewritten",
                format!("{title:?} could not be written again and stays as it was: {whys}"),
            ),
        };
        if let Some(section) = section {
            self.dag.replace(n, section);
        }
        self.run.warn(warning);
    }

    /// Goes on when nothing of a round is under way any more.
    pub(super) fn end_round(&mut self) {
        let mut of_round = self.rounds.last().into_iter().flatten();
        let has_rewritten = of_round.any(|it| it.is_made);
        self.stage = match has_rewritten && self.rounds.len() < MOST_ROUNDS {
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

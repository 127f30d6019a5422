//! Has all sections reviewed, and those with issues written again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use patterns_core::{Branch, BranchEnd, StepRole, Warning};

use super::super::pattern::Reading;
use super::super::review::{Change, Issue, MOST_ROUNDS, Review, ReviewTask};
use super::super::task::Revision;
use super::{NextDue, SectioningMachine, Stage, Work, due};

impl<S: Clone, Y> SectioningMachine<'_, S, Y> {
    /// Has the sections read together that were written.
    pub(super) fn review(&mut self, round: u32) -> NextDue<S> {
        let written = self.dag.order().iter().map(|n| self.summary(*n));
        let written = written.filter(|it| it.summary.is_some());
        let task = ReviewTask {
            topic: Arc::clone(&self.topic),
            sections: written.collect(),
        };
        self.stage = Stage::Rewriting(round + 1, VecDeque::new());
        due(StepRole::Review, "review", None, Work::Review(task))
    }

    /// Takes what does not go together, by the sections that have to change.
    pub(super) fn take_review(&mut self, review: Review) {
        self.changes_before = self.changes.len();
        let Stage::Rewriting(_, queue) = &mut self.stage else {
            return;
        };
        for issue in review.issues {
            let found = self.dag.find(&issue.section);
            let Some(n) =
                found.filter(|n| self.ended.get(n).is_some_and(|it| it.value().is_some()))
            else {
                let message = format!(
                    "the review names {:?}, which is no section that was written: {}",
                    issue.section, issue.issue
                );
                self.run.warn(Warning::new("review-unknown", message));
                continue;
            };
            match queue.iter_mut().find(|it| it.0 == n) {
                Some((_, issues)) if issues.contains(&issue) => {}
                Some((_, issues)) => issues.push(issue),
                None => queue.push_back((n, vec![issue])),
            }
        }
    }

    pub(super) fn rewrite(&mut self) -> NextDue<S> {
        let Stage::Rewriting(_, queue) = &mut self.stage else {
            return Poll::Pending;
        };
        let Some((n, issues)) = queue.pop_front() else {
            return Poll::Pending;
        };
        let reading = &self.pattern.reading;
        let text = self.answer(n).map(|it| reading.text(it));
        let gaps = self.answer(n).and_then(reading.section);
        let gaps = gaps.and_then(|it| it.gaps.clone());
        let mut task = self.task(n);
        task.may_grow = false;
        let section = task.brief.title.clone();
        for Issue { issue, fix, .. } in &issues {
            let (section, issue, fix) = (section.clone(), issue.clone(), fix.clone());
            self.changes.push(Change {
                section,
                issue,
                fix,
                is_made: false,
            });
        }
        let text = text.unwrap_or_default();
        task.revision = Some(Revision { text, issues, gaps });
        let mut earlier = self.changes[..self.changes_before].iter();
        let label = match earlier.any(|it| it.section == section) {
            true => format!("{section} (again, twice)"),
            false => format!("{section} (again)"),
        };
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
                let before = self.ended.get(&n).and_then(Branch::value);
                let lost = before.map(|it| lost(&self.pattern.reading, it, again));
                let lost = lost.unwrap_or_default();
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
    pub(super) fn end_round(&mut self, round: u32) {
        let mut of_round = self.changes.iter().skip(self.changes_before);
        let has_rewritten = of_round.any(|it| it.is_made);
        self.stage = match has_rewritten && round < MOST_ROUNDS {
            true => Stage::Reviewing(round),
            false => Stage::Merging,
        };
    }
}

/// Says what a text has lost that was written again: most of its words, or citations that held.
fn lost<S>(reading: &Reading<S>, before: &S, again: &S) -> String {
    let words = |it: &S| reading.text(it).split_whitespace().count();
    let holding = |it: &S| {
        let citations = (reading.section)(it).map(|it| it.citations.iter());
        citations.map_or(0, |it| it.filter(|it| it.holds).count())
    };
    let mut lost = String::new();
    let (was, is) = (words(before), words(again));
    if 2 * is < was {
        lost += &format!("; it had {was} words, and has {is}");
    }
    let (held, hold) = (holding(before), holding(again));
    if hold < held {
        lost += &format!("; of {held} citations that held, it has {hold}");
    }
    lost
}

//! What the branches of a run came to: stage by stage, those that failed by their cause, and some of them.

use std::collections::BTreeMap;

use patterns_core::{BranchId, Counts, Money, StepRole, grouped};
use patterns_store::{BranchEnding, BranchRecord, CallEnding, RunRecord, Store};
use serde_json::{Value, json};

use super::branch::named_line;
use crate::error::Error;
use crate::report::{Page, counted};
use crate::store::refused;
use crate::terminal::Style;

/// What is known of the branches of the latest session of a run.
#[derive(Debug, Default)]
pub(super) struct Stages {
    /// Counts of each role, in the order in which they began.
    stages: Vec<Stage>,
    failures: Vec<Failure>,
    /// Some branches: those that failed first, then those under way.
    shown: [Vec<BranchRecord>; 3],
    branches: usize,
    /// Which session of several it was.
    session: Option<i64>,
}

#[derive(Debug)]
struct Stage {
    role: StepRole,
    counts: Counts,
    calls: u64,
    found: u64,
    cost: Option<Money>,
}

/// Branches or calls that failed alike.
#[derive(Debug)]
struct Failure {
    words: String,
    count: u64,
    example: BranchId,
}

impl Stages {
    /// Reads the branches and calls of a run; keeps `limit` branches.
    pub(super) fn read(store: &Store, run: &RunRecord, limit: usize) -> Result<Self, Error> {
        let mut stages = Self {
            session: Some(run.sessions).filter(|it| *it > 1),
            ..Self::default()
        };
        let mut roles: BTreeMap<BranchId, StepRole> = BTreeMap::new();
        for branch in store.branches_of(run.id, run.sessions) {
            let branch = branch.map_err(refused)?;
            roles.insert(branch.branch, branch.role);
            stages.add(branch, limit);
        }
        for call in store.calls_of(run.id) {
            let call = call.map_err(refused)?;
            let role = roles.get(&call.branch).copied();
            let is_latest = call.session == run.sessions;
            if let (Some(role), true) = (role, is_latest) {
                let stage = stages.stage(role);
                stage.calls += 1;
                stage.found += u64::from(call.ending == CallEnding::Found);
                if let Some(cost) = call.cost {
                    stage.cost = Some(stage.cost.unwrap_or_default() + cost);
                }
            }
            let rejected = call.violations.first().filter(|_| !call.will_reask);
            if let (Some(violation), true) = (rejected, is_latest) {
                stages.fail(format!("the answer was rejected: {violation}"), call.branch);
            }
            if let (Some(error), true) = (&call.error, is_latest) {
                let detail = error.detail.as_ref();
                let detail = detail.map_or_else(String::new, |it| format!(": {it}"));
                stages.fail(format!("{}{detail}", error.cause()), call.branch);
            }
        }
        Ok(stages)
    }

    fn stage(&mut self, role: StepRole) -> &mut Stage {
        let at = self.stages.iter().position(|it| it.role == role);
        let at = at.unwrap_or_else(|| {
            self.stages.push(Stage {
                role,
                counts: Counts::default(),
                calls: 0,
                found: 0,
                cost: None,
            });
            self.stages.len() - 1
        });
        &mut self.stages[at]
    }

    fn add(&mut self, branch: BranchRecord, limit: usize) {
        self.branches += 1;
        let counts = &mut self.stage(branch.role).counts;
        counts.started += 1;
        match branch.ending {
            Some(BranchEnding::Answered) => counts.answered += 1,
            Some(BranchEnding::Failed) => counts.failed += 1,
            Some(BranchEnding::Cancelled) => counts.cancelled += 1,
            None => {}
        }
        let list = match branch.ending {
            Some(BranchEnding::Failed) => &mut self.shown[0],
            None => &mut self.shown[1],
            _ => &mut self.shown[2],
        };
        if list.len() < limit {
            list.push(branch);
        }
    }

    fn fail(&mut self, words: String, example: BranchId) {
        /// More causes than anybody reads.
        const MOST: usize = 100;
        let known = self.failures.iter().position(|it| it.words == words);
        match known {
            Some(at) => self.failures[at].count += 1,
            None if self.failures.len() < MOST => self.failures.push(Failure {
                words,
                count: 1,
                example,
            }),
            None => {}
        }
    }

    /// Returns whether all branches are of one stage.
    pub(super) fn is_one(&self) -> bool {
        self.stages.len() == 1
    }

    /// Adds what each stage came to.
    pub(super) fn describe_stages(&self, page: &mut Page) {
        if let Some(session) = self.session {
            page.line(Style::Dim, &format!("  of these, session {session}:"));
        }
        for stage in &self.stages {
            page.paragraph(&format!("  {:<8}  {}", stage.role.name(), stage.words()));
        }
    }

    /// Adds why calls failed, and some of the branches.
    pub(super) fn describe_branches(mut self, page: &mut Page, run: i64, limit: usize) {
        self.failures.sort_by_key(|it| std::cmp::Reverse(it.count));
        if !self.failures.is_empty() {
            page.gap();
            page.heading("failed calls:");
        }
        for failure in self.failures.iter().take(limit) {
            let text = format!(
                "  {} × {}, such as in branch #{}",
                failure.count, failure.words, failure.example
            );
            page.plain_line(&text);
        }
        let shown: Vec<BranchRecord> = self.shown.into_iter().flatten().take(limit).collect();
        if shown.is_empty() {
            return;
        }
        page.gap();
        page.heading("branches:");
        for branch in &shown {
            page.paragraph(&format!("  {}", named_line(branch)));
        }
        let more = self.branches - shown.len();
        let more = match more {
            0 => String::new(),
            more => format!("{} more (--limit); ", grouped(more as u64)),
        };
        let hint =
            format!("  {more}`patterns show {run} BRANCH` shows what was asked and answered");
        page.line(Style::Dim, &hint);
    }

    /// Returns it as JSON.
    pub(super) fn json(&self) -> Value {
        let stages = self.stages.iter().map(|it| {
            json!({
                "role": it.role,
                "branches": it.counts.started,
                "answered": it.counts.answered,
                "failed": it.counts.failed,
                "cancelled": it.counts.cancelled,
                "calls": it.calls,
                "found": it.found,
                "cost": it.cost,
            })
        });
        let failures = self
            .failures
            .iter()
            .map(|it| json!({"message": it.words, "calls": it.count, "branch": it.example}));
        json!({
            "stages": stages.collect::<Vec<_>>(),
            "failures": failures.collect::<Vec<_>>(),
            "branches": self.shown.iter().flatten().collect::<Vec<_>>(),
        })
    }
}

impl Stage {
    fn words(&self) -> String {
        let mut line = format!("{} · {}", self.counts, counted(self.calls, "call"));
        if self.found > 0 {
            line += &format!(" ({} from the store)", grouped(self.found));
        }
        if let Some(cost) = self.cost.filter(|it| *it != Money::ZERO) {
            line += &format!(" · {cost}");
        }
        line
    }
}

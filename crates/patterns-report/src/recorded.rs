//! Reads the calls of a recorded run as a page shows them.
//!
//! A session that goes on with a run finds what earlier ones have paid for. Such a call is shown once, where it
//! was paid for; and the sessions stand side by side, however long nothing happened between them.

use std::collections::{HashMap, HashSet};

use patterns_core::{BranchId, Money, Usage};
use patterns_store::{
    BranchEnding, BranchRecord, CallEnding, CallRecord, Calls, RunRecord, Store, StoreError,
};

use crate::call::{Call, CallEnd};
use crate::texts_of::{cause, notes, prompt};
use crate::timing::timing;

/// What the calls of a run add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// How many calls are on the page, those included whose answers were found in the store.
    pub calls: u64,
    /// How many of them were found.
    pub found: u64,
    /// What they used.
    pub usage: Usage,
    /// What they cost, as far as that is known.
    pub cost: Option<Money>,
    /// How long all sessions took together, in milliseconds.
    pub span: f64,
}

/// The calls of a recorded run, one at a time; made by [`recorded_calls`].
#[derive(Debug)]
pub struct RecordedCalls {
    store: Store,
    calls: Calls,
    branches: HashMap<(i64, BranchId), BranchRecord>,
    /// The branch of the latest session that has a role and a name, if only one has.
    latest: HashMap<(String, String), Option<u64>>,
    sessions: HashMap<i64, Session>,
    /// What earlier sessions have answered: the stage, the name, the part and the number of the call.
    answered: HashSet<(String, String, Option<String>, u32)>,
    /// How the last call of each branch ended.
    ends: HashMap<u64, CallEnd>,
    /// Branches of the latest session that the calls do not tell of.
    left: Option<std::vec::IntoIter<Call>>,
    totals: Totals,
    last: i64,
}

/// When a session began and ended, in microseconds since 1970, and where it begins on the page.
#[derive(Clone, Copy, Debug, Default)]
struct Session {
    began: i64,
    ended: i64,
    offset: f64,
}

/// Reads the calls of a run. Those of runs of older versions are not recorded, and there are none.
///
/// # Errors
///
/// Returns an error if the store cannot be read.
pub fn recorded_calls(store: &Store, run: &RunRecord) -> Result<RecordedCalls, StoreError> {
    let mut recorded = RecordedCalls {
        store: store.clone(),
        calls: store.calls_of(run.id),
        branches: HashMap::new(),
        latest: HashMap::new(),
        sessions: HashMap::new(),
        answered: HashSet::new(),
        ends: HashMap::new(),
        left: None,
        totals: Totals::default(),
        last: run.sessions,
    };
    for session in store.sessions_of(run.id)? {
        for branch in store.branches_of(run.id, session) {
            recorded.know(branch?);
        }
    }
    for call in store.calls_of(run.id) {
        recorded.add(&call?);
    }
    recorded.answered.clear();
    recorded.line_up();
    Ok(recorded)
}

impl RecordedCalls {
    /// Returns what the calls add up to.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn know(&mut self, branch: BranchRecord) {
        if branch.session == self.last {
            let key = (branch.role.name().to_owned(), branch.label.clone());
            let number = Some(branch.branch.0);
            let known = self.latest.entry(key).or_insert(number);
            *known = known.filter(|it| Some(*it) == number);
        }
        let (began, ended) = (branch.began, branch.ended.unwrap_or(branch.began));
        self.stretch(branch.session, began, ended);
        self.branches
            .insert((branch.session, branch.branch), branch);
    }

    fn add(&mut self, call: &CallRecord) {
        self.stretch(call.session, call.began, call.ended());
        if self.is_shown_before(call) {
            return;
        }
        let totals = &mut self.totals;
        totals.calls += 1;
        totals.found += u64::from(call.ending == CallEnding::Found);
        totals.usage += call.usage;
        if let Some(cost) = call.cost {
            totals.cost = Some(totals.cost.map_or(cost, |sum| sum + cost));
        }
    }

    fn stretch(&mut self, session: i64, began: i64, ended: i64) {
        let new = Session {
            began,
            ended,
            offset: 0.0,
        };
        let session = self.sessions.entry(session).or_insert(new);
        session.began = session.began.min(began);
        session.ended = session.ended.max(ended);
    }

    /// Puts the sessions one after the other.
    fn line_up(&mut self) {
        let mut order: Vec<&mut Session> = self.sessions.values_mut().collect();
        order.sort_by_key(|it| it.began);
        let mut offset = 0.0;
        for session in order {
            session.offset = offset;
            offset += millis(session.ended - session.began);
            self.totals.span = offset;
        }
    }

    fn stage_and_label(&self, record: &CallRecord) -> (String, String) {
        let branch = self.branches.get(&(record.session, record.branch));
        branch.map_or_else(
            || (String::new(), format!("branch {}", record.branch.0)),
            |it| (it.role.name().to_owned(), it.label.clone()),
        )
    }

    /// Returns whether an earlier session has the call that was found here, and remembers what can be found.
    fn is_shown_before(&mut self, record: &CallRecord) -> bool {
        let (stage, label) = self.stage_and_label(record);
        let key = (stage, label, record.part.clone(), record.nth);
        if record.ending == CallEnding::Found && self.answered.contains(&key) {
            return true;
        }
        let end = end_of(record);
        // One that was rejected was paid for, too, and is found again with the one that followed it.
        let is_answer = matches!(end, CallEnd::Answered | CallEnd::Reused | CallEnd::Rejected);
        if is_answer && record.session < self.last {
            self.answered.insert(key);
        }
        false
    }

    /// Turns a record into a call of the page; `None` if another one stands for it.
    fn call(&mut self, record: &CallRecord) -> Result<Option<Call>, StoreError> {
        if self.is_shown_before(record) {
            return Ok(None);
        }
        let (stage, label) = self.stage_and_label(record);
        let end = end_of(record);
        let number = self.number(record, &stage, &label);
        self.ends.insert(number, end);
        let session = self
            .sessions
            .get(&record.session)
            .copied()
            .unwrap_or_default();
        let texts = self.store.texts(record)?;
        Ok(Some(Call {
            branch: number,
            label,
            stage,
            number: record.nth,
            model: record.model.clone(),
            end,
            attempts: record.usage.attempts.max(record.attempts.len() as u64),
            input_tokens: record.usage.input_tokens,
            cached_tokens: record.usage.cached_input_tokens,
            output_tokens: record.usage.output_tokens,
            micro_usd: record.cost.map(|it| it.picodollars() as f64 / 1e6),
            timing: Some(timing(
                record,
                session.offset + millis(record.began - session.began),
            )),
            cause: cause(record),
            notes: notes(record, texts.model.as_deref()),
            prompt: texts.request.as_ref().map(prompt),
            answer: texts.answer,
        }))
    }

    /// Returns the number of a call's branch, which is that of the latest session if that has it.
    fn number(&self, record: &CallRecord, stage: &str, label: &str) -> u64 {
        let own = record.branch.0;
        if record.session == self.last {
            return own;
        }
        let key = (stage.to_owned(), label.to_owned());
        let latest = self.latest.get(&key).copied().flatten();
        latest.unwrap_or(own | (record.session.unsigned_abs() << 40))
    }

    /// Returns the branches of which the calls do not say how they ended.
    fn rest(&self) -> Vec<Call> {
        let mut open: Vec<&BranchRecord> = self.branches.values().collect();
        open.retain(|it| it.session == self.last);
        open.sort_by_key(|it| it.branch.0);
        open.into_iter().filter_map(|it| self.silent(it)).collect()
    }

    fn silent(&self, branch: &BranchRecord) -> Option<Call> {
        let end = match (branch.ending, self.ends.get(&branch.branch.0)) {
            (Some(BranchEnding::Answered), Some(_)) => return None,
            (Some(BranchEnding::Answered), None) => CallEnd::Answered,
            (Some(BranchEnding::Failed), Some(CallEnd::Failed | CallEnd::Rejected)) => return None,
            (Some(BranchEnding::Failed), _) => CallEnd::Failed,
            (Some(BranchEnding::Cancelled), Some(CallEnd::Cancelled)) => return None,
            (Some(BranchEnding::Cancelled), _) => CallEnd::Cancelled,
            (None, _) => CallEnd::NotEnded,
        };
        Some(Call {
            branch: branch.branch.0,
            label: branch.label.clone(),
            stage: branch.role.name().to_owned(),
            end,
            cause: branch.error.as_ref().map(|it| it.replace('-', " ")),
            ..Call::default()
        })
    }
}

impl Iterator for RecordedCalls {
    type Item = Result<Call, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(record) = self.calls.next() {
            match record.and_then(|it| self.call(&it)) {
                Ok(None) => {}
                Ok(Some(call)) => return Some(Ok(call)),
                Err(error) => return Some(Err(error)),
            }
        }
        if self.left.is_none() {
            self.left = Some(self.rest().into_iter());
        }
        self.left.as_mut()?.next().map(Ok)
    }
}

fn end_of(record: &CallRecord) -> CallEnd {
    match record.ending {
        CallEnding::Answered | CallEnding::Found if !record.violations.is_empty() => {
            CallEnd::Rejected
        }
        CallEnding::Answered => CallEnd::Answered,
        CallEnding::Found => CallEnd::Reused,
        CallEnding::Failed => CallEnd::Failed,
        CallEnding::Cancelled => CallEnd::Cancelled,
    }
}

fn millis(micros: i64) -> f64 {
    micros as f64 / 1_000.0
}

//! Writes down how a run goes: its branches and calls, with what was asked, answered and waited for.
//!
//! The layer in front of a model knows what is asked and answered, and events tell what lies between: what
//! an attempt waited for, how long it took, what was mended. Both come here, and a call is written once, when
//! it is known what its answer was worth: with the next event of its branch. Nobody waits for that: rows wait
//! for a commit of others. So a run that is killed may lack the last calls of this record, and
//! never a paid answer.
//!
//! A branch that is a run of its own, such as a section that is a vote, has one row, and so many calls at once as
//! that run. Its calls are written as those of that branch, each with the name of what it was made for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{BranchId, Event, EventSink, Origin, Request, StepRole};
use tokio::time::Instant;

use crate::Store;
use crate::branch_record::BranchEnding;
use crate::call_record::{AttemptRecord, CallEnding, More};
use crate::error::StoreError;
use crate::prompts::Asked;
use crate::run_rows::{CallRow, Place, RunRow};
use crate::runs::RunRecord;
use crate::under_way::{CallEnd, UnderWay};

/// Writes down how a session of a run goes. It is an [`EventSink`]: give it all events of the run, and
/// to [`StoreLayer::recorder`](crate::StoreLayer::recorder).
pub struct Recorder {
    store: Store,
    run: i64,
    session: i64,
    keeps_prompts: bool,
    /// What the clock said, in microseconds since 1970, and when it said so.
    clock: (i64, Instant),
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The number of the last call that was written.
    last: i64,
    open: BTreeMap<BranchId, Open>,
}

/// A branch that has not ended.
#[derive(Default)]
struct Open {
    /// Its name, if it is one of a run within a branch.
    part: Option<Arc<str>>,
    /// How many calls it has made.
    calls: u32,
    /// The one that is under way.
    under_way: Option<UnderWay>,
    /// One that has ended, and nobody has said yet what its answer was worth.
    ended: Option<Ended>,
}

struct Ended {
    part: Option<Arc<str>>,
    call: UnderWay,
    took: Duration,
    end: CallEnd,
    more: More,
}

impl Store {
    /// Returns why not all was written of how runs go and of which answers were of no use, if that has
    /// failed; no more is written of how they go then. Answers, bills and accounts are kept all the same.
    pub fn unrecorded(&self) -> Option<StoreError> {
        let writer = self.0.writer.as_ref();
        writer.and_then(|it| it.unrecorded())
    }
}

impl Recorder {
    /// Begins to write down the session of a run that has just been begun or gone on with.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    pub fn new(store: &Store, run: &RunRecord) -> Result<Self, StoreError> {
        let (micros, last) = store.read(|connection| {
            let select = "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER), \
                (SELECT coalesce(max(number), 0) FROM run_calls WHERE run = ?1)";
            Ok(connection.query_row(select, [run.id], |row| Ok((row.get(0)?, row.get(1)?)))?)
        })?;
        Ok(Self {
            store: store.clone(),
            run: run.id,
            session: run.sessions,
            keeps_prompts: true,
            clock: (micros, Instant::now()),
            state: Mutex::new(State {
                last,
                open: BTreeMap::new(),
            }),
        })
    }

    /// Returns the number of the run.
    pub fn run(&self) -> i64 {
        self.run
    }

    /// Sets whether what is asked is kept; it is, if nobody says otherwise.
    #[must_use]
    pub fn prompts(mut self, keeps_prompts: bool) -> Self {
        self.keeps_prompts = keeps_prompts;
        self
    }

    /// Writes what has not ended as cancelled, where a run is broken off without its events.
    pub fn close(&self) {
        let mut state = self.lock();
        let open: Vec<BranchId> = state.open.keys().copied().collect();
        for branch in open {
            self.branch_ended(&mut state, branch, BranchEnding::Cancelled, None);
        }
    }

    /// Returns what is kept of a request, if it is.
    pub(crate) fn asked(&self, request: &Request) -> Option<Asked> {
        self.keeps_prompts.then(|| Asked::of(request))
    }

    /// Takes note of a call that is asked now.
    pub(crate) fn begins(&self, origin: Origin, model: &Arc<str>) {
        let mut state = self.lock();
        self.settle(&mut state, origin.branch);
        let open = state.open.entry(origin.branch).or_default();
        open.calls += 1;
        open.under_way = Some(UnderWay::new(open.calls, model));
    }

    /// Takes note of how the call of a branch has ended.
    pub(crate) fn ends(&self, origin: Origin, end: CallEnd) {
        let mut state = self.lock();
        let open = state.open.entry(origin.branch).or_default();
        if let Some(call) = open.under_way.take() {
            open.ended = Some(Ended {
                part: open.part.clone(),
                took: call.began.elapsed(),
                call,
                more: More::default(),
                end,
            });
        }
    }

    /// Writes the calls of a branch about which nothing more will be said.
    fn settle(&self, state: &mut State, branch: BranchId) {
        let Some(open) = state.open.get_mut(&branch) else {
            return;
        };
        let ended = open.ended.take();
        let part = open.part.clone();
        let dropped = open.under_way.take().map(|call| Ended {
            part,
            took: call.began.elapsed(),
            call,
            more: More::default(),
            end: CallEnd::new(CallEnding::Cancelled),
        });
        for call in ended.into_iter().chain(dropped) {
            state.last += 1;
            self.write_call(state.last, branch, call);
        }
    }

    fn write_call(&self, number: i64, branch: BranchId, it: Ended) {
        let Ended {
            part,
            call,
            took,
            end,
            mut more,
        } = it;
        more.part = part.map(|it| it.to_string());
        self.store.add_row(RunRow::CallEnded(CallRow {
            place: self.place(branch),
            number,
            nth: call.nth,
            model: call.model,
            began: self.time(call.began),
            took,
            attempts: call.attempts,
            end,
            more,
        }));
    }

    fn branch_began(&self, origin: Origin, role: StepRole, label: String) {
        let mut state = self.lock();
        let open = state.open.entry(origin.branch).or_default();
        if origin.branch.is_nested() {
            open.part = Some(label.into());
            return;
        }
        drop(state);
        self.store.add_row(RunRow::BranchBegan {
            place: self.place(origin.branch),
            role,
            label,
            at: self.time(Instant::now()),
        });
    }

    fn branch_ended(
        &self,
        state: &mut State,
        branch: BranchId,
        ending: BranchEnding,
        error: Option<&'static str>,
    ) {
        self.settle(state, branch);
        state.open.remove(&branch);
        if branch.is_nested() {
            return;
        }
        // A run within a branch that is cancelled is dropped, and tells nothing of its own.
        let next = BranchId(branch.0 + 1).first_within();
        let within = state.open.range(branch.first_within()..next);
        let within: Vec<BranchId> = within.map(|(id, _)| *id).collect();
        for nested in within {
            self.settle(state, nested);
            state.open.remove(&nested);
        }
        self.store.add_row(RunRow::BranchEnded {
            place: self.place(branch),
            ending,
            error,
            at: self.time(Instant::now()),
        });
    }

    fn place(&self, branch: BranchId) -> Place {
        Place {
            run: self.run,
            session: self.session,
            branch: branch.outermost().0.cast_signed(),
        }
    }

    /// Changes the call of a branch that is under way.
    fn under_way(&self, origin: Origin, change: impl FnOnce(&mut UnderWay)) {
        let mut state = self.lock();
        let open = state.open.get_mut(&origin.branch);
        if let Some(call) = open.and_then(|it| it.under_way.as_mut()) {
            change(call);
        }
    }

    /// Changes what is known of the call of a branch that has ended last.
    fn ended(&self, origin: Origin, change: impl FnOnce(&mut More)) {
        let mut state = self.lock();
        let open = state.open.get_mut(&origin.branch);
        if let Some(call) = open.and_then(|it| it.ended.as_mut()) {
            change(&mut call.more);
        }
    }

    /// Returns a moment as microseconds since 1970.
    fn time(&self, moment: Instant) -> i64 {
        let (micros_then, then) = self.clock;
        micros_then + micros(moment.saturating_duration_since(then))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX >> 10)
}

impl EventSink for Recorder {
    fn emit(&self, event: Event) {
        match event {
            Event::BranchStarted {
                origin,
                role,
                label,
            } => self.branch_began(origin, role, label),
            Event::AttemptSent { origin, waited } => self.under_way(origin, |call| {
                call.sent(AttemptRecord {
                    waited,
                    ..AttemptRecord::default()
                });
            }),
            Event::CallHedged { origin, .. } => self.under_way(origin, |call| {
                call.sent(AttemptRecord {
                    is_hedge: true,
                    ..AttemptRecord::default()
                });
            }),
            Event::AnswerBegan { origin, after } => {
                self.under_way(origin, |call| call.first_token = Some(after));
            }
            Event::AttemptEnded {
                origin,
                took,
                error,
            } => self.under_way(origin, |call| call.attempt_ended(took, error)),
            Event::AnswerFixed { origin, fixes } => self.ended(origin, |it| it.fixes = fixes),
            Event::AnswerRejected {
                origin,
                violations,
                will_reask,
                ..
            } => {
                self.ended(origin, |it| {
                    it.violations = violations;
                    it.will_reask = will_reask;
                });
            }
            Event::BranchAnswered { origin, .. } => self.branch_is_over(origin, None, true),
            Event::BranchFailed { origin, kind, .. } => {
                self.branch_is_over(origin, Some(kind.name()), false);
            }
            Event::BranchCancelled { origin, .. } => self.branch_is_over(origin, None, false),
            // What is worth noting of these is noted elsewhere.
            Event::RunStarted { .. }
            | Event::AnswerReused { .. }
            | Event::AttemptFailed { .. }
            | Event::CallsPaused { .. }
            | Event::FormatSteppedDown { .. }
            | Event::FallbackAsked { .. }
            | Event::WarningRaised { .. }
            | Event::RunFinished { .. } => {}
        }
    }
}

impl Recorder {
    fn branch_is_over(&self, origin: Origin, error: Option<&'static str>, is_answered: bool) {
        let ending = match (is_answered, error) {
            (true, _) => BranchEnding::Answered,
            (false, Some(_)) => BranchEnding::Failed,
            (false, None) => BranchEnding::Cancelled,
        };
        self.branch_ended(&mut self.lock(), origin.branch, ending, error);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("run", &self.run)
            .field("session", &self.session)
            .field("keeps_prompts", &self.keeps_prompts)
            .finish_non_exhaustive()
    }
}

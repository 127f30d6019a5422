//! How far a run is: a pure function of its events, of what is spent and of when that was.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use patterns_core::{Event, ModelErrorKind, Money, Origin, Spend, Spent, StepRole, Waits};
use serde::{Deserialize, Serialize};

/// What has begun and ended in one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StageCount {
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled: u64,
}

/// By purpose, in the order of first appearance.
type Stages = Vec<(StepRole, StageCount)>;

/// A branch under way.
#[derive(Clone, Copy, Debug)]
struct Begun {
    role: StepRole,
    is_sent: bool,
    is_found: bool,
}

/// Why a run is slow now, and until when at most.
#[derive(Clone, Debug, PartialEq)]
struct Pause {
    why: String,
    until: Option<Duration>,
}

/// How far a run is. Times are since its beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProgressState {
    /// How many branches of the fan-out there are, if that is known.
    total: Option<u64>,
    /// How many questions of a batch have been decided, and how many there are.
    questions: Option<(u64, u64)>,
    /// What the run was planned to come to: calls, and money if that is known.
    planned: Option<(u64, Option<Money>)>,
    stages: Stages,
    /// The same of runs within branches, such as sections that are votes.
    within: Stages,
    under_way: HashMap<Origin, Begun>,
    roles_within: HashMap<Origin, StepRole>,
    pause: Option<Pause>,
    /// What the call that was sent last has waited for, and when that was.
    waited: Option<(Waits, Duration)>,
    /// How many attempts have failed since the last answer, and how the latest did.
    failing: Option<(u64, ModelErrorKind)>,
    /// What is said beside the work, such as that the run is being ended.
    phase: Option<String>,
    /// When how many branches had ended, and how much was done, for the last while.
    pace: VecDeque<(Duration, u64, u64)>,
    reused: u64,
    /// Branches that the store had the answers of, done in no time, for nothing.
    found: u64,
    /// Those of them that are of the fan-out.
    found_of_fan_out: u64,
    /// What earlier sessions have cost.
    before: Money,
}

/// How far a run is, in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// Branches that have ended, of the fan-out; of a batch, questions that have been decided.
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    /// What `done` counts, if that are no branches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<Cow<'static, str>>,
    pub(crate) failed: u64,
    /// Branches that nobody needed any more, or that a run which is ended left.
    pub(crate) cancelled: u64,
    /// Calls that are with a provider.
    pub(crate) in_flight: u64,
    /// Branches that wait: for a slot, for the rate, or to try again.
    pub(crate) waiting: u64,
    pub(crate) from_store: u64,
    pub(crate) stages: Vec<(String, StageCount)>,
    /// Of runs within branches.
    pub(crate) within: Vec<(String, StageCount)>,
    /// Branches a second, lately.
    pub(crate) per_second: Option<f64>,
    pub(crate) seconds_left: Option<f64>,
    pub(crate) seconds: f64,
    /// Dollars so far, and what it comes to at that rate.
    pub(crate) cost: Option<Money>,
    pub(crate) projected_cost: Option<Money>,
    /// Why it is slow now, and until when.
    pub(crate) paused: Option<String>,
    pub(crate) phase: Option<String>,
}

/// The rate is taken over so long.
const WINDOW: Duration = Duration::from_secs(30);

/// The fewest branches that a rate is taken of.
const FEW: u64 = 3;

/// Who waits so long is told what for.
const LONG: Duration = Duration::from_secs(1);

/// From so many failed attempts in a row on, it is said what they fail of.
const FEW_FAILED: u64 = 2;

impl ProgressState {
    /// Takes an event at its time.
    pub(crate) fn take(&mut self, event: &Event, now: Duration) {
        match event {
            Event::RunStarted { branches, .. } => self.total = *branches,
            Event::BranchStarted { origin, role, .. } => {
                let begun = Begun {
                    role: *role,
                    is_sent: false,
                    is_found: false,
                };
                self.under_way.insert(*origin, begun);
                stage(&mut self.stages, *role).begun += 1;
            }
            Event::BranchAnswered { origin, .. } => {
                self.pause = None;
                self.end(*origin, now, |_| {});
            }
            Event::BranchFailed { origin, .. } => self.end(*origin, now, |it| it.failed += 1),
            Event::BranchCancelled { origin, .. } => self.end(*origin, now, |it| it.cancelled += 1),
            Event::AnswerReused { origin } => {
                self.reused += 1;
                let begun = self.under_way.get_mut(origin);
                begun.into_iter().for_each(|it| it.is_found = true);
            }
            Event::AttemptEnded { error: None, .. } => self.failing = None,
            Event::AttemptFailed { kind, .. } => {
                let before = self.failing.map_or(0, |it| it.0);
                self.failing = Some((before + 1, *kind));
            }
            Event::AttemptSent { origin, waited } => {
                if self.waited.replace((*waited, now)).is_none() {
                    // What the store had is no pace.
                    self.pace.clear();
                    self.keep_pace(now);
                }
                let begun = self.under_way.get_mut(origin);
                begun.into_iter().for_each(|it| it.is_sent = true);
            }
            Event::AnswerBegan { .. }
            | Event::AttemptEnded { .. }
            | Event::CallHedged { .. }
            | Event::CallsPaused { .. }
            | Event::FormatSteppedDown { .. }
            | Event::AnswerFixed { .. }
            | Event::AnswerRejected { .. }
            | Event::FallbackAsked { .. }
            | Event::WarningRaised { .. }
            | Event::RunFinished { .. } => {}
        }
    }

    /// Takes an event of a run within a branch, of which nothing else is told.
    pub(crate) fn take_within(&mut self, event: &Event) {
        let (origin, count): (_, fn(&mut StageCount)) = match event {
            Event::BranchStarted { origin, role, .. } => {
                self.roles_within.insert(*origin, *role);
                stage(&mut self.within, *role).begun += 1;
                return;
            }
            Event::BranchAnswered { origin, .. } => (origin, |_| {}),
            Event::BranchCancelled { origin, .. } => (origin, |it| it.cancelled += 1),
            Event::BranchFailed { origin, .. } => (origin, |it| it.failed += 1),
            _ => return,
        };
        if let Some(role) = self.roles_within.remove(origin) {
            let stage = stage(&mut self.within, role);
            stage.ended += 1;
            count(stage);
        }
    }

    /// Says why calls are held back, until when at most.
    pub(crate) fn pause(&mut self, why: String, until: Option<Duration>) {
        self.pause = Some(Pause { why, until });
    }

    /// Says what is going on beside the work.
    pub(crate) fn set_phase(&mut self, phase: Option<String>) {
        self.phase = phase;
    }

    /// Says how many questions have been decided, and how many there are.
    pub(crate) fn set_questions(&mut self, decided: u64, of: u64, now: Duration) {
        self.questions = Some((decided, of));
        self.keep_pace(now);
    }

    /// Says what the run was planned to come to: how many calls, and how much money.
    pub(crate) fn set_planned(&mut self, calls: u64, cost: Option<Money>) {
        self.planned = Some((calls, cost));
    }

    /// Says what earlier sessions have spent: what this one was planned to come to is beside that.
    pub(crate) fn set_before(&mut self, before: Spent) {
        let Spend { calls, cost, .. } = before.committed;
        self.before = cost.unwrap_or_default();
        if let Some((planned, money)) = &mut self.planned {
            *planned = planned.saturating_add(calls);
            *money = money.and_then(|it| it.checked_add(self.before));
        }
    }

    fn end(&mut self, origin: Origin, now: Duration, count: impl FnOnce(&mut StageCount)) {
        let Some(begun) = self.under_way.remove(&origin) else {
            return;
        };
        let stage = stage(&mut self.stages, begun.role);
        let cancelled = stage.cancelled;
        stage.ended += 1;
        count(stage);
        let is_found = begun.is_found && !begun.is_sent && stage.cancelled == cancelled;
        self.found_of_fan_out += u64::from(is_found && is_fan_out(begun.role));
        self.found += u64::from(is_found);
        self.keep_pace(now);
    }

    fn keep_pace(&mut self, now: Duration) {
        self.pace.push_back((now, self.worked(), self.paid()));
        while self.pace.len() > 2 && self.pace[1].0 + WINDOW < now {
            self.pace.pop_front();
        }
    }

    /// Returns how many branches have ended by work: what the store had is left out, and what was cancelled.
    fn worked(&self) -> u64 {
        let ended = |it: &StageCount| it.ended - it.cancelled;
        let ended: u64 = self.stages.iter().map(|it| ended(&it.1)).sum();
        ended - self.found
    }

    /// Returns how much of what is done was paid for.
    fn paid(&self) -> u64 {
        match self.questions {
            Some((decided, _)) => decided,
            None => self.done().0 - self.found_of_fan_out,
        }
    }

    /// Returns how much is done, and of how much, if that is known.
    fn done(&self) -> (u64, Option<u64>) {
        if let Some((decided, of)) = self.questions {
            return (decided, Some(of));
        }
        let (mut done, mut ended) = (0, 0);
        for (_, it) in self.stages.iter().filter(|it| is_fan_out(it.0)) {
            done += it.ended - it.cancelled;
            ended += it.ended;
        }
        (done, self.total.map(|it| it.max(ended)))
    }

    /// Returns how much is still to do, if that is known: nothing of what was cancelled.
    fn left(&self) -> Option<u64> {
        let (done, total) = self.done();
        let stages = self.stages.iter().filter(|it| is_fan_out(it.0));
        let cancelled: u64 = stages.map(|it| it.1.cancelled).sum();
        let gone = self.questions.map_or(cancelled, |_| 0);
        total.map(|it| it.saturating_sub(done + gone))
    }

    /// Returns the figures at a time, given what is spent.
    pub(crate) fn at(&self, now: Duration, spent: Option<Spent>) -> Snapshot {
        let (done, total) = self.done();
        let pace = self.pace(now);
        let per_second = pace.map(|it| it.0);
        let left = self.left();
        let sent = spent.map_or(0, |it| it.committed.calls);
        let left_of_plan = self.planned.map(|it| it.0.saturating_sub(sent));
        let rate = pace.and_then(|it| it.1);
        // Where nobody knows how much there is, the plan does.
        let known = left
            .zip(rate)
            .or(left_of_plan.filter(|_| total.is_none()).zip(per_second));
        let seconds_left = known
            .filter(|it| it.0 > 0)
            .map(|(left, rate)| left as f64 / rate);
        let under_way = self.under_way.len() as u64;
        let in_flight = spent.map_or(under_way, |it| it.reserved.calls);
        let cost = spent
            .and_then(|it| it.committed.cost)
            .filter(|it| *it > Money::ZERO);
        // What the store had was free, and will not be so again; questions are counted with those before.
        let (paid, is_batch) = (self.paid(), self.questions.is_some());
        let before = if is_batch { Money::ZERO } else { self.before };
        let projected_cost = cost.zip(left).filter(|_| paid >= FEW).map(|(cost, left)| {
            let now = cost.saturating_sub(before).picodollars();
            let more = u128::from(now) * u128::from(left) / u128::from(paid);
            let more = u64::try_from(more).unwrap_or(u64::MAX);
            Money::from_picodollars(cost.picodollars().saturating_add(more))
        });
        let planned_cost = self.planned.and_then(|it| it.1).filter(|_| total.is_none());
        let projected_cost = projected_cost.or(planned_cost.filter(|it| Some(*it) > cost));
        let pause = self.pause.as_ref();
        let pause = pause.filter(|it| it.until.is_none_or(|until| until > now));
        Snapshot {
            done,
            total,
            unit: self.questions.map(|_| "questions".into()),
            failed: self.stages.iter().map(|it| it.1.failed).sum(),
            cancelled: self.stages.iter().map(|it| it.1.cancelled).sum(),
            in_flight,
            waiting: under_way.saturating_sub(in_flight),
            from_store: self.reused,
            stages: named(&self.stages),
            within: named(&self.within),
            per_second: per_second.map(rounded),
            seconds_left: seconds_left.map(rounded),
            seconds: rounded(now.as_secs_f64()),
            cost,
            projected_cost,
            paused: pause
                .map(|it| it.why.clone())
                .or_else(|| self.trouble())
                .or_else(|| self.held(now).filter(|_| under_way > in_flight)),
            phase: self.phase.clone(),
        }
    }

    /// Says what attempts fail of, where none has been answered for several.
    fn trouble(&self) -> Option<String> {
        let (attempts, kind) = self.failing.filter(|it| it.0 >= FEW_FAILED)?;
        let more = match kind {
            ModelErrorKind::Timeout => " (--timeout gives more time to each)",
            _ => "",
        };
        Some(format!(
            "no answer to the last {attempts} attempts: {kind}{more}"
        ))
    }

    /// Says what calls wait for, where the one that was sent last has waited long, and not long ago.
    fn held(&self, now: Duration) -> Option<String> {
        let (Waits { slot, rate, .. }, sent) = self.waited?;
        let (longest, what) = match rate >= slot {
            true => (rate, "the rate that the provider allows"),
            false => (slot, "one in flight to end"),
        };
        let is_now = longest >= LONG && now.saturating_sub(sent) <= WINDOW;
        let seconds = longest.as_secs_f64();
        is_now.then(|| format!("calls wait for {what}; the last one did for {seconds:.1} s"))
    }

    /// Returns how many branches end a second, and how much is done in one, lately.
    fn pace(&self, now: Duration) -> Option<(f64, Option<f64>)> {
        let (since, ended, done) = *self.pace.front()?;
        let (ended, done) = (self.worked() - ended, self.paid() - done);
        let time = (now.saturating_sub(since)).as_secs_f64();
        let done = (done >= FEW).then(|| done as f64 / time);
        (ended >= FEW && time > 0.1).then(|| (ended as f64 / time, done))
    }
}

fn stage(stages: &mut Stages, role: StepRole) -> &mut StageCount {
    let place = stages.iter().position(|it| it.0 == role);
    let place = place.unwrap_or_else(|| {
        stages.push((role, StageCount::default()));
        stages.len() - 1
    });
    &mut stages[place].1
}

fn named(stages: &Stages) -> Vec<(String, StageCount)> {
    let named = stages.iter();
    named
        .map(|(role, it)| (role.name().to_owned(), *it))
        .collect()
}

/// Returns whether a stage is what the total is of, and no step around it.
fn is_fan_out(role: StepRole) -> bool {
    matches!(role, StepRole::Map | StepRole::Ballot | StepRole::Section)
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;

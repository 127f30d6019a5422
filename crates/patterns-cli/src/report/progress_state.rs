//! How far a run is: a pure function of its events, of what is spent and of when that was.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use patterns_core::{Event, ModelErrorKind, Money, Origin, Spent, StepRole, Waits};
use serde::Serialize;

/// What has begun and ended in one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct StageCount {
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    pub(crate) failed: u64,
}

/// By purpose, in the order of first appearance.
type Stages = Vec<(StepRole, StageCount)>;

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
    roles: HashMap<Origin, StepRole>,
    roles_within: HashMap<Origin, StepRole>,
    pause: Option<Pause>,
    /// What the call that was sent last has waited for, and when that was.
    waited: (Waits, Duration),
    /// How many attempts have failed since the last answer, and how the latest did.
    failing: Option<(u64, ModelErrorKind)>,
    /// What is said beside the work, such as that the run is being ended.
    phase: Option<String>,
    /// When how many branches had ended, and how much was done, for the last while.
    pace: VecDeque<(Duration, u64, u64)>,
    reused: u64,
}

/// How far a run is, in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Snapshot {
    /// Branches that have ended, of the fan-out; of a batch, questions that have been decided.
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    /// What `done` counts, if that are no branches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<&'static str>,
    pub(crate) failed: u64,
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
                self.roles.insert(*origin, *role);
                stage(&mut self.stages, *role).begun += 1;
            }
            Event::BranchAnswered { origin, .. } => {
                self.pause = None;
                self.end(*origin, false, now);
            }
            Event::BranchFailed { origin, .. } => self.end(*origin, true, now),
            Event::BranchCancelled { origin, .. } => self.end(*origin, false, now),
            Event::AnswerReused { .. } => self.reused += 1,
            Event::AttemptEnded { error: None, .. } => self.failing = None,
            Event::AttemptFailed { kind, .. } => {
                let before = self.failing.map_or(0, |it| it.0);
                self.failing = Some((before + 1, *kind));
            }
            Event::AttemptSent { waited, .. } => self.waited = (*waited, now),
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
        let (origin, is_failed) = match event {
            Event::BranchStarted { origin, role, .. } => {
                self.roles_within.insert(*origin, *role);
                stage(&mut self.within, *role).begun += 1;
                return;
            }
            Event::BranchAnswered { origin, .. } | Event::BranchCancelled { origin, .. } => {
                (origin, false)
            }
            Event::BranchFailed { origin, .. } => (origin, true),
            _ => return,
        };
        if let Some(role) = self.roles_within.remove(origin) {
            let stage = stage(&mut self.within, role);
            stage.ended += 1;
            stage.failed += u64::from(is_failed);
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

    fn end(&mut self, origin: Origin, is_failed: bool, now: Duration) {
        let Some(role) = self.roles.remove(&origin) else {
            return;
        };
        let stage = stage(&mut self.stages, role);
        stage.ended += 1;
        stage.failed += u64::from(is_failed);
        self.keep_pace(now);
    }

    fn keep_pace(&mut self, now: Duration) {
        self.pace.push_back((now, self.ended(), self.done().0));
        while self.pace.len() > 2 && self.pace[1].0 + WINDOW < now {
            self.pace.pop_front();
        }
    }

    fn ended(&self) -> u64 {
        self.stages.iter().map(|it| it.1.ended).sum()
    }

    /// Returns how much is done, and of how much, if that is known.
    fn done(&self) -> (u64, Option<u64>) {
        if let Some((decided, of)) = self.questions {
            return (decided, Some(of));
        }
        let ended = self.fan_out().ended;
        (ended, self.total.map(|it| it.max(ended)))
    }

    /// Returns the figures at a time, given what is spent.
    pub(crate) fn at(&self, now: Duration, spent: Option<Spent>) -> Snapshot {
        let (done, total) = self.done();
        let pace = self.pace(now);
        let per_second = pace.map(|it| it.0);
        let left = total.map(|it| it.saturating_sub(done));
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
        let under_way = self.roles.len() as u64;
        let in_flight = spent.map_or(under_way, |it| it.reserved.calls);
        let cost = spent
            .and_then(|it| it.committed.cost)
            .filter(|it| *it > Money::ZERO);
        // What the store had was free, and will not be so again.
        let paid = done.saturating_sub(match self.questions {
            Some(_) => 0,
            None => self.reused,
        });
        let projected_cost = cost.zip(left).filter(|_| paid >= FEW).map(|(cost, left)| {
            let more = u128::from(cost.picodollars()) * u128::from(left) / u128::from(paid);
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
            unit: self.questions.map(|_| "questions"),
            failed: self.stages.iter().map(|it| it.1.failed).sum(),
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
        let (Waits { slot, rate, .. }, sent) = self.waited;
        let (longest, what) = match rate >= slot {
            true => (rate, "the rate that the provider allows"),
            false => (slot, "others to end: so many are in flight as may be"),
        };
        let is_now = longest >= LONG && now.saturating_sub(sent) <= WINDOW;
        let seconds = longest.as_secs_f64();
        is_now.then(|| format!("calls wait for {what}; the last one did for {seconds:.1} s"))
    }

    fn fan_out(&self) -> StageCount {
        of_fan_out(self.stages.iter().copied())
    }

    /// Returns how many branches end a second, and how much is done in one, lately.
    fn pace(&self, now: Duration) -> Option<(f64, Option<f64>)> {
        let (since, ended, done) = *self.pace.front()?;
        let (ended, done) = (self.ended() - ended, self.done().0 - done);
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

/// Returns the counts of what the total is of: the stages that are no steps around it.
pub(crate) fn of_fan_out(stages: impl Iterator<Item = (StepRole, StageCount)>) -> StageCount {
    let is_fan_out =
        |role: StepRole| matches!(role, StepRole::Map | StepRole::Ballot | StepRole::Section);
    let mut sum = StageCount::default();
    for (_, it) in stages.filter(|it| is_fan_out(it.0)) {
        sum.begun += it.begun;
        sum.ended += it.ended;
        sum.failed += it.failed;
    }
    sum
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;

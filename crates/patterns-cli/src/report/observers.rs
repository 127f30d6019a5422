//! The one sink of a run's events, and the readers behind it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{Budget, Event, EventSink, PauseReason, Spent, Usage};

use patterns_job::PlanTotal;
use patterns_parallel::sectioning::SectionBrief;
use patterns_store::{Recorder, Store};
use serde_json::json;

use super::account::Account;
use super::event_file::EventFile;
use super::plots::Plots;
use super::progress::Progress;
use super::timeline::{SectionTimes, Timeline, seconds};
use super::trouble::Trouble;
use crate::error::{Error, ErrorKind};
use crate::local_time::clock;
use crate::terminal::{Terminal, stderr_width};

/// How long what happens may take to be in the event file.
const FLUSH: Duration = Duration::from_millis(250);

/// Takes the events of a run and tells everybody who wants to know.
#[derive(Debug)]
pub(crate) struct Observers(Mutex<Readers>);

#[derive(Debug)]
struct Readers {
    account: Account,
    timeline: Timeline,
    /// Kept if it is to be drawn.
    plots: Option<Plots>,
    file: Option<EventFile>,
    progress: Progress,
    terminal: Terminal,
    /// Where what is worth noting is kept, and for which run.
    store: Option<(Store, i64)>,
    /// Who writes down how the run goes.
    recorder: Option<Arc<Recorder>>,
    /// What has held the run up since an attempt was answered last.
    trouble: Trouble,
    /// What is said at the end, each thing once.
    notes: Vec<String>,
}

impl Observers {
    /// Opens the event file, and the progress line if somebody watches.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be created.
    pub(crate) fn open(events: Option<&Path>, terminal: Terminal) -> Result<Self, Error> {
        Ok(Self(Mutex::new(Readers {
            account: Account::default(),
            timeline: Timeline::default(),
            plots: terminal.shows_plots().then(Plots::default),
            file: events.map(EventFile::create).transpose()?,
            progress: Progress::start(terminal),
            terminal,
            store: None,
            recorder: None,
            trouble: Trouble::default(),
            notes: Vec::new(),
        })))
    }

    /// Says that the run is being drained, in a line of its own at `first`.
    pub(crate) fn draining(&self, why: &str, left: Duration, first: bool) {
        let mut readers = self.lock();
        let counts = readers.account.counts(false);
        let in_flight = counts.started - counts.answered - counts.failed - counts.cancelled;
        let seconds = left.as_secs_f64().ceil();
        let text = format!(
            "{why}: finishing {in_flight} in flight, {seconds} s at most; Ctrl-C drops them"
        );
        if first && !readers.progress.is_drawn() {
            readers.terminal.note(&text);
        }
        readers.progress.set_phase(Some(text));
    }

    /// Says what was changed of the run; `standing` is what is seen of it as long as it holds.
    pub(crate) fn steered(&self, text: &str, standing: Option<String>) {
        let mut readers = self.lock();
        if !readers.progress.is_drawn() {
            readers.terminal.note(text);
        }
        readers.progress.set_phase(standing);
    }

    /// Looks at what is spent, to say it while the run goes on, beside what was planned.
    pub(crate) fn watch(&self, budget: &Budget, planned: Option<&PlanTotal>) {
        self.lock().progress.watch(budget.clone());
        planned.into_iter().for_each(|it| self.planned(it));
    }

    /// Shows how many questions of a batch have been decided, of how many.
    pub(crate) fn questions(&self, decided: u64, of: u64) {
        self.lock().progress.set_questions(decided, of);
    }

    /// Shows how far the run is by what it was planned to come to, where nothing else says it.
    pub(crate) fn planned(&self, plan: &PlanTotal) {
        let cost = plan.cost.map(|it| it.likely);
        self.lock().progress.set_planned(plan.calls.likely, cost);
    }

    /// Returns how far the run is, as JSON.
    pub(crate) fn progress(&self) -> String {
        // Plain data always has a written form.
        serde_json::to_string(&self.lock().progress.snapshot()).unwrap_or_default()
    }

    /// Says of a run whose time was up what has held it up.
    pub(crate) fn explained(&self, error: Error) -> Error {
        let is_late = error.kind() == ErrorKind::Budget;
        error.details(self.lock().trouble.words().filter(|_| is_late))
    }

    /// Makes an event file that is new readable for its owner only.
    pub(crate) fn make_private(&self) {
        if let Some(file) = &mut self.lock().file {
            file.make_private();
        }
    }

    /// Keeps what is worth noting in the record of a run that has spent so much before, and how it goes.
    pub(crate) fn record(
        &self,
        (store, run): (Store, i64),
        recorder: Option<&Arc<Recorder>>,
        before: Spent,
    ) {
        let mut readers = self.lock();
        readers.progress.set_before(before);
        readers.store = Some((store, run));
        readers.recorder = recorder.cloned();
    }

    /// Returns what was used, calls that were answered by the store left out.
    pub(crate) fn usage(&self) -> Usage {
        self.lock().account.paid()
    }

    /// Returns how many answers were in the store.
    pub(crate) fn found(&self) -> u64 {
        self.lock().account.found()
    }

    /// Returns how the run ended, as it is recorded: its account and exit code, as JSON.
    pub(crate) fn outcome(&self, code: u8, spent: Spent, elapsed: Duration) -> String {
        let mut outcome = self.lock().account.json(code, spent);
        outcome["seconds"] = json!(seconds(elapsed));
        outcome.to_string()
    }

    /// Ends the progress line and writes out the event file.
    pub(crate) fn end(&self) {
        let mut readers = self.lock();
        readers.progress.end();
        if let Some(file) = &mut readers.file {
            file.flush();
        }
    }

    /// Says the warnings and the account, given what the run has spent, and what it had before this session.
    pub(crate) fn say(&self, terminal: Terminal, spent: (Spent, Spent), elapsed: Duration) {
        let readers = self.lock();
        for note in &readers.notes {
            terminal.labelled_note("warning", note);
        }
        terminal.note(&readers.account.line(spent, elapsed));
        let plots = readers.plots.iter();
        for line in plots.flat_map(|it| it.lines(stderr_width())) {
            terminal.note(&line);
        }
    }

    /// Shows again and again how far the run is, and writes out what is still held of the event file, so
    /// that whoever follows it sees within a moment what happens. Writing each event by itself would cost a
    /// call of the system for each.
    pub(crate) async fn keep_up(&self) {
        let mut ticks = tokio::time::interval(FLUSH);
        loop {
            ticks.tick().await;
            let readers = &mut *self.lock();
            if let Some(file) = &mut readers.file {
                file.flush();
            }
            readers.progress.tick();
        }
    }

    /// Returns how long the steps of a piece took, whose sections build on each other like this.
    pub(crate) fn times<'a>(&self, briefs: impl Iterator<Item = &'a SectionBrief>) -> SectionTimes {
        self.lock().timeline.times(briefs)
    }

    /// Returns an error if the event file could not be written.
    ///
    /// # Errors
    ///
    /// Returns that error.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &mut self.lock().file {
            Some(file) => file.check(),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Readers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Observers {
    fn emit(&self, event: Event) {
        let readers = &mut *self.lock();
        match event.is_nested() {
            false => readers.tell(&event),
            true => readers.tell_within(&event),
        }
        if let Some(recorder) = &readers.recorder {
            recorder.emit(event);
        }
    }
}

impl Readers {
    /// Tells all but the recorder, who alone knows of runs within branches.
    fn tell(&mut self, event: &Event) {
        self.account.add(event);
        self.timeline.add(event);
        if let Some(plots) = &mut self.plots {
            plots.add(event);
        }
        if let Some(file) = &mut self.file {
            file.write(event);
        }
        if let Some((store, run)) = &self.store
            && is_worth_noting(event)
        {
            store.note(*run, event);
        }
        self.tell_of_pause(event);
        self.progress.take(event);
        if let Some(note) = note(event)
            && !self.notes.contains(&note)
        {
            self.notes.push(note);
        }
    }

    /// Tells of what happens in a run within a branch as of that branch.
    fn tell_within(&mut self, event: &Event) {
        self.progress.take_within(event);
        event
            .clone()
            .outermost()
            .iter()
            .for_each(|it| self.tell(it));
    }

    /// Says once that calls are held back, and forgets it when one is answered.
    fn tell_of_pause(&mut self, event: &Event) {
        let was_told = self.trouble.is_pause;
        self.trouble.take(event);
        let Event::CallsPaused {
            model,
            reason,
            cause,
            wait,
            gives_up_in,
            ..
        } = event
        else {
            return;
        };
        let text = paused(model, *reason, cause, *wait, *gives_up_in);
        if !self.progress.is_drawn() && !was_told {
            self.terminal.note(&text);
        }
        let wait = Some(*wait).filter(|_| *reason == PauseReason::Asked);
        self.progress.pause(text, wait);
    }
}

/// Says why calls are held back, and until when at most.
fn paused(
    model: &str,
    reason: PauseReason,
    cause: &str,
    wait: Duration,
    gives_up_in: Option<Duration>,
) -> String {
    match reason {
        PauseReason::Asked => {
            let seconds = wait.as_secs_f64().ceil();
            format!(
                "{model} asks to wait {seconds} s, until {}: {cause}",
                clock(wait)
            )
        }
        PauseReason::Outage => {
            let until = gives_up_in.map_or_else(String::new, |it| format!(" until {}", clock(it)));
            format!(
                "{model} is down ({cause}); trying again every few seconds{until}, nothing is lost"
            )
        }
        PauseReason::Throttled => {
            format!("{model} throws calls back ({cause}); they wait and are sent again")
        }
    }
}

/// Returns whether an event belongs in the record of a run. What branches did is in its calls and
/// its account.
fn is_worth_noting(event: &Event) -> bool {
    match event {
        Event::CallsPaused { .. }
        | Event::FormatSteppedDown { .. }
        | Event::AnswerRejected { .. }
        | Event::FallbackAsked { .. }
        | Event::BranchFailed { .. }
        | Event::WarningRaised { .. }
        | Event::RunStarted { .. }
        | Event::RunFinished { .. } => true,
        Event::BranchStarted { .. }
        | Event::AnswerReused { .. }
        | Event::AttemptSent { .. }
        | Event::AnswerBegan { .. }
        | Event::AttemptEnded { .. }
        | Event::AttemptFailed { .. }
        | Event::CallHedged { .. }
        | Event::AnswerFixed { .. }
        | Event::BranchAnswered { .. }
        | Event::BranchCancelled { .. } => false,
    }
}

/// Returns what the user should be told about an event, if anything.
pub(crate) fn note(event: &Event) -> Option<String> {
    match event {
        Event::WarningRaised { warning, .. } => Some(warning.message.clone()),
        Event::FormatSteppedDown {
            model, from, to, ..
        } => Some(format!(
            "{model} does not support {from} for answers; {to} was used"
        )),
        Event::RunStarted { .. }
        | Event::BranchStarted { .. }
        | Event::AttemptSent { .. }
        | Event::AnswerBegan { .. }
        | Event::AttemptEnded { .. }
        | Event::AttemptFailed { .. }
        | Event::CallHedged { .. }
        | Event::AnswerReused { .. }
        | Event::CallsPaused { .. }
        | Event::AnswerFixed { .. }
        | Event::AnswerRejected { .. }
        | Event::FallbackAsked { .. }
        | Event::BranchAnswered { .. }
        | Event::BranchFailed { .. }
        | Event::BranchCancelled { .. }
        | Event::RunFinished { .. } => None,
    }
}

#[cfg(test)]
mod tests;

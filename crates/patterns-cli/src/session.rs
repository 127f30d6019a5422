//! What every run shares: its events, its output, and how it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use patterns_core::{Caps, Counts, Money, Outcome, Pattern, RunId, Spent};
use patterns_job::{Job, ModelRoles, Settings, Setup, Taken};
use patterns_parallel::RunError;
use patterns_parallel::sectioning::SectionBrief;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::args::Format;
use crate::connect::{Connected, connect};
use crate::error::{Error, ErrorKind, NEEDS_MODEL};
use crate::exit_code;
use crate::launch::Launch;
use crate::output::{Output, Rows};
use crate::planned;
use crate::record::Record;
use crate::recorded_models::open_shared;
use crate::report::{Frame, Observers, SectionTimes, coverage_line, failure_of, recorded_result};
use crate::signals::Signals;
use crate::steered::Steered;
use crate::store::{open_store, say_where};
use crate::terminal::Terminal;

/// One run, from its models to its account.
pub(crate) struct Session {
    pub(crate) terminal: Terminal,
    pub(crate) format: Format,
    pub(crate) connected: Connected,
    pub(crate) output: Output,
    /// Whether documents without an answer are no failure.
    pub(crate) allows_gaps: bool,
    /// How much of the input is worked on, where that may be not all.
    pub(crate) taken: Option<Taken>,
    /// What the input consists of.
    unit: &'static str,
    /// What the result lacks, though it is there.
    pub(crate) shortfall: Option<Error>,
    /// What it lacks because the run was ended.
    pub(crate) lacking: Option<String>,
    /// What was measured of the result.
    pub(crate) figures: Option<Value>,
    record: Option<Record>,
    /// What was spent in earlier sessions.
    before: Spent,
    settings: Settings,
    observers: Arc<Observers>,
    signals: Signals,
    begun: Instant,
    /// Where the result goes, if that is a file.
    file: Option<PathBuf>,
    /// What is said of the output if it is not finished.
    unfinished: Option<String>,
    /// Tells that a row could not be written.
    broken: Arc<Notify>,
    /// What the result was made of, if that is to be kept.
    pub(crate) trace: Option<String>,
}

impl Session {
    /// Opens outputs and models. `identity` says of a run with these models what it is for.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them cannot be opened.
    pub(crate) async fn open(
        launch: &Launch,
        identity: impl FnOnce(&ModelRoles, &Settings) -> [u8; 32],
    ) -> Result<Self, Error> {
        let (job, terminal) = (&launch.job, launch.terminal);
        let roles = ModelRoles::of(job).map_err(|error| launch.told(error))?;
        let mut settings = launch.settings();
        let mut output = Output::open(job.output().file.as_deref())?;
        let observers = Observers::open(job.output().events.as_deref(), terminal)?;
        let observers = Arc::new(observers);
        let drain = CancellationToken::new();
        let mut connected = connect(launch, &roles, &settings).await?;
        announce(launch, &connected)?;
        observers.watch(&connected.budget);
        let is_paid = connected.notice.is_none();
        let store = open_store(job.store(), is_paid)?;
        say_where(store.as_ref(), terminal);
        connected.shared = open_shared(launch, is_paid).await?;
        // Not before: until here something may block, and Ctrl-C ends the process by itself.
        let listening = Arc::clone(&observers);
        let signals = Signals::listen(drain.clone(), listening, settings.max_time());
        let mut before = Spent::default();
        let record = match store {
            Some(store) => {
                let identity = identity(&roles, &settings);
                let record = Record::begin(store, launch, identity, &drain).await?;
                before = attach(&record, &mut connected, &settings, &observers, terminal)?;
                planned::keep(&record, launch.planned.as_ref()).await?;
                if let Some(run) = &record.run {
                    // The number by which it is called everywhere.
                    settings.run = RunId(run.id.unsigned_abs());
                }
                if record.is_private() {
                    output.make_private();
                    observers.make_private();
                }
                Some(record)
            }
            None => None,
        };
        Ok(Self {
            terminal,
            format: job.output().form(),
            connected,
            unfinished: output.unfinished(),
            file: job.output().file.clone(),
            output,
            allows_gaps: false,
            taken: None,
            unit: unit(job),
            shortfall: None,
            lacking: None,
            figures: None,
            before,
            record,
            settings,
            observers,
            signals,
            begun: Instant::now(),
            broken: Arc::default(),
            trace: None,
        })
    }

    /// Returns what the job is run with.
    pub(crate) fn setup(&self) -> Setup {
        Setup {
            models: self.connected.models.clone(),
            settings: self.settings.clone(),
            events: self.observers.clone(),
            drain: self.signals.drain.clone(),
        }
    }

    /// Returns whether what comes of the run is recorded.
    pub(crate) fn is_recorded(&self) -> bool {
        self.record.as_ref().is_some_and(|it| it.run.is_some())
    }

    /// Returns the most that the run may spend.
    pub(crate) fn caps(&self) -> Caps {
        self.settings.caps
    }

    /// Returns what an outcome is of.
    pub(crate) fn frame(&self, pattern: Pattern) -> Frame<'_> {
        Frame {
            pattern,
            connected: &self.connected,
            taken: self.taken,
            figures: self.figures.as_ref(),
        }
    }

    /// Returns how long the steps of a piece took, whose sections build on each other like this.
    pub(crate) fn times<'a>(&self, briefs: impl Iterator<Item = &'a SectionBrief>) -> SectionTimes {
        self.observers.times(briefs)
    }

    /// Says which part of the input is worked on, if it is not all.
    fn part(&self) -> Option<String> {
        self.taken?.words(self.unit)
    }

    /// Returns what all that people read must be labelled with.
    pub(crate) fn labels(&self) -> Vec<String> {
        let notice = self.connected.notice.map(str::to_owned);
        notice.into_iter().chain(self.part()).collect()
    }

    /// Takes the output to write rows to it; it is given back at their end.
    pub(crate) fn rows(&mut self) -> Rows {
        let output = std::mem::replace(&mut self.output, Output::Stdout);
        Rows::new(output, Arc::clone(&self.broken))
    }

    /// Carries out a run until it ends, is ended by a signal, or nobody reads it any more; then
    /// says what it came to.
    ///
    /// # Errors
    ///
    /// Returns an error if the run did not come to its end.
    pub(crate) async fn watch<T>(
        &self,
        run: impl Future<Output = Result<T, RunError>>,
    ) -> Result<Option<T>, Error> {
        let result = tokio::select! {
            biased;
            error = self.signals.aborted() => Err(self.observers.explained(error)),
            () = self.broken.notified() => Ok(None),
            () = self.observers.keep_up() => Ok(None),
            () = self.steered() => Ok(None),
            result = run => result.map(Some).map_err(not_run),
        };
        self.connected.settle(self.terminal).await;
        if let (Some(record), Err(error)) = (&self.record, &result) {
            // It did not come to an outcome; that must not look like a run that goes on.
            let code = exit_code::of(error.kind());
            record.end(false, self.account(code)).await?;
        }
        let (spent, terminal) = ((self.connected.budget.spent(), self.before), self.terminal);
        self.observers.finish(terminal, spent, self.begun.elapsed());
        if let Some(record) = &self.record {
            record.draw_money(self.terminal).await;
        }
        if let (Err(_), Some(unfinished)) = (&result, &self.unfinished) {
            self.terminal.note(unfinished);
        }
        result
    }

    /// Does what is asked of the run from elsewhere, as long as it goes on.
    async fn steered(&self) {
        let (steering, terminal) = (&self.settings.steering, self.terminal);
        let Some((store, run)) = self.record.as_ref().and_then(Record::place) else {
            return std::future::pending().await;
        };
        let steered = Steered::new(store, run, steering, terminal);
        steered.follow(&self.observers, &self.signals).await;
    }

    /// Returns how the run ended, as it is recorded.
    fn account(&self, code: u8) -> String {
        let spent = self.connected.budget.spent();
        self.observers.outcome(code, spent, self.begun.elapsed())
    }

    /// Ends the output of a run that came to an outcome, says which documents are in it, and returns
    /// how the command ends.
    ///
    /// # Errors
    ///
    /// Returns an error if the output cannot be written, the run was ended by a signal or anything
    /// in it failed, unless that are gaps, and they are allowed.
    pub(crate) async fn conclude<A: Serialize, B>(
        self,
        outcome: &Outcome<A, B>,
    ) -> Result<(), Error> {
        let part = self.part();
        // A result that is there fails by its gaps only.
        let is_allowed = self.allows_gaps && outcome.value.is_ok();
        let failure = failure_of(outcome).filter(|_| !is_allowed);
        let drained = self.signals.drained(outcome.counts);
        let drained = drained.map(|it| self.observers.explained(it));
        let error = drained.or(self.shortfall).or(failure);
        let error = error.map(|it| it.lacking(self.lacking));
        let code = error
            .as_ref()
            .map_or(exit_code::SUCCESS, |it| exit_code::of(it.kind()));
        match has_result(outcome.value.is_ok(), outcome.counts, code) {
            true => self.output.finish()?,
            false => self.output.abandon(self.record.is_some(), self.terminal)?,
        }
        if let Some(part) = part {
            self.terminal.note(&format!("input: {part}"));
        }
        if let Some(coverage) = &outcome.coverage {
            self.terminal.note(&coverage_line(coverage));
        }
        let spent = self.connected.budget.spent();
        let account = self.observers.outcome(code, spent, self.begun.elapsed());
        if let Some(record) = self.record {
            let is_over = [exit_code::SUCCESS, exit_code::SOME_FAILED].contains(&code);
            if let Some(trace) = self.trace {
                record.keep_trace(trace).await?;
            }
            let result = recorded_result(outcome, self.file.as_deref());
            record.keep_result(result).await?;
            record.end(code == exit_code::SUCCESS, account).await?;
            if let Some(text) = record.unrecorded() {
                self.terminal.labelled_note("warning", &text);
            }
            if code == exit_code::SUCCESS {
                let used = (self.observers.usage(), since(self.before, spent));
                if let Some(line) = planned::compare(&record, used, spent).await? {
                    self.terminal.note(&line);
                }
            }
            if let Some(id) = record.run.map(|run| run.id).filter(|_| !is_over) {
                self.terminal
                    .note(&format!("`patterns resume {id}` goes on with this run"));
            }
        }
        // What happened is worth less than what came of it, so its file is looked at last.
        match (self.observers.check(), error) {
            (Ok(()), error) => error.map_or(Ok(()), Err),
            (Err(events), None) => Err(events),
            (Err(events), Some(error)) => {
                self.terminal.error(&error);
                Err(events)
            }
        }
    }
}

/// Returns what this session has cost.
fn since(before: Spent, spent: Spent) -> Option<Money> {
    let (before, spent) = (before.committed.cost?, spent.committed.cost?);
    Some(spent.saturating_sub(before))
}

/// Puts the record of a run behind its models and its budget.
fn attach(
    record: &Record,
    connected: &mut Connected,
    settings: &Settings,
    observers: &Arc<Observers>,
    terminal: Terminal,
) -> Result<Spent, Error> {
    let spent = record.spent(&connected.models, &settings.prices)?;
    connected.budget.carry_over(spent);
    connected.models = record.in_front_of(connected)?;
    let Some(run) = &record.run else {
        return Ok(spent);
    };
    record.store.keep_account(run.id, &connected.budget);
    observers.record(record.store.clone(), run.id, record.recorder());
    if run.sessions > 1 {
        terminal.note(&format!("going on with run {}", run.id));
    }
    if run.lost > 0 {
        terminal.note(&format!(
            "{} calls were under way when an earlier session was broken off: they count, and what \
             they cost is not known",
            run.lost
        ));
    }
    Ok(spent)
}

/// Returns whether a run has a result that may take the place of an older one: a value, or what was
/// answered before a budget, a signal or failed branches ended it. Where the provider or the set-up
/// failed, yesterday's is better.
fn has_result(has_value: bool, counts: Counts, code: u8) -> bool {
    const SIGNALLED: [u8; 2] = [exit_code::INTERRUPTED, exit_code::TERMINATED];
    has_value || (counts.answered > 0 && (code < exit_code::BAD_DATA || SIGNALLED.contains(&code)))
}

/// Says which model was chosen.
///
/// # Errors
///
/// Returns an error if the model cannot do the work at all.
fn announce(launch: &Launch, connected: &Connected) -> Result<(), Error> {
    if let (Some(_), Some(what)) = (connected.notice, needs_model(&launch.job)) {
        return Err(offline_cannot(what));
    }
    if let Some(note) = &connected.choice {
        launch.terminal.note(note);
    }
    Ok(())
}

/// Returns what the input consists of.
fn unit(job: &Job) -> &'static str {
    match job {
        Job::Vote(_) => "questions",
        Job::Section(_) | Job::MapReduce(_) => "documents",
    }
}

/// Names work that the offline model cannot do, since it only quotes documents.
fn needs_model(job: &Job) -> Option<&'static str> {
    match job {
        Job::Vote(_) => Some("a vote"),
        Job::Section(job) if job.is_planned() => Some("planning sections"),
        Job::Section(job) if job.consistency => Some("reading sections together"),
        Job::Section(job) if job.grow.is_some() => Some("growing an outline"),
        Job::Section(job) => job.nested().find_map(needs_model),
        Job::MapReduce(_) => None,
    }
}

fn offline_cannot(what: &str) -> Error {
    let message = format!("{what} needs a model; the offline one only quotes");
    Error::new(ErrorKind::Model, message).help(NEEDS_MODEL)
}

fn not_run(error: RunError) -> Error {
    let kind = match error {
        RunError::NoInput(_) => ErrorKind::Empty,
        _ => ErrorKind::Usage,
    };
    Error::new(kind, error.to_string()).help("see --help")
}

//! What every run shares: its events, its output, and how it ends.

mod conclude;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use patterns_core::{Caps, Pattern, RunId, Spent};
use patterns_job::{Job, ModelRoles, Settings, Setup, Taken};
use patterns_parallel::RunError;
use patterns_parallel::sectioning::SectionBrief;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::args::Format;
use crate::connect::{Connected, connect};
use crate::error::{Error, ErrorKind};
use crate::exit_code;
use crate::launch::Launch;
use crate::output::{Output, Rows};
use crate::planned;
use crate::record::Record;
use crate::recorded_models::open_shared;
use crate::report::{Frame, Observers, SectionTimes};
use crate::signals::Signals;
use crate::steered::Steered;
use crate::store::{open_store, say_where};
use crate::terminal::{Terminal, is_stdout_terminal};

/// One run, from its models to its account.
pub(crate) struct Session {
    pub(crate) terminal: Terminal,
    pub(crate) format: Format,
    pub(crate) connected: Connected,
    pub(crate) output: Output,
    /// Why the result cannot be written, once that is so.
    unwritten: Option<Error>,
    /// The piece of it that could not be written.
    unsaved: Vec<u8>,
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
        let observers = Arc::new(Observers::open(job.output().events.as_deref(), terminal)?);
        let drain = CancellationToken::new();
        let mut connected = connect(launch, &roles, &settings).await?;
        launch.announce(connected.notice.is_some(), connected.choice.as_deref())?;
        observers.watch(&connected.budget, launch.planned.as_ref());
        let is_paid = connected.notice.is_none();
        let store = open_store(job.store(), is_paid, terminal)?;
        say_where(store.as_ref(), terminal);
        connected.shared = open_shared(launch, is_paid).await?;
        // Not before: until here something may block, and Ctrl-C ends the process by itself.
        let listening = Arc::downgrade(&observers);
        let signals = Signals::listen(drain.clone(), listening, settings.max_time());
        let mut before = Spent::default();
        let record = match store {
            Some(store) => {
                let identity = identity(&roles, &settings);
                let record = Record::begin(store, launch, identity, &drain).await?;
                before = attach(&record, &mut connected, &settings, &observers, terminal)?;
                planned::keep(&record, launch.planned.as_ref(), &observers).await?;
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
            unwritten: None,
            unsaved: Vec::new(),
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

    /// Returns who shows how far the run is.
    pub(crate) fn observers(&self) -> Arc<Observers> {
        Arc::clone(&self.observers)
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

    /// Takes the output to write rows to it; it is [given back](Self::take_back) at their end.
    pub(crate) fn rows(&mut self) -> Rows {
        let output = std::mem::replace(&mut self.output, Output::Stdout);
        Rows::new(output, Arc::clone(&self.broken))
    }

    /// Takes the output back from whoever wrote rows to it.
    pub(crate) fn take_back(&mut self, rows: Rows) {
        let (output, unwritten) = rows.finish();
        self.output = output;
        if let Some((error, rows)) = unwritten {
            (self.unwritten, self.unsaved) = (Some(error), rows);
        }
    }

    /// Writes a piece of the result. If that fails, or there is an error instead of a piece, the run ends
    /// with it, after it has been recorded what came of it.
    pub(crate) fn write(&mut self, piece: Result<Vec<u8>, Error>) {
        if self.unwritten.is_some() {
            return;
        }
        self.unwritten = match piece {
            Ok(piece) => {
                let error = self.output.write(&piece).err();
                self.unsaved = if error.is_some() { piece } else { Vec::new() };
                error
            }
            Err(error) => Some(error),
        };
    }

    /// Returns what a run came to, if it has not been ended before.
    ///
    /// # Errors
    ///
    /// Returns the error that ended it.
    pub(crate) async fn outcome<T>(&mut self, ended: Result<Option<T>, Error>) -> Result<T, Error> {
        let error = match ended {
            Ok(Some(outcome)) => return Ok(outcome),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        let (unwritten, is_recorded) = (self.unwritten.take(), error.is_some());
        let mut errors = error.into_iter().chain(unwritten);
        let bug = || Error::new(ErrorKind::Bug, "the run ended without an outcome");
        let first = errors.next().unwrap_or_else(bug);
        errors.for_each(|it| self.terminal.error(&it));
        if !is_recorded {
            self.salvage(&first);
        }
        if let (Some(record), false) = (&self.record, is_recorded) {
            let ended = record.end(false, self.account(exit_code::of(first.kind())));
            if let Err(error) = ended.await {
                self.terminal.error(&error);
            }
        }
        Err(first)
    }

    /// Writes to standard output what no file and no store has, unless whoever read it went away. Where that
    /// fails, too, it is said beside the `error`, by which the run ends.
    fn salvage(&mut self, error: &Error) {
        if self.is_recorded() || error.kind() == ErrorKind::BrokenPipe {
            return;
        }
        if let Err(error) = self.output.salvage(&self.unsaved, self.terminal) {
            self.terminal.error(&error);
        }
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
        if let Some((store, run)) = self.record.as_ref().and_then(Record::place) {
            store.tell_progress(run.id, run.sessions, self.observers.progress());
        }
        if let (Some(record), Err(error)) = (&self.record, &result) {
            // It did not come to an outcome; that must not look like a run that goes on.
            let code = exit_code::of(error.kind());
            if let Err(unrecorded) = record.end(false, self.account(code)).await {
                self.terminal.error(&unrecorded);
            }
        }
        self.observers.end();
        // What is said last stays in sight, so on a terminal a result goes before it (`conclude`).
        if !is_stdout_terminal() || !matches!(result, Ok(Some(_))) {
            self.say_account().await;
        }
        if let Err(error) = &result {
            if let Some(unfinished) = &self.unfinished {
                self.terminal.note(unfinished);
            }
            if !matches!(error.kind(), ErrorKind::Empty | ErrorKind::Usage) {
                self.say_how_to_go_on(exit_code::of(error.kind()));
            }
        }
        result
    }

    /// Says the warnings, the account and the plots.
    async fn say_account(&self) {
        let spent = (self.connected.budget.spent(), self.before);
        self.observers
            .say(self.terminal, spent, self.begun.elapsed());
        if let Some(record) = &self.record {
            record.draw_money(self.terminal).await;
        }
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
    let place = (record.store.clone(), run.id);
    observers.record(place, record.recorder(), spent);
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

/// Returns what the input consists of.
fn unit(job: &Job) -> &'static str {
    match job {
        Job::Vote(_) => "questions",
        Job::Section(_) | Job::MapReduce(_) => "documents",
    }
}

fn not_run(error: RunError) -> Error {
    let kind = match error {
        RunError::NoInput(_) => ErrorKind::Empty,
        _ => ErrorKind::Usage,
    };
    Error::new(kind, error.to_string()).help("see --help")
}

//! What every run shares: its events, its output, and how it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use patterns_core::EventSink;
use patterns_parallel::{AgentOptions, FailurePolicy, RunError, RunOptions};
use tokio::sync::Notify;

use crate::args::{Common, Format, MaxFailures};
use crate::connect::{Connected, connect};
use crate::error::{Error, ErrorKind};
use crate::job::{Job, Settings};
use crate::output::{Output, Rows};
use crate::report::Observers;
use crate::signals::Signals;
use crate::terminal::Terminal;

/// One run, from its models to its account.
pub(crate) struct Session {
    pub(crate) terminal: Terminal,
    pub(crate) format: Format,
    pub(crate) connected: Connected,
    pub(crate) output: Output,
    settings: Settings,
    observers: Arc<Observers>,
    signals: Signals,
    begun: Instant,
    /// Tells that a row could not be written.
    broken: Arc<Notify>,
}

/// What a session needs beside the job.
pub(crate) struct Surroundings {
    format: Format,
    output_file: Option<PathBuf>,
    events: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

impl From<&Common> for Surroundings {
    fn from(common: &Common) -> Self {
        Self {
            format: common.output,
            output_file: common.output_file.clone(),
            events: common.events.clone(),
            key_file: common.key_file.clone(),
        }
    }
}

impl Session {
    /// Opens outputs and models.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them cannot be opened.
    pub(crate) async fn open(
        job: &Job,
        surroundings: Surroundings,
        terminal: Terminal,
    ) -> Result<Self, Error> {
        let output = Output::open(surroundings.output_file.as_deref())?;
        let observers = Observers::open(surroundings.events.as_deref(), terminal)?;
        let observers = Arc::new(observers);
        let signals = Signals::listen(Arc::clone(&observers), job.settings.max_time);
        let key_file = surroundings.key_file.as_deref();
        let events: Arc<dyn EventSink> = observers.clone();
        let drain = signals.drain.clone();
        let connected = connect(&job.models, &job.settings, key_file, events, drain).await?;
        if let Some(choice) = &connected.choice {
            terminal.note(choice);
        }
        Ok(Self {
            terminal,
            format: surroundings.format,
            connected,
            output,
            settings: job.settings.clone(),
            observers,
            signals,
            begun: Instant::now(),
            broken: Arc::default(),
        })
    }

    pub(crate) fn run_options(&self) -> RunOptions {
        RunOptions {
            run: self.settings.run,
            concurrency: self.settings.branches(),
            on_failure: match self.settings.max_failures {
                MaxFailures::KeepGoing => FailurePolicy::KeepGoing,
                MaxFailures::FailFast => FailurePolicy::FailFast,
                MaxFailures::Share(share) => FailurePolicy::AtMost(share),
            },
            drain: self.signals.drain.clone(),
            events: self.observers.clone(),
        }
    }

    /// Returns the options of agents that are told `more` on top of what all are told.
    pub(crate) fn agent_options(&self, more: Option<&str>) -> AgentOptions {
        let parts = [self.settings.instructions.as_deref(), more];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        AgentOptions {
            instructions: (!parts.is_empty()).then(|| parts.join("\n\n")),
            sampling: self.settings.sampling,
            events: self.observers.clone(),
            ..AgentOptions::default()
        }
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
            error = self.signals.aborted() => Err(error),
            () = self.broken.notified() => Ok(None),
            result = run => result.map(Some).map_err(not_run),
        };
        let spent = self.connected.budget.spent();
        let elapsed = self.begun.elapsed();
        self.observers.finish(self.terminal, spent, elapsed);
        let written = self.observers.check();
        result.and_then(|it| written.map(|()| it))
    }

    /// Ends the output of a run that came to an outcome, and returns how the command ends.
    ///
    /// # Errors
    ///
    /// Returns an error if the output cannot be written, the run was ended by a signal or anything
    /// in it failed.
    pub(crate) fn conclude(self, failure: Option<Error>) -> Result<(), Error> {
        self.output.finish()?;
        self.signals.drained().or(failure).map_or(Ok(()), Err)
    }
}

fn not_run(error: RunError) -> Error {
    let kind = match error {
        RunError::NoInput(_) => ErrorKind::Empty,
        _ => ErrorKind::Usage,
    };
    Error::new(kind, error.to_string()).help("see --help")
}

//! The one sink of a run's events, and the readers behind it.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{Event, EventSink, Spent};

use super::account::Account;
use super::event_file::EventFile;
use super::progress::Progress;
use crate::error::Error;
use crate::terminal::Terminal;

/// Takes the events of a run and tells everybody who wants to know.
#[derive(Debug)]
pub(crate) struct Observers(Mutex<Readers>);

#[derive(Debug)]
struct Readers {
    account: Account,
    file: Option<EventFile>,
    progress: Option<Progress>,
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
            file: events.map(EventFile::create).transpose()?,
            progress: terminal.is_watched().then(Progress::start),
            notes: Vec::new(),
        })))
    }

    /// Ends the progress line and says the warnings and the account.
    pub(crate) fn finish(&self, terminal: Terminal, spent: Spent, elapsed: Duration) {
        let mut readers = self.lock();
        if let Some(progress) = readers.progress.take() {
            progress.clear();
        }
        if let Some(file) = &mut readers.file {
            file.flush();
        }
        for note in &readers.notes {
            terminal.labelled_note("warning", note);
        }
        terminal.note(&readers.account.line(spent, elapsed));
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
        readers.account.add(&event);
        if let Some(file) = &mut readers.file {
            file.write(&event);
        }
        if let Some(progress) = &mut readers.progress {
            progress.show(&event, readers.account.counts(false));
        }
        if let Some(note) = note(&event)
            && !readers.notes.contains(&note)
        {
            readers.notes.push(note);
        }
    }
}

/// Returns what the user should be told about an event, if anything.
fn note(event: &Event) -> Option<String> {
    match event {
        Event::WarningRaised { warning, .. } => Some(warning.message.clone()),
        Event::FormatSteppedDown {
            model, from, to, ..
        } => Some(format!(
            "{model} does not support {from} for answers; {to} was used"
        )),
        Event::RunStarted { .. }
        | Event::BranchStarted { .. }
        | Event::AttemptFailed { .. }
        | Event::AnswerFixed { .. }
        | Event::AnswerRejected { .. }
        | Event::BranchAnswered { .. }
        | Event::BranchFailed { .. }
        | Event::BranchCancelled { .. }
        | Event::RunFinished { .. } => None,
    }
}

//! Ends a run: its result goes to its place, its record says how it ended, its user what came of it.
//!
//! Whatever fails on the way, the rest is done all the same: a result that cannot be written must not leave a
//! run that looks as if it went on, and a record that cannot be written must not withhold a result.

use patterns_core::{Counts, Money, Outcome, Spent};
use serde::Serialize;

use super::Session;
use crate::args::Format;
use crate::error::Error;
use crate::exit_code;
use crate::planned;
use crate::report::{coverage_line, failure_of, recorded_result};
use crate::terminal::is_stdout_terminal;

impl Session {
    /// Ends the output of a run that came to an outcome, says which documents are in it, and returns
    /// how the command ends.
    ///
    /// # Errors
    ///
    /// Returns an error if the output cannot be written, the run was ended by a signal or anything
    /// in it failed, unless that are gaps, and they are allowed.
    pub(crate) async fn conclude<A: Serialize, B>(
        mut self,
        outcome: &Outcome<A, B>,
    ) -> Result<(), Error> {
        // A result that is there fails by its gaps only.
        let is_allowed = self.allows_gaps && outcome.value.is_ok();
        let failure = failure_of(outcome).filter(|_| !is_allowed);
        let drained = self.signals.drained(outcome.counts);
        let drained = drained.map(|it| self.observers.explained(it));
        let error = drained.or(self.shortfall.take()).or(failure);
        let error = error.map(|it| it.lacking(self.lacking.take()));
        let written = self.end_output(outcome, code_of(error.as_ref()));
        if is_stdout_terminal() {
            self.say_account().await;
        }
        // People who see the result on this terminal see it there.
        let is_page = self.format == Format::Human && outcome.value.is_ok();
        let is_seen = is_page && self.output.is_terminal();
        if let Some(part) = self.part().filter(|_| !is_seen) {
            self.terminal.note(&format!("input: {part}"));
        }
        if let Some(coverage) = &outcome.coverage {
            self.terminal.note(&coverage_line(coverage, outcome.counts));
        }
        if let (Ok(true), Some(name)) = (&written, self.output.name()) {
            let what = match outcome.value.is_ok() {
                true => "the result",
                false => "what was answered",
            };
            self.terminal.note(&format!("{what} is in {name}"));
        }
        let code = code_of(written.as_ref().err().or(error.as_ref()));
        let recorded = self
            .record_end(outcome, (code, matches!(written, Ok(true))))
            .await;
        // What happened is worth less than what came of it, so its file is looked at last.
        let others = [recorded.err(), self.observers.check().err(), error];
        let mut errors = written
            .err()
            .into_iter()
            .chain(others.into_iter().flatten());
        let Some(first) = errors.next() else {
            return Ok(());
        };
        errors.for_each(|it| self.terminal.error(&it));
        Err(first)
    }

    /// Puts the result in its place, if there is one, and returns whether there is. Where that fails, and no store
    /// has what was answered, it goes to standard output.
    fn end_output<A, B>(&mut self, outcome: &Outcome<A, B>, code: u8) -> Result<bool, Error> {
        let (is_kept, terminal) = (self.is_recorded(), self.terminal);
        let has_value = outcome.value.is_ok();
        // Of a table that was not made, only JSON shows the answers.
        let has_result =
            has_result(has_value, outcome.counts, code) && (has_value || !self.output.is_empty());
        let ended = match self.unwritten.take() {
            Some(error) => Err(error),
            None if has_result => self.output.finish(),
            None => return self.output.abandon(is_kept, terminal).map(|()| false),
        };
        if let Err(error) = &ended {
            self.salvage(error);
        }
        ended.map(|()| true)
    }

    /// Records what came of the run, and says what else is to be done.
    async fn record_end<A: Serialize, B>(
        &mut self,
        outcome: &Outcome<A, B>,
        (code, is_written): (u8, bool),
    ) -> Result<(), Error> {
        let spent = self.connected.budget.spent();
        let account = self.account(code);
        let Some(record) = &self.record else {
            return Ok(());
        };
        if let Some(trace) = self.trace.take() {
            record.keep_trace(trace).await?;
        }
        let file = self.file.as_deref().filter(|_| is_written);
        record.keep_result(recorded_result(outcome, file)).await?;
        record.end(code == exit_code::SUCCESS, account).await?;
        if let Some(text) = record.unrecorded() {
            self.terminal.labelled_note("warning", &text);
        }
        if is_over(code) {
            let used = (self.observers.usage(), since(self.before, spent));
            let found = self.observers.found();
            let is_whole = code == exit_code::SUCCESS;
            if let Some(line) = planned::compare(record, used, found, (spent, is_whole)).await? {
                self.terminal.note(&line);
            }
        }
        self.say_how_to_go_on(code);
        Ok(())
    }

    /// Says what goes on with a recorded run that did not do all that was to do.
    pub(super) fn say_how_to_go_on(&self, code: u8) {
        let run = self.record.as_ref().and_then(|it| it.run.as_ref());
        if let Some(run) = run.filter(|_| !is_over(code)) {
            let id = run.id;
            self.terminal
                .note(&format!("`patterns resume {id}` goes on with this run"));
        }
    }
}

/// Returns whether a run that ends with a code has done what was to do.
fn is_over(code: u8) -> bool {
    [exit_code::SUCCESS, exit_code::SOME_FAILED].contains(&code)
}

/// Returns the exit code of a run that ends with an error, or none.
fn code_of(error: Option<&Error>) -> u8 {
    error.map_or(exit_code::SUCCESS, |it| exit_code::of(it.kind()))
}

/// Returns what this session has cost.
fn since(before: Spent, spent: Spent) -> Option<Money> {
    let (before, spent) = (before.committed.cost?, spent.committed.cost?);
    Some(spent.saturating_sub(before))
}

/// Returns whether a run has a result that may take the place of an older one: a value, or what was
/// answered before a budget, a signal or failed branches ended it. Where the provider or the set-up
/// failed, yesterday's is better.
fn has_result(has_value: bool, counts: Counts, code: u8) -> bool {
    const SIGNALLED: [u8; 2] = [exit_code::INTERRUPTED, exit_code::TERMINATED];
    has_value || (counts.answered > 0 && (code < exit_code::BAD_DATA || SIGNALLED.contains(&code)))
}

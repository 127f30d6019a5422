//! Reads the calls of runs, and what was said in them.

use std::collections::VecDeque;

use patterns_core::{BranchId, FinishReason, Request};
use rusqlite::Connection;

use crate::Store;
use crate::call_record::{COLUMNS, CallRecord};
use crate::error::StoreError;
use crate::prompts;
use crate::record::{Record, SELECT};
use crate::status::CallStatus;

/// What was said in a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    /// What was asked; `None` if that was not kept, or removed.
    pub request: Option<Request>,
    /// What was answered; `None` if there was no answer, or it was removed.
    pub answer: Option<String>,
    /// The model that answered, as the provider names it.
    pub model: Option<String>,
    /// Why the model stopped.
    pub finish: Option<FinishReason>,
}

/// So many calls are read together.
const PAGE: u32 = 1_000;

/// The calls of a run, in the order in which they ended; made by [`Store::calls_of`].
///
/// It holds a page of them only, and no lock in between: calls that are added meanwhile come too.
#[derive(Debug)]
pub struct Calls {
    store: Store,
    run: i64,
    last: i64,
    page: VecDeque<CallRecord>,
    is_over: bool,
}

impl Calls {
    /// Leaves out the call of this number and those that ended before it.
    #[must_use]
    pub fn after(self, number: i64) -> Self {
        Self {
            last: number,
            ..self
        }
    }
}

impl Iterator for Calls {
    type Item = Result<CallRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && !self.is_over {
            match self.store.page_of_calls(self.run, self.last) {
                Ok(page) => self.page = page,
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
            self.is_over = self.page.is_empty();
        }
        let call = self.page.pop_front()?;
        self.last = call.number;
        Some(Ok(call))
    }
}

impl Store {
    /// Returns the calls of a run, those of all its sessions, in the order in which they ended. They
    /// are read as they are asked for, so a run of any size needs little memory. Runs of older
    /// versions have none.
    pub fn calls_of(&self, run: i64) -> Calls {
        Calls {
            store: self.clone(),
            run,
            last: 0,
            page: VecDeque::new(),
            is_over: false,
        }
    }

    fn page_of_calls(&self, run: i64, after: i64) -> Result<VecDeque<CallRecord>, StoreError> {
        self.read(|connection| {
            let select = format!(
                "SELECT {COLUMNS} WHERE run_calls.run = ?1 AND number > ?2 ORDER BY number LIMIT ?3"
            );
            let mut select = connection.prepare_cached(&select)?;
            let rows = select.query_map((run, after, PAGE), CallRecord::read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns the calls of a branch in a session of its run, in the order in which they ended; also those of a
    /// run within it.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read.
    pub fn calls_of_branch(
        &self,
        run: i64,
        session: i64,
        branch: BranchId,
    ) -> Result<Vec<CallRecord>, StoreError> {
        self.read(|connection| {
            let select = format!(
                "SELECT {COLUMNS} WHERE run_calls.run = ?1 AND session = ?2 AND branch = ?3 \
                 ORDER BY number"
            );
            let mut select = connection.prepare_cached(&select)?;
            let of = (run, session, branch.0.cast_signed());
            let rows = select.query_map(of, CallRecord::read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns what was answered in a call, if anything was and is still there.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read or is damaged.
    pub fn answer(&self, call: &CallRecord) -> Result<Option<String>, StoreError> {
        Ok(self.said(call, false)?.answer)
    }

    /// Returns what was said in a call.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read or is damaged.
    pub fn texts(&self, call: &CallRecord) -> Result<Texts, StoreError> {
        self.said(call, true)
    }

    fn said(&self, call: &CallRecord, with_prompt: bool) -> Result<Texts, StoreError> {
        self.read(|connection| {
            let mut texts = Texts::default();
            let mut prompt = call.prompt;
            if let Some(id) = call.call {
                let select = format!("{SELECT} WHERE calls.id = ?1");
                let mut select = connection.prepare_cached(&select)?;
                let mut rows = select.query([id])?;
                if let Some(row) = rows.next()? {
                    let answer = Record::read(row)?;
                    prompt = prompt.or(row.get(12)?);
                    texts.model = Some(answer.response.model);
                    let has_answer = !CallStatus::is_without_answer(answer.status);
                    texts.answer = has_answer.then_some(answer.response.text);
                    texts.finish = Some(answer.response.finish);
                }
            }
            texts.request = prompt_of(connection, prompt.filter(|_| with_prompt))?;
            Ok(texts)
        })
    }
}

fn prompt_of(connection: &Connection, prompt: Option<i64>) -> Result<Option<Request>, StoreError> {
    match prompt {
        Some(prompt) => prompts::read(connection, prompt),
        None => Ok(None),
    }
}

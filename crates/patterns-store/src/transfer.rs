//! Takes records out of a store and into another: one JSON object per line.

use std::io::{BufRead, Write};

use patterns_core::{CallKey, Request, Response};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::{StoreError, StoreErrorKind};
use crate::prompts::{self, Asked};
use crate::record::{Record, SELECT};
use crate::status::CallStatus;

/// So many records are read in together.
const BATCH: usize = 1_000;

/// A record as a line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) key: String,
    pub(crate) status: CallStatus,
    pub(crate) model: String,
    pub(crate) response: Response,
    /// What was asked, if that is to be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<Request>,
}

impl Line {
    pub(crate) fn of(record: Record) -> Self {
        Self {
            key: record.key.to_string(),
            status: record.status,
            model: record.model,
            response: record.response,
            request: None,
        }
    }

    pub(crate) fn read(number: usize, text: &str) -> Result<(Record, Option<Request>), StoreError> {
        let invalid = |error: &dyn std::fmt::Display| {
            let detail = format!("line {number}: {error}");
            StoreError::new(StoreErrorKind::InvalidRecord, detail)
        };
        let line: Self = serde_json::from_str(text).map_err(|error| invalid(&error))?;
        let key: CallKey = line.key.parse().map_err(|error| invalid(&error))?;
        let record = Record {
            key,
            status: line.status,
            run: 0,
            model: line.model,
            response: line.response,
        };
        Ok((record, line.request))
    }
}

impl Record {
    /// Returns the record as a line of an [export](Store::export), without what was asked.
    pub fn to_line(self) -> String {
        // Texts and numbers always have a written form.
        serde_json::to_string(&Line::of(self)).unwrap_or_default()
    }

    /// Reads a line of an [export](Store::export).
    ///
    /// # Errors
    ///
    /// Returns an error if it is none; the number says which line it is.
    pub fn of_line(number: usize, text: &str) -> Result<Self, StoreError> {
        Line::read(number, text).map(|it| it.0)
    }
}

impl Store {
    /// Writes all records, the oldest first, and returns how many; with what was asked if
    /// `has_prompts`.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read or written.
    pub fn export(&self, mut to: impl Write, has_prompts: bool) -> Result<u64, StoreError> {
        self.read(|connection| {
            let select = format!("{SELECT} ORDER BY calls.id");
            let mut select = connection.prepare(&select)?;
            let mut rows = select.query([])?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                let mut line = Line::of(Record::read(row)?);
                if let Some(prompt) = row.get::<_, Option<i64>>(12)?.filter(|_| has_prompts) {
                    line.request = prompts::read(connection, prompt)?;
                }
                serde_json::to_writer(&mut to, &line).map_err(std::io::Error::from)?;
                to.write_all(b"\n")?;
                count += 1;
            }
            to.flush()?;
            Ok(count)
        })
    }

    /// Takes in records, except answers to calls that have one already, and returns how many.
    ///
    /// # Errors
    ///
    /// Returns an error if a line is not valid; those before it stay.
    pub async fn import(&self, from: impl BufRead) -> Result<u64, StoreError> {
        let mut batch = Vec::new();
        let mut count = 0;
        for (n, line) in from.lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            match Line::read(n + 1, &line) {
                Ok(record) => batch.push(record),
                Err(error) => {
                    self.take_in(batch).await?;
                    return Err(error);
                }
            }
            if batch.len() == BATCH {
                count += self.take_in(std::mem::take(&mut batch)).await?;
            }
        }
        Ok(count + self.take_in(batch).await?)
    }

    async fn take_in(&self, records: Vec<(Record, Option<Request>)>) -> Result<u64, StoreError> {
        self.write_with(move |connection, prompts| {
            let mut count = 0;
            for (record, request) in records {
                let select = "SELECT 1 FROM calls WHERE key = ?1 AND status = 0";
                let mut select = connection.prepare_cached(select)?;
                let is_known = select.exists([record.key.as_bytes()])?;
                if record.status == CallStatus::Answered && !is_known {
                    let asked = request.as_ref().map(Asked::of);
                    record.entry().asked(asked).write(connection, prompts)?;
                    count += 1;
                }
            }
            Ok(count)
        })
        .await
    }
}

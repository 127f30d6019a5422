//! One paid call: as it is handed in, as a row, and as it is read back.
//!
//! Paid calls are a log, and answers an index over it: what a call has cost stays known when its answer is
//! superseded or of no use. What removed calls have cost stays in a table of sums.

use std::borrow::Cow;
use std::sync::Arc;

use patterns_core::{CallKey, FinishReason, ModelError, Money, Response, Usage};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use crate::error::{StoreError, StoreErrorKind};
use crate::prompts::{Asked, Prompts};
use crate::status::CallStatus;

/// One paid call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was asked.
    pub key: CallKey,
    /// How it ended.
    pub status: CallStatus,
    /// The run that paid for it; 0 where there is none.
    pub run: i64,
    /// The name of the model that was asked.
    pub model: String,
    /// What came back, with its bill. Without an answer, its text is empty.
    pub response: Response,
}

/// The part of a response that no column has.
#[derive(Serialize, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    finish: FinishReason,
    model: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<Cow<'a, str>>,
    /// What is told of few calls has no column; sums of it are not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    cache_write_tokens: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    billed: Option<Money>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

const INSERT: &str = "INSERT INTO calls (key, status, run, model, attempts, input_tokens, \
    cached_input_tokens, output_tokens, reasoning_tokens, body, digest, prompt) VALUES (?1, ?2, ?3, \
    ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// The beginning of a query whose rows [`Record::read`] reads; the twelfth column is the row's number,
/// the thirteenth that of its prompt.
pub(crate) const SELECT: &str = "SELECT key, status, run, name, attempts, input_tokens, \
    cached_input_tokens, output_tokens, reasoning_tokens, body, digest, calls.id, prompt FROM calls \
    JOIN models ON models.id = calls.model";

/// The most that is believed of a number in a bill. Whoever reports more reports nonsense; and the sum
/// of as many calls as there can be still fits into 63 bits.
pub(crate) const MOST: u64 = 1_000_000_000_000;

/// All calls, also those that were removed, with their bills.
pub(crate) const ALL_CALLS: &str = "SELECT run, model, 1 AS calls, attempts, input_tokens, \
    cached_input_tokens, output_tokens, reasoning_tokens FROM calls UNION ALL SELECT run, model, \
    calls, attempts, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens FROM removed";

/// Returns the SQL of six sums, which [`usage_of`] reads. A sum of whole numbers that does not fit is
/// an error in SQLite, and older versions wrote what they were told; so each part is bounded, and the
/// sum too.
pub(crate) fn usage_sums() -> String {
    let columns = [
        "calls",
        "attempts",
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        "reasoning_tokens",
    ];
    columns.map(sum_of).join(", ")
}

fn sum_of(column: &str) -> String {
    // A removed call's number is a sum already.
    let most = i64::MAX >> 10;
    let part = format!("iif(calls = 1, min({column}, {MOST}), {column})");
    format!("CAST(min(total(max(0, min({part}, {most}))), {most}) AS INTEGER)")
}

/// Reads the [sums](usage_sums) that begin at a column.
pub(crate) fn usage_of(row: &Row<'_>, first: usize) -> rusqlite::Result<Usage> {
    let count = |n: usize| row.get(first + n).map(i64::cast_unsigned);
    Ok(Usage {
        calls: count(0)?,
        attempts: count(1)?,
        input_tokens: count(2)?,
        cached_input_tokens: count(3)?,
        output_tokens: count(4)?,
        reasoning_tokens: count(5)?,
        ..Usage::default()
    })
}

/// Returns a bill in which no number is beyond what is believed.
fn believed(usage: Usage) -> Usage {
    Usage {
        calls: usage.calls.min(MOST),
        attempts: usage.attempts.min(MOST),
        input_tokens: usage.input_tokens.min(MOST),
        cached_input_tokens: usage.cached_input_tokens.min(MOST),
        output_tokens: usage.output_tokens.min(MOST),
        reasoning_tokens: usage.reasoning_tokens.min(MOST),
        cache_write_tokens: usage.cache_write_tokens.min(MOST),
        ..usage
    }
}

/// A paid call in the form in which it is written, made by whoever hands it in: what is sent to the
/// writing thread is one piece of memory.
pub(crate) struct Entry {
    pub(crate) key: CallKey,
    status: CallStatus,
    run: i64,
    model: Arc<str>,
    usage: Usage,
    body: Vec<u8>,
    digest: [u8; 16],
    /// What was asked, if that is kept.
    asked: Option<Asked>,
}

impl Entry {
    pub(crate) fn new(
        key: CallKey,
        status: CallStatus,
        run: i64,
        model: &Arc<str>,
        response: &Response,
    ) -> Self {
        let body = body(response);
        let usage = believed(response.usage);
        Self {
            key,
            status,
            run,
            model: Arc::clone(model),
            usage,
            digest: digest(&key, model, usage, &body),
            body,
            asked: None,
        }
    }

    /// Keeps what was asked, too.
    pub(crate) fn asked(mut self, asked: Option<Asked>) -> Self {
        self.asked = asked;
        self
    }

    /// Writes the call, and returns the number of its row. An answer takes the place of an earlier one
    /// to the same call.
    pub(crate) fn write(
        &self,
        connection: &Connection,
        prompts: &mut Prompts,
    ) -> Result<i64, StoreError> {
        let asked = self.asked.as_ref();
        let prompt = asked.map(|it| prompts.keep(connection, it)).transpose()?;
        let model = prompts.model(connection, &self.model)?;
        match self.insert(connection, model, prompt) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                set_status(connection, &self.key, CallStatus::Superseded)?;
                Ok(self.insert(connection, model, prompt)?)
            }
            inserted => Ok(inserted?),
        }
    }

    fn insert(
        &self,
        connection: &Connection,
        model: i64,
        prompt: Option<i64>,
    ) -> rusqlite::Result<i64> {
        let mut insert = connection.prepare_cached(INSERT)?;
        // By place: to find each by its name takes a tenth of the time that the row does.
        insert.execute((
            self.key.as_bytes(),
            self.status.number(),
            self.run,
            model,
            self.usage.attempts.cast_signed(),
            self.usage.input_tokens.cast_signed(),
            self.usage.cached_input_tokens.cast_signed(),
            self.usage.output_tokens.cast_signed(),
            self.usage.reasoning_tokens.cast_signed(),
            &self.body,
            self.digest,
            prompt,
        ))?;
        Ok(connection.last_insert_rowid())
    }
}

fn body(response: &Response) -> Vec<u8> {
    let Response {
        text,
        finish,
        model,
        request_id,
        usage,
    } = response;
    let body = Body {
        text: text.into(),
        finish: finish.clone(),
        model: model.into(),
        request_id: request_id.as_deref().map(Into::into),
        cache_write_tokens: usage.cache_write_tokens.min(MOST),
        billed: usage.billed,
    };
    // Texts and an enum always have a written form.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// What is kept of a call without an answer: its bill.
pub(crate) fn stump(error: &ModelError) -> Response {
    Response {
        text: String::new(),
        finish: FinishReason::Other(error.kind().name().to_owned()),
        usage: error.usage(),
        model: String::new(),
        request_id: error.request_id().map(str::to_owned),
    }
}

impl Record {
    /// Returns what is kept of a call, if it was paid for: of a failed one, its bill.
    pub fn of_call(
        key: CallKey,
        run: i64,
        model: impl Into<String>,
        result: &Result<Response, ModelError>,
    ) -> Option<Self> {
        let (status, response) = match result {
            Ok(response) => (CallStatus::Answered, response.clone()),
            Err(error) => (CallStatus::of_error(error.kind())?, stump(error)),
        };
        Some(Self {
            key,
            status,
            run,
            model: model.into(),
            response,
        })
    }

    /// Returns the answer as it is given out again: as one call without attempts and tokens.
    pub fn given_again(self) -> Response {
        let usage = Usage {
            calls: 1,
            ..Usage::default()
        };
        Response {
            usage,
            ..self.response
        }
    }

    pub(crate) fn entry(&self) -> Entry {
        let model = Arc::from(self.model.as_str());
        Entry::new(self.key, self.status, self.run, &model, &self.response)
    }

    /// Reads a row of [`SELECT`].
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let damaged = |what| StoreError::new(StoreErrorKind::Damaged, what);
        let key = row.get_ref(0)?.as_blob().unwrap_or_default();
        let key: [u8; 32] = key
            .try_into()
            .map_err(|_| damaged("a key has no 32 bytes"))?;
        let key = CallKey::from_bytes(key);
        let status = CallStatus::of_number(row.get(1)?).ok_or_else(|| damaged("a status"))?;
        let model: String = row.get(3)?;
        let count = |column| row.get(column).map(i64::cast_unsigned);
        let usage = Usage {
            calls: 1,
            attempts: count(4)?,
            input_tokens: count(5)?,
            cached_input_tokens: count(6)?,
            output_tokens: count(7)?,
            reasoning_tokens: count(8)?,
            ..Usage::default()
        };
        let body = row.get_ref(9)?.as_blob().unwrap_or_default();
        let written = row.get_ref(10)?.as_blob().unwrap_or_default();
        if digest(&key, &model, usage, body) != written {
            return Err(damaged("a call is not what was written"));
        }
        let body: Body<'_> = serde_json::from_slice(body)
            .map_err(|error| damaged("a call has no answer").with_source(error))?;
        let response = Response {
            text: body.text.into_owned(),
            finish: body.finish,
            usage: Usage {
                cache_write_tokens: body.cache_write_tokens,
                billed: body.billed,
                ..usage
            },
            model: body.model.into_owned(),
            request_id: body.request_id.map(Cow::into_owned),
        };
        Ok(Self {
            key,
            status,
            run: row.get(2)?,
            model,
            response,
        })
    }
}

/// Returns the number that stands for the name of a model.
pub(crate) fn model_number(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    let mut select = connection.prepare_cached("SELECT id FROM models WHERE name = ?1")?;
    if let Some(id) = select.query_row([name], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    connection.execute("INSERT INTO models (name) VALUES (?1)", [name])?;
    Ok(connection.last_insert_rowid())
}

/// Changes the status of the answer to a call, if there is one.
pub(crate) fn set_status(
    connection: &Connection,
    key: &CallKey,
    status: CallStatus,
) -> Result<(), StoreError> {
    let update = "UPDATE calls SET status = ?1 WHERE key = ?2 AND status = 0";
    let mut update = connection.prepare_cached(update)?;
    update.execute((status.number(), key.as_bytes()))?;
    Ok(())
}

/// Returns the first half of the BLAKE3 digest of all that does not change in a row.
fn digest(key: &CallKey, model: &str, usage: Usage, body: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes());
    for number in [
        model.len() as u64,
        usage.attempts,
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
    ] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(model.as_bytes()).update(body);
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    half
}

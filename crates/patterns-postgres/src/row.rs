//! One paid call as a row: how it is written, and how it is read back.

use patterns_core::{CallKey, Response};
use patterns_store::{CallStatus, Record};
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row};

use crate::error::{SharedError, SharedErrorKind};

/// Writes a row unless there is an answer to the same call already.
const INSERT: &str = "INSERT INTO patterns_calls (key, status, payer, model, attempts, input_tokens, \
    cached_input_tokens, output_tokens, reasoning_tokens, response, digest) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
    ON CONFLICT (key) WHERE status = 'answered' DO NOTHING";

/// The beginning of a query whose rows [`read`] reads.
pub(crate) const SELECT: &str =
    "SELECT id, key, status, payer, model, response, digest FROM patterns_calls";

/// The most that is believed of a number in a bill: whoever reports more reports nonsense.
const MOST: u64 = 1_000_000_000_000;

/// Returns the statement that writes a call with this status.
pub(crate) fn insert(record: &Record, status: CallStatus) -> Query<'_, Postgres, PgArguments> {
    let usage = record.response.usage;
    let number = |it: u64| it.min(MOST).cast_signed();
    // Texts and numbers always have a written form.
    let response = serde_json::to_vec(&record.response).unwrap_or_default();
    let model = model(&record.model);
    let digest = digest(&record.key, &model, &response);
    sqlx::query(INSERT)
        .bind(record.key.as_bytes().as_slice())
        .bind(status.name())
        .bind(record.run)
        .bind(model)
        .bind(number(usage.attempts))
        .bind(number(usage.input_tokens))
        .bind(number(usage.cached_input_tokens))
        .bind(number(usage.output_tokens))
        .bind(number(usage.reasoning_tokens))
        .bind(response)
        .bind(digest.to_vec())
}

/// Reads a row of [`SELECT`].
pub(crate) fn read(row: &PgRow, shown: &str) -> Result<Record, SharedError> {
    let said = |error: sqlx::Error| SharedError::of(shown, &error);
    let id: i64 = row.try_get("id").map_err(said)?;
    let damaged = |what: &str| {
        let words =
            format!("{shown}: the shared store is damaged: row {id} of patterns_calls: {what}");
        SharedError::new(SharedErrorKind::Damaged, words)
    };
    let key: &[u8] = row.try_get("key").map_err(said)?;
    let key: [u8; 32] = key
        .try_into()
        .map_err(|_| damaged("its key has no 32 bytes"))?;
    let key = CallKey::from_bytes(key);
    let status: &str = row.try_get("status").map_err(said)?;
    let status: CallStatus = serde_json::from_value(Value::String(status.to_owned()))
        .map_err(|_| damaged("its status is none"))?;
    let model: String = row.try_get("model").map_err(said)?;
    let response: &[u8] = row.try_get("response").map_err(said)?;
    let written: &[u8] = row.try_get("digest").map_err(said)?;
    if digest(&key, &model, response) != written {
        return Err(damaged("it is not what was written"));
    }
    let response: Response =
        serde_json::from_slice(response).map_err(|_| damaged("it has no answer"))?;
    Ok(Record {
        key,
        status,
        run: row.try_get("payer").map_err(said)?,
        model,
        response,
    })
}

/// Returns whether two answers are the same one, recorded twice: its write was sent again because nobody knew
/// whether it had arrived, or it came back by two ways.
pub(crate) fn is_same(one: &Response, other: &Response) -> bool {
    one.text == other.text && one.request_id == other.request_id && one.model == other.model
}

/// Returns the name of a model without the one character that Postgres cannot keep.
fn model(name: &str) -> String {
    name.replace('\0', "\u{fffd}")
}

/// Returns the first half of the BLAKE3 digest of all that does not change in a row.
fn digest(key: &CallKey, model: &str, response: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(&(model.len() as u64).to_le_bytes());
    hasher.update(model.as_bytes()).update(response);
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    half
}

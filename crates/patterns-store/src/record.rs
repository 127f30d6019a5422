//! One paid call as a row: what is written, how it is read back, and the digest that shows damage.

use patterns_core::{CallKey, FinishReason, ModelErrorKind, Response, Usage};
use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use crate::error::{StoreError, StoreErrorKind};

/// How a paid call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// With an answer, which is given out again.
    Answered,
    /// With an answer that was of no use to whoever asked.
    Disowned,
    /// With an answer that a later one has taken the place of.
    Superseded,
    /// The model declined.
    Refused,
    /// The provider withheld the answer.
    Filtered,
    /// The answer was cut off.
    Truncated,
}

impl CallStatus {
    pub(crate) const ALL: [Self; 6] = [
        Self::Answered,
        Self::Disowned,
        Self::Superseded,
        Self::Refused,
        Self::Filtered,
        Self::Truncated,
    ];

    /// Returns a short stable name, for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Disowned => "disowned",
            Self::Superseded => "superseded",
            Self::Refused => "refused",
            Self::Filtered => "filtered",
            Self::Truncated => "truncated",
        }
    }

    /// Returns the number that is written. It never changes its meaning.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Answered => 0,
            Self::Disowned => 1,
            Self::Superseded => 2,
            Self::Refused => 3,
            Self::Filtered => 4,
            Self::Truncated => 5,
        }
    }

    fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }

    /// Returns how a call ended that failed like this, if it was paid for all the same.
    pub(crate) fn of_error(kind: ModelErrorKind) -> Option<Self> {
        match kind {
            ModelErrorKind::Refused => Some(Self::Refused),
            ModelErrorKind::Filtered => Some(Self::Filtered),
            ModelErrorKind::Truncated => Some(Self::Truncated),
            _ => None,
        }
    }
}

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
    text: std::borrow::Cow<'a, str>,
    finish: FinishReason,
    model: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<std::borrow::Cow<'a, str>>,
}

const INSERT: &str = "INSERT INTO calls (key, status, run, model, attempts, input_tokens, \
    cached_input_tokens, output_tokens, reasoning_tokens, body, digest) VALUES (:key, :status, \
    :run, :model, :attempts, :input, :cached, :output, :reasoning, :body, :digest)";

/// The columns that [`Record::read`] reads, in its order.
pub(crate) const COLUMNS: &str = "key, status, run, model, attempts, input_tokens, \
    cached_input_tokens, output_tokens, reasoning_tokens, body, digest";

impl Record {
    /// Writes the record. An answer takes the place of an earlier one to the same call.
    pub(crate) fn write(&self, connection: &rusqlite::Connection) -> Result<(), StoreError> {
        if self.status == CallStatus::Answered {
            set_status(connection, &self.key, CallStatus::Superseded)?;
        }
        let usage = self.response.usage;
        let body = self.body();
        let digest = digest(&self.key, &self.model, usage, &body);
        let mut insert = connection.prepare_cached(INSERT)?;
        insert.execute(named_params! {
            ":key": self.key.as_bytes(),
            ":status": self.status.number(),
            ":run": self.run,
            ":model": self.model,
            ":attempts": usage.attempts.cast_signed(),
            ":input": usage.input_tokens.cast_signed(),
            ":cached": usage.cached_input_tokens.cast_signed(),
            ":output": usage.output_tokens.cast_signed(),
            ":reasoning": usage.reasoning_tokens.cast_signed(),
            ":body": body,
            ":digest": digest,
        })?;
        Ok(())
    }

    fn body(&self) -> Vec<u8> {
        let Response {
            text,
            finish,
            model,
            request_id,
            usage: _,
        } = &self.response;
        let body = Body {
            text: text.into(),
            finish: finish.clone(),
            model: model.into(),
            request_id: request_id.as_deref().map(Into::into),
        };
        // Texts and an enum always have a written form.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// Reads a row of [`COLUMNS`].
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
            usage,
            model: body.model.into_owned(),
            request_id: body.request_id.map(std::borrow::Cow::into_owned),
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

/// Changes the status of the answer to a call, if there is one.
pub(crate) fn set_status(
    connection: &rusqlite::Connection,
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

//! One call of a run, as it went: when it was asked, what it waited for, what came of it.

use std::time::Duration;

use patterns_core::{BranchId, Fix, Money, Usage, Violation, Waits};
use rusqlite::Row;
use serde::{Deserialize, Serialize, Serializer};

use crate::status::CallStatus;

/// One call of a run, as it went, without its texts.
///
/// Serialized, times are seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallRecord {
    /// The run.
    pub run: i64,
    /// The session of the run, from 1.
    pub session: i64,
    /// Numbers the calls of the run in the order in which they ended.
    pub number: i64,
    /// The branch, as it is numbered in that session.
    pub branch: BranchId,
    /// What of the branch it was made for, where the branch is a run of its own: the name of a voter, a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Which call of its branch or part, from 1: what follows the first are mostly re-asks.
    pub nth: u32,
    /// The name of the model that was asked.
    pub model: String,
    /// When it was asked, in microseconds since 1970.
    pub began: i64,
    /// How long it took until it ended, all waits included.
    #[serde(serialize_with = "seconds")]
    pub took: Duration,
    /// How it ended.
    pub ending: CallEnding,
    /// The run that paid for the answer; of a failed call, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_by: Option<i64>,
    /// What has become of the answer since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<CallStatus>,
    /// What it used in this run; an answer that was found has used nothing.
    pub usage: Usage,
    /// What that cost, if the price was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// What was sent for it, in order; nothing is known of models that tell nothing.
    pub attempts: Vec<AttemptRecord>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<CallFailure>,
    /// What was mended in its answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
    /// What was wrong with its answer, which was rejected for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// Whether the model was asked again because of that.
    pub will_reask: bool,
    #[serde(skip)]
    pub(crate) call: Option<i64>,
    #[serde(skip)]
    pub(crate) prompt: Option<i64>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnding {
    /// With an answer that was paid for.
    Answered,
    /// With an answer that was in the store.
    Found,
    /// With an error.
    Failed,
    /// Nobody needed it any more.
    Cancelled,
}

impl CallEnding {
    const ALL: [Self; 4] = [Self::Answered, Self::Found, Self::Failed, Self::Cancelled];

    /// Returns the number that is written. It never changes its meaning.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Answered => 0,
            Self::Found => 1,
            Self::Failed => 2,
            Self::Cancelled => 3,
        }
    }
}

/// One attempt of a call. All times are counted from the moment when the call was asked.
///
/// What lies between its waits and the moment when it was sent, was a wait for the budget and for the
/// store; what lies between two attempts is the wait before another try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AttemptRecord {
    /// When it began to wait.
    #[serde(serialize_with = "seconds")]
    pub asked: Duration,
    /// What it waited for.
    #[serde(serialize_with = "waits")]
    pub waited: Waits,
    /// When it was sent.
    #[serde(serialize_with = "seconds")]
    pub sent: Duration,
    /// How long after that the first token of a streamed answer came.
    #[serde(
        serialize_with = "maybe_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub first_token: Option<Duration>,
    /// How long it was on the network; `None` if it was dropped before it ended.
    #[serde(serialize_with = "maybe_seconds")]
    pub took: Option<Duration>,
    /// Why it failed, in the words of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether it is the second try of a call that took long, sent beside the first.
    pub is_hedge: bool,
}

/// Why a call failed. What the provider says is hostile text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFailure {
    /// The short stable name of the kind of error.
    pub kind: String,
    /// The error in our words.
    pub message: String,
    /// The HTTP status, if there was a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own words, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl CallFailure {
    /// Returns the error in our words without which request it was, so that equal causes are equal words.
    pub fn cause(&self) -> String {
        let Some((before, rest)) = self.message.split_once(" (request \"") else {
            return self.message.clone();
        };
        let after = rest.split_once("\")").map_or("", |(_, after)| after);
        format!("{before}{after}")
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_micros() as f64 / 1e6)
}

fn maybe_seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => seconds(time, serializer),
        None => serializer.serialize_none(),
    }
}

fn waits<S: Serializer>(waits: &Waits, serializer: S) -> Result<S::Ok, S::Error> {
    let seconds = [
        ("slot", waits.slot),
        ("rate", waits.rate),
        ("paused", waits.paused),
    ];
    serializer.collect_map(seconds.map(|(name, it)| (name, it.as_micros() as f64 / 1e6)))
}

/// An attempt as it is written: microseconds, and a list instead of names, since there are many.
#[derive(Serialize, Deserialize)]
struct AttemptRow(
    u64,
    u64,
    u64,
    u64,
    u64,
    Option<u64>,
    Option<u64>,
    Option<String>,
    bool,
);

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl From<AttemptRecord> for AttemptRow {
    fn from(it: AttemptRecord) -> Self {
        Self(
            micros(it.asked),
            micros(it.waited.slot),
            micros(it.waited.rate),
            micros(it.waited.paused),
            micros(it.sent),
            it.first_token.map(micros),
            it.took.map(micros),
            it.error,
            it.is_hedge,
        )
    }
}

impl From<AttemptRow> for AttemptRecord {
    fn from(row: AttemptRow) -> Self {
        let time = Duration::from_micros;
        let AttemptRow(asked, slot, rate, paused, sent, first_token, took, error, is_hedge) = row;
        Self {
            asked: time(asked),
            waited: Waits {
                slot: time(slot),
                rate: time(rate),
                paused: time(paused),
            },
            sent: time(sent),
            first_token: first_token.map(time),
            took: took.map(time),
            error,
            is_hedge,
        }
    }
}

/// What is written of a call in one column: what most calls have little of.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct More {
    #[serde(rename = "a", skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<AttemptRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<CallFailure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) fixes: Vec<Fix>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) violations: Vec<Violation>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) will_reask: bool,
    /// The bill of a call that has none elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Usage>,
}

impl More {
    pub(crate) fn with_attempts(mut self, attempts: Vec<AttemptRecord>) -> Self {
        self.attempts = attempts.into_iter().map(Into::into).collect();
        self
    }
}

/// What [`CallRecord::read`] reads, and whence.
pub(crate) const COLUMNS: &str = "run_calls.run, number, session, branch, nth, name, began, took, ending, \
    cost, more, call, run_calls.prompt, calls.run, calls.status, calls.attempts, input_tokens, \
    cached_input_tokens, output_tokens, reasoning_tokens \
    FROM run_calls JOIN models ON models.id = run_calls.model \
    LEFT JOIN calls ON calls.id = run_calls.call";

impl CallRecord {
    /// Returns when it ended, in microseconds since 1970.
    pub fn ended(&self) -> i64 {
        let took = i64::try_from(self.took.as_micros()).unwrap_or(i64::MAX);
        self.began.saturating_add(took)
    }

    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let more: String = row.get(10)?;
        // What a newer version may have added is not known here.
        let more: More = serde_json::from_str(&more).unwrap_or_default();
        let ending: i64 = row.get(8)?;
        let ending = CallEnding::ALL.into_iter().find(|it| it.number() == ending);
        let ending = ending.unwrap_or(CallEnding::Cancelled);
        let cost: Option<i64> = row.get(9)?;
        let call: Option<i64> = row.get(11)?;
        let status: Option<i64> = row.get(14)?;
        let usage = match (ending, status) {
            (CallEnding::Found, _) => None,
            (_, Some(_)) => Some(bill(row)?),
            (_, None) => more.usage,
        };
        Ok(Self {
            run: row.get(0)?,
            number: row.get(1)?,
            session: row.get(2)?,
            branch: BranchId(row.get::<_, i64>(3)?.cast_unsigned()),
            part: more.part,
            nth: row.get(4)?,
            model: row.get(5)?,
            began: row.get(6)?,
            took: Duration::from_micros(row.get::<_, i64>(7)?.cast_unsigned()),
            ending,
            paid_by: row.get(13)?,
            status: status.and_then(CallStatus::of_number),
            usage: usage.unwrap_or_default(),
            cost: cost.map(|it| Money::from_picodollars(it.cast_unsigned())),
            attempts: more.attempts.into_iter().map(Into::into).collect(),
            error: more.error,
            fixes: more.fixes,
            violations: more.violations,
            will_reask: more.will_reask,
            call,
            prompt: row.get(12)?,
        })
    }
}

fn bill(row: &Row<'_>) -> rusqlite::Result<Usage> {
    let count = |column| row.get(column).map(i64::cast_unsigned);
    Ok(Usage {
        calls: 1,
        attempts: count(15)?,
        input_tokens: count(16)?,
        cached_input_tokens: count(17)?,
        output_tokens: count(18)?,
        reasoning_tokens: count(19)?,
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_does_not_say_which_request_it_was() {
        for (message, expected) in [
            ("it refused (request \"r-1\")", "it refused"),
            ("it refused (request \"r-1\"): no", "it refused: no"),
            ("it refused", "it refused"),
        ] {
            let failure = CallFailure {
                kind: "refused".to_owned(),
                message: message.to_owned(),
                status: None,
                detail: None,
            };
            assert_eq!(failure.cause(), expected);
        }
    }
}

//! One branch of a run, as it went: what it was for, when it began and how it ended.

use patterns_core::{BranchId, StepRole};
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One branch in a session of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BranchRecord {
    /// The run.
    pub run: i64,
    /// The session of the run, from 1.
    pub session: i64,
    /// Numbers the branches of that session in the order in which they began, from 0.
    pub branch: BranchId,
    /// What it is for.
    pub role: StepRole,
    /// Its name: a section, a voter, a document. Hostile text if the user's input is.
    pub label: String,
    /// When it began, in microseconds since 1970.
    pub began: i64,
    /// When it ended.
    pub ended: Option<i64>,
    /// How it ended; `None` if it is under way, or was when its session was broken off.
    pub ending: Option<BranchEnding>,
    /// The short stable name of the error that it failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a branch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BranchEnding {
    /// With a value.
    Answered,
    /// Without one.
    Failed,
    /// Nobody needed it any more.
    Cancelled,
}

impl BranchEnding {
    pub(crate) const ALL: [Self; 3] = [Self::Answered, Self::Failed, Self::Cancelled];

    /// Returns the number that is written. It never changes its meaning.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Answered => 0,
            Self::Failed => 1,
            Self::Cancelled => 2,
        }
    }
}

/// What [`BranchRecord::read`] reads, and whence.
pub(crate) const COLUMNS: &str =
    "run, session, branch, role, label, began, ended, ending, error FROM branches";

impl BranchRecord {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let role: String = row.get(3)?;
        let ending: Option<i64> = row.get(7)?;
        let mut endings = BranchEnding::ALL.into_iter();
        Ok(Self {
            run: row.get(0)?,
            session: row.get(1)?,
            branch: BranchId(row.get::<_, i64>(2)?.cast_unsigned()),
            role: role_of(role),
            label: row.get(4)?,
            began: row.get(5)?,
            ended: row.get(6)?,
            ending: endings.find(|it| Some(it.number()) == ending),
            error: row.get(8)?,
        })
    }
}

/// Reads what a branch is for; what a newer version may have added is taken for a document.
pub(crate) fn role_of(name: String) -> StepRole {
    serde_json::from_value(Value::String(name)).unwrap_or(StepRole::Map)
}

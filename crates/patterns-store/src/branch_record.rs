//! One branch of a run, as it went: what it was for, when it began and how it ended.

use std::collections::VecDeque;

use patterns_core::{BranchId, StepRole};
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Store;
use crate::error::StoreError;
use crate::store::optional;

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
    const ALL: [Self; 3] = [Self::Answered, Self::Failed, Self::Cancelled];

    /// Returns the number that is written. It never changes its meaning.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Answered => 0,
            Self::Failed => 1,
            Self::Cancelled => 2,
        }
    }
}

/// Names what a branch is for, as its written form does.
pub(crate) fn role_name(role: StepRole) -> &'static str {
    match role {
        StepRole::Outline => "outline",
        StepRole::Section => "section",
        StepRole::Review => "review",
        StepRole::Rewrite => "rewrite",
        StepRole::Synthesis => "synthesis",
        StepRole::Ballot => "ballot",
        StepRole::Judge => "judge",
        StepRole::Map => "map",
        StepRole::Reduce => "reduce",
    }
}

const COLUMNS: &str =
    "run, session, branch, role, label, began, ended, ending, error FROM branches";

impl BranchRecord {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let role: String = row.get(3)?;
        let ending: Option<i64> = row.get(7)?;
        let mut endings = BranchEnding::ALL.into_iter();
        Ok(Self {
            run: row.get(0)?,
            session: row.get(1)?,
            branch: BranchId(row.get::<_, i64>(2)?.cast_unsigned()),
            role: serde_json::from_value(Value::String(role)).unwrap_or(StepRole::Map),
            label: row.get(4)?,
            began: row.get(5)?,
            ended: row.get(6)?,
            ending: endings.find(|it| Some(it.number()) == ending),
            error: row.get(8)?,
        })
    }
}

/// So many branches are read together.
const PAGE: u32 = 1_000;

/// The branches of a session of a run, in the order in which they began; made by
/// [`Store::branches_of`].
#[derive(Debug)]
pub struct Branches {
    store: Store,
    run: i64,
    session: i64,
    last: i64,
    page: VecDeque<BranchRecord>,
    is_over: bool,
}

impl Iterator for Branches {
    type Item = Result<BranchRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && !self.is_over {
            match self.store.page_of_branches(self) {
                Ok(page) => self.page = page,
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
            self.is_over = self.page.is_empty();
        }
        let branch = self.page.pop_front()?;
        self.last = branch.branch.0.cast_signed();
        Some(Ok(branch))
    }
}

impl Store {
    /// Returns the branches of a session of a run, in the order in which they began. They are read as
    /// they are asked for, so a run of any size needs little memory.
    ///
    /// Each session of a run goes through all its branches again and finds what was answered before,
    /// so the latest one, [`RunRecord::sessions`](crate::RunRecord::sessions), has them all, unless
    /// it was broken off.
    pub fn branches_of(&self, run: i64, session: i64) -> Branches {
        Branches {
            store: self.clone(),
            run,
            session,
            last: -1,
            page: VecDeque::new(),
            is_over: false,
        }
    }

    fn page_of_branches(&self, of: &Branches) -> Result<VecDeque<BranchRecord>, StoreError> {
        self.read(|connection| {
            let select = format!(
                "SELECT {COLUMNS} WHERE run = ?1 AND session = ?2 AND branch > ?3 \
                 ORDER BY branch LIMIT ?4"
            );
            let mut select = connection.prepare_cached(&select)?;
            let rows = (of.run, of.session, of.last, PAGE);
            let rows = select.query_map(rows, BranchRecord::read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns a branch of a session of a run, if there is one of that number.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn branch(
        &self,
        run: i64,
        session: i64,
        branch: BranchId,
    ) -> Result<Option<BranchRecord>, StoreError> {
        self.read(|connection| {
            let select =
                format!("SELECT {COLUMNS} WHERE run = ?1 AND session = ?2 AND branch = ?3");
            let of = (run, session, branch.0.cast_signed());
            optional(connection.query_row(&select, of, BranchRecord::read))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_branch_is_for_is_called_as_elsewhere() {
        for role in [
            StepRole::Outline,
            StepRole::Section,
            StepRole::Review,
            StepRole::Rewrite,
            StepRole::Synthesis,
            StepRole::Ballot,
            StepRole::Judge,
            StepRole::Map,
            StepRole::Reduce,
        ] {
            assert_eq!(serde_json::to_value(role).unwrap(), role_name(role));
        }
    }
}

//! Reads the branches of runs.

use std::collections::VecDeque;

use patterns_core::{BranchId, StepRole};
use rusqlite::Row;

use crate::Store;
use crate::branch_record::{BranchEnding, BranchRecord, COLUMNS, role_of};
use crate::error::StoreError;
use crate::store::optional;

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

impl Branches {
    /// Leaves out a branch and those that began before it.
    #[must_use]
    pub fn after(self, branch: Option<BranchId>) -> Self {
        let last = branch.map_or(-1, |it| it.0.cast_signed());
        Self { last, ..self }
    }
}

/// How many branches of one purpose a session of a run has begun, and how they ended; the others are under way, or
/// were when it was broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchCounts {
    /// What they are for.
    pub role: StepRole,
    /// How many have begun.
    pub begun: u64,
    /// How many of those ended with a value.
    pub answered: u64,
    /// How many ended without one.
    pub failed: u64,
    /// How many nobody needed any more.
    pub cancelled: u64,
}

impl BranchCounts {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let count = |column| row.get(column).map(i64::cast_unsigned);
        Ok(Self {
            role: role_of(row.get(0)?),
            begun: count(1)?,
            answered: count(2)?,
            failed: count(3)?,
            cancelled: count(4)?,
        })
    }
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

    /// Returns the sessions of a run that have branches.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read.
    pub fn sessions_of(&self, run: i64) -> Result<Vec<i64>, StoreError> {
        self.read(|connection| {
            let select = "SELECT DISTINCT session FROM branches WHERE run = ?1 ORDER BY session";
            let mut select = connection.prepare(select)?;
            let rows = select.query_map([run], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
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

    /// Counts the branches of a session of a run by what they are for, in the order in which the first of each began.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read.
    pub fn branch_counts(&self, run: i64, session: i64) -> Result<Vec<BranchCounts>, StoreError> {
        self.read(|connection| {
            let ended =
                |it: BranchEnding| format!("count(*) FILTER (WHERE ending = {})", it.number());
            let [answered, failed, cancelled] = BranchEnding::ALL.map(ended);
            let select = format!(
                "SELECT role, count(*), {answered}, {failed}, {cancelled} FROM branches \
                 WHERE run = ?1 AND session = ?2 GROUP BY role ORDER BY min(branch)"
            );
            let mut select = connection.prepare_cached(&select)?;
            let rows = select.query_map((run, session), BranchCounts::read)?;
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

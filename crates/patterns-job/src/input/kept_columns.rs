//! Looks for the columns of rows that come back with the answers, before anything is paid for.

use patterns_source::{ColumnKind, Documents, FoundColumns, Keep, Sourced, Unreadable};

use crate::job::Choice;
use crate::job_error::{JobError, JobErrorKind};

/// How many rows of what is piped in are looked at for a name.
const AHEAD: usize = 1_000;

/// Columns of rows that come back with the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptColumns {
    /// Which ones.
    pub keep: Keep,
    /// Whether it matters what is in them, for which all rows are looked at.
    pub is_typed: bool,
}

impl KeptColumns {
    /// Looks for them in files, as far as needed; `open` opens the source from its beginning.
    pub(super) fn found(
        &self,
        open: impl Fn() -> Result<Documents, JobError>,
        choice: Choice,
    ) -> Result<Vec<(String, ColumnKind)>, JobError> {
        // A name is looked for in all rows, whichever are worked on.
        let most = match (choice, &self.keep) {
            (Choice::First(most), Keep::All) => most.get() as u64,
            _ => u64::MAX,
        };
        let has_all = |it: &FoundColumns| {
            !self.is_typed && self.keep != Keep::All && it.lacking(&self.keep).is_none()
        };
        let mut found = FoundColumns::default();
        open()?.show(most, |item| {
            found.add(item);
            has_all(&found)
        });
        self.checked(&found)
    }

    /// Looks for them in what is piped in, which is read ahead for that, but not without an end. What is in
    /// them is known too late.
    pub(super) fn ahead(
        &self,
        first: &mut Vec<Result<Sourced, Unreadable>>,
        rest: &mut Documents,
        total: &mut Option<usize>,
    ) -> Result<Vec<(String, ColumnKind)>, JobError> {
        let mut found = FoundColumns::default();
        first.iter().for_each(|it| found.add(it));
        while total.is_none() && found.lacking(&self.keep).is_some() && first.len() < AHEAD {
            match rest.next() {
                Some(item) => {
                    found.add(&item);
                    first.push(item);
                }
                None => *total = Some(first.len()),
            }
        }
        let columns = self.checked(&found)?.into_iter();
        Ok(columns.map(|(name, _)| (name, ColumnKind::Text)).collect())
    }

    fn checked(&self, found: &FoundColumns) -> Result<Vec<(String, ColumnKind)>, JobError> {
        match found.lacking(&self.keep) {
            _ if !found.has_rows() => Err(without_rows(&self.keep)),
            Some(name) => Err(no_column(name, found)),
            None => Ok(found.columns(&self.keep)),
        }
    }
}

fn without_rows(keep: &Keep) -> JobError {
    let names = match keep {
        Keep::All => "there are no columns".to_owned(),
        Keep::Named(names) => format!("there is no column {}", names.join(", ")),
    };
    let message = format!("the input has no rows, so {names}; nothing was sent");
    JobError::new(JobErrorKind::BadData, message)
        .help("name a .jsonl, .csv, .tsv or .parquet file, or say what it is with `source.format`")
}

/// Says that no row has a column, and which one may have been meant.
pub(super) fn no_column(name: &str, found: &FoundColumns) -> JobError {
    let message = format!("no row of the input has a column {name:?}; nothing was sent");
    JobError::new(JobErrorKind::BadData, message).help(found.meant(name))
}

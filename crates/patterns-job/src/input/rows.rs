//! Looks for what a job says of rows, before anything is paid for: the columns that come back with the answers, and
//! whether there are rows at all. Who says something of rows believes that some are read, so where there are none,
//! that is an error.

use patterns_source::{ColumnKind, Documents, Format, FoundColumns, Keep, Sourced, Unreadable};

use crate::job::{Choice, SourcePart};
use crate::job_error::{JobError, JobErrorKind};

type Item = Result<Sourced, Unreadable>;

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
        first: &mut Vec<Item>,
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

/// Formats with rows.
const ROWS: &[Format] = &[Format::Jsonl, Format::Csv, Format::Tsv, Format::Parquet];
/// Formats whose fields something separates.
const SEPARATED: &[Format] = &[Format::Csv, Format::Tsv];

/// Checks that an input has rows, if anything is said about them; `first` is the beginning of it, and `open`
/// opens it once more, unless it can be read only once.
///
/// # Errors
///
/// Returns an error that names the first key that has no effect.
pub(super) fn check_rows(
    part: &SourcePart,
    first: &[Item],
    open: impl Fn() -> Option<Result<Documents, JobError>>,
) -> Result<(), JobError> {
    let said = [
        ("source.text_field", part.text_field.is_some(), ROWS),
        ("source.text_template", part.text_template.is_some(), ROWS),
        ("source.id_field", part.id_field.is_some(), ROWS),
        ("source.delimiter", part.delimiter.is_some(), SEPARATED),
    ];
    for (key, _, formats) in said.into_iter().filter(|it| it.1) {
        // What cannot be read may be a row.
        let is_one = |item: &Item| {
            item.as_ref()
                .map_or(true, |it| formats.contains(&it.format))
        };
        let mut has_one = first.iter().any(is_one);
        if !has_one && let Some(documents) = open() {
            documents?.show(u64::MAX, |item| {
                has_one = is_one(item);
                has_one
            });
        }
        if !has_one {
            return Err(without(key, formats.len() < ROWS.len()));
        }
    }
    Ok(())
}

fn without(key: &str, is_separated: bool) -> JobError {
    let (what, files) = match is_separated {
        true => ("rows of CSV", ".csv or .tsv"),
        false => ("rows", ".jsonl, .csv, .tsv or .parquet"),
    };
    let message = format!("`{key}` is about {what}, and the input has none; nothing was sent");
    let help =
        format!("leave it out, name a {files} file, or say what the input is with `source.format`");
    JobError::of_key(key, message).help(help)
}

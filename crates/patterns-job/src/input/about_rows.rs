//! Refuses what is said about rows of an input that has none: whoever says it believes that something else
//! is read.

use patterns_source::{Documents, Format, Sourced, Unreadable};

use crate::job::SourcePart;
use crate::job_error::JobError;

type Item = Result<Sourced, Unreadable>;

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

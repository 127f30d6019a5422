//! Reads the questions of a batch of elections.

use std::collections::HashMap;

use patterns_source::{
    ColumnKind, Format, FoundColumns, Keep, Limits, Row, RowReader, UnreadableKind,
};
use serde_json::Value;

use super::Reader;
use super::problems::Problems;
use super::rows::no_column;
use super::text_file::name;
use crate::job::{BatchPart, amiss_among};
use crate::job_error::{JobError, JobErrorKind};
use crate::work::BatchQuestion;

/// Questions, and the columns of their rows that are kept.
type Read = (Vec<BatchQuestion>, Vec<(String, ColumnKind)>);

/// Reads and checks every row of a batch, and which of the columns are kept.
///
/// # Errors
///
/// Returns an error that lists every row that is not valid; or that there is none, or none that has a column
/// that is kept.
pub(crate) fn read_questions(
    batch: &BatchPart,
    keep: Option<Keep>,
    reader: &Reader,
) -> Result<Read, JobError> {
    let name = name(&batch.file);
    let mut problems = Problems::default();
    let rows = read_rows(batch, &name, &mut problems, reader)?;
    let question_field = batch.question_field.as_deref().unwrap_or("question");
    let keep = keep.map(|it| others(it, batch, &rows));
    let mut found = FoundColumns::default();
    let mut seen = HashMap::new();
    let mut questions = Vec::new();
    for row in &rows {
        let place = format!("{name}:{}", row.line);
        let question = question(row, &place, question_field, &mut problems);
        let options = options(row, &place, &mut problems);
        let gold = gold(row, &place, batch.gold.as_deref(), &mut problems);
        let Some(id) = id(row, &place, batch.id_field.as_deref(), &mut problems) else {
            continue;
        };
        if let Some(first) = seen.insert(id.clone(), place.clone()) {
            problems.invalid(format!(
                "{place}: the id {id:?} is used twice, first in {first}"
            ));
        }
        let columns = keep.as_ref().map(|it| it.of(row));
        columns.iter().for_each(|it| found.add_fields(it));
        questions.extend(question.map(|question| BatchQuestion {
            id,
            question,
            options,
            gold,
            columns,
        }));
    }
    problems.check()?;
    if questions.is_empty() {
        let message = format!("there is no question in {name}");
        return Err(JobError::new(JobErrorKind::Empty, message).help("add a row"));
    }
    let Some(keep) = keep else {
        return Ok((questions, Vec::new()));
    };
    if let Some(name) = found.lacking(&keep) {
        rows.iter().for_each(|it| found.add_names(it.fields.keys()));
        return Err(no_column(name, &found));
    }
    Ok((questions, found.columns(&keep)))
}

/// Reads the rows; what is wrong with some is noted.
fn read_rows(
    batch: &BatchPart,
    name: &str,
    problems: &mut Problems,
    reader: &Reader,
) -> Result<Vec<Row>, JobError> {
    let path = &*batch.file;
    let mut note = |error: patterns_source::Unreadable| match error.kind() {
        UnreadableKind::Missing => problems.missing(error.to_string()),
        _ => problems.invalid(error.to_string()),
    };
    let mut rows = Vec::new();
    if path.is_file() && !Format::of(path).has_rows() {
        let message = format!("{name} is not a file of rows");
        return Err(JobError::new(JobErrorKind::BadData, message)
            .help("give `batch.file` a file that ends in .jsonl, .csv, .tsv or .parquet"));
    }
    let isolation = reader.isolation();
    match RowReader::open(path, Limits::default(), isolation.as_deref()) {
        Ok(mut read) => {
            for row in read.by_ref() {
                match row {
                    Ok(row) => rows.push(row),
                    Err(error) => note(error),
                }
            }
            for note in read.take_notes() {
                reader.tell(&format!("{name}: {note}"));
            }
        }
        Err(error) => note(error),
    }
    Ok(rows)
}

/// Leaves out of all columns those that a result has in any case.
fn others(keep: Keep, batch: &BatchPart, rows: &[Row]) -> Keep {
    if keep != Keep::All {
        return keep;
    }
    let question = batch.question_field.as_deref().unwrap_or("question");
    let id = batch.id_field.as_deref().unwrap_or("id");
    let own = [Some(question), Some(id), batch.gold.as_deref()];
    let mut found = FoundColumns::default();
    rows.iter().for_each(|it| found.add_names(it.fields.keys()));
    let names = found.names().iter();
    Keep::Named(
        names
            .filter(|it| !own.contains(&Some(it.as_str())))
            .cloned()
            .collect(),
    )
}

fn question(row: &Row, place: &str, field: &str, problems: &mut Problems) -> Option<String> {
    let question = row.text(field).filter(|text| !text.trim().is_empty());
    if question.is_none() {
        let lacks = row.lacks("question", field);
        problems.lacks(place, format!("{lacks} (`batch.question_field`)"));
    }
    question
}

/// Returns the id: from `field`, else from `id`, else the row's place.
fn id(row: &Row, place: &str, field: Option<&str>, problems: &mut Problems) -> Option<String> {
    let Some(field) = field else {
        return Some(row.text("id").unwrap_or_else(|| place.to_owned()));
    };
    let id = row.text(field);
    if id.is_none() {
        let lacks = row.lacks("id", field);
        problems.lacks(place, format!("{lacks} (`batch.id_field`)"));
    }
    id
}

/// Returns the right answer; null is none.
fn gold(row: &Row, place: &str, field: Option<&str>, problems: &mut Problems) -> Option<String> {
    let field = field?;
    match row.fields.get(field) {
        Some(Value::Null) => None,
        Some(Value::String(answer)) => Some(answer.clone()),
        Some(answer) => Some(answer.to_string()),
        None => {
            let lacks = row.lacks("right answer", field);
            problems.lacks(place, format!("{lacks} (`batch.gold`)"));
            None
        }
    }
}

fn options(row: &Row, place: &str, problems: &mut Problems) -> Option<Vec<String>> {
    let options = match row.fields.get("options")? {
        Value::Array(options) => options
            .iter()
            .map(|it| it.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>(),
        Value::Null => return None,
        _ => None,
    };
    if options.as_ref().is_none_or(Vec::is_empty) {
        problems.invalid(format!("{place}: options is not a list of texts"));
    }
    let amiss = |it: &[String]| amiss_among("options", it);
    if let Some(amiss) = options.as_deref().and_then(amiss) {
        problems.invalid(format!("{place}: {amiss}"));
    }
    options
}

//! A table that is written row by row.
//!
//! A CSV file is data: it has the words of the answers, marks of right-to-left scripts and all, with a
//! `'` before what a spreadsheet would take for a formula. Only where it is shown on a terminal is it
//! escaped for that.

use parquet::errors::ParquetError;
use serde_json::Value;

use super::column::{Column, lost};
use super::csv::csv_record;
use super::parquet::ParquetRows;
use super::sqlite::SqliteRows;
use crate::args::Format;
use crate::error::{Error, ErrorKind};
use crate::escape::escape;

/// A table under way.
pub(crate) struct Sheet {
    columns: Vec<Column>,
    form: Form,
}

/// What it is written as.
enum Form {
    /// CSV (RFC 4180).
    Csv {
        /// Whether a terminal shows it.
        is_shown: bool,
    },
    Parquet(Box<ParquetRows>),
    Sqlite(Box<SqliteRows>),
}

impl Sheet {
    /// Begins a table, if the form is one of a table; returns what is to be written now, too.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be begun.
    pub(crate) fn begin(
        format: Format,
        columns: Vec<Column>,
        is_shown: bool,
    ) -> Result<Option<(Self, Vec<u8>)>, Error> {
        let (form, head) = match format {
            Format::Csv => {
                let names: Vec<Value> = columns.iter().map(|it| it.name.as_str().into()).collect();
                (Form::Csv { is_shown }, line(&names, is_shown))
            }
            Format::Parquet => {
                let rows = ParquetRows::new(columns.clone()).map_err(failed)?;
                (Form::Parquet(Box::new(rows)), Vec::new())
            }
            Format::Sqlite => {
                let rows = SqliteRows::new(columns.clone())?;
                (Form::Sqlite(Box::new(rows)), Vec::new())
            }
            Format::Human | Format::Json | Format::Jsonl | Format::Html => return Ok(None),
        };
        Ok(Some((Self { columns, form }, head)))
    }

    /// Takes a row; returns what is to be written now.
    ///
    /// # Errors
    ///
    /// Returns an error if the rows cannot be encoded.
    pub(crate) fn row(&mut self, row: Vec<Value>) -> Result<Vec<u8>, Error> {
        match &mut self.form {
            Form::Csv { is_shown } => return Ok(line(&row, *is_shown)),
            Form::Parquet(_) | Form::Sqlite(_) => check_integers(&self.columns, &row)?,
        }
        match &mut self.form {
            Form::Csv { .. } => Ok(Vec::new()),
            Form::Parquet(rows) => rows.row(row).map_err(failed),
            Form::Sqlite(rows) => rows.row(&row).map(|()| Vec::new()),
        }
    }

    /// Writes the rest of the file, piece by piece.
    ///
    /// # Errors
    ///
    /// As [`row`](Self::row).
    pub(crate) fn end(self, mut write: impl FnMut(Vec<u8>)) -> Result<(), Error> {
        match self.form {
            Form::Csv { .. } => Ok(()),
            Form::Parquet(rows) => rows.end().map(write).map_err(failed),
            Form::Sqlite(rows) => rows.end(&mut write),
        }
    }
}

/// A number that a column cannot hold is an error: a cell that is left empty would be a lie.
fn check_integers(columns: &[Column], row: &[Value]) -> Result<(), Error> {
    match lost(columns, row) {
        None => Ok(()),
        Some((column, cell)) => {
            let message = format!(
                "{cell} in the column {} is no whole number of 64 bits",
                column.name
            );
            Err(Error::new(ErrorKind::Io, message).help("choose --output jsonl"))
        }
    }
}

fn line(values: &[Value], is_shown: bool) -> Vec<u8> {
    let line = csv_record(values);
    match is_shown {
        true => escape(&line).into_owned().into_bytes(),
        false => line.into_bytes(),
    }
}

fn failed(error: ParquetError) -> Error {
    let cause = match error {
        ParquetError::General(cause) => cause,
        other => other.to_string(),
    };
    let message = format!("the Parquet file cannot be written: {cause}");
    Error::new(ErrorKind::Io, message).help("choose --output jsonl")
}

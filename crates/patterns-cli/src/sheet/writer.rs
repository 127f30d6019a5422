//! A table that is written row by row.
//!
//! A CSV file is data: it has the words of the answers, marks of right-to-left scripts and all, with a
//! `'` before what a spreadsheet would take for a formula. Only where it is shown on a terminal is it
//! escaped for that.

use parquet::errors::ParquetError;
use serde_json::Value;

use super::column::Column;
use super::csv::csv_record;
use super::parquet::ParquetRows;
use crate::error::{Error, ErrorKind};
use crate::escape::escape;

/// A table under way.
pub(crate) enum Sheet {
    /// CSV (RFC 4180).
    Csv {
        /// Whether a terminal shows it.
        is_shown: bool,
    },
    /// Parquet.
    Parquet(Box<ParquetRows>),
}

impl Sheet {
    /// Begins a CSV file; returns its line of names, too.
    pub(crate) fn csv(columns: &[Column], is_shown: bool) -> (Self, Vec<u8>) {
        let names: Vec<Value> = columns.iter().map(|it| it.name.as_str().into()).collect();
        (Self::Csv { is_shown }, line(&names, is_shown))
    }

    /// Begins a Parquet file.
    ///
    /// # Errors
    ///
    /// Returns an error if two columns have one name.
    pub(crate) fn parquet(columns: Vec<Column>) -> Result<Self, Error> {
        let rows = ParquetRows::new(columns).map_err(failed)?;
        Ok(Self::Parquet(Box::new(rows)))
    }

    /// Takes a row; returns what is to be written now.
    ///
    /// # Errors
    ///
    /// Returns an error if the rows cannot be encoded.
    pub(crate) fn row(&mut self, row: Vec<Value>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Csv { is_shown } => Ok(line(&row, *is_shown)),
            Self::Parquet(rows) => rows.row(row).map_err(failed),
        }
    }

    /// Returns the rest of the file.
    ///
    /// # Errors
    ///
    /// As [`row`](Self::row).
    pub(crate) fn end(self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Csv { .. } => Ok(Vec::new()),
            Self::Parquet(rows) => rows.end().map_err(failed),
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

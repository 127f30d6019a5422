//! Rows as tables for other programs: CSV, Parquet, and SQLite.

mod column;
mod csv;
mod parquet;
mod sqlite;
mod writer;

pub(crate) use column::{Column, apart};
pub(crate) use csv::json_lines;
pub(crate) use sqlite::check_replaceable;
pub(crate) use writer::Sheet;

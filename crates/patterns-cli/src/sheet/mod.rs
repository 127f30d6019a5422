//! Rows as tables for other programs: CSV, and Parquet.

mod column;
mod csv;
mod parquet;
mod writer;

pub(crate) use column::Column;
pub(crate) use csv::{csv_table, json_lines};
pub(crate) use writer::Sheet;

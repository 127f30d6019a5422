//! Rows as tables for other programs: CSV, and Parquet.

mod column;
mod parquet;
mod writer;

pub(crate) use column::Column;
pub(crate) use writer::Sheet;

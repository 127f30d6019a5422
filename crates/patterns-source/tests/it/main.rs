//! Real and hostile files, read through the public interface.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod apart;
mod attached;
mod docx;
mod docx_numbers;
mod files;
mod hostile;
mod html;
mod mails;
mod names;
mod parquet_rows;
mod part;
mod pdf;
mod pdf_letters;
mod pdf_tables;
mod support;
mod tables;

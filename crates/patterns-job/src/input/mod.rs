//! Finds, reads and checks what a run works on: documents while it goes on, all else before the first
//! call.

mod about_rows;
mod ahead;
mod chosen;
mod corpus;
mod decode;
mod examples;
mod fields;
mod file;
mod kept_columns;
mod problems;
mod questions;
mod reader;
mod room;
mod schema;
mod source;
mod taken;

pub use corpus::{Corpus, CorpusStream};
pub use decode::{NotText, decode_text};
pub(crate) use examples::read_examples;
pub(crate) use fields::{check_fields, other_than_number};
pub use file::read_text_file;
pub use kept_columns::KeptColumns;
pub(crate) use questions::read_questions;
pub use reader::Reader;
pub(crate) use room::room;
pub(crate) use schema::read_schema;
pub use taken::{Taken, Total};

//! Finds, reads and checks what a run works on: documents while it goes on, all else before the first
//! call.

mod ahead;
mod chosen;
mod corpus;
mod examples;
mod fields;
mod problems;
mod questions;
mod reader;
mod room;
mod rows;
mod schema;
mod source;
mod text_file;

pub(crate) use chosen::drawn;
pub use chosen::{Taken, Total};
pub use corpus::{Corpus, CorpusStream};
pub(crate) use examples::read_examples;
pub(crate) use fields::{check_fields, other_than_number};
pub(crate) use questions::read_questions;
pub use reader::Reader;
pub(crate) use room::room;
pub use rows::KeptColumns;
pub(crate) use schema::read_schema;
pub use text_file::{NotText, decode_text, read_text_file};

//! Finds, reads and checks what a run works on, all of it before the first call.
//!
//! The texts are held in memory from then on: what was checked is what is sent, whatever happens
//! to the files meanwhile.

mod decode;
mod documents;
mod fields;
mod find;
mod prices;
mod problems;
mod questions;
mod rows;
mod schema;

pub(crate) use documents::{RowFields, read_context, read_documents};
pub(crate) use fields::check_fields;
pub(crate) use prices::read_prices;
pub(crate) use questions::{QuestionFields, read_questions};
pub(crate) use schema::{contract, read_schema};

use std::io::Read;

use crate::error::{Error, ErrorKind, reason};

/// Reads one text from standard input, say a question.
///
/// # Errors
///
/// Returns an error if there is none, or it is not text.
pub(crate) fn read_stdin_text() -> Result<String, Error> {
    if crate::terminal::is_stdin_terminal() {
        return Err(
            Error::new(ErrorKind::NoInput, "nothing is piped into standard input")
                .help("pipe a text in, as in `patterns … - < question.txt`"),
        );
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| {
            let message = format!("cannot read standard input: {}", reason(&error));
            Error::new(ErrorKind::NoInput, message).help("pipe a text in")
        })?;
    let text = decode::decode(&bytes).map_err(|problem| {
        Error::new(ErrorKind::BadData, format!("standard input {problem}"))
            .help("convert the input to UTF-8 text")
    })?;
    if text.trim().is_empty() {
        return Err(
            Error::new(ErrorKind::BadData, "standard input is empty").help("pipe a text in")
        );
    }
    Ok(text)
}

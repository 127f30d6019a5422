//! Finds, reads and checks what a run works on: documents while it goes on, all else before the first
//! call.

mod corpus;
mod decode;
mod fields;
mod file;
mod isolation;
mod prices;
mod problems;
mod questions;
mod schema;
mod voters;

pub(crate) use corpus::Corpus;
pub(crate) use fields::check_fields;
pub(crate) use isolation::read_document;
pub(crate) use prices::read_prices;
pub(crate) use questions::{QuestionFields, read_questions};
pub(crate) use schema::{contract, read_schema};
pub(crate) use voters::{VoterRow, read_voters};

use std::io::Read;
use std::path::PathBuf;

use patterns_core::Document;

use crate::args::SourceArgs;
use crate::error::{Error, ErrorKind, reason};
use crate::written::Written;

/// Reads material that goes with every question, where there is any.
///
/// # Errors
///
/// Returns an error if anything in it cannot be read.
pub(crate) fn read_context(paths: &[PathBuf], written: &Written) -> Result<Vec<Document>, Error> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    Corpus::open(paths, &SourceArgs::default(), written)?.whole()
}

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

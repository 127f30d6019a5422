//! Reads instructions that were typed: words, or the text of a file after `@`; `@@` is a literal `@`.
//!
//! The job has the text, not the name of the file: what was asked for is recorded with the run, gone on with
//! in the same words, and a part of the key of each call.

use std::path::{Path, PathBuf};

use patterns_job::{JobErrorKind, read_text_file};

use crate::args::{Command, Common};
use crate::error::{Error, ErrorKind};

/// Returns the words of an option.
///
/// # Errors
///
/// Returns an error if there is no such file, or no text in it.
pub(crate) fn words(typed: Option<&str>, option: &str) -> Result<Option<String>, Error> {
    let Some(typed) = typed else { return Ok(None) };
    let Some(path) = file(typed) else {
        let literal = typed.strip_prefix("@@").map(|it| format!("@{it}"));
        return Ok(Some(literal.unwrap_or_else(|| typed.to_owned())));
    };
    let help =
        format!("name a file behind the @; a text that begins with @ is written as {option} '@@…'");
    if path.as_os_str().is_empty() {
        let message = format!("{option} @ names no file");
        return Err(Error::new(ErrorKind::Usage, message).help(&help));
    }
    let shown = path.display();
    let text = read_text_file(path).map_err(|error| {
        let cause = error.details().first().cloned().unwrap_or_default();
        let kind = match error.kind() {
            JobErrorKind::NoInput => ErrorKind::NoInput,
            _ => ErrorKind::BadData,
        };
        Error::new(kind, format!("{option} @{shown}: {cause}")).help(&help)
    })?;
    match text.trim() {
        "" => {
            let message = format!("{option} @{shown}: there is nothing in the file");
            Err(Error::new(ErrorKind::BadData, message).help(&help))
        }
        text => Ok(Some(text.to_owned())),
    }
}

/// Returns the files that were named so.
pub(crate) fn files(command: &Command) -> Vec<PathBuf> {
    let common = |it: &Common| it.instructions.clone();
    let typed = match command {
        Command::Section(args) => vec![common(&args.common)],
        Command::Vote(args) => vec![common(&args.common)],
        Command::MapReduce(args) => vec![
            common(&args.common),
            args.map_instructions.clone(),
            args.reduce_instructions.clone(),
            args.source.text_template.clone(),
        ],
        _ => Vec::new(),
    };
    let typed = typed.iter().flatten();
    typed
        .filter_map(|it| file(it))
        .map(Path::to_owned)
        .collect()
}

/// Returns the file that is named, if it is one.
fn file(typed: &str) -> Option<&Path> {
    let name = typed.strip_prefix('@')?;
    (!name.starts_with('@')).then(|| Path::new(name))
}

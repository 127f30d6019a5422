//! Makes a source of what a job says about its documents, or says what is wrong with it.

use std::path::PathBuf;
use std::time::Duration;

use patterns_source::{
    Documents, Limits, Source, SourceError, Splitter, Unreadable, UnreadableKind,
};

use super::Reader;
use super::problems::Problems;
use crate::job::SourcePart;
use crate::job_error::{JobError, JobErrorKind};

/// Returns what cuts documents into chunks, if they are to be cut.
pub(super) fn splitter(part: &SourcePart) -> Result<Option<Splitter>, JobError> {
    let splitter = part.chunk_tokens.map(Splitter::new);
    let splitter = splitter.map(|it| it.overlap(part.chunk_overlap));
    splitter.transpose().map_err(|error| {
        let message = format!("`source.chunk_overlap`: {error}");
        JobError::of_key("source.chunk_overlap", message)
    })
}

/// Returns how much is read at most.
fn limits(part: &SourcePart) -> Limits {
    let usual = Limits::default();
    let document = part.max_document_size.as_deref();
    let document = document.map_or(usual.document, |it| it.0);
    Limits {
        document,
        file: usual.file.max(document),
        ..usual
    }
}

pub(super) fn source(inputs: &[PathBuf], part: &SourcePart, reader: &Reader) -> Source {
    let leave_out = reader.clone();
    let mut source = Source::new(inputs)
        .leave_out(move |it| leave_out.leaves_out(it))
        .limits(limits(part))
        .when_out_of_descriptors(wait);
    if let Some(isolation) = reader.isolation() {
        source = source.isolation(isolation);
    }
    if let Some(encoding) = part.encoding.as_deref().copied() {
        source = source.encoding(encoding);
    }
    if let Some(delimiter) = part.delimiter {
        source = source.delimiter(delimiter);
    }
    if let Some(format) = part.format.as_deref().copied() {
        source = source.format(format);
    }
    if let Some(records) = part.records.as_deref() {
        source = source.records(records.clone());
    }
    if let Some(name) = &part.text_field {
        source = source.text_field(name);
    }
    if let Some(template) = part.text_template.as_deref() {
        source = source.template(template.clone());
    }
    if let Some(name) = &part.id_field {
        source = source.id_field(name);
    }
    source
}

pub(super) fn open(source: &Source) -> Result<Documents, JobError> {
    source.open().map_err(|error| match error {
        SourceError::Missing(missing) => problems(missing.iter())
            .err()
            .unwrap_or_else(|| nothing(&SourceError::StdinTwice)),
        other => nothing(&other),
    })
}

fn nothing(error: &SourceError) -> JobError {
    JobError::new(JobErrorKind::BadData, format!("{error}; nothing was sent"))
}

/// Returns an error that lists all of them, if there are any.
pub(super) fn problems<'a>(wrong: impl Iterator<Item = &'a Unreadable>) -> Result<(), JobError> {
    let mut problems = Problems::default();
    for error in wrong {
        match error.kind() {
            UnreadableKind::Missing => problems.missing(error.to_string()),
            UnreadableKind::NoField => {
                problems.field(error.to_string());
            }
            _ => problems.invalid(error.to_string()),
        }
    }
    problems.check()
}

/// Waits a little for connections that end; ten minutes at most.
fn wait(times: u32) -> bool {
    std::thread::park_timeout(Duration::from_millis(100));
    times < 6_000
}

//! Reads the user's own JSON Schemas, and checks that contracts can be made of them.

use std::path::Path;

use patterns_core::{Contract, parse_schema};
use serde_json::Value;

use super::text_file::{name, read_text_file};
use crate::job::{SchemaSource, is_short_schema};
use crate::job_error::{JobError, JobErrorKind};

/// Reads a schema and checks that it can be a contract.
///
/// # Errors
///
/// Returns an error that names each problem with its place in the schema.
pub(crate) fn read_schema(source: &SchemaSource) -> Result<Value, JobError> {
    match source {
        SchemaSource::File(path) => read(path),
        SchemaSource::Inline(schema) => {
            // Plain data always has a written form.
            let text = serde_json::to_string(schema).unwrap_or_default();
            checked("the schema in the job", &text)
        }
    }
}

fn read(path: &Path) -> Result<Value, JobError> {
    let name = name(path);
    let text = read_text_file(path).map_err(|error| match error.kind() {
        // What is typed has been made a schema by then; a program may write it into a job.
        JobErrorKind::NoInput if is_fields(path) => error.help(
            "a job has a JSON Schema there, or the name of its file; the fields of an answer are no file",
        ),
        _ => error,
    })?;
    let _: Value = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        let message = format!("{name}:{line}:{column}: {what}");
        JobError::new(JobErrorKind::BadSchema, message).help("a schema file is one JSON object")
    })?;
    checked(&name, &text)
}

fn is_fields(path: &Path) -> bool {
    let name = path.file_name().and_then(|it| it.to_str());
    name.is_some_and(is_short_schema)
}

fn checked(name: &str, text: &str) -> Result<Value, JobError> {
    let schema = parse_schema(text).map_err(|violation| {
        let message = format!("{name} cannot be used as an answer schema");
        JobError::new(JobErrorKind::BadSchema, message)
            .details_of([format!("#{}: {}", violation.pointer, violation.message)])
            .help("keep the one that is meant; other readers take the last without a word")
    })?;
    Contract::from_schema(schema.clone()).map_err(|error| {
        let message = format!("{name} cannot be used as an answer schema");
        let problems = error.problems().iter().map(ToString::to_string);
        JobError::new(JobErrorKind::BadSchema, message)
            .details_of(problems)
            .help("mend the schema at the places named (JSON pointers into it)")
    })?;
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_the_place_of_a_file_are_told_to_be_none() {
        let help = |name: &str| {
            let error = read_schema(&SchemaSource::File(name.into())).unwrap_err();
            error.hint().unwrap_or_default().to_owned()
        };
        assert!(help("no/folder/name, age int").contains("the fields of an answer are no file"));
        assert_eq!(help("no/folder/bill.json"), "check names and permissions");
    }
}

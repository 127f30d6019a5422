//! Reads the user's own JSON Schemas and makes contracts of them.

use std::path::Path;

use patterns_core::{Contract, parse_schema};
use serde_json::Value;

use super::file::{name, read_file};
use super::problems::Problems;
use crate::error::{Error, ErrorKind};

/// Reads a schema and checks that it can be a contract.
///
/// # Errors
///
/// Returns an error that names each problem with its place in the schema.
pub(crate) fn read_schema(path: &Path) -> Result<Value, Error> {
    let name = name(path);
    let mut problems = Problems::default();
    let text = read_file(path, &name, &mut problems);
    problems.check()?;
    let text = text.unwrap_or_default();
    let _: Value = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        let message = format!("{name}:{line}:{column}: {what}");
        Error::new(ErrorKind::BadSchema, message).help("a schema file is one JSON object")
    })?;
    let schema = parse_schema(&text).map_err(|violation| {
        let message = format!("{name} cannot be used as an answer schema");
        Error::new(ErrorKind::BadSchema, message)
            .details([format!("#{violation}")])
            .help("keep the one that is meant; other readers take the last without a word")
    })?;
    contract(&schema).map_err(|error| {
        let message = format!("{name} cannot be used as an answer schema");
        let problems = error.problems().iter().map(ToString::to_string);
        Error::new(ErrorKind::BadSchema, message)
            .details(problems)
            .help("mend the schema at the places named (JSON pointers into it)")
    })?;
    Ok(schema)
}

/// Makes the contract of a schema.
///
/// # Errors
///
/// Returns an error if the schema has no strict form.
pub(crate) fn contract(schema: &Value) -> Result<Contract, patterns_core::ContractError> {
    Contract::from_schema(schema.clone())
}

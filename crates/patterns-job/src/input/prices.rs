//! Reads the user's own price table.

use std::path::Path;

use patterns_llm::Prices;

use super::file::{name, read_text_file};
use crate::job_error::{JobError, JobErrorKind};

/// Reads a price table.
///
/// # Errors
///
/// Returns an error that names the line that is wrong.
pub(crate) fn read_prices(path: &Path) -> Result<Prices, JobError> {
    let text = read_text_file(path)?;
    Prices::from_toml(&text).map_err(|error| {
        let help = "a row is [[price]] with model = \"PROVIDER:MODEL\", input and output in \
            dollars per million tokens, and cached_input if it differs";
        let message = format!("{}: {error}", name(path));
        JobError::new(JobErrorKind::BadData, message).help(help)
    })
}

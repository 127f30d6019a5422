//! Reads the user's own price table.

use std::path::Path;

use patterns_llm::Prices;

use super::file::{name, read_file};
use super::problems::Problems;
use crate::error::{Error, ErrorKind};

/// Reads a price table.
///
/// # Errors
///
/// Returns an error that names the line that is wrong.
pub(crate) fn read_prices(path: &Path) -> Result<Prices, Error> {
    let name = name(path);
    let mut problems = Problems::default();
    let text = read_file(path, &name, &mut problems);
    problems.check()?;
    Prices::from_toml(&text.unwrap_or_default()).map_err(|error| {
        let help = "a row is [[price]] with model = \"PROVIDER:MODEL\", input and output in \
            dollars per million tokens, and cached_input if it differs";
        Error::new(ErrorKind::BadData, format!("{name}: {error}")).help(help)
    })
}

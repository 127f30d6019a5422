//! Reads small files of the user, such as schemas.

use std::fs;
use std::path::Path;

use super::decode::decode;
use super::problems::Problems;
use crate::error::reason;

/// Returns the name under which a file is shown and identified.
pub(super) fn name(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string()
}

/// Reads a whole file as text.
pub(super) fn read_file(path: &Path, name: &str, problems: &mut Problems) -> Option<String> {
    match fs::read(path) {
        Ok(bytes) => text_of(&bytes, name, problems),
        Err(error) => {
            problems.missing(format!("{name}: {}", reason(&error)));
            None
        }
    }
}

fn text_of(bytes: &[u8], name: &str, problems: &mut Problems) -> Option<String> {
    if bytes.is_empty() {
        problems.invalid(format!("{name}: the file is empty"));
        return None;
    }
    match decode(bytes) {
        Ok(text) => Some(text),
        Err(problem) => {
            problems.invalid(format!("{name}: the file {problem}"));
            None
        }
    }
}

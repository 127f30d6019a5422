//! Reads small files of the user, such as schemas.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use patterns_core::system_reason;

use super::decode::decode_text;
use super::problems::Problems;
use crate::job_error::{JobError, JobErrorKind};

/// The most bytes that such a file may have.
const MOST: u64 = 16 << 20;

/// Returns the name under which a file is shown and identified.
pub(super) fn name(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string()
}

/// Reads a small file as text.
///
/// # Errors
///
/// Returns an error if it cannot be read or is no text.
pub fn read_text_file(path: &Path) -> Result<String, JobError> {
    let mut problems = Problems::default();
    let text = read_file(path, &name(path), &mut problems);
    problems.check().map_err(|error| match error.kind() {
        JobErrorKind::BadData => error.help("write it as UTF-8 text"),
        _ => error,
    })?;
    Ok(text.unwrap_or_default())
}

/// Reads a whole file as text.
pub(super) fn read_file(path: &Path, name: &str, problems: &mut Problems) -> Option<String> {
    match read_at_most(path) {
        Ok(bytes) => text_of(&bytes, name, problems),
        Err(error) => {
            problems.missing(format!("{name}: {}", system_reason(&error)));
            None
        }
    }
}

/// Reads a whole file, unless it has no end or nearly so.
fn read_at_most(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        let message = format!("it has more than {} MiB", MOST >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

fn text_of(bytes: &[u8], name: &str, problems: &mut Problems) -> Option<String> {
    if bytes.is_empty() {
        problems.invalid(format!("{name}: the file is empty"));
        return None;
    }
    match decode_text(bytes) {
        Ok(text) => Some(text),
        Err(problem) => {
            problems.invalid(format!("{name}: the file {problem}"));
            None
        }
    }
}

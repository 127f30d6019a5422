//! Says why an operation of the system failed, for people.

use std::fmt::Display;

/// Returns the words of an error of the system without its number, which says the same to fewer. Where it
/// is that too many files are open, they say what to do.
///
/// ```
/// use patterns_core::system_reason;
///
/// let error = std::io::Error::from_raw_os_error(2);
/// assert!(error.to_string().ends_with(" (os error 2)"));
/// assert!(!system_reason(&error).contains("os error"));
///
/// let error = std::io::Error::from_raw_os_error(24);
/// assert!(!cfg!(unix) || system_reason(&error).contains("ulimit -n"));
/// ```
pub fn system_reason(error: &(impl Display + ?Sized)) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.find(" (os error") {
        text.truncate(at);
    }
    text.replace(
        "Too many open files",
        "no file is left to be opened; see ulimit -n",
    )
}

//! Finds API keys. They go from here into a header and nowhere else.

use std::env;
use std::fs;
use std::path::Path;

use secrecy::SecretString;

use crate::error::{Error, ErrorKind, reason};

/// The variable with the key of OpenAI.
pub(crate) const OPENAI_VARIABLE: &str = "OPENAI_API_KEY";
/// The variable with the key of an OpenAI-compatible server.
pub(crate) const COMPATIBLE_VARIABLE: &str = "PATTERNS_API_KEY";

/// Returns the key for a provider: from the file, else from its variable.
///
/// # Errors
///
/// Returns an error if a needed key is missing, or one is not usable.
pub(crate) fn find(provider: &str, file: Option<&Path>) -> Result<Option<SecretString>, Error> {
    if let Some(path) = file {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| {
            let message = format!("the key file {name} cannot be read: {}", reason(&error));
            Error::new(ErrorKind::NoInput, message).help("check the argument of --key-file")
        })?;
        return usable(&text, &format!("the key file {name}")).map(Some);
    }
    match provider {
        "openai" => match env::var_os(OPENAI_VARIABLE) {
            Some(value) => from_variable(OPENAI_VARIABLE, &value).map(Some),
            None => Err(Error::new(
                ErrorKind::Config,
                format!("there is no API key: {OPENAI_VARIABLE} is not set"),
            )
            .help(format!(
                "set {OPENAI_VARIABLE}, or put the key into a file and pass --key-file FILE"
            ))),
        },
        "compatible" => env::var_os(COMPATIBLE_VARIABLE)
            .map(|value| from_variable(COMPATIBLE_VARIABLE, &value))
            .transpose(),
        _ => Ok(None),
    }
}

/// Returns whether OpenAI's key is in the environment, usable or not.
pub(crate) fn has_openai() -> bool {
    env::var_os(OPENAI_VARIABLE).is_some_and(|it| !it.is_empty())
}

fn from_variable(name: &str, value: &std::ffi::OsStr) -> Result<SecretString, Error> {
    usable(value.to_str().unwrap_or("\u{fffd}"), name)
}

/// Checks a key without ever saying what it is.
fn usable(text: &str, place: &str) -> Result<SecretString, Error> {
    let key = text.trim();
    let problem = if key.is_empty() {
        "is empty"
    } else if key.contains(['\n', '\r']) {
        "has more than one line"
    } else if key.starts_with(['"', '\'']) {
        "begins with a quotation mark"
    } else if !key.bytes().all(|it| it.is_ascii_graphic()) {
        "has characters that no key has (blanks, control or non-ASCII characters)"
    } else {
        return Ok(SecretString::from(key));
    };
    Err(Error::new(ErrorKind::Config, format!("{place} {problem}"))
        .help("put the key there, alone"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn keys_are_trimmed_and_checked_but_never_shown() {
        assert_eq!(
            usable(" sk-canary\n", "X").unwrap().expose_secret(),
            "sk-canary"
        );
        let table = [
            ("", "X is empty"),
            (" \n", "X is empty"),
            ("sk-canary\nsk-canary", "X has more than one line"),
            ("\"sk-canary\"", "X begins with a quotation mark"),
        ];
        for (text, message) in table {
            assert_eq!(usable(text, "X").unwrap_err().message(), message);
        }
        for text in ["sk canary", "sk-cänary", "sk-\u{7}canary"] {
            let error = usable(text, "X").unwrap_err();
            assert!(!format!("{error:?}").contains("anary"), "{error:?}");
        }
    }
}

//! Checks the addresses that users give, and writes names into paths.

use reqwest::Url;

use crate::connect_error::{ConnectError, ConnectErrorKind};

/// Writes a name so that it can stand in a path.
pub(crate) fn in_path(name: &str) -> String {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~/@".contains(&it);
    let bytes = name.bytes().map(|it| match is_plain(it) {
        true => char::from(it).to_string(),
        false => format!("%{it:02X}"),
    });
    bytes.collect()
}

/// Returns the URL in one spelling, without a slash at its end. The error does not repeat the URL,
/// since people paste keys into them.
pub(crate) fn checked_url(url: &str) -> Result<String, ConnectError> {
    let invalid = |why: &str| {
        let message = format!("the base URL {why}");
        ConnectError::new(ConnectErrorKind::InvalidBaseUrl, message)
    };
    let url = Url::parse(url.trim()).map_err(|error| {
        invalid("is not a URL like http://localhost:8000/v1").with_source(error)
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "must not contain a user or password: set the key instead",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("must not contain `?` or `#`"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

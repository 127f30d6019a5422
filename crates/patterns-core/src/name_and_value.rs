//! Divides a name from its value, as in `ahead-by:3`.

/// Divides `name` and `name:value`, without the spaces around either.
///
/// ```
/// use patterns_core::name_and_value;
///
/// assert_eq!(name_and_value("exact"), ("exact", None));
/// assert_eq!(name_and_value("top: 5:tags"), ("top", Some("5:tags")));
/// ```
pub fn name_and_value(text: &str) -> (&str, Option<&str>) {
    match text.trim().split_once(':') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (text.trim(), None),
    }
}

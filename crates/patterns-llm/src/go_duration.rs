//! Durations as Go writes them, and so OpenAI and Google.

use std::time::Duration;

/// The longest duration that is taken seriously, in seconds: a year.
const LONGEST: f64 = 365.0 * 86_400.0;

/// Reads a duration as Go writes them: `9ms`, `1.5s`, `6m0s`, `1h2m3s`.
pub(crate) fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit() && it != '.')?;
        let value: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|it: char| it.is_ascii_digit());
        let (unit, after) = rest.split_at(letters.unwrap_or(rest.len()));
        total += value
            * match unit {
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                _ => return None,
            };
        rest = after;
    }
    let is_sane = total > 0.0 && total <= LONGEST;
    is_sane.then(|| Duration::from_secs_f64(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go_are_read() {
        for (text, expected) in [
            ("9ms", Some(0.009)),
            ("1s", Some(1.0)),
            ("6m0s", Some(360.0)),
            ("1h2m3s", Some(3_723.0)),
            ("", None),
            ("5", None),
            ("5d", None),
            ("s", None),
            ("1.2.3s", None),
        ] {
            assert_eq!(
                go_duration(text).map(|it| it.as_secs_f64()),
                expected,
                "{text}"
            );
        }
    }
}

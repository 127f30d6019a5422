//! Reads single values of the command line: durations, shares, bounds.

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a failed branch means for the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MaxFailures {
    /// Nothing.
    KeepGoing,
    /// The end.
    FailFast,
    /// The end, once the failed share (0 to 1) is larger.
    Share(f64),
}

impl FromStr for MaxFailures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected keep-going, fail-fast or a percentage such as 10%";
        match text {
            "keep-going" => return Ok(Self::KeepGoing),
            "fail-fast" => return Ok(Self::FailFast),
            _ => {}
        }
        let percent = text.strip_suffix('%').ok_or(EXPECTED)?;
        let percent: f64 = percent.trim().parse().map_err(|_| EXPECTED)?;
        if !(0.0..=100.0).contains(&percent) {
            return Err("a percentage is from 0% to 100%".to_owned());
        }
        Ok(Self::Share(percent / 100.0))
    }
}

/// Reads a duration: numbers with units, such as `250ms`, `30s`, `2m`, `1h30m` or `7d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected a number with a unit (ms, s, m, h, d), such as 30s or 2m";
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(EXPECTED.to_owned());
    }
    while !rest.is_empty() {
        let is_number = |it: char| it.is_ascii_digit() || it == '.';
        let number_end = rest.find(|it| !is_number(it)).ok_or(EXPECTED)?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(is_number).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let number: f64 = number.parse().map_err(|_| EXPECTED)?;
        let seconds = match unit.trim() {
            "ms" => number / 1000.0,
            "s" => number,
            "m" | "min" => number * 60.0,
            "h" => number * 3600.0,
            "d" => number * 86400.0,
            _ => return Err(EXPECTED.to_owned()),
        };
        let part = Duration::try_from_secs_f64(seconds).map_err(|_| "that is too long")?;
        total = total.checked_add(part).ok_or("that is too long")?;
        rest = tail;
    }
    Ok(total)
}

/// Reads the time for one attempt.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let timeout = duration(text)?;
    if timeout.is_zero() || timeout > DAY {
        return Err("a timeout is more than zero and at most 24h".to_owned());
    }
    Ok(timeout)
}

/// How many calls may be in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concurrency {
    /// As many as the provider takes.
    Auto,
    /// So many at most.
    AtMost(NonZeroUsize),
}

impl Concurrency {
    /// Returns the bound, if one was given.
    pub(crate) fn given(self) -> Option<NonZeroUsize> {
        match self {
            Self::Auto => None,
            Self::AtMost(most) => Some(most),
        }
    }
}

/// Reads the bound of calls in flight.
pub(super) fn concurrency(text: &str) -> Result<Concurrency, String> {
    if text == "auto" {
        return Ok(Concurrency::Auto);
    }
    let most = text
        .parse()
        .ok()
        .filter(|it: &NonZeroUsize| it.get() <= 10_000);
    most.map(Concurrency::AtMost)
        .ok_or_else(|| "expected auto or a whole number from 1 to 10000".to_owned())
}

/// Reads a rate limit in units a minute.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<u64>() {
        Ok(rate @ 1..=1_000_000_000_000) => Ok(rate as f64),
        _ => Err("expected a whole number of at least 1".to_owned()),
    }
}

/// Reads a temperature.
pub(super) fn temperature(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(temperature) if (0.0..=2.0).contains(&temperature) => Ok(temperature),
        _ => Err("expected a number from 0 to 2".to_owned()),
    }
}

/// Reads the sigma of a lognormal distribution.
pub(super) fn sigma(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(sigma) if (0.0..=3.0).contains(&sigma) => Ok(sigma),
        _ => Err("expected a number from 0 to 3".to_owned()),
    }
}

/// Reads a size in bytes: `500k`, `64m`, `2g` or plain bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let text = text.trim().to_ascii_lowercase();
    let (number, shift) = match text.char_indices().next_back() {
        Some((at, 'k')) => (&text[..at], 10),
        Some((at, 'm')) => (&text[..at], 20),
        Some((at, 'g')) => (&text[..at], 30),
        _ => (text.as_str(), 0),
    };
    let bytes = number.trim().parse::<u64>().ok().filter(|it| *it > 0);
    let bytes = bytes.and_then(|it| it.checked_mul(1 << shift));
    bytes.ok_or_else(|| "expected a size such as 500k, 64m or 2g".to_owned())
}

/// Reads what separates fields: one character, or `tab`.
pub(super) fn delimiter(text: &str) -> Result<char, String> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        _ if matches!(text, "tab" | "\\t") => Ok('\t'),
        (Some('"' | '\n' | '\r'), None) => {
            Err("fields are separated by another character".to_owned())
        }
        (Some(letter), None) => Ok(letter),
        _ => Err("fields are separated by one character, or tab".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let table = [
            ("250ms", Some(250)),
            ("30s", Some(30_000)),
            ("1.5s", Some(1_500)),
            ("2m", Some(120_000)),
            ("1h30m", Some(5_400_000)),
            ("0s", Some(0)),
            ("7d", Some(604_800_000)),
            ("1d12h", Some(129_600_000)),
            ("", None),
            ("30", None),
            ("s", None),
            ("-3s", None),
            ("3 fortnights", None),
            ("1..5s", None),
            ("99999999999999999999999h", None),
        ];
        for (text, milliseconds) in table {
            let expected = milliseconds.map(Duration::from_millis);
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
        assert!(timeout("0s").is_err());
        assert!(timeout("25h").is_err());
    }

    #[test]
    fn failure_policies() {
        let table = [
            ("keep-going", Some(MaxFailures::KeepGoing)),
            ("fail-fast", Some(MaxFailures::FailFast)),
            ("10%", Some(MaxFailures::Share(0.1))),
            ("0%", Some(MaxFailures::Share(0.0))),
            ("100 %", Some(MaxFailures::Share(1.0))),
            ("101%", None),
            ("-1%", None),
            ("NaN%", None),
            ("10", None),
            ("sometimes", None),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }

    #[test]
    fn bounds() {
        for text in ["0", "10001", "-1", "1e9", "NaN", ""] {
            assert!(concurrency(text).is_err(), "{text}");
        }
        let most = NonZeroUsize::new(10_000);
        assert_eq!(concurrency("10000").map(Concurrency::given), Ok(most));
        assert_eq!(concurrency("auto"), Ok(Concurrency::Auto));
        assert_eq!(rate("3500"), Ok(3_500.0));
        for text in ["0", "-1", "1.5", "NaN", ""] {
            assert!(rate(text).is_err(), "{text}");
        }
        for text in ["-0.1", "2.1", "NaN", "inf"] {
            assert!(temperature(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("64m"), Ok(64 << 20));
        assert_eq!(size("500K"), Ok(500 << 10));
        assert_eq!(size("7"), Ok(7));
        for text in ["", "0", "m", "-1", "1.5m", "99999999999g"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_are_separated_by_one_character() {
        for (text, expected) in [
            (";", ';'),
            ("tab", '\t'),
            ("\\t", '\t'),
            ("\t", '\t'),
            ("|", '|'),
        ] {
            assert_eq!(delimiter(text), Ok(expected));
        }
        for text in ["", ";;", "\"", "\n"] {
            assert!(delimiter(text).is_err(), "{text:?}");
        }
    }
}

//! Reads single values of the command line: durations, shares, bounds.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use patterns_job::TimeSpan;

/// Reads a duration: numbers with units, such as `250ms`, `30s`, `2m`, `1h30m` or `7d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    text.parse().map(|TimeSpan(duration)| duration)
}

/// Reads where calls are made; returns the address of a Restate server, or nothing for here.
pub(super) fn on(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        None if text == "here" => Ok(String::new()),
        Some(("restate", url)) if !url.trim().is_empty() => Ok(url.trim().to_owned()),
        _ => Err(
            "expected here, or restate: and an address, as in restate:http://HOST:8080".to_owned(),
        ),
    }
}

/// Returns what is set by `-c`, and by `--on` as its shorthand.
pub(super) fn set(config: &[String], on: Option<&String>) -> Vec<String> {
    let on = on.map(|url| format!("restate.url={url}"));
    config.iter().cloned().chain(on).collect()
}

/// Reads a lane and how many of its calls are made at once.
pub(super) fn lane(text: &str) -> Result<(String, u32), String> {
    let wrong = || "expected LANE=CALLS, such as openai=400".to_owned();
    let (lane, calls) = text.split_once('=').ok_or_else(wrong)?;
    let calls = calls.parse().ok().filter(|it| *it > 0);
    match (lane.trim(), calls) {
        ("", _) | (_, None) => Err(wrong()),
        (lane, Some(calls)) => Ok((lane.to_owned(), calls)),
    }
}

/// Since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// For so long.
    Ago(Duration),
    /// Since so many seconds after 1970.
    Then(i64),
}

/// Reads a moment in the past: how long ago it was, or its date, with a time if need be.
pub(super) fn since(text: &str) -> Result<Since, String> {
    if let Ok(ago) = duration(text) {
        return Ok(Since::Ago(ago));
    }
    crate::local_time::read(text)
        .map(Since::Then)
        .ok_or_else(|| "expected how long ago, such as 7d or 12h, or a date: 2026-11-27".to_owned())
}

/// Reads the time for one attempt.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
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
pub(crate) fn concurrency(text: &str) -> Result<Concurrency, String> {
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

/// Reads a number of calls in flight.
pub(super) fn calls_at_once(text: &str) -> Result<NonZeroUsize, String> {
    let most = concurrency(text).ok().and_then(Concurrency::given);
    most.ok_or_else(|| "expected a whole number from 1 to 10000".to_owned())
}

/// From how many tokens on documents are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkTokens {
    /// From as many as the model cannot read, where that is known.
    Auto,
    /// From so many.
    Above(NonZeroU64),
}

impl ChunkTokens {
    /// Returns the number, if one was given.
    pub(crate) fn given(self) -> Option<NonZeroU64> {
        match self {
            Self::Auto => None,
            Self::Above(tokens) => Some(tokens),
        }
    }
}

/// Reads the size of chunks.
pub(super) fn chunk_tokens(text: &str) -> Result<ChunkTokens, String> {
    match text {
        "auto" => Ok(ChunkTokens::Auto),
        number => number
            .parse()
            .map(ChunkTokens::Above)
            .map_err(|_| "expected auto or a whole number from 1".to_owned()),
    }
}

/// Returns a reader of whole numbers with bounds.
pub(super) fn whole<T: TryFrom<u64>>(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    let range = match most {
        u64::MAX => format!("from {least}"),
        most => format!("from {least} to {most}"),
    };
    move |text| {
        let number = text.parse().ok().filter(|it| (least..=most).contains(it));
        number
            .and_then(|it: u64| T::try_from(it).ok())
            .ok_or_else(|| format!("expected a whole number {range}"))
    }
}

/// Reads a temperature.
pub(crate) fn temperature(text: &str) -> Result<f32, String> {
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
    fn a_whole_number_has_bounds_and_says_them() {
        let votes = whole::<u16>(1, 1000);
        for (text, number) in [("1", 1), ("1000", 1000), ("+5", 5), ("007", 7)] {
            assert_eq!(votes(text), Ok(number));
        }
        let wrong = [
            "",
            " ",
            "0",
            "-1",
            "1001",
            "1e3",
            "1,000",
            "1.5",
            "NaN",
            "٣",
            "99999999999999999999999",
        ];
        for text in wrong {
            let said = votes(text).unwrap_err();
            assert_eq!(said, "expected a whole number from 1 to 1000", "{text:?}");
        }
        let calls = whole::<u64>(1, u64::MAX);
        assert_eq!(calls("0").unwrap_err(), "expected a whole number from 1");
    }

    #[test]
    fn a_timeout_has_bounds() {
        assert!(timeout("0s").is_err());
        assert!(timeout("25h").is_err());
    }

    #[test]
    fn bounds() {
        for text in ["0", "10001", "-1", "1e9", "NaN", ""] {
            assert!(concurrency(text).is_err(), "{text}");
        }
        let most = NonZeroUsize::new(10_000);
        assert_eq!(concurrency("10000").map(Concurrency::given), Ok(most));
        assert_eq!(concurrency("auto"), Ok(Concurrency::Auto));
        for text in ["-0.1", "2.1", "NaN", "inf"] {
            assert!(temperature(text).is_err(), "{text}");
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

//! Lengths of time and sizes, written with a unit: `90s`, `1h30m`, `64m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time, written as numbers with units: `250ms`, `30s`, `2m`, `1h30m` or `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(pub Duration);

impl FromStr for TimeSpan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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
        Ok(Self(total))
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        let parts = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1_000, "s"),
            (1, "ms"),
        ];
        if milliseconds == 0 {
            return f.write_str("0s");
        }
        let mut rest = milliseconds;
        for (size, unit) in parts {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// A size in bytes, written as `500k`, `64m`, `2g` or plain bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        let (number, shift) = match text.char_indices().next_back() {
            Some((at, 'k')) => (&text[..at], 10),
            Some((at, 'm')) => (&text[..at], 20),
            Some((at, 'g')) => (&text[..at], 30),
            _ => (text.as_str(), 0),
        };
        let bytes = number.trim().parse::<u64>().ok().filter(|it| *it > 0);
        let bytes = bytes.and_then(|it| it.checked_mul(1 << shift));
        let bytes = bytes.ok_or_else(|| "expected a size such as 500k, 64m or 2g".to_owned());
        bytes.map(Self)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        let units = [(30, "g"), (20, "m"), (10, "k")];
        match units
            .iter()
            .find(|it| *bytes > 0 && bytes % (1 << it.0) == 0)
        {
            Some((shift, unit)) => write!(f, "{}{unit}", bytes >> shift),
            None => write!(f, "{bytes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
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
            let expected = milliseconds.map(|it| TimeSpan(Duration::from_millis(it)));
            let read = text.parse::<TimeSpan>().ok();
            assert_eq!(read, expected, "{text}");
            if let Some(span) = read {
                assert_eq!(span.to_string().parse(), Ok(span), "{text}");
            }
        }
        assert_eq!(TimeSpan(Duration::from_secs(5_400)).to_string(), "1h30m");
    }

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes) in [
            ("64m", 64 << 20),
            ("500K", 500 << 10),
            ("7", 7),
            ("2g", 2 << 30),
        ] {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!(size, ByteSize(bytes));
            assert_eq!(size.to_string(), text.to_lowercase());
        }
        for text in ["", "0", "m", "-1", "1.5m", "99999999999g"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}

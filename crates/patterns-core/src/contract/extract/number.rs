//! Tells whether a number, as it is written, is the same once it has been read.
//!
//! Numbers are kept as 64-bit integers or floats. `serde_json` can keep them as they are written
//! (`arbitrary_precision`), but then numbers within tagged or untagged enums and flattened structs
//! are no numbers any more, for every user of `serde_json` in the program. So a number that would
//! change is refused, and the model is asked for one that can be kept.

/// Finds the number literals of a text that is JSON, in its order.
pub(super) struct Literals<'a> {
    rest: &'a str,
}

impl<'a> Literals<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for Literals<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.rest.as_bytes();
        let (mut in_string, mut at) = (false, 0);
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\\' if in_string => at += 1,
                b'"' => in_string = !in_string,
                b'-' | b'0'..=b'9' if !in_string => break,
                _ => {}
            }
            at += 1;
        }
        let rest = self.rest.get(at..)?;
        let belongs = |it: char| it.is_ascii_digit() || matches!(it, '+' | '-' | '.' | 'e' | 'E');
        let end = rest.find(|it| !belongs(it)).unwrap_or(rest.len());
        let (literal, rest) = rest.split_at(end);
        self.rest = rest;
        Some(literal).filter(|it| !it.is_empty())
    }
}

/// Returns the float that `literal` is written for, if that is the same number.
pub(super) fn exact(literal: &str) -> Option<f64> {
    let value: f64 = literal.parse().ok()?;
    (Decimal::of(literal)? == Decimal::of(&format!("{value:e}"))?).then_some(value)
}

/// A decimal number in its one shortest form: 0.`digits` times ten to the power of `exponent`.
#[derive(Debug, Default, PartialEq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn of(literal: &str) -> Option<Self> {
        let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unsigned = whole.trim_start_matches('-');
        let all = format!("{unsigned}{fraction}");
        let digits = all.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self::default());
        }
        let leading_zeros = i64::try_from(all.len() - digits.len()).ok()?;
        let places = i64::try_from(unsigned.len()).ok()? - leading_zeros;
        let exponent: i64 = exponent.trim_start_matches('+').parse().ok()?;
        Some(Self {
            is_negative: whole.starts_with('-'),
            digits: digits.trim_end_matches('0').to_owned(),
            exponent: exponent.checked_add(places)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_as_it_is_or_refused() {
        for kept in [
            "0.1",
            "-0.10",
            "1.50",
            "-0.0",
            "0e99",
            "1e3",
            "1E+3",
            "100e-2",
            "1e308",
            "5e-324",
            "100000000000000000000",
            "0.30000000000000004",
            "123456789.125",
        ] {
            assert!(exact(kept).is_some(), "{kept}");
        }
        for changed in [
            "100000000000000000001",
            "9007199254740993e0",
            "12345678901234567890123",
            "0.12345678901234567890",
            "3.14159265358979323846",
            "1e-400",
            "-18446744073709551617",
            "1e99999999999999999999",
        ] {
            assert!(exact(changed).is_none(), "{changed}");
        }
    }

    #[test]
    fn literals_are_found_outside_of_texts_only() {
        let text = r#"{"a 1": [-1.5e+3, "2 \\\" 3"], "b": 4, "c": true}"#;
        let found: Vec<&str> = Literals::of(text).collect();
        assert_eq!(found, ["-1.5e+3", "4"]);
        assert_eq!(Literals::of("{}").next(), None);
    }
}

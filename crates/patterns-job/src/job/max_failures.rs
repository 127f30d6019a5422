//! What a failed branch means for the others.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a failed branch means for the others: `keep-going`, `fail-fast`, or a share such as `10%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum MaxFailures {
    /// Nothing.
    #[default]
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

impl fmt::Display for MaxFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepGoing => f.write_str("keep-going"),
            Self::FailFast => f.write_str("fail-fast"),
            Self::Share(share) => write!(f, "{}%", share * 100.0),
        }
    }
}

impl TryFrom<String> for MaxFailures {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<MaxFailures> for String {
    fn from(it: MaxFailures) -> Self {
        it.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_policies_are_read_and_written() {
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
            let read = text.parse::<MaxFailures>().ok();
            assert_eq!(read, expected, "{text}");
            if let Some(read) = read {
                assert_eq!(read.to_string().parse(), Ok(read), "{text}");
            }
        }
    }
}

//! Says what a run does about failed branches, ties and streams.

use std::fmt;
use std::str::FromStr;

use patterns_core::name_and_value;
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

/// What happens when several answers lead: `first-seen`, `no-consensus`, `extend` or `extend:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Tie {
    /// The answer of the earliest voter wins.
    FirstSeen,
    /// Nobody wins.
    NoConsensus,
    /// More voters are asked, up to so many in all, or twice as many as without a tie.
    Extend(Option<u16>),
}

impl FromStr for Tie {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match name_and_value(text) {
            ("first-seen", None) => Ok(Self::FirstSeen),
            ("no-consensus", None) => Ok(Self::NoConsensus),
            ("extend", None) => Ok(Self::Extend(None)),
            ("extend", Some(most)) => match most.parse() {
                Ok(most @ 1..=1000) => Ok(Self::Extend(Some(most))),
                _ => Err("extend takes a number of ballots, from 1 to 1000".to_owned()),
            },
            (_, None) => Err("expected first-seen, no-consensus, extend or extend:N".to_owned()),
            (_, Some(_)) => Err("only extend takes a value".to_owned()),
        }
    }
}

impl fmt::Display for Tie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstSeen => f.write_str("first-seen"),
            Self::NoConsensus => f.write_str("no-consensus"),
            Self::Extend(None) => f.write_str("extend"),
            Self::Extend(Some(most)) => write!(f, "extend:{most}"),
        }
    }
}

/// Lets a type be written as its text.
macro_rules! as_text {
    ($name:ty) => {
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(it: $name) -> Self {
                it.to_string()
            }
        }
    };
}

as_text!(MaxFailures);
as_text!(Tie);

/// When answers are streamed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// By servers of your own, and where calls go ahead for a prompt cache.
    #[default]
    Auto,
    /// By every server.
    Always,
    /// By none.
    Never,
}

/// How urgently providers are to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// As usual.
    #[default]
    Standard,
    /// When they have room, at about half the price.
    Flex,
}

impl From<Tier> for patterns_llm::Tier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Standard => Self::Standard,
            Tier::Flex => Self::Flex,
        }
    }
}

impl From<Stream> for patterns_llm::Streaming {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Auto => Self::Auto,
            Stream::Always => Self::Always,
            Stream::Never => Self::Never,
        }
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

    #[test]
    fn ties_are_read_and_written() {
        for text in ["first-seen", "no-consensus", "extend", "extend:21"] {
            assert_eq!(text.parse::<Tie>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "extend:",
            "extend:0",
            "extend:1001",
            "first-seen:1",
            "never",
        ] {
            assert!(text.parse::<Tie>().is_err(), "{text}");
        }
    }
}

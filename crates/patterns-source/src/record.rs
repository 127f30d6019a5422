//! Where a record of a log ends and the next one begins.

use std::fmt;
use std::str::FromStr;

use regex::Regex;

/// How a text is divided into records.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Records {
    /// Every line that is not blank.
    Line,
    /// Paragraphs: blank lines divide.
    Blank,
    /// A record begins with a line in which this is found; lines before the first one are a record,
    /// too.
    Start(Regex),
}

/// Records that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// There is no such way.
    #[error("records are divided by line, blank or start:PATTERN, not by {0:?}")]
    Unknown(String),
    /// The pattern is no regular expression.
    #[error("{0}")]
    Pattern(String),
}

impl Records {
    /// Returns whether a line ends the record before it, and whether it belongs to one itself.
    pub(crate) fn judge(&self, line: &str) -> (bool, bool) {
        let is_blank = line.trim().is_empty();
        match self {
            Self::Line => (true, !is_blank),
            Self::Blank => (is_blank, !is_blank),
            Self::Start(pattern) => (pattern.is_match(line), true),
        }
    }
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line => f.write_str("line"),
            Self::Blank => f.write_str("blank"),
            Self::Start(pattern) => write!(f, "start:{pattern}"),
        }
    }
}

impl FromStr for Records {
    type Err = RecordsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "line" => Ok(Self::Line),
            None if text == "blank" => Ok(Self::Blank),
            Some(("start", pattern)) => {
                let pattern = Regex::new(pattern);
                Ok(Self::Start(
                    pattern.map_err(|it| RecordsError::Pattern(it.to_string()))?,
                ))
            }
            _ => Err(RecordsError::Unknown(text.to_owned())),
        }
    }
}

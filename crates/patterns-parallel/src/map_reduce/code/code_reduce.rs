//! A code reduction: a function and the field that it works on, read and written as text.

use std::fmt;
use std::str::FromStr;

use patterns_core::nearest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::counts::form;
use super::field::{Field, FieldTrouble};
use super::function::CodeFunction;
use super::numbers::{read, typed};
use super::state::{State, Taken};

/// A function and the field that it works on, written as `sum:amount` or `top:5:tags`.
///
/// ```
/// use patterns_parallel::map_reduce::{CodeReduce, KeyedReduce};
/// use serde_json::json;
///
/// let reduce: CodeReduce = "sum:amount".parse()?;
/// let mut table = KeyedReduce::new([reduce]).table();
/// table.add("a.txt", &json!({"amount": 0.1}));
/// table.add("b.txt", &json!({"amount": 0.2}));
/// table.add("c.txt", &json!({"amount": "plenty"}));
/// let table = table.finish();
/// assert_eq!(table.rows, [[json!(0.3)]]);
/// assert_eq!(table.problems[0].examples, ["c.txt"]);
/// # Ok::<(), patterns_parallel::map_reduce::CodeReduceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeReduce {
    function: CodeFunction,
    field: Option<Field>,
}

impl CodeReduce {
    /// Makes a reduction of its parts.
    ///
    /// # Errors
    ///
    /// Returns an error if the function needs a field and there is none, or if its argument is out of
    /// range.
    pub fn new(function: CodeFunction, field: Option<Field>) -> Result<Self, CodeReduceError> {
        if function == CodeFunction::Top(0) {
            let (form, expected) = ("top:K:FIELD", "K is at least 1");
            return Err(CodeReduceError::BadArgument { form, expected });
        }
        if field.is_none() && function != CodeFunction::Count {
            return Err(CodeReduceError::NeedsField(function.name()));
        }
        Ok(Self { function, field })
    }

    /// Returns what it computes.
    pub fn function(&self) -> CodeFunction {
        self.function
    }

    /// Returns the field that it works on; `None` for whole answers.
    pub fn field(&self) -> Option<&Field> {
        self.field.as_ref()
    }

    /// Takes from an answer what it works on: all of it, or nothing if anything is wrong.
    pub(in crate::map_reduce) fn take(&self, answer: &Value) -> Result<Taken, FieldTrouble> {
        let Some(field) = &self.field else {
            // Only a count does without a field.
            return Ok(Taken::Count(1));
        };
        let values = field.values(answer)?;
        Ok(match self.function {
            CodeFunction::Count => Taken::Count(values.len() as u64),
            it if it.is_of_numbers() => {
                // Columns of an input may be texts only, as those of a CSV file are.
                let is_column = field.names().first().is_some_and(|it| it == "in");
                let numbers = values.into_iter();
                let numbers =
                    numbers.map(|it| read(it).or_else(|| typed(it).filter(|_| is_column)));
                Taken::Numbers(
                    numbers
                        .collect::<Option<_>>()
                        .ok_or(FieldTrouble::WrongType)?,
                )
            }
            _ => {
                let values = values.into_iter();
                Taken::Values(values.map(|it| (form(it), it.clone())).collect())
            }
        })
    }

    /// Returns the state before the first answer.
    pub(in crate::map_reduce) fn state(&self) -> State {
        State::new(self.function)
    }
}

impl fmt::Display for CodeReduce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.name())?;
        if let Some(argument) = self.function.argument() {
            write!(f, ":{argument}")?;
        }
        match &self.field {
            Some(field) => write!(f, ":{field}"),
            None => Ok(()),
        }
    }
}

impl FromStr for CodeReduce {
    type Err = CodeReduceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) => (name, Some(rest)),
            None => (text, None),
        };
        let (function, field) = match name {
            "count" => (CodeFunction::Count, rest),
            "distinct" => (CodeFunction::Distinct, rest),
            "sum" => (CodeFunction::Sum, rest),
            "mean" => (CodeFunction::Mean, rest),
            "min" => (CodeFunction::Min, rest),
            "max" => (CodeFunction::Max, rest),
            "median" => (CodeFunction::Median, rest),
            "union" => (CodeFunction::Union, rest),
            "top" => top(rest),
            _ => return Err(CodeReduceError::unknown(name)),
        };
        let field = field.filter(|it| !it.is_empty()).map(Field::new);
        Self::new(function, field)
    }
}

/// Reads what stands behind `top:`, a number and a field. What is no number is no valid one either,
/// which is for [`CodeReduce::new`] to say.
fn top(rest: Option<&str>) -> (CodeFunction, Option<&str>) {
    let (count, field) = match rest.and_then(|it| it.split_once(':')) {
        Some((count, field)) => (count, Some(field)),
        None => (rest.unwrap_or_default(), None),
    };
    (CodeFunction::Top(count.parse().unwrap_or(0)), field)
}

impl TryFrom<String> for CodeReduce {
    type Error = CodeReduceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CodeReduce> for String {
    fn from(reduce: CodeReduce) -> Self {
        reduce.to_string()
    }
}

/// A text that names no code reduction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeReduceError {
    /// There is no such function.
    #[error("there is no reduction {name:?}{}", or_meant(.nearest.as_deref()))]
    UnknownFunction {
        /// What was asked for.
        name: String,
        /// The function whose name is nearest.
        nearest: Option<String>,
    },
    /// The function works on a field.
    #[error("{0} needs a field: {0}:FIELD")]
    NeedsField(&'static str),
    /// The function needs an argument before its field.
    #[error("{form}: {expected}")]
    BadArgument {
        /// How the function is written.
        form: &'static str,
        /// What its argument may be.
        expected: &'static str,
    },
}

impl CodeReduceError {
    fn unknown(name: &str) -> Self {
        Self::UnknownFunction {
            name: name.to_owned(),
            nearest: nearest(name, CodeFunction::NAMES).map(str::to_owned),
        }
    }
}

fn or_meant(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean {name:?}?"),
        None => format!("; there are {}", CodeFunction::NAMES.join(", ")),
    }
}

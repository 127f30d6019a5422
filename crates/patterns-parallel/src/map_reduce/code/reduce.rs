//! A code reduction: a function and the field it works on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::number::read;
use super::{CodeFunction, CodeReduceError, Field, FieldTrouble, State, Taken};
use crate::normalise;
use crate::voting::{canonical, exact};

/// A function and the field that it works on, written as `sum:amount` or `top:5:tags`.
///
/// ```
/// use patterns_parallel::{CodeReduce, KeyedReduce};
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
/// # Ok::<(), patterns_parallel::CodeReduceError>(())
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
        let bad = |form, expected| Err(CodeReduceError::BadArgument { form, expected });
        match function {
            CodeFunction::Quantile(share) if !(0.0..=1.0).contains(&share) => {
                return bad("quantile:P:FIELD", "P is from 0 to 1, such as 0.9");
            }
            CodeFunction::Bins(width) if !(width.is_finite() && width > 0.0) => {
                return bad("bins:WIDTH:FIELD", "WIDTH is a number above 0, such as 10");
            }
            CodeFunction::Top(0) => return bad("top:K:FIELD", "K is at least 1"),
            _ => {}
        }
        if field.is_none() && !function.is_of_answers() {
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
            return Ok(match self.function {
                CodeFunction::Count => Taken::Count(1),
                _ => Taken::Values(vec![(exact(answer), answer.clone())]),
            });
        };
        let values = field.values(answer)?;
        Ok(match self.function {
            CodeFunction::Count => Taken::Count(values.len() as u64),
            CodeFunction::Dedupe => {
                let key: Vec<String> = values.into_iter().map(exact).collect();
                Taken::Values(vec![(key.join(","), answer.clone())])
            }
            CodeFunction::Vote => {
                Taken::Values(values.into_iter().map(vote).collect::<Result<_, _>>()?)
            }
            it if it.is_of_numbers() => {
                let numbers = values.into_iter().map(read);
                Taken::Numbers(
                    numbers
                        .collect::<Option<_>>()
                        .ok_or(FieldTrouble::WrongType)?,
                )
            }
            _ => {
                let values = values.into_iter();
                Taken::Values(values.map(|it| (exact(it), it.clone())).collect())
            }
        })
    }

    /// Returns the state before the first answer.
    pub(in crate::map_reduce) fn state(&self) -> State {
        State::new(self.function)
    }
}

/// Returns a value in counted form; one that says nothing is none.
fn vote(value: &Value) -> Result<(String, Value), FieldTrouble> {
    if value.as_str().is_some_and(|it| normalise(it).is_none()) {
        return Err(FieldTrouble::Missing);
    }
    Ok((canonical(value), value.clone()))
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
            "stats" => (CodeFunction::Stats, rest),
            "union" => (CodeFunction::Union, rest),
            "histogram" => (CodeFunction::Histogram, rest),
            "vote" => (CodeFunction::Vote, rest),
            "dedupe" => (CodeFunction::Dedupe, rest),
            "quantile" | "top" | "bins" => with_argument(name, rest),
            _ => return Err(CodeReduceError::unknown(name)),
        };
        let field = field.filter(|it| !it.is_empty()).map(Field::new);
        Self::new(function, field)
    }
}

/// Reads a function that has an argument before its field. What is no number is no valid argument
/// either, which is for [`CodeReduce::new`] to say.
fn with_argument<'a>(name: &str, rest: Option<&'a str>) -> (CodeFunction, Option<&'a str>) {
    let (argument, field) = match rest.and_then(|it| it.split_once(':')) {
        Some((argument, field)) => (argument, Some(field)),
        None => (rest.unwrap_or_default(), None),
    };
    let number = argument.parse().unwrap_or(f64::NAN);
    let function = match name {
        "quantile" => CodeFunction::Quantile(number),
        "bins" => CodeFunction::Bins(number),
        _ => CodeFunction::Top(argument.parse().unwrap_or(0)),
    };
    (function, field)
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

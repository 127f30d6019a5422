//! Reductions without a model: what code can compute from the answers, exactly and for nothing.
//!
//! ```text
//! answer ─► field ─► values, or what is wrong with it ─► state (mergeable) ─► result
//! ```

mod state;

use std::fmt;
use std::str::FromStr;

use patterns_core::{meant, name_and_value, pointer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use self::state::State;
use crate::RunError;

/// A function and the field that it works on, written as `sum:amount` or `top:5:tags`.
///
/// | written | is | holds |
/// |---|---|---|
/// | `count`, `count:FIELD` | how many answers there are, or values of a field | a number |
/// | `distinct:FIELD` | how many different values there are | each of them |
/// | `sum:FIELD`, `mean:FIELD` | the sum of numbers, 0 of none, or their mean, null of none | a number |
/// | `min:FIELD`, `max:FIELD` | the least or the greatest number; null of none | a number |
/// | `median:FIELD` | the number in the middle, or the mean of the two there; null of none | each different one |
/// | `top:K:FIELD` | the `K` most frequent values with their counts; in a tie, the first seen goes first | each value |
/// | `union:FIELD` | each different value once, in the order of their first answers | each value |
///
/// All of them are exact and need neither an order of arrival nor all answers at once. Sums are of decimal
/// numbers as they are written, without rounding; only means and results with a fraction are rounded, to the
/// nearest float. Objects are the same if their members are, in whatever order.
///
/// ```
/// use patterns_parallel::map_reduce::{CodeReduce, KeyedReduce};
/// use serde_json::json;
///
/// let reduce: CodeReduce = "sum:amount".parse()?;
/// let amounts = [("a.txt", json!(0.1)), ("b.txt", json!(0.2)), ("c.txt", json!("plenty"))];
/// let answers = amounts.map(|(id, amount)| (id, json!({"amount": amount})));
/// let table = KeyedReduce::new([reduce]).table(&answers);
/// assert_eq!(table.rows, [[json!(0.3)]]);
/// assert_eq!(table.problems[0].to_string(), "sum:amount: of the wrong type in 1 row, as in c.txt");
/// # Ok::<(), patterns_parallel::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CodeReduce {
    function: CodeFunction,
    field: Option<Field>,
}

impl CodeReduce {
    /// Returns whether it works on numbers only.
    pub fn is_of_numbers(&self) -> bool {
        use CodeFunction as F;
        matches!(
            self.function,
            F::Sum | F::Mean | F::Min | F::Max | F::Median
        )
    }

    /// Returns the path of the field that it works on; `None` for whole answers.
    pub fn field(&self) -> Option<&str> {
        self.field.as_ref().map(Field::path)
    }

    /// Takes from a row what it works on: all of it, or nothing if anything is wrong.
    pub(super) fn take(&self, row: &Value, number: u64) -> Result<State, FieldTrouble> {
        let Some(field) = &self.field else {
            // Only a count does without a field.
            return Ok(State::Count(1));
        };
        let mut state = self.state();
        for (n, value) in field.values(row)?.into_iter().enumerate() {
            let at = (number, n);
            state.merge(&State::of(self.function, value, field.is_of_input(), at)?);
        }
        Ok(state)
    }

    /// Returns the state before the first row.
    pub(super) fn state(&self) -> State {
        State::new(self.function)
    }

    pub(super) fn result(&self, state: &State) -> Value {
        state.result(self.function)
    }
}

impl fmt::Display for CodeReduce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = NAMES.iter().filter(|it| it.1 == self.function);
        match (self.function, places.map(|it| it.0).next()) {
            (CodeFunction::Top(count), _) => write!(f, "top:{count}")?,
            (_, name) => f.write_str(name.unwrap_or_default())?,
        }
        match self.field() {
            Some(field) => write!(f, ":{field}"),
            None => Ok(()),
        }
    }
}

impl FromStr for CodeReduce {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, rest) = name_and_value(text);
        let known = NAMES.iter().find(|it| it.0 == name);
        let (function, field) = match known.map(|it| it.1) {
            Some(CodeFunction::Top(_)) => {
                let (count, field) = name_and_value(rest.unwrap_or_default());
                let count = count.parse().ok().filter(|it| *it > 0);
                let wrong = || RunError::Part("top:K:FIELD: K is at least 1".to_owned());
                (CodeFunction::Top(count.ok_or_else(wrong)?), field)
            }
            Some(function) => (function, rest),
            None => return Err(unknown(name)),
        };
        let field = field.filter(|it| !it.is_empty()).map(Field::new);
        if field.is_none() && function != CodeFunction::Count {
            let form = match function {
                CodeFunction::Top(count) => format!("top:{count}:FIELD"),
                _ => format!("{name}:FIELD"),
            };
            return Err(RunError::Part(format!("{name} needs a field: {form}")));
        }
        Ok(Self { function, field })
    }
}

fn unknown(name: &str) -> RunError {
    let meant = meant(name, &NAMES.map(|it| it.0));
    RunError::Part(format!("there is no reduction {name:?}; {meant}"))
}

/// What a code reduction computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodeFunction {
    Count,
    Distinct,
    Sum,
    Mean,
    Min,
    Max,
    Median,
    Top(usize),
    Union,
}

/// The names of all functions.
const NAMES: [(&str, CodeFunction); 9] = [
    ("count", CodeFunction::Count),
    ("distinct", CodeFunction::Distinct),
    ("sum", CodeFunction::Sum),
    ("mean", CodeFunction::Mean),
    ("min", CodeFunction::Min),
    ("max", CodeFunction::Max),
    ("median", CodeFunction::Median),
    ("top", CodeFunction::Top(0)),
    ("union", CodeFunction::Union),
];

/// A field of an answer, by the names on the way to it: `server.port`, or a JSON pointer
/// (RFC 6901) such as `/server/port`.
///
/// A list, on the way or at the end, stands for each of its elements, so `events.host` is the host
/// of every event. (A number in the path chooses one element instead.) Without names it is the
/// whole answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    path: String,
    names: Vec<String>,
}

/// Why a field of an answer has no values to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FieldTrouble {
    /// It isn't there, is null, or says nothing.
    Missing,
    /// It is of another type than the reduction works on.
    WrongType,
}

impl Field {
    pub(super) fn new(path: &str) -> Self {
        let (path, names) = (path.to_owned(), pointer::names(path));
        Self { path, names }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether it is a column of the input, as in `in.team`.
    fn is_of_input(&self) -> bool {
        self.names.first().is_some_and(|it| it == "in")
    }

    /// Returns its values in an answer, lists taken apart. An empty list has none.
    pub(super) fn values<'a>(&self, answer: &'a Value) -> Result<Vec<&'a Value>, FieldTrouble> {
        let mut values = Vec::new();
        walk(answer, &self.names, &mut values)?;
        Ok(values)
    }
}

fn walk<'a>(
    value: &'a Value,
    names: &[String],
    values: &mut Vec<&'a Value>,
) -> Result<(), FieldTrouble> {
    match (value, names) {
        (Value::Null, _) => return Err(FieldTrouble::Missing),
        (Value::Array(items), names) => {
            if let [index, rest @ ..] = names
                && let Ok(index) = index.parse::<usize>()
            {
                let item = items.get(index).ok_or(FieldTrouble::Missing)?;
                return walk(item, rest, values);
            }
            for item in items {
                walk(item, names, values)?;
            }
        }
        (value, []) => values.push(value),
        (Value::Object(members), [name, rest @ ..]) => {
            let member = members.get(name).ok_or(FieldTrouble::Missing)?;
            walk(member, rest, values)?;
        }
        _ => return Err(FieldTrouble::WrongType),
    }
    Ok(())
}

impl fmt::Display for FieldTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::WrongType => "of the wrong type",
        })
    }
}

#[cfg(test)]
mod tests;

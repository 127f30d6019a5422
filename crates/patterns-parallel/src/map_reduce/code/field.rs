//! A field of an answer: where it is, and its values in one answer.

use std::fmt;

use patterns_core::pointer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A field of an answer, by the names on the way to it: `server.port`, or a JSON pointer
/// (RFC 6901) such as `/server/port`.
///
/// A list, on the way or at the end, stands for each of its elements, so `events.host` is the host
/// of every event. (A number in the path chooses one element instead.) Without names it is the
/// whole answer.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::map_reduce) struct Field {
    path: String,
    names: Vec<String>,
}

/// Why a field of an answer has no values to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::map_reduce) enum FieldTrouble {
    /// It isn't there, is null, or says nothing.
    Missing,
    /// It is of another type than the reduction works on.
    WrongType,
}

impl Field {
    pub(in crate::map_reduce) fn new(path: &str) -> Self {
        let (path, names) = (path.to_owned(), pointer::names(path));
        Self { path, names }
    }

    pub(in crate::map_reduce) fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether it is a column of the input, as in `in.team`.
    pub(super) fn is_of_input(&self) -> bool {
        self.names.first().is_some_and(|it| it == "in")
    }

    /// Returns its values in an answer, lists taken apart. An empty list has none.
    pub(in crate::map_reduce) fn values<'a>(
        &self,
        answer: &'a Value,
    ) -> Result<Vec<&'a Value>, FieldTrouble> {
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

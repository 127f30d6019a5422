//! Which columns of rows come back with their documents, and what is found in them.
//!
//! A table has to say at its beginning which columns it has and what is in them, and a name that no row has
//! is to be found before anything is paid for. So the rows of files are looked through before the first
//! document is worked on, as far as that needs.

use std::collections::HashMap;
use std::sync::Arc;

use patterns_core::{Columns, nearest};
use serde_json::{Map, Value};

use crate::Row;
use crate::sourced::Item;

/// Which columns of rows come back with their documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of them.
    All,
    /// Those of these names.
    Named(Vec<String>),
}

/// What is in a column. Any of it may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Texts.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// True or false.
    Flag,
    /// Lists, objects, and what is not of one kind.
    Json,
}

impl ColumnKind {
    /// Returns what a value is; `None` for one that is missing.
    pub fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::String(_) => Self::Text,
            Value::Bool(_) => Self::Flag,
            Value::Number(number) if number.is_i64() => Self::Integer,
            Value::Number(number) if number.is_f64() => Self::Number,
            // More than 64 bits with a sign hold: no type of a column does, but its digits are a text.
            Value::Number(_) | Value::Array(_) | Value::Object(_) => Self::Json,
        })
    }

    /// Returns what holds both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            _ => Self::Json,
        }
    }
}

/// The columns that were found in rows, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundColumns {
    kept: Vec<(String, Option<ColumnKind>)>,
    places: HashMap<String, usize>,
    /// The names of all columns of the rows, those that are not kept included.
    names: Vec<String>,
    last: Option<Arc<[String]>>,
}

impl FoundColumns {
    /// Takes note of what a document has come with, if it is a row.
    pub fn add(&mut self, item: &Item) {
        let Ok(sourced) = item else { return };
        let is_last = |it: &Arc<[String]>, last: &Arc<[String]>| Arc::ptr_eq(it, last);
        if let Some(names) = &sourced.names
            && !self.last.as_ref().is_some_and(|last| is_last(names, last))
        {
            self.add_names(names.iter());
            self.last = Some(Arc::clone(names));
        }
        let columns = sourced.document.columns.iter();
        columns.for_each(|it| self.add_fields(it));
    }

    /// Takes note of the names of the columns of a row.
    pub fn add_names<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        for name in names {
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
        }
    }

    /// Returns the names of all columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Takes note of the columns of a row that are kept.
    pub fn add_fields(&mut self, fields: &Map<String, Value>) {
        for (name, value) in fields {
            let place = self.places.get(name).copied().unwrap_or_else(|| {
                self.places.insert(name.clone(), self.kept.len());
                self.kept.push((name.clone(), None));
                self.kept.len() - 1
            });
            let kind = &mut self.kept[place].1;
            *kind = match (*kind, ColumnKind::of(value)) {
                (Some(one), Some(other)) => Some(one.or(other)),
                (one, other) => one.or(other),
            };
        }
    }

    /// Returns the first of these names that no row has had.
    pub fn lacking<'a>(&self, keep: &'a Keep) -> Option<&'a str> {
        let Keep::Named(names) = keep else {
            return None;
        };
        let names = names.iter().map(String::as_str);
        let mut lacking = names.filter(|it| !self.places.contains_key(*it));
        lacking.next()
    }

    /// Returns whether there was a row.
    pub fn has_rows(&self) -> bool {
        !self.names.is_empty()
    }

    /// Says which column may have been meant, or which there are.
    pub fn meant(&self, name: &str) -> String {
        match nearest(name, self.names.iter().map(String::as_str)) {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None => format!("the columns are {}", self.names.join(", ")),
        }
    }

    /// Returns the columns that are kept: in the order in which they were named, else in that of the rows.
    pub fn columns(&self, keep: &Keep) -> Vec<(String, ColumnKind)> {
        let kind = |kind: Option<ColumnKind>| kind.unwrap_or(ColumnKind::Text);
        match keep {
            Keep::All => {
                let all = self.kept.iter();
                all.map(|(name, found)| (name.clone(), kind(*found)))
                    .collect()
            }
            Keep::Named(names) => {
                let found = |name: &String| self.places.get(name).and_then(|at| self.kept[*at].1);
                let named = names.iter();
                named
                    .map(|name| (name.clone(), kind(found(name))))
                    .collect()
            }
        }
    }
}

impl Keep {
    /// Returns the columns of a row that are kept.
    pub fn of(&self, row: &Row) -> Columns {
        Arc::new(match self {
            Self::All => row.fields.clone(),
            Self::Named(names) => {
                let fields = names.iter().filter_map(|it| row.fields.get_key_value(it));
                fields
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(rows: &[Value]) -> FoundColumns {
        let mut found = FoundColumns::default();
        let fields = rows.iter().filter_map(Value::as_object);
        fields.for_each(|it| found.add_fields(it));
        found
    }

    #[test]
    fn columns_are_of_the_kind_that_holds_all_values() {
        let found = found(&[
            json!({"a": 1, "b": 1, "c": null, "d": "x"}),
            json!({"a": 2, "b": 2.5, "d": true, "e": [1], "f": 18446744073709551615u64}),
        ]);
        let columns = found.columns(&Keep::All);
        let shown: Vec<String> = columns
            .iter()
            .map(|(name, kind)| format!("{name} {kind:?}"))
            .collect();
        assert_eq!(
            shown,
            [
                "a Integer",
                "b Number",
                "c Text",
                "d Json",
                "e Json",
                "f Json"
            ]
        );
    }

    #[test]
    fn columns_come_in_the_order_in_which_they_were_named() {
        let found = found(&[json!({"a": 1, "b": true, "c": 2})]);
        let keep = Keep::Named(vec!["c".to_owned(), "b".to_owned()]);
        assert_eq!(found.lacking(&keep), None);
        assert_eq!(
            found.columns(&keep),
            [
                ("c".to_owned(), ColumnKind::Integer),
                ("b".to_owned(), ColumnKind::Flag)
            ]
        );
        let keep = Keep::Named(vec!["a".to_owned(), "x".to_owned()]);
        assert_eq!(found.lacking(&keep), Some("x"));
    }
}

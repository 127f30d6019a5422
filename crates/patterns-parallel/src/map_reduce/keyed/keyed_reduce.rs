//! Describes a keyed reduce: its groups, and the columns to compute.

use serde::{Deserialize, Serialize};

use super::TableBuilder;
use crate::map_reduce::code::{CodeReduce, Field};

/// Code reductions of all answers, or of each group of them.
///
/// ```
/// use patterns_parallel::map_reduce::KeyedReduce;
/// use serde_json::json;
///
/// let keyed = KeyedReduce::new(["count".parse()?, "sum:amount".parse()?]).group_by("customer");
/// let mut table = keyed.table();
/// table.add("1.eml", &json!({"customer": "Ann", "amount": 2}));
/// table.add("2.eml", &json!({"customer": "Bob", "amount": 3}));
/// table.add("3.eml", &json!({"customer": "Ann", "amount": 5}));
/// let rows = table.finish().rows;
/// assert_eq!(rows, [[json!("Ann"), json!(2), json!(7)], [json!("Bob"), json!(1), json!(3)]]);
/// # Ok::<(), patterns_parallel::map_reduce::CodeReduceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyedReduce {
    /// The reductions, one per column.
    pub columns: Vec<CodeReduce>,
    /// The field whose values are the groups, if there are groups. An answer with a list of values
    /// is in the group of each of them; one with an empty list is in none, which is a problem.
    pub group_by: Option<Field>,
    /// The field with the rows, if an answer is a list of them; without it an answer is one row.
    pub each: Option<Field>,
}

impl KeyedReduce {
    /// Makes reductions of all answers together.
    pub fn new(columns: impl IntoIterator<Item = CodeReduce>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            group_by: None,
            each: None,
        }
    }

    /// Sets the field whose values are the groups.
    #[must_use]
    pub fn group_by(mut self, field: impl Into<String>) -> Self {
        self.group_by = Some(Field::new(field));
        self
    }

    /// Sets the field with the rows of an answer; other fields are then those of a row.
    #[must_use]
    pub fn each(mut self, field: impl Into<String>) -> Self {
        self.each = Some(Field::new(field));
        self
    }

    /// Begins a table.
    pub fn table(&self) -> TableBuilder {
        TableBuilder::new(self.clone())
    }
}

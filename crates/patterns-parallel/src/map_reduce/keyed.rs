//! Keyed reduce: answers grouped by a field, and code reductions of each group, as a table, by code and as they
//! arrive; of a model it asks at most which keys mean the same.
//!
//! ```text
//! answers ─► rows ─► groups by key ─► (keys that mean the same are merged) ─► reductions ─► Table
//! ```

mod same_keys;
mod table;
mod table_builder;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use patterns_core::{
    Agent, AggregateError, AggregateErrorKind, Branch, BranchId, Scope, StepRole, Warning,
};
use serde::Serialize;

use self::same_keys::{KeyCount, KeyMerges, key_candidates};
pub use self::same_keys::{KeyPair, SameKey, key_agent};
pub use self::table::{FieldProblem, Table};
pub use self::table_builder::TableBuilder;
use super::code::{CodeReduce, Field};
use super::reduce::{End, MapDone, MapWork, Reduce, Reducing, Reduction, no_step};
use crate::RunError;
use crate::fan_out::{Stop, Work};
use crate::machine::Due;
use crate::run::Run;

/// The most pairs of keys that are asked about.
const MOST_PAIRS: usize = 500;

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
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// Reduces the answers to a table, by code.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use futures_util::stream;
/// use patterns_core::Document;
/// use patterns_parallel::RunOptions;
/// use patterns_parallel::map_reduce::{KeyedReduce, MapReduce, Tabulate};
/// use patterns_testkit::ScriptedAgent;
/// use serde_json::json;
///
/// let map = ScriptedAgent::new(|it: &Document| Ok(json!({"level": &it.text[..4]})));
/// let keyed = KeyedReduce::new(["count".parse()?]).group_by("level");
/// let map_reduce = MapReduce::new(map, Tabulate::new(keyed));
/// let lines = ["WARN low", "INFO up", "WARN hot"].map(|it| Document::new(it, it));
/// let outcome = map_reduce.run(stream::iter(lines), &RunOptions::default()).await?;
/// assert_eq!(outcome.value?.rows, [[json!("WARN"), json!(2)], [json!("INFO"), json!(1)]]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Tabulate {
    reduce: KeyedReduce,
    same: Option<Arc<dyn Agent<KeyPair, SameKey>>>,
}

impl Tabulate {
    /// Makes a reduction of what is to be computed.
    pub fn new(reduce: KeyedReduce) -> Self {
        Self { reduce, same: None }
    }

    /// Asks an agent, after the last document, which keys of the groups mean the same; their
    /// groups are put together. Only pairs are asked about that are spelt
    /// alike or share a word, 500 at most; keys of a failed question stay apart. The questions are the outcome's steps.
    #[must_use]
    pub fn resolve_keys(mut self, same: impl Agent<KeyPair, SameKey> + 'static) -> Self {
        self.same = Some(Arc::new(same));
        self
    }
}

impl<M: Serialize + 'static> From<Tabulate> for Reduce<M, Table> {
    fn from(tabulate: Tabulate) -> Self {
        Self::of(tabulate)
    }
}

impl<M: Serialize + 'static> From<KeyedReduce> for Reduce<M, Table> {
    fn from(reduce: KeyedReduce) -> Self {
        Tabulate::new(reduce).into()
    }
}

impl<M: Serialize> Reduction<M, Table> for Tabulate {
    fn begin(&self) -> Result<Box<dyn Reducing<M, Table>>, RunError> {
        let field = self.reduce.group_by.as_ref().map(ToString::to_string);
        Ok(Box::new(Tabulating {
            table: self.reduce.table(),
            field: field.filter(|_| self.same.is_some()),
            questions: None,
        }))
    }

    fn carry_out(&self, step: MapWork<M, Table>, scope: Scope) -> Work<'_, MapDone<M, Table>> {
        match (step, &self.same) {
            (MapWork::Compare(pair), Some(same)) => {
                Box::pin(async move { Ok(same.run(&pair, scope).await?.map(MapDone::Compared)) })
            }
            _ => no_step(),
        }
    }
}

/// A table that is being filled.
struct Tabulating {
    table: TableBuilder,
    /// The field whose values are keys, if an agent is asked which of them mean the same.
    field: Option<String>,
    questions: Option<Questions>,
}

/// What is asked about keys.
struct Questions {
    keys: Vec<KeyCount>,
    candidates: Vec<(usize, usize)>,
    /// How many candidates have been asked about.
    asked: usize,
    under_way: BTreeMap<BranchId, (usize, usize)>,
    /// Pairs that mean the same.
    same: Vec<(usize, usize)>,
}

impl Questions {
    fn new(keys: Vec<KeyCount>, run: &mut Run<'_>) -> Self {
        let candidates = key_candidates(&keys, MOST_PAIRS);
        if candidates.left_out > 0 {
            let left_out = candidates.left_out;
            let message = format!("{left_out} pairs of keys were not compared, being less alike");
            run.warn(Warning::new("keys-not-compared", message));
        }
        Self {
            keys,
            candidates: candidates.pairs,
            asked: 0,
            under_way: BTreeMap::new(),
            same: candidates.same,
        }
    }

    fn next(&mut self, id: BranchId, field: &str) -> Option<KeyPair> {
        let &(a, b) = self.candidates.get(self.asked)?;
        self.asked += 1;
        self.under_way.insert(id, (a, b));
        Some(KeyPair {
            field: field.to_owned(),
            left: self.keys[a].key.clone(),
            right: self.keys[b].key.clone(),
        })
    }
}

impl<M: Serialize> Reducing<M, Table> for Tabulating {
    fn row(&mut self, row: &Branch<M>) {
        if let Some(answer) = row.value() {
            // What cannot be written as JSON has no fields, which the table will say.
            let answer = serde_json::to_value(answer).unwrap_or_default();
            self.table
                .add_with(&row.label, &answer, row.columns.as_deref());
        }
    }

    fn due(
        &mut self,
        id: BranchId,
        are_all_in: bool,
        run: &mut Run<'_>,
    ) -> Option<Due<MapWork<M, Table>>> {
        let field = self.field.as_ref().filter(|_| are_all_in)?;
        let keys = || Questions::new(self.table.keys(), run);
        let pair = self.questions.get_or_insert_with(keys).next(id, field)?;
        Some(Due {
            role: StepRole::Reduce,
            label: format!("{:?} = {:?}?", pair.left, pair.right),
            work: MapWork::Compare(pair),
        })
    }

    fn ended(&mut self, id: BranchId, made: Option<MapDone<M, Table>>) {
        let Some(questions) = &mut self.questions else {
            return;
        };
        let pair = questions.under_way.remove(&id);
        if let Some(MapDone::Compared(SameKey { same: true, .. })) = made {
            questions.same.extend(pair);
        }
    }

    fn value(mut self: Box<Self>, end: End<'_, '_>) -> Result<Table, AggregateError> {
        let Some(questions) = self.questions.take() else {
            end.run.verdict(end.stop)?;
            return Ok(self.table.finish());
        };
        match end.stop {
            None => {}
            Some(Stop::Drained) => return Err(AggregateError::new(AggregateErrorKind::Drained)),
            Some(Stop::Fatal | Stop::Policy) => return Err(end.run.step_error()),
        }
        let merges = KeyMerges::new(&questions.keys, questions.same);
        self.table.merge_keys(&merges);
        Ok(self.table.finish())
    }
}

impl fmt::Debug for Tabulate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tabulate")
            .field("reduce", &self.reduce)
            .field("resolves_keys", &self.same.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests;

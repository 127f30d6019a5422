//! Keyed reduce: answers grouped by a field, and code reductions of each group, as a table, by code and as they
//! arrive; of a model it asks at most which keys mean the same.
//!
//! ```text
//! answers ─► rows ─► groups by key ─► (keys that mean the same are merged) ─► reductions ─► Table
//! ```

mod same_keys;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use patterns_core::text::alike;
use patterns_core::{Agent, AggregateError, AggregateErrorKind, Branch, Model, StepRole, Warning};
use serde::Serialize;
use serde_json::Value;

use self::same_keys::{KeyCount, KeyPair, key_agent, merged_keys};
use self::table::TableBuilder;
pub use self::table::{FieldProblem, Table};
use super::code::CodeReduce;
use super::reduce::{DueStep, End, MapDone, MapPurpose, MapWork, Reduce, Reducing};
use crate::AgentOptions;
use crate::fan_out::Stop;
use crate::machine::Due;
use crate::run::Run;

/// Reduces the answers to a table, by code: reductions of all of them, or of each group.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use futures_util::stream;
/// use patterns_core::Document;
/// use patterns_parallel::RunOptions;
/// use patterns_parallel::map_reduce::{KeyedReduce, MapReduce};
/// use patterns_testkit::ScriptedAgent;
/// use serde_json::json;
///
/// let map = ScriptedAgent::new(|it: &Document| Ok(json!({"level": &it.text[..4]})));
/// let levels = KeyedReduce::new(["count".parse()?]).group_by("level");
/// let lines = ["WARN low", "INFO up", "WARN hot"].map(|it| Document::new(it, it));
/// let map_reduce = MapReduce::new(map, levels);
/// let outcome = map_reduce.run(stream::iter(lines), &RunOptions::default()).await?;
/// assert_eq!(outcome.value?.rows, [[json!("WARN"), json!(2)], [json!("INFO"), json!(1)]]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct KeyedReduce {
    /// The reductions, one per column.
    pub columns: Vec<CodeReduce>,
    /// The field whose values are the groups, if there are groups. An answer with a list of values
    /// is in the group of each of them; one with an empty list is in none, which is a problem.
    pub group_by: Option<String>,
    /// The field with the rows, if an answer is a list of them; without it an answer is one row.
    pub each: Option<String>,
    /// Who is asked which keys mean the same, if anybody is.
    same: Option<Arc<dyn Agent<KeyPair, bool>>>,
}

impl KeyedReduce {
    /// The most pairs of keys that are asked about.
    pub const MOST_PAIRS: usize = 500;

    /// Makes reductions of all answers together.
    pub fn new(columns: impl IntoIterator<Item = CodeReduce>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            group_by: None,
            each: None,
            same: None,
        }
    }

    /// Sets the field whose values are the groups: its path, such as `customer.name`.
    #[must_use]
    pub fn group_by(mut self, field: impl Into<String>) -> Self {
        self.group_by = Some(field.into());
        self
    }

    /// Sets the field with the rows of an answer; other fields are then those of a row.
    #[must_use]
    pub fn each(mut self, field: impl Into<String>) -> Self {
        self.each = Some(field.into());
        self
    }

    /// Asks a model, after the last document, which keys of the groups mean the same; their groups are
    /// put together. Only pairs are asked about that are spelt alike or share a word, 500 at most; keys of
    /// a failed question stay apart. The questions are the outcome's steps.
    #[must_use]
    pub fn resolve_keys(mut self, model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        self.same = Some(Arc::new(key_agent(model, options)));
        self
    }

    /// Reduces answers that are there already, each with the name of what it is about.
    pub fn table<'a, N>(&self, answers: impl IntoIterator<Item = &'a (N, Value)>) -> Table
    where
        N: AsRef<str> + 'a,
    {
        let mut table = TableBuilder::new(self);
        for (name, answer) in answers {
            table.add(name.as_ref(), answer, None);
        }
        table.finish(&BTreeMap::new())
    }
}

impl<M: Serialize + 'static> From<KeyedReduce> for Reduce<M, Table> {
    fn from(reduce: KeyedReduce) -> Self {
        Self::of(move || {
            Ok(Tabulating {
                same: reduce.same.clone(),
                table: TableBuilder::new(&reduce),
                questions: None,
            })
        })
    }
}

/// A table that is being filled.
struct Tabulating {
    same: Option<Arc<dyn Agent<KeyPair, bool>>>,
    table: TableBuilder,
    questions: Option<Questions>,
}

/// What is asked about keys.
struct Questions {
    keys: Vec<KeyCount>,
    /// Pairs that are yet to be asked about.
    candidates: std::vec::IntoIter<(usize, usize)>,
    /// Pairs that are spelt the same.
    spelt_same: Vec<(usize, usize)>,
    /// Whether pairs mean the same, in an order that does not depend on who answers first.
    answers: BTreeMap<(usize, usize), bool>,
}

impl Questions {
    fn new(keys: Vec<KeyCount>, run: &mut Run<'_>) -> Self {
        let names: Vec<&str> = keys.iter().map(|it| it.key.as_str()).collect();
        let candidates = alike(&names, KeyedReduce::MOST_PAIRS);
        if candidates.left_out > 0 {
            let left_out = candidates.left_out;
            let message = format!("{left_out} pairs of keys were not compared, being less alike");
            run.warn(Warning::new("keys-not-compared", message));
        }
        Self {
            keys,
            candidates: candidates.pairs.into_iter(),
            spelt_same: candidates.same,
            answers: BTreeMap::new(),
        }
    }

    /// Returns the places of the keys that are asked about next, and the question.
    fn next(&mut self, field: &str) -> Option<((usize, usize), KeyPair)> {
        let (a, b) = self.candidates.next()?;
        let pair = KeyPair {
            field: field.to_owned(),
            left: self.keys[a].key.clone(),
            right: self.keys[b].key.clone(),
        };
        Some(((a, b), pair))
    }

    /// Returns which keys go under the name of another one, and warns of answers that contradict each other.
    fn names(self, run: &mut Run<'_>) -> BTreeMap<String, String> {
        let pairs = |mean_the_same: bool| {
            let answers = self.answers.iter();
            answers
                .filter(move |it| *it.1 == mean_the_same)
                .map(|it| *it.0)
        };
        let same = self.spelt_same.iter().copied().chain(pairs(true));
        let different: Vec<_> = pairs(false).collect();
        let merged = merged_keys(&self.keys, same, &different);
        if let Some((a, b)) = merged.apart.first() {
            let (a, b) = (&self.keys[*a].key, &self.keys[*b].key);
            let pairs = match merged.apart.len() {
                1 => "1 of their pairs of keys was found to be the same,".to_owned(),
                n => format!("{n} of their pairs of keys were found to be the same, such as"),
            };
            let message = format!(
                "groups stay apart though {pairs} {a:?} and {b:?}: others of their keys were found to be \
                 different"
            );
            run.warn(Warning::new("keys-contradict", message));
        }
        merged.names
    }
}

impl<M: Serialize + 'static> Reducing<M, Table> for Tabulating {
    fn row(&mut self, row: &Branch<M>) {
        if let Some(answer) = row.value() {
            // What cannot be written as JSON has no fields, which the table will say.
            let answer = serde_json::to_value(answer).unwrap_or_default();
            self.table.add(&row.label, &answer, row.columns.as_deref());
        }
    }

    fn due(&mut self, are_all_in: bool, run: &mut Run<'_>) -> Option<DueStep<M, Table>> {
        let same = self.same.clone().filter(|_| are_all_in)?;
        let field = self.table.group_by()?;
        let keys = || Questions::new(self.table.keys(), run);
        let ((a, b), pair) = self.questions.get_or_insert_with(keys).next(field)?;
        let name = format!("{:?} = {:?}?", pair.left, pair.right);
        let step = MapWork::Step(Box::new(move |scope| {
            Box::pin(async move { Ok(same.run(&pair, scope).await?.map(MapDone::Compared)) })
        }));
        let purpose = MapPurpose::Compare(a, b);
        Some(Due::new(StepRole::Reduce, name, purpose, step))
    }

    fn ended(&mut self, step: MapPurpose, made: Option<MapDone<M, Table>>) {
        if let Some(questions) = &mut self.questions
            && let (MapPurpose::Compare(a, b), Some(MapDone::Compared(mean_the_same))) =
                (step, made)
        {
            questions.answers.insert((a, b), mean_the_same);
        }
    }

    fn value(self: Box<Self>, end: End<'_, '_>) -> Result<Table, AggregateError> {
        let Some(questions) = self.questions else {
            end.run.verdict(end.stop)?;
            return Ok(self.table.finish(&BTreeMap::new()));
        };
        match end.stop {
            None => {}
            Some(Stop::Drained) => return Err(AggregateError::new(AggregateErrorKind::Drained)),
            Some(Stop::Fatal | Stop::Policy) => return Err(end.run.step_error()),
        }
        Ok(self.table.finish(&questions.names(end.run)))
    }
}

#[cfg(test)]
mod tests;

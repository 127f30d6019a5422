//! What statements were made of: the record of a run's checks, which unfolds any of them.
//!
//! Answers are checked in the order in which they come, which differs from run to run. They are told in
//! the order of the documents, which every combination knows of what it was made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, MutexGuard, PoisonError};

use patterns_core::Document;
use serde::{Deserialize, Serialize};

use super::check::check;
use super::{Provenance, Statement, StatementList, Statements, SupportCounts, Unsupported};
use crate::map_reduce::reduce_prompt::{ReduceItem, ReduceTask};

/// What the checks of a run have seen.
#[derive(Debug, Default)]
pub(super) struct Known {
    texts: BTreeMap<String, Arc<str>>,
    /// In the order of the checks, with all that was dropped; what an answer was made of is before it.
    answers: Vec<Unfolded>,
}

/// What one answer, of map or of reduce, has to do with a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfolded {
    /// The document, or the range of documents, that the answer is about.
    pub name: String,
    /// The names of the answers that it was made of; none for that to a document.
    pub parts: Vec<String>,
    /// Its statements that share a source with the one in question.
    pub statements: Vec<Statement>,
}

impl Provenance {
    /// Checks the statements about a document, which may name nothing else.
    pub(super) fn map(&self, answer: StatementList, document: &Document) -> Statements {
        let (id, text) = (document.id.clone(), Arc::clone(&document.text));
        self.known().texts.insert(id.clone(), Arc::clone(&text));
        let checked = check(answer, &BTreeMap::from([(id.clone(), text)]));
        self.keep(id, Vec::new(), checked)
    }

    /// Checks the statements of a combination, which may name the sources of what was combined.
    pub(super) fn reduce(
        &self,
        answer: StatementList,
        task: &ReduceTask<Statements, Statements>,
    ) -> Statements {
        let statements = task
            .items
            .iter()
            .flat_map(|it| &statements_of(it).statements);
        let sources: BTreeSet<&str> = statements.flat_map(Statement::grounded_sources).collect();
        let known = self.known();
        let text = |id: &str| Some((id.to_owned(), Arc::clone(known.texts.get(id)?)));
        let sources = sources.into_iter().filter_map(text).collect();
        drop(known);
        let checked = check(answer, &sources);
        let parts = task.items.iter().map(ReduceItem::name).collect();
        self.keep(task.name(), parts, checked)
    }

    fn keep(&self, name: String, parts: Vec<String>, mut checked: Statements) -> Statements {
        self.known().answers.push(Unfolded {
            name,
            parts,
            statements: checked.statements.clone(),
        });
        if self.unsupported == Unsupported::Drop {
            checked.drop_unsupported();
        }
        checked
    }

    /// Returns what the checks of all answers found, dropped statements included.
    pub fn counts(&self) -> SupportCounts {
        let known = self.known();
        let mut counts = SupportCounts::default();
        let statements = known.answers.iter().flat_map(|it| &it.statements);
        statements.for_each(|it| counts.count(it));
        if self.unsupported == Unsupported::Drop {
            counts.dropped = counts.unsupported();
        }
        counts
    }

    /// Returns the statements that were not supported, dropped ones included, with the names of
    /// their answers: those about documents in the order of these, then those of combinations.
    pub fn flagged(&self) -> Vec<(String, Statement)> {
        let known = self.known();
        let answers = in_document_order(&known.answers).into_iter();
        let flagged = answers.flat_map(|answer| {
            let flagged = answer.statements.iter().filter(|it| !it.is_supported());
            flagged.map(|it| (answer.name.clone(), it.clone()))
        });
        flagged.collect()
    }

    /// Returns all answers with their statements, those about documents in the order of these, then
    /// the combinations: what a statement [unfolds](Statement::unfold) to, to be kept.
    pub fn answers(&self) -> Vec<Unfolded> {
        let known = self.known();
        let answers = in_document_order(&known.answers).into_iter().cloned();
        let mut answers: Vec<Unfolded> = answers.collect();
        if self.unsupported == Unsupported::Drop {
            for answer in &mut answers {
                answer.statements.retain(Statement::is_supported);
            }
        }
        answers
    }

    /// A panic elsewhere leaves the record as it was between two answers.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts the answers about documents into the order of these, and the combinations behind them, each
/// behind what it was made of.
fn in_document_order(kept: &[Unfolded]) -> Vec<&Unfolded> {
    let made_of = made_of(kept);
    let used: BTreeSet<usize> = made_of.iter().flatten().copied().collect();
    let mut due: Vec<usize> = (0..kept.len()).filter(|it| !used.contains(it)).collect();
    let mut order = Vec::new();
    // Backwards: a combination before its parts, the last one first.
    while let Some(number) = due.pop() {
        order.push(&kept[number]);
        due.extend(&made_of[number]);
    }
    order.reverse();
    order.sort_by_key(|it| !it.parts.is_empty());
    order
}

/// Finds which earlier answers each answer was made of. A combination of one answer has the name of
/// that, so the last one of a name is meant, and each is used once.
fn made_of(kept: &[Unfolded]) -> Vec<Vec<usize>> {
    let mut unused: HashMap<&str, Vec<usize>> = HashMap::new();
    let numbered = kept.iter().enumerate().map(|(number, it)| {
        let parts = it.parts.iter();
        let parts = parts.filter_map(|part| unused.get_mut(&**part)?.pop());
        let parts = parts.collect();
        unused.entry(&it.name).or_default().push(number);
        parts
    });
    numbered.collect()
}

impl Statement {
    /// Returns all answers on the way to it, documents first, with what they say on the same sources. Those
    /// of documents have the quotes.
    pub fn unfold(&self, answers: &[Unfolded]) -> Vec<Unfolded> {
        let sources: BTreeSet<&str> = self.grounded_sources().collect();
        let shares = |it: &Self| it.grounded_sources().any(|it| sources.contains(it));
        let mut steps = answers.to_vec();
        for step in &mut steps {
            step.statements.retain(shares);
        }
        steps.retain(|it| !it.statements.is_empty());
        steps.sort_by_key(|it| !it.parts.is_empty());
        steps
    }
}

pub(super) fn statements_of(item: &ReduceItem<Statements, Statements>) -> &Statements {
    match item {
        ReduceItem::Mapped { answer, .. } | ReduceItem::Reduced { answer, .. } => answer,
    }
}

//! Checks statements against what they were made of, and keeps that, so that any of them can be unfolded.
//!
//! An answer has the record of all answers on the way to it, and of the texts of their documents (which are
//! shared, not copied): no list beside the run is filled in the order in which answers come.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use patterns_core::Document;
use patterns_core::text::find_quote;
use patterns_parallel::map_reduce::ReduceItem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quote, StatementDraft, StatementList, Task};

/// Whether a statement is grounded in what it was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// Its sources are among those it was made of, and its quote, if it has one, is in its source.
    Supported,
    /// It names no source.
    NoSource,
    /// It names sources that it was not made of, which are these.
    ForeignSource(Vec<String>),
    /// It quotes a document that is not among its sources.
    ForeignQuote(String),
    /// Its quote is not in the document.
    QuoteNotFound,
}

/// What becomes of statements that are not supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unsupported {
    /// They stay, with what is wrong beside them.
    #[default]
    Flag,
    /// They go, and are counted.
    Drop,
}

/// What an agent says, with the documents that it says it has it from, and what the check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it says.
    pub text: String,
    /// The ids of the documents that say so.
    pub sources: Vec<String>,
    /// The words of a document that show it, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// What was found.
    pub support: Support,
    /// Where the quote is in the document's text, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<Range<usize>>,
}

/// An answer whose statements have been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statements {
    /// The statements, without those that were dropped.
    pub statements: Vec<Statement>,
    /// How many of this answer's statements were found to be what, dropped ones included.
    pub counts: SupportCounts,
    /// All answers on the way to it, what an answer was made of before it.
    #[serde(skip)]
    record: Vec<Arc<Checked>>,
}

/// An answer as it was checked.
#[derive(Debug, PartialEq, Eq)]
struct Checked {
    answer: Unfolded,
    dropped: Vec<Statement>,
    /// What it is about, if that is a document.
    text: Option<Arc<str>>,
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

/// How many statements were found to be what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportCounts {
    /// Grounded in what they were made of.
    pub supported: u64,
    /// Without a source.
    pub no_source: u64,
    /// With a source that they were not made of.
    pub foreign_source: u64,
    /// With a quote from a document that is not among their sources.
    pub foreign_quote: u64,
    /// With a quote that is not in the document.
    pub quote_not_found: u64,
    /// Quotes that were given.
    pub quotes: u64,
    /// Quotes that were found where they were said to be.
    pub quotes_found: u64,
    /// Statements that were not supported and have been dropped.
    pub dropped: u64,
}

/// Checks a statement against what it may be grounded in: the documents that what it was made of has as
/// sources, by their ids.
pub(super) fn examine(draft: StatementDraft, sources: &BTreeMap<String, Arc<str>>) -> Statement {
    let is_quotable = |source: &String| draft.sources.contains(source);
    let quote = draft.quote.as_ref();
    let quoted = quote
        .filter(|it| is_quotable(&it.source))
        .and_then(|it| find_quote(sources.get(&it.source)?, &it.text));
    let foreign = draft.sources.iter();
    let foreign = foreign.filter(|it| !sources.contains_key(*it));
    let foreign: Vec<String> = foreign.cloned().collect();
    let support = match quote {
        _ if !foreign.is_empty() => Support::ForeignSource(foreign),
        _ if draft.sources.is_empty() => Support::NoSource,
        Some(it) if !is_quotable(&it.source) => Support::ForeignQuote(it.source.clone()),
        Some(_) if quoted.is_none() => Support::QuoteNotFound,
        Some(_) | None => Support::Supported,
    };
    Statement {
        text: draft.text,
        sources: draft.sources,
        quote: draft.quote,
        support,
        quoted,
    }
}

impl Statements {
    /// Checks the statements about a document, which may name nothing else.
    pub(super) fn of_document(
        list: StatementList,
        document: &Document,
        unsupported: Unsupported,
    ) -> Self {
        let (name, text) = (document.id.clone(), Arc::clone(&document.text));
        let sources = BTreeMap::from([(name.clone(), Arc::clone(&text))]);
        let mut answer = Self::default();
        let dropped = answer.check(list, &sources, unsupported);
        answer.keep(name, Vec::new(), Some(text), dropped);
        answer
    }

    /// Checks the statements of a combination, which may name the sources of what was combined.
    pub(super) fn of_combination(
        list: StatementList,
        task: &Task,
        unsupported: Unsupported,
    ) -> Self {
        let parts = || task.items.iter().map(statements_of);
        let statements = parts().flat_map(|it| &it.statements);
        let grounded: BTreeSet<&str> = statements.flat_map(Statement::grounded_sources).collect();
        let mut answer = Self {
            record: parts().flat_map(|it| it.record.clone()).collect(),
            ..Self::default()
        };
        let documents = answer
            .record
            .iter()
            .filter(|it| grounded.contains(&*it.answer.name));
        let text = |it: &Arc<Checked>| Some((it.answer.name.clone(), it.text.clone()?));
        let sources = documents.filter_map(text).collect();
        let dropped = answer.check(list, &sources, unsupported);
        let names = task.items.iter().map(ReduceItem::name).collect();
        answer.keep(task.name(), names, None, dropped);
        answer
    }

    /// Checks statements and takes them, or returns those that go.
    fn check(
        &mut self,
        list: StatementList,
        sources: &BTreeMap<String, Arc<str>>,
        unsupported: Unsupported,
    ) -> Vec<Statement> {
        let all = list.statements.into_iter().map(|it| examine(it, sources));
        let stays = |it: &Statement| unsupported == Unsupported::Flag || it.is_supported();
        let (kept, dropped) = all.partition(stays);
        self.statements = kept;
        self.counts.add(&self.statements, &dropped);
        dropped
    }

    fn keep(
        &mut self,
        name: String,
        parts: Vec<String>,
        text: Option<Arc<str>>,
        dropped: Vec<Statement>,
    ) {
        let answer = Unfolded {
            name,
            parts,
            statements: self.statements.clone(),
        };
        self.record.push(Arc::new(Checked {
            answer,
            dropped,
            text,
        }));
    }

    /// Returns what the checks of all answers on the way to it found.
    pub fn checked(&self) -> SupportCounts {
        let mut counts = SupportCounts::default();
        let record = self.record.iter();
        record.for_each(|it| counts.add(&it.answer.statements, &it.dropped));
        counts
    }

    /// Returns the statements on the way to it that were not supported, dropped ones included, with the names
    /// of their answers: those about documents in the order of these, then those of combinations.
    pub fn flagged(&self) -> Vec<(String, Statement)> {
        let flagged = self.in_order().into_iter().flat_map(|it| {
            let statements = it.answer.statements.iter().chain(&it.dropped);
            let flagged = statements.filter(|it| !it.is_supported());
            flagged.map(|statement| (it.answer.name.clone(), statement.clone()))
        });
        flagged.collect()
    }

    /// Returns all answers on the way to it, those about documents in the order of these, then the
    /// combinations: what a statement [unfolds](Statement::unfold) to, to be kept.
    pub fn answers(&self) -> Vec<Unfolded> {
        let answers = self.in_order().into_iter();
        answers.map(|it| it.answer.clone()).collect()
    }

    fn in_order(&self) -> Vec<&Checked> {
        let mut record: Vec<&Checked> = self.record.iter().map(|it| &**it).collect();
        record.sort_by_key(|it| it.text.is_none());
        record
    }
}

impl Statement {
    /// Returns whether it is grounded in what it was made of.
    pub fn is_supported(&self) -> bool {
        self.support == Support::Supported
    }

    /// Returns its sources without foreign ones: what a statement made of it may name.
    fn grounded_sources(&self) -> impl Iterator<Item = &str> {
        let foreign = match &self.support {
            Support::ForeignSource(foreign) => foreign.as_slice(),
            _ => &[],
        };
        let grounded = self.sources.iter().filter(|it| !foreign.contains(it));
        grounded.map(String::as_str)
    }

    /// Returns all of these answers that are on the way to it, in their order, with what they say on the same
    /// sources. Those of documents have the quotes.
    pub fn unfold(&self, answers: &[Unfolded]) -> Vec<Unfolded> {
        let sources: BTreeSet<&str> = self.grounded_sources().collect();
        let shares = |it: &Self| it.grounded_sources().any(|it| sources.contains(it));
        let mut steps = answers.to_vec();
        for step in &mut steps {
            step.statements.retain(shares);
        }
        steps.retain(|it| !it.statements.is_empty());
        steps
    }
}

impl SupportCounts {
    /// Returns how many statements were checked.
    pub fn total(&self) -> u64 {
        self.supported + self.unsupported()
    }

    /// Returns how many statements were not supported.
    pub fn unsupported(&self) -> u64 {
        self.no_source + self.foreign_source + self.foreign_quote + self.quote_not_found
    }

    fn add(&mut self, kept: &[Statement], dropped: &[Statement]) {
        for it in kept.iter().chain(dropped) {
            *match it.support {
                Support::Supported => &mut self.supported,
                Support::NoSource => &mut self.no_source,
                Support::ForeignSource(_) => &mut self.foreign_source,
                Support::ForeignQuote(_) => &mut self.foreign_quote,
                Support::QuoteNotFound => &mut self.quote_not_found,
            } += 1;
            self.quotes += u64::from(it.quote.is_some());
            self.quotes_found += u64::from(it.quoted.is_some());
        }
        self.dropped += dropped.len() as u64;
    }
}

pub(super) fn statements_of(item: &ReduceItem<Statements, Statements>) -> &Statements {
    match item {
        ReduceItem::Mapped { answer, .. } | ReduceItem::Reduced { answer, .. } => answer,
    }
}

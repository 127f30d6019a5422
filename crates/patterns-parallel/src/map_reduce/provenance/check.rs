//! Checks statements against what they were made of.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quote, StatementDraft, StatementList, find_quote};

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

/// Checks the statements of an answer against what they may be grounded in: the documents that what it was
/// made of has as sources, by their ids.
pub(super) fn check(answer: StatementList, sources: &BTreeMap<String, Arc<str>>) -> Statements {
    let statements = answer.statements.into_iter();
    let statements: Vec<Statement> = statements.map(|it| examine(it, sources)).collect();
    let mut counts = SupportCounts::default();
    statements.iter().for_each(|it| counts.count(it));
    Statements { statements, counts }
}

fn examine(draft: StatementDraft, sources: &BTreeMap<String, Arc<str>>) -> Statement {
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
    /// Drops the statements that are not supported; they stay counted.
    pub(super) fn drop_unsupported(&mut self) {
        let all = self.statements.len();
        self.statements.retain(Statement::is_supported);
        self.counts.dropped += (all - self.statements.len()) as u64;
    }
}

impl Statement {
    /// Returns whether it is grounded in what it was made of.
    pub fn is_supported(&self) -> bool {
        self.support == Support::Supported
    }

    /// Returns its sources without foreign ones: what a statement made of it may name.
    pub(super) fn grounded_sources(&self) -> impl Iterator<Item = &str> {
        let foreign = match &self.support {
            Support::ForeignSource(foreign) => foreign.as_slice(),
            _ => &[],
        };
        let grounded = self.sources.iter().filter(|it| !foreign.contains(it));
        grounded.map(String::as_str)
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

    pub(super) fn count(&mut self, it: &Statement) {
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
}

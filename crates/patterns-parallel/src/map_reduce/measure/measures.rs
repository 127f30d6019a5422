//! All measures of one result.

use std::collections::BTreeMap;

use patterns_core::Document;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    fact_fidelity, input_coverage, order_sensitivity, position_entropy, quote_exactness,
    repeated_five_grams, repeated_statements, statement_support,
};
use crate::{CheckedStatements, SupportCounts, estimate_tokens};

/// Measures of one result. What there is nothing to measure in is null; what is about statements
/// is so without them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Tokens out per token in: [`compression`].
    pub compression: Option<f64>,
    /// The share of numbers and names that the documents have: [`fact_fidelity`].
    pub fact_fidelity: Option<f64>,
    /// [`repeated_five_grams`].
    pub repeated_five_grams: Option<f64>,
    /// [`repeated_statements`].
    pub repeated_statements: Option<f64>,
    /// The share of documents that the result cites: [`input_coverage`].
    pub input_coverage: Option<f64>,
    /// How evenly it cites them: [`position_entropy`].
    pub position_entropy: Option<f64>,
    /// The share of supported statements, of all answers on the way: [`statement_support`].
    pub statement_support: Option<f64>,
    /// The share of exact quotes, of all answers on the way: [`quote_exactness`].
    pub quote_exactness: Option<f64>,
    /// How much the result differs from one that was made in another order: [`order_sensitivity`].
    pub order_sensitivity: Option<f64>,
}

impl Measures {
    /// Measures a result by its texts.
    pub fn of(documents: &[Document], result: &Value) -> Self {
        Self::of_text(documents, &text_of(result))
    }

    /// Adds how much the result differs from one of the same answers in another order, say by
    /// [`MapReduce::recombine`](crate::MapReduce::recombine).
    #[must_use]
    pub fn compared_with(mut self, result: &Value, other: &Value) -> Self {
        self.order_sensitivity = Some(order_sensitivity(&text_of(result), &text_of(other)));
        self
    }

    /// Measures a result of statements; `counts` is what was found of all answers on the way.
    pub fn of_statements(
        documents: &[Document],
        result: &CheckedStatements,
        counts: &SupportCounts,
    ) -> Self {
        let texts: Vec<&str> = result
            .statements
            .iter()
            .map(|it| &*it.statement.text)
            .collect();
        let mut citations: BTreeMap<&str, u64> = BTreeMap::new();
        for source in result
            .statements
            .iter()
            .flat_map(|it| it.grounded_sources())
        {
            *citations.entry(source).or_default() += 1;
        }
        let ids = || documents.iter().map(|it| &*it.id);
        let places: Vec<u64> = ids()
            .map(|it| citations.get(it).copied().unwrap_or(0))
            .collect();
        Self {
            repeated_statements: repeated_statements(texts.iter().copied()),
            input_coverage: input_coverage(citations.keys().copied(), ids()),
            position_entropy: position_entropy(&places),
            statement_support: statement_support(counts),
            quote_exactness: quote_exactness(counts),
            ..Self::of_text(documents, &texts.join("\n"))
        }
    }

    fn of_text(documents: &[Document], text: &str) -> Self {
        let sources = || documents.iter().map(|it| &*it.text);
        Self {
            compression: compression(sources(), text),
            fact_fidelity: fact_fidelity(text, sources()),
            repeated_five_grams: repeated_five_grams(text),
            ..Self::default()
        }
    }

    /// Returns each measure with its name.
    pub fn named(&self) -> [(&'static str, Option<f64>); 9] {
        [
            ("compression", self.compression),
            ("fact fidelity", self.fact_fidelity),
            ("repeated five-grams", self.repeated_five_grams),
            ("repeated statements", self.repeated_statements),
            ("input coverage", self.input_coverage),
            ("position entropy", self.position_entropy),
            ("statement support", self.statement_support),
            ("quote exactness", self.quote_exactness),
            ("order sensitivity", self.order_sensitivity),
        ]
    }
}

/// Returns the tokens of a result per token of its sources, by
/// [`estimate_tokens`]: 0.1 is a tenth of the length. `None` without sources.
pub fn compression<'a>(sources: impl IntoIterator<Item = &'a str>, result: &str) -> Option<f64> {
    let tokens: u64 = sources.into_iter().map(estimate_tokens).sum();
    (tokens > 0).then(|| estimate_tokens(result) as f64 / tokens as f64)
}

fn text_of(value: &Value) -> String {
    let mut texts = Vec::new();
    collect(value, &mut texts);
    texts.join("\n")
}

/// Collects the texts in a value.
fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|it| collect(it, texts)),
        Value::Object(members) => members.values().for_each(|it| collect(it, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

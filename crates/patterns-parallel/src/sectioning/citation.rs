//! A citation: words of a document, looked up by code.
//!
//! A model that has quoted right but named another document than it quoted from is corrected, since
//! where the words are is a fact. What is nowhere in what the model was given stays, marked as such.

use patterns_core::Document;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::map_reduce::find_quote;

/// Words of a document that a section relies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The document, or the passage of it.
    pub source: String,
    /// Its words.
    pub quote: String,
    /// Whether the words are there, sign by sign but for white space.
    pub holds: bool,
}

// What the model is asked for. These descriptions are sent to it.
/// Words of a document.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "citation")]
pub(super) struct CitationDraft {
    /// The id of the document, as its tag has it.
    pub(super) source: String,
    /// Words of the document, sign by sign: code will look for them.
    pub(super) quote: String,
}

/// Looks for what is cited in the documents that a model was given.
pub(super) fn check_citations<'a>(
    drafts: Vec<CitationDraft>,
    given: impl Iterator<Item = &'a Document> + Clone,
) -> Vec<Citation> {
    let check = |CitationDraft { source, quote }| {
        let has_it = |it: &&Document| find_quote(&it.text, &quote).is_some();
        let named = given.clone().find(|it| it.id == source);
        let found = named.filter(has_it).or_else(|| given.clone().find(has_it));
        Citation {
            holds: found.is_some(),
            source: found.map_or(source, |it| it.id.clone()),
            quote,
        }
    };
    drafts.into_iter().map(check).collect()
}

/// Puts something else in the place of each mark in a text, such as `[1]`, that stands for one of so many
/// citations; they are counted from 0 here. What leads elsewhere, such as `[1](#a)`, is no mark.
pub(super) fn remarked(
    text: &str,
    citations: usize,
    mut with: impl FnMut(usize) -> String,
) -> String {
    let mut remarked = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let (before, behind) = rest.split_at(open);
        remarked += before;
        let mark = behind[1..].split_once(']');
        let place = mark.and_then(|it| it.0.parse::<usize>().ok());
        let place = place.and_then(|it| it.checked_sub(1));
        match (mark, place.filter(|it| *it < citations)) {
            (Some((_, after)), Some(n)) if !after.starts_with('(') => {
                remarked += &with(n);
                rest = after;
            }
            _ => {
                remarked.push('[');
                rest = &behind[1..];
            }
        }
    }
    remarked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cited_is_looked_up() {
        let given = [
            Document::new("a", "Tides rise\nand fall."),
            Document::new("b", "Mud settles."),
        ];
        let check = |source: &str, quote: &str| {
            let draft = CitationDraft {
                source: source.to_owned(),
                quote: quote.to_owned(),
            };
            let it = check_citations(vec![draft], given.iter()).remove(0);
            (it.source, it.holds)
        };
        let is = |source: &str, holds| (source.to_owned(), holds);
        assert_eq!(check("a", "rise and fall"), is("a", true));
        assert_eq!(check("a", "Mud settles."), is("b", true));
        assert_eq!(check("c", "Mud settles."), is("b", true));
        assert_eq!(check("b", "Mud rises."), is("b", false));
        assert_eq!(check("b", " "), is("b", false));
    }
}

//! A citation: words of a document, looked up by code.
//!
//! A model that has quoted right but named another document than it quoted from is corrected, since
//! where the words are is a fact. What is nowhere in what the model was given stays, marked as such.

use patterns_core::Document;
use patterns_core::text::find_quote;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Words of a document that a section relies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The document, or the passage of it.
    pub source: String,
    /// Its words.
    pub quote: String,
    /// Whether the words are there, as [`find_quote`] looks for them.
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
        let found = found
            .map(|it| &it.id)
            .or_else(|| across(given.clone(), &quote));
        Citation {
            holds: found.is_some(),
            source: found.cloned().unwrap_or(source),
            quote,
        }
    };
    drafts.into_iter().map(check).collect()
}

/// Returns the first of two passages that follow each other and have a quote together.
fn across<'a>(
    given: impl Iterator<Item = &'a Document> + Clone,
    quote: &str,
) -> Option<&'a String> {
    let mut pairs = given.clone().zip(given.skip(1));
    let found = pairs.find(|(one, next)| {
        let has_it = |gap| find_quote(&format!("{}{gap}{}", one.text, next.text), quote).is_some();
        follows(&one.id, &next.id) && (has_it("\n") || has_it(""))
    });
    found.map(|it| &it.0.id)
}

/// Returns whether these are the names of a passage and the next one of the same document.
fn follows(one: &str, next: &str) -> bool {
    let parts = one.rsplit_once('#').zip(next.rsplit_once('#'));
    parts.is_some_and(|((document, n), (other, next))| {
        let numbers = n.parse::<u64>().ok().zip(next.parse::<u64>().ok());
        document == other && numbers.is_some_and(|it| it.0.checked_add(1) == Some(it.1))
    })
}

/// Puts something else in the place of the marks in a text, such as `[1]` or `[1, 3]`, that stand for citations,
/// of which there are so many; they are counted from 0 here, and one that stands for nothing is `None`. What is
/// code or leads elsewhere, such as `[1](#a)`, is no mark.
pub fn remarked(
    text: &str,
    citations: usize,
    mut with: impl FnMut(Option<usize>) -> String,
) -> String {
    let (mut done, mut at) = (String::new(), 0);
    for open in brackets(text) {
        let behind = &text[open + 1..];
        let end = behind.find(['[', ']']);
        let end = end.filter(|it| behind[*it..].starts_with(']'));
        let mark = end.map(|it| &behind[..it]);
        let places = mark.and_then(|it| places(it, &text[..open], citations));
        if let (Some(mark), Some(places)) = (mark, places) {
            done += &text[at..open];
            places.into_iter().for_each(|it| done += &with(it));
            at = open + mark.len() + 2;
        }
    }
    done + &text[at..]
}

/// Returns where a bracket is opened in words, in order; one with a backslash before it opens nothing.
fn brackets(text: &str) -> Vec<usize> {
    let (mut open, mut is_code) = (Vec::new(), false);
    if !text.contains('[') {
        return open;
    }
    // What a text may have that is a part of another: as in `PART` of patterns-job/src/piece/markdown.rs, so that a
    // mark is found where it can be placed.
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(_) if !is_code => {
                let found = text[range.clone()].match_indices('[');
                open.extend(found.map(|it| range.start + it.0));
            }
            _ => {}
        }
    }
    let escapes = |at: usize| at - text[..at].trim_end_matches('\\').len();
    open.retain(|at| escapes(*at).is_multiple_of(2));
    open
}

/// Reads a mark: which citations it stands for. It is one of the text if it stands for none of them.
fn places(mark: &str, before: &str, citations: usize) -> Option<Vec<Option<usize>>> {
    let mut places = Vec::new();
    for part in mark.split([',', ';']) {
        let (first, last) = part.split_once(['-', '\u{2013}']).unwrap_or((part, part));
        let number = |it: &str| it.trim().parse::<usize>().ok();
        let (first, last) = (number(first)?, number(last)?);
        let is_mark = (1..=last).contains(&first) && last <= MOST_MARK;
        places.extend((first..=last).filter(|_| is_mark));
        if !is_mark {
            return None;
        }
    }
    // `a[7]` is no mark that has lost its citation; behind a letter of Chinese, it is one. `[18-25]` and
    // `[5, 10]` are ages and bounds.
    let is_index = before.ends_with(|it: char| it.is_ascii_alphanumeric() || it == '_');
    let is_several = mark.trim().parse::<usize>().is_err();
    let is_of_text = places.iter().all(|it| *it > citations) && (is_index || is_several);
    let cited = places
        .into_iter()
        .map(|it| (it <= citations).then(|| it - 1));
    let mut cited: Vec<Option<usize>> = cited.collect();
    // Of `[3-9]`, once is enough.
    cited.dedup_by(|it, before| it.is_none() && before.is_none());
    (!cited.is_empty() && !is_of_text).then_some(cited)
}

/// The highest number of a mark. Years are none.
const MOST_MARK: usize = 99;

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

    #[test]
    fn words_at_the_edge_of_two_passages_are_words_of_their_document() {
        let given = [
            Document::new("a#1", "Tides rise"),
            Document::new("a#2", "and fall. Mud sett"),
            Document::new("a#3", "les."),
            Document::new("a#5", "It is deep."),
        ];
        let check = |quote: &str| {
            let (source, quote) = ("a".to_owned(), quote.to_owned());
            let it = check_citations(vec![CitationDraft { source, quote }], given.iter()).remove(0);
            (it.source, it.holds)
        };
        let is = |source: &str, holds| (source.to_owned(), holds);
        assert_eq!(check("rise and fall"), is("a#1", true));
        assert_eq!(check("Mud settles."), is("a#2", true));
        assert_eq!(check("les. It is"), is("a", false));
    }

    #[test]
    fn marks_are_numbers_that_stand_for_citations() {
        let with = |it: Option<usize>| it.map_or("[?]".to_owned(), |it| format!("[{}]", it + 7));
        for (text, marked) in [
            ("So [1], [2][1].", "So [7], [8][7]."),
            (
                "[1, 2] [1;2] [1-2] [1\u{2013}2]",
                "[7][8] [7][8] [7][8] [7][8]",
            ),
            ("[3] [1, 3] [2-99]", "[?] [7][?] [8][?]"),
            ("\u{6e2f}[1] \u{6e2f}[3]", "\u{6e2f}[7] \u{6e2f}[?]"),
            ("a[1] a[3] `a[1]` [[1]]", "a[7] a[3] `a[1]` [[7]]"),
            (
                "```\na[1]\n```\n<i id=\"[1]\">",
                "```\na[1]\n```\n<i id=\"[1]\">",
            ),
            (
                "[1](#a) [of [1]](#a) ![1](b) \\[1]",
                "[1](#a) [of [7]](#a) ![1](b) \\[1]",
            ),
            ("[2024] [0] [1.5] [] [x] [1", "[2024] [0] [1.5] [] [x] [1"),
            ("aged [18-25], in [5, 10]", "aged [18-25], in [5, 10]"),
            // A bracket that is never closed is no mark, and takes no other one with it.
            (
                "See [1 [and 2](http://x) so.",
                "See [1 [and 2](http://x) so.",
            ),
            ("So [1 [note: x] so.", "So [1 [note: x] so."),
        ] {
            assert_eq!(remarked(text, 2, with), marked, "{text}");
        }
    }
}

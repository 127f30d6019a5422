//! Selects the passages of long material that concern a section: BM25 over chunks, within a budget of
//! tokens.
//!
//! S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009. Words
//! are compared in lower case and by their English stems; of scripts that put no space between words,
//! every sign is one.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::num::NonZeroU64;

use bm25::{Embedder, EmbedderBuilder, Scorer, TokenEmbedder, Tokenizer};
use patterns_core::{Document, Select, Split, TokenCounter};
use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

use super::Splitter;

/// Long material, cut into passages, of which every section gets those that concern it.
///
/// ```
/// use std::num::NonZeroU64;
/// use patterns_core::{Document, TokenCounter};
/// use patterns_source::Passages;
///
/// let silt = "# Silt\n\nIt settles in the basin, and it has to be dug out of there every third year.";
/// let notes = Document::new("notes.md", format!("{silt}\n\n# Fees\n\nBoats pay."));
/// let budget = NonZeroU64::new(24).unwrap();
/// let passages = Passages::new(&[notes], budget, &TokenCounter::default());
/// let found = passages.for_query("Who pays fees?");
/// assert_eq!(&*found[0].text, "# Fees\n\nBoats pay.");
/// assert!(found[0].id.starts_with("notes.md#"));
/// ```
pub struct Passages {
    passages: Vec<Passage>,
    embedder: Embedder<Words, Stems>,
    scorer: Scorer<usize, String>,
    /// In how many passages each word is.
    frequencies: HashMap<String, usize>,
    budget: u64,
    /// How many tokens all of it has.
    total: u64,
}

struct Passage {
    /// The document that it is of.
    of: String,
    document: Document,
    tokens: u64,
}

/// The most tokens of a passage: a few paragraphs.
const MOST_TOKENS: u64 = 400;

/// How many passages fit at least into what a section gets.
const LEAST_PASSAGES: u64 = 4;

/// English words that have no subject. In a short text, a rare `how` would count for more than what is asked about.
const NO_SUBJECT: &str = "a about an and are as at be been but by can could did do does for from had has have how \
    in into is it its of on or should so than that the their them these they this to was were what when \
    where which who whose why will with would";

/// Words stand for themselves.
#[derive(Debug)]
struct Words;

impl TokenEmbedder for Words {
    type EmbeddingSpace = String;

    fn embed(word: &str) -> String {
        word.to_owned()
    }
}

struct Stems(Stemmer);

impl Tokenizer for Stems {
    fn tokenize(&self, text: &str) -> Vec<String> {
        let lower = text.to_lowercase();
        let words = lower.unicode_words();
        words.map(|word| self.0.stem(word).into_owned()).collect()
    }
}

impl Passages {
    /// Cuts documents into passages, of which a section gets at most so many tokens.
    pub fn new(documents: &[Document], budget: NonZeroU64, counter: &TokenCounter) -> Self {
        let most = (budget.get() / LEAST_PASSAGES).clamp(1, MOST_TOKENS);
        let most = NonZeroU64::new(most).unwrap_or(NonZeroU64::MIN);
        let splitter = Splitter::new(most).tokens(counter.clone());
        let cut = documents.iter().flat_map(|document| {
            let chunks = splitter.split(document).into_iter();
            chunks.map(|it| (document.id.clone(), it.to_document()))
        });
        let passages: Vec<Passage> = cut
            .map(|(of, document)| Passage {
                of,
                tokens: counter.count(&document.text),
                document,
            })
            .collect();
        let stems = Stems(Stemmer::create(Algorithm::English));
        let texts: Vec<&str> = passages.iter().map(|it| &*it.document.text).collect();
        let embedder =
            EmbedderBuilder::<Words, Stems>::with_tokenizer_and_fit_to_corpus(stems, &texts);
        let embedder = embedder.build();
        let mut scorer = Scorer::new();
        let mut frequencies = HashMap::new();
        for (n, text) in texts.iter().enumerate() {
            let words = embedder.embed(text);
            let different: BTreeSet<&String> = words.indices().collect();
            for word in different {
                *frequencies.entry(word.clone()).or_default() += 1;
            }
            scorer.upsert(&n, words);
        }
        Self {
            total: passages.iter().map(|it| it.tokens).sum(),
            passages,
            embedder,
            scorer,
            frequencies,
            budget: budget.get(),
        }
    }

    /// Returns the passages that concern a query best, as far as the budget goes, in the order of the
    /// documents. Where none does, it is the beginnings of the documents.
    pub fn for_query(&self, query: &str) -> Vec<Document> {
        self.for_queries(&[query])
    }

    /// Returns those that concern the first of these queries that any concerns.
    fn for_queries(&self, queries: &[&str]) -> Vec<Document> {
        let ranked = queries.iter().map(|it| self.ranked(it));
        let found = ranked.into_iter().find(|it| !it.is_empty());
        let mut ranked = found.unwrap_or_else(|| self.beginnings());
        let mut left = self.budget;
        ranked.retain(|n| {
            let tokens = self.passages[*n].tokens;
            let fits = tokens <= left;
            left -= if fits { tokens } else { 0 };
            fits
        });
        ranked.sort_unstable();
        let chosen = ranked.into_iter();
        chosen.map(|n| self.passages[n].document.clone()).collect()
    }

    /// Returns the passages that have words of a query, the best first. Equal ones keep their order, so
    /// that the same is selected each time.
    fn ranked(&self, query: &str) -> Vec<usize> {
        let mut query = self.embedder.embed(query);
        let no_subject = self.embedder.embed(NO_SUBJECT);
        query
            .0
            .retain(|it| no_subject.indices().all(|word| *word != it.index));
        // A word of most passages tells nothing about any, whatever the language.
        let frequency = |word: &String| self.frequencies.get(word).copied().unwrap_or_default();
        query
            .0
            .retain(|it| 2 * frequency(&it.index) <= self.passages.len());
        let score = |n: &usize| self.scorer.score(n, &query).unwrap_or_default();
        let scores: Vec<f32> = (0..self.passages.len()).map(|n| score(&n)).collect();
        let mut ranked: Vec<usize> = (0..scores.len()).filter(|n| scores[*n] > 0.0).collect();
        ranked.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        ranked
    }

    /// Returns the first passages of all documents, then the second ones, and so on.
    fn beginnings(&self) -> Vec<usize> {
        let mut numbered: Vec<(usize, usize)> = Vec::new();
        let mut place = 0;
        for (n, passage) in self.passages.iter().enumerate() {
            let is_same = n > 0 && self.passages[n - 1].of == passage.of;
            place = if is_same { place + 1 } else { 0 };
            numbered.push((place, n));
        }
        numbered.sort_unstable();
        numbered.into_iter().map(|(_, n)| n).collect()
    }
}

impl Select for Passages {
    fn select(&self, queries: &[&str]) -> Vec<Document> {
        self.for_queries(queries)
    }

    fn describe(&self) -> String {
        format!(
            "the context has {} tokens, too many for every section: each gets the passages that \
             concern it, {} tokens at most",
            self.total, self.budget
        )
    }

    fn documents(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let names = self.passages.iter().map(|it| &it.of);
        names.filter(|it| seen.insert(*it)).cloned().collect()
    }

    fn document_of(&self, passage: &str) -> Option<String> {
        let found = self.passages.iter().find(|it| it.document.id == passage);
        found.map(|it| it.of.clone())
    }
}

impl fmt::Debug for Passages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passages")
            .field("passages", &self.passages.len())
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> TokenCounter {
        TokenCounter::new(|text| text.split_whitespace().count() as u64)
    }

    fn budget(tokens: u64) -> NonZeroU64 {
        NonZeroU64::new(tokens).unwrap()
    }

    /// Forty pages in several documents, one paragraph of each about something of its own.
    fn library() -> Vec<Document> {
        let filler = "The minutes were read and nobody had anything to say about them. ".repeat(20);
        let document = |n: usize, fact: &str| {
            let pages = vec![filler.clone(); 40];
            let text = format!("{}\n\n{fact}\n\n{}", pages.join("\n\n"), pages.join("\n\n"));
            Document::new(format!("{n}.md"), text)
        };
        vec![
            document(1, "Dredging the basin costs two million."),
            document(2, "The lighthouse was built in 1850."),
            document(3, "Herring has left these waters."),
        ]
    }

    #[test]
    fn each_query_finds_its_paragraph_within_the_budget() {
        let passages = Passages::new(&library(), budget(600), &words());
        assert!(passages.total > 20_000, "{passages:?}");
        for (query, words_of_it) in [
            ("What does dredging cost?", "two million"),
            ("Lighthouses: history", "built in 1850"),
            ("the herring", "left these waters"),
        ] {
            let found = passages.for_query(query);
            let text: Vec<&str> = found.iter().map(|it| &*it.text).collect();
            let text = text.join("\n");
            assert!(text.contains(words_of_it), "{query}: {text}");
            assert!(words().count(&text) <= 600, "{query}");
        }
    }

    #[test]
    fn words_without_a_subject_find_nothing() {
        let documents = [
            Document::new("a", "This is how people get hurt."),
            Document::new("b", "Piles are dear. Dear are piles."),
            Document::new("c", "The mud is deep. The mud is black."),
        ];
        let passages = Passages::new(&documents, budget(40), &words());
        let found = passages.for_query("How and what for are piles?");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].id.starts_with('b'), "{found:?}");
    }

    #[test]
    fn a_month_is_a_subject() {
        let documents = [
            Document::new("a", "Piles are dear."),
            Document::new("b", "The harbour opens in May."),
            Document::new("c", "The mud is deep."),
        ];
        let passages = Passages::new(&documents, budget(40), &words());
        let found = passages.for_query("What will be in May?");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].id.starts_with('b'), "{found:?}");
    }

    #[test]
    fn what_concerns_nothing_gets_beginnings() {
        let documents = [
            Document::new("a", "One two.\n\nThree four."),
            Document::new("b", "Five six.\n\nSeven eight."),
        ];
        let passages = Passages::new(&documents, budget(8), &words());
        let ids = |query| -> Vec<String> {
            let found = passages.for_query(query).into_iter();
            found.map(|it| it.id).collect()
        };
        assert_eq!(ids("nothing of it"), ["a#1", "a#2", "b#1", "b#2"]);
        assert_eq!(ids("seven"), ["b#2"]);
        assert_eq!(ids("five one"), ["a#1", "b#1"]);
    }
}

//! Chooses which sentences to quote.

use super::rank::{common, text_rank};
use super::source::{Sentence, Source};

/// Two sentences that share this part of the shorter one's terms say the same.
const SAME: f64 = 0.6;

/// How much is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    /// The most sentences.
    pub(super) sentences: usize,
    /// The most words; the first sentence may have more.
    pub(super) words: usize,
    /// The most words of one sentence.
    pub(super) longest: usize,
    /// The most characters, joining spaces included.
    pub(super) chars: usize,
}

/// The sentences of a source in a ranking.
pub(super) struct Ranking<'a> {
    source: &'a Source,
    score: Vec<f64>,
    sets: Vec<Vec<u32>>,
}

impl<'a> Ranking<'a> {
    pub(super) fn of(source: &'a Source) -> Self {
        let sets: Vec<Vec<u32>> = source.sentences.iter().map(term_set).collect();
        let prior: Vec<f64> = source.sentences.iter().map(prior).collect();
        let rank = text_rank(&sets, source.terms, &prior);
        let score = rank
            .iter()
            .zip(&prior)
            .map(|(rank, prior)| rank * prior)
            .collect();
        Self {
            source,
            score,
            sets,
        }
    }

    /// Returns the numbers of the chosen sentences in the order of the documents. Those that are
    /// `used` come last; documents take turns.
    pub(super) fn choose(&self, length: Length, used: &[usize]) -> Vec<usize> {
        let mut chosen: Vec<usize> = Vec::new();
        let (mut words, mut chars) = (0, 0);
        let mut open: Vec<usize> = (0..self.score.len()).collect();
        while chosen.len() < length.sentences {
            // What does not fit now, or repeats what is chosen, never will or ceases to.
            open.retain(|n| {
                let it = &self.source.sentences[*n];
                let fits = chosen.is_empty() || words + it.words <= length.words;
                fits && it.words <= length.longest
                    && chars + it.text.chars().count() <= length.chars
                    && !self.repeats(*n, &chosen)
            });
            let Some(best) = self.best(&open, &chosen, used) else {
                break;
            };
            let sentence = &self.source.sentences[best];
            words += sentence.words;
            chars += sentence.text.chars().count() + 1;
            chosen.push(best);
        }
        chosen.sort_unstable();
        chosen
    }

    fn best(&self, open: &[usize], chosen: &[usize], used: &[usize]) -> Option<usize> {
        let score = |n: usize| {
            let document = self.source.sentences[n].document;
            let from_here = chosen
                .iter()
                .filter(|it| self.source.sentences[**it].document == document);
            let turns = if self.source.documents > 1 {
                0.25_f64
            } else {
                1.0
            };
            let again = if used.contains(&n) { 0.02 } else { 1.0 };
            self.score[n] * again * turns.powi(i32::try_from(from_here.count()).unwrap_or(i32::MAX))
        };
        // Among equals the first wins.
        open.iter()
            .copied()
            .reduce(|best, n| if score(n) > score(best) { n } else { best })
    }

    fn repeats(&self, n: usize, chosen: &[usize]) -> bool {
        chosen.iter().any(|other| {
            let (a, b) = (&self.sets[n], &self.sets[*other]);
            let mut shared = 0_usize;
            common(a, b, |_| shared += 1);
            let shorter = a.len().min(b.len());
            n == *other
                || self.source.sentences[n].text == self.source.sentences[*other].text
                || (shorter > 0 && shared as f64 > SAME * shorter as f64)
        })
    }
}

fn term_set(sentence: &Sentence) -> Vec<u32> {
    let mut set = sentence.terms.clone();
    set.sort_unstable();
    set.dedup();
    set
}

/// The prior: form, place, and closeness to the subject.
fn prior(sentence: &Sentence) -> f64 {
    // One matching word counts, a fourth adds nothing; a heading that names the subject counts most.
    let heading = if sentence.under_subject { 4.0 } else { 1.0 };
    sentence.weight * (1.0 + sentence.on_subject.min(3) as f64) * heading
}

impl Length {
    /// Returns the usual length of a summary: three sentences of one document, four of a long one,
    /// up to seven of several; never more than 120 words, nor than about a third of one document or
    /// two thirds of several, which may be summaries themselves.
    pub(super) fn of_summary(source: &Source) -> Self {
        let (sentences, most, percent) = match (source.documents, source.sentences.len()) {
            (0 | 1, 0..=80) => (3, 90, 35),
            (0 | 1, _) => (4, 100, 35),
            (documents, _) => ((documents + 2).min(7), 120, 60),
        };
        Self {
            sentences,
            words: (source.words * percent / 100).clamp(25, most),
            longest: 50,
            chars: usize::MAX,
        }
    }
}

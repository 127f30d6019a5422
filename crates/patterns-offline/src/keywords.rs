//! Finds the words and short phrases that a text is about.
//!
//! Words that stand near each other recommend each other, as in the second half of Mihalcea and
//! Tarau's paper; neighbours among the best become phrases, in the words of the text.

use std::collections::HashMap;

use super::rank::page_rank;
use super::source::Source;
use super::words::{Vocabulary, words};

/// Words at most this far apart recommend each other.
const WINDOW: usize = 3;

/// A phrase has at most this many words.
const MAX_PHRASE: usize = 3;

/// A word of the text: where in its sentence, and the number of its term, if it has any meaning.
struct Token {
    start: usize,
    end: usize,
    term: Option<u32>,
}

#[derive(Clone)]
struct Phrase<'a> {
    surface: &'a str,
    terms: Vec<u32>,
    count: usize,
}

/// Returns up to `most` phrases, the best first, each as it first stands in the text.
pub(super) fn keywords(source: &Source, most: usize) -> Vec<String> {
    let (tokens, terms) = tokens(source);
    let rank = ranks(source, &tokens, terms);
    let mut phrases = phrases(source, &tokens);
    let score = |it: &Phrase<'_>| {
        let sum: f64 = it.terms.iter().map(|term| rank[*term as usize]).sum();
        // A phrase that stands there once may be chance.
        let repeated = if it.count == 1 && it.terms.len() > 1 {
            0.3
        } else {
            1.0
        };
        sum / (it.terms.len() as f64).sqrt() * (1.0 + it.count as f64).ln() * repeated
    };
    // The sort is stable: among equals the first in the text wins.
    phrases.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let mut chosen: Vec<Phrase<'_>> = Vec::new();
    let all = phrases.clone();
    for phrase in phrases {
        if chosen.len() == most {
            break;
        }
        let phrase = widest(phrase, &all);
        let shares = |other: &Phrase<'_>| phrase.terms.iter().any(|it| other.terms.contains(it));
        if !chosen.iter().any(shares) {
            chosen.push(phrase);
        }
    }
    chosen.into_iter().map(|it| it.surface.to_owned()).collect()
}

/// Returns the phrase that a word stands in most of the time, if there is one: "Cape" alone is only
/// half a name.
fn widest<'a>(word: Phrase<'a>, all: &[Phrase<'a>]) -> Phrase<'a> {
    let [term] = word.terms[..] else {
        return word;
    };
    let is_name = |it: &Phrase<'_>| {
        it.surface
            .split(' ')
            .all(|it| it.starts_with(char::is_uppercase))
    };
    let wider = all.iter().filter(|it| {
        it.terms.len() > 1
            && it.terms.contains(&term)
            && it.count * 2 >= word.count
            && (it.count > 1 || is_name(it))
    });
    // The first of the most frequent ones; longer ones only if they are as frequent.
    let best = wider.reduce(|best, it| {
        let better = (it.count, it.terms.len()) > (best.count, best.terms.len());
        if better { it } else { best }
    });
    best.cloned().unwrap_or(word)
}

fn tokens(source: &Source) -> (Vec<Vec<Token>>, usize) {
    let vocabulary = Vocabulary::new();
    let mut ids: HashMap<String, u32> = HashMap::new();
    let tokens = source.sentences.iter().map(|sentence| {
        let token = |at: std::ops::Range<usize>| {
            let term = vocabulary.term(&sentence.text[at.clone()]);
            let next = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            Token {
                start: at.start,
                end: at.end,
                term: term.map(|it| *ids.entry(it).or_insert(next)),
            }
        };
        words(&sentence.text).into_iter().map(token).collect()
    });
    let tokens = tokens.collect();
    (tokens, ids.len())
}

fn ranks(source: &Source, tokens: &[Vec<Token>], terms: usize) -> Vec<f64> {
    let mut edges = vec![Vec::new(); terms];
    let mut prior = vec![0.0; terms];
    for (sentence, tokens) in source.sentences.iter().zip(tokens) {
        let with_term = |n: usize| tokens.get(n).and_then(|it| it.term).map(|it| it as usize);
        for n in 0..tokens.len() {
            let Some(a) = with_term(n) else { continue };
            prior[a] += sentence.weight;
            for b in (n + 1..=n + WINDOW).filter_map(with_term) {
                if a != b {
                    edges[a].push((b, 1.0));
                    edges[b].push((a, 1.0));
                }
            }
        }
    }
    page_rank(&edges, &prior)
}

/// Returns all phrases, each once, in the order of their first appearance.
fn phrases<'a>(source: &'a Source, tokens: &[Vec<Token>]) -> Vec<Phrase<'a>> {
    let mut places: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut found: Vec<Phrase<'_>> = Vec::new();
    for (sentence, tokens) in source.sentences.iter().zip(tokens) {
        for first in 0..tokens.len() {
            for last in first..tokens.len().min(first + MAX_PHRASE) {
                let Some(terms) = phrase(&sentence.text, &tokens[first..=last]) else {
                    break;
                };
                let surface = &sentence.text[tokens[first].start..tokens[last].end];
                if let Some(&at) = places.get(&terms) {
                    found[at].count += 1;
                } else if is_telling(surface) {
                    places.insert(terms.clone(), found.len());
                    found.push(Phrase {
                        surface,
                        terms,
                        count: 1,
                    });
                }
            }
        }
    }
    found
}

/// Returns the terms of some words if each has one and only a space is between them.
fn phrase(text: &str, tokens: &[Token]) -> Option<Vec<u32>> {
    let close = |pair: &[Token]| text.get(pair[0].end..pair[1].start) == Some(" ");
    if !tokens.windows(2).all(close) {
        return None;
    }
    tokens.iter().map(|it| it.term).collect()
}

/// Numbers and single letters tell nothing by themselves.
fn is_telling(surface: &str) -> bool {
    surface.split(' ').all(|word| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let is_address = word.starts_with("http") || word.starts_with("www");
        !is_address && letters >= 3 || (letters >= 2 && !word.is_ascii())
    })
}

//! Finds pairs of keys that may mean the same, without comparing each with each.

use std::collections::{BTreeMap, BTreeSet};

use crate::normalise;

/// A key of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyCount {
    /// The key.
    pub(crate) key: String,
    /// How many rows have it.
    pub(crate) rows: u64,
}

/// Pairs of keys, as places in the list of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyCandidates {
    /// Keys that differ in spelling only (`normalise` makes them equal).
    pub(crate) same: Vec<(usize, usize)>,
    /// Keys that may mean the same, most alike first.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// How many pairs there would be more.
    pub(crate) left_out: usize,
}

/// A block with more keys than this has a word in common that says little.
const LARGEST_BLOCK: usize = 32;

/// How many keys after it in the alphabet a key is compared with.
const NEIGHBOURS: usize = 4;

/// How alike neighbours in the alphabet have to be (Jaro and Winkler's similarity).
const ALIKE: f64 = 0.88;

/// More words or signs than these are not looked at: keys are names, not texts.
const WORDS: usize = 8;
const SIGNS: usize = 64;

/// Returns the pairs of keys that may mean the same, `most` of them at most.
///
/// Pairs share a word or are each other's initials (`IBM`, `International Business Machines`), or
/// stand next to each other in the alphabet and are spelt nearly alike. The cost is about linear
/// in the number of keys. Equal keys always give equal pairs in equal order.
pub(crate) fn key_candidates(keys: &[KeyCount], most: usize) -> KeyCandidates {
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    let mut same = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        let form = normalise(&key.key).unwrap_or_else(|| key.key.clone());
        let form: String = form.chars().take(SIGNS).collect();
        // What was cut off could be different, so a cut form is no reason to be the same.
        match forms.get(&form) {
            Some(first) if key.key.chars().count() < SIGNS => same.push((*first, place)),
            Some(_) => {}
            None => {
                forms.insert(form, place);
            }
        }
    }
    let mut pairs: Vec<_> = blocked(&forms)
        .union(&neighbours(&forms))
        .copied()
        .collect();
    let form_of: BTreeMap<usize, &str> = forms.iter().map(|(form, at)| (*at, &**form)).collect();
    let likeness = |pair: &(usize, usize)| strsim::jaro_winkler(form_of[&pair.0], form_of[&pair.1]);
    pairs.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)).then(a.cmp(b)));
    let left_out = pairs.len().saturating_sub(most);
    pairs.truncate(most);
    KeyCandidates {
        same,
        pairs,
        left_out,
    }
}

/// Returns the pairs that share a word or initials.
fn blocked(forms: &BTreeMap<String, usize>) -> BTreeSet<(usize, usize)> {
    let mut blocks: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (form, place) in forms {
        for word in words(form) {
            blocks.entry(word).or_default().insert(*place);
        }
    }
    let small = blocks.values().filter(|it| it.len() <= LARGEST_BLOCK);
    let pairs = small.flat_map(|block| {
        let firsts = block.iter().enumerate();
        firsts.flat_map(move |(n, a)| block.iter().skip(n + 1).map(move |b| (*a, *b)))
    });
    pairs.collect()
}

fn words(form: &str) -> Vec<String> {
    let words = form.split(|it: char| !it.is_alphanumeric());
    let words: Vec<&str> = words.filter(|it| !it.is_empty()).take(WORDS).collect();
    let initials: String = words.iter().filter_map(|it| it.chars().next()).collect();
    let long = words.iter().filter(|it| it.chars().count() > 1);
    let long = long.map(|it| (*it).to_owned());
    let initials = (words.len() > 1).then_some(initials);
    long.chain(initials).collect()
}

/// Returns the pairs that are spelt nearly alike from their first sign on.
fn neighbours(forms: &BTreeMap<String, usize>) -> BTreeSet<(usize, usize)> {
    let sorted: Vec<(&String, usize)> = forms.iter().map(|(form, at)| (form, *at)).collect();
    let pairs = sorted.iter().enumerate().flat_map(|(n, (form, at))| {
        let next = sorted[n + 1..].iter().take(NEIGHBOURS);
        let alike = next.filter(move |it| strsim::jaro_winkler(form, it.0) >= ALIKE);
        alike.map(move |it| ((*at).min(it.1), (*at).max(it.1)))
    });
    pairs.collect()
}

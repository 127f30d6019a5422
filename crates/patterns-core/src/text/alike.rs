//! Finds names that may mean the same, cheaply, and joins those of which it was found.

use std::collections::{BTreeMap, BTreeSet};

use super::normalise::normalise;

/// Pairs of names, by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alike {
    /// Those that differ in spelling only ([`normalise`] makes them equal).
    pub same: Vec<(usize, usize)>,
    /// Those that may mean the same, most alike first.
    pub pairs: Vec<(usize, usize)>,
    /// How many pairs there would be more.
    pub left_out: usize,
}

/// A block with more names than this has a word in common that says little.
const LARGEST_BLOCK: usize = 32;

/// How many names after it in the alphabet a name is compared with.
const NEIGHBOURS: usize = 4;

/// How alike neighbours in the alphabet have to be (Jaro and Winkler's similarity).
const ALIKE: f64 = 0.88;

/// More words or signs than these are not looked at: these are names, not texts.
const WORDS: usize = 8;
const SIGNS: usize = 64;

/// Returns the pairs of names that may mean the same, `most` of them at most.
///
/// Pairs share a word or are each other's initials (`IBM`, `International Business Machines`), or
/// stand next to each other in the alphabet and are spelt nearly alike. The cost is about linear
/// in the number of names. Equal names always give equal pairs in equal order.
pub fn alike(names: &[&str], most: usize) -> Alike {
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    let mut same = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let form = normalise(name).unwrap_or_else(|| (*name).to_owned());
        match forms.get(&form) {
            Some(first) => same.push((*first, place)),
            None => {
                forms.insert(form, place);
            }
        }
    }
    let form_of = forms.iter().map(|(form, at)| (*at, beginning(form)));
    let form_of: BTreeMap<usize, &str> = form_of.collect();
    let likeness = |pair: &(usize, usize)| strsim::jaro_winkler(form_of[&pair.0], form_of[&pair.1]);
    let (blocked, neighbours) = (blocked(&forms), neighbours(&forms));
    let pairs = blocked.union(&neighbours);
    let mut pairs: Vec<_> = pairs.map(|it| (likeness(it), *it)).collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let left_out = pairs.len().saturating_sub(most);
    Alike {
        same,
        pairs: pairs.into_iter().take(most).map(|it| it.1).collect(),
        left_out,
    }
}

/// Returns what is looked at of a form.
fn beginning(form: &str) -> &str {
    let end = form.char_indices().nth(SIGNS);
    end.map_or(form, |(end, _)| &form[..end])
}

/// Returns the pairs that share a word or initials.
fn blocked(forms: &BTreeMap<String, usize>) -> BTreeSet<(usize, usize)> {
    let mut blocks: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (form, place) in forms {
        for word in words(beginning(form)) {
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
    let sorted = forms.iter().map(|(form, at)| (beginning(form), *at));
    let sorted: Vec<(&str, usize)> = sorted.collect();
    let pairs = sorted.iter().enumerate().flat_map(|(n, (form, at))| {
        let next = sorted[n + 1..].iter().take(NEIGHBOURS);
        let alike = next.filter(move |it| strsim::jaro_winkler(form, it.0) >= ALIKE);
        alike.map(move |it| ((*at).min(it.1), (*at).max(it.1)))
    });
    pairs.collect()
}

/// What belongs together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// The first of each one's class.
    pub heads: Vec<usize>,
    /// Pairs that are the same and stay apart, as that would put together what is different.
    pub apart: Vec<(usize, usize)>,
}

/// Joins so many things into classes, by pairs that are the same.
///
/// What is the same as a third is the same as each other (union and find), the first pair first, unless two
/// of a class were found to be different.
pub fn classes(
    count: usize,
    same: impl IntoIterator<Item = (usize, usize)>,
    different: &[(usize, usize)],
) -> Classes {
    let mut parents: Vec<usize> = (0..count).collect();
    let mut apart = Vec::new();
    for pair in same {
        let (a, b) = (root(&mut parents, pair.0), root(&mut parents, pair.1));
        let mut roots = |(x, y): (usize, usize)| (root(&mut parents, x), root(&mut parents, y));
        let is_split = different.iter().any(|it| {
            let roots = roots(*it);
            roots == (a, b) || roots == (b, a)
        });
        match is_split && a != b {
            true => apart.push(pair),
            false => parents[a.max(b)] = a.min(b),
        }
    }
    let heads = (0..count).map(|it| root(&mut parents, it)).collect();
    Classes { heads, apart }
}

/// Finds the root of a class and halves the way to it.
fn root(parents: &mut [usize], mut place: usize) -> usize {
    while parents[place] != place {
        parents[place] = parents[parents[place]];
        place = parents[place];
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_alike_in_one_way_or_another() {
        let long = "International Business Machines Corporation of the United States of America";
        let sharp = [40, 41].map(|it| "ß".repeat(it));
        let table: [(&[&str], usize, usize); 9] = [
            (&["New York", "new york."], 1, 0),
            (&["New York", "York, New"], 0, 1),
            (&["IBM", "International Business Machines"], 0, 1),
            (&["Micheal", "Michael"], 0, 1),
            (&["Paris", "London", "Rome"], 0, 0),
            (&["", " "], 0, 0),
            (&[long, &long.to_uppercase()], 1, 0),
            // Alike as far as they are looked at, which is no reason to be the same.
            (&[&sharp[0], &sharp[1]], 0, 1),
            (&[], 0, 0),
        ];
        for (names, same, pairs) in table {
            let found = alike(names, 100);
            assert_eq!(
                (found.same.len(), found.pairs.len()),
                (same, pairs),
                "{names:?}"
            );
        }
    }

    #[test]
    fn the_most_alike_are_kept() {
        let found = alike(&["acme ltd", "acme limited", "acme lt", "acme inc"], 1);
        assert_eq!((found.pairs, found.left_out), (vec![(0, 2)], 5));
    }

    #[test]
    fn hostile_names_cost_little() {
        let long = "x ".repeat(1_000_000);
        let mut names: Vec<String> = (0..20_000).map(|n| format!("host {n}")).collect();
        names.push(long.clone());
        names.push(long + "y");
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = alike(&names, 10);
        assert_eq!(found.pairs.len(), 10);
        assert!(
            found.same.is_empty(),
            "cut forms are equal, the names need not be"
        );
    }
}

//! The shape of a reduce tree: groups of neighbours, chosen by what the documents are called and
//! not by where they stand, so that adding, changing or removing one changes its own path to the
//! root and little else.

use std::ops::Range;

use super::pack::pack;

/// The mean number of items that a call combines, where they don't all fit in one call. Accuracy
/// falls with more (`DocETL`, arXiv 2410.12189).
pub(super) const FAN_IN: u64 = 8;

/// The most items that a call combines, as a multiple of the mean.
const MOST: u64 = 2;

/// An item of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// A digest of the name of the last document in it.
    pub(super) identity: u64,
    /// Its size in tokens.
    pub(super) size: u64,
}

/// Returns a digest of the name of a document.
pub(super) fn identity(name: &str) -> u64 {
    let hash = blake3::derive_key("patterns 2026-11-23 reduce tree v1", name.as_bytes());
    let mut half = [0; 8];
    half.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(half)
}

/// Returns consecutive groups that cover all items of a level, in order, each within `budget`; one
/// group if all fit in it. A group of one needs no call and passes up.
///
/// Each document has a height, as in a skip list (Pugh 1990): 1 with the chance 1 ÷ `fan_in`, 2
/// with that of 1 ÷ `fan_in`², and so on. On level n, counted from 0, a group ends after a document
/// that is higher than n. A stretch that is too large is cut where the item with the largest digest
/// ends, again and again, as in a treap (Seidel and Aragon 1996). Both depend on no position, so a
/// change stays where it is.
///
/// Returns `None` if no two neighbours fit together, because then no level can make progress.
pub(super) fn group(
    items: &[Leaf],
    level: usize,
    budget: u64,
    fan_in: u64,
) -> Option<Vec<Range<usize>>> {
    let sizes: Vec<u64> = items.iter().map(|it| it.size).collect();
    let total = sizes.iter().fold(0_u64, |sum, it| sum.saturating_add(*it));
    if items.len() < 2 || total <= budget {
        return pack(&sizes, budget.max(total));
    }
    let mut groups = Vec::new();
    let mut start = 0;
    for (n, item) in items.iter().enumerate() {
        if n + 1 == items.len() || height(item.identity, fan_in) > level {
            split(
                items,
                start..n + 1,
                level,
                (budget, fan_in * MOST),
                &mut groups,
            );
            start = n + 1;
        }
    }
    if groups.len() < items.len() {
        return Some(groups);
    }
    // By bad luck no two are together; any two that fit will do.
    pack(&sizes, budget)
}

/// Returns how high a document is.
fn height(identity: u64, fan_in: u64) -> usize {
    let fan_in = fan_in.max(2);
    let mut rest = identity;
    let mut height = 0;
    while rest.is_multiple_of(fan_in) && height < 64 {
        rest /= fan_in;
        height += 1;
    }
    height
}

/// Cuts a stretch until its pieces are within a number of tokens and of items.
fn split(
    items: &[Leaf],
    stretch: Range<usize>,
    level: usize,
    (budget, most): (u64, u64),
    groups: &mut Vec<Range<usize>>,
) {
    let mut todo = vec![stretch];
    while let Some(piece) = todo.pop() {
        let part = &items[piece.clone()];
        let total = part
            .iter()
            .fold(0_u64, |sum, it| sum.saturating_add(it.size));
        let fits = part.len() == 1 || total <= budget && part.len() as u64 <= most;
        // The last item ends the piece anyway.
        let cuts = piece.start..piece.end - 1;
        let cut = cuts.max_by_key(|n| (priority(items[*n].identity, level), *n));
        match cut.filter(|_| !fits) {
            None => groups.push(piece),
            Some(cut) => {
                todo.push(cut + 1..piece.end);
                todo.push(piece.start..cut + 1);
            }
        }
    }
}

/// Mixes a digest with the level, so that each level is cut elsewhere (the finaliser of SplitMix64;
/// Steele, Lea and Flood 2014).
fn priority(identity: u64, level: usize) -> u64 {
    let mut z = identity.wrapping_add(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(level as u64 + 1));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;

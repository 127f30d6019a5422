//! The content-defined reduce tree: which neighbours are combined, so that a small edit stays cheap.
//!
//! Groups end where the documents themselves say so, not at every eighth place. A digest of a
//! document's name gives its *height*: `h` if the digest is divisible by a number (half as large
//! again as the mean fan-in) to the power of `h`, as in a skip list. At level `l` a group ends after
//! a leaf that is higher than `l`, and a combination inherits the height of its last leaf. An edit
//! in the middle thus changes the groups on its own path to the root and leaves the others as they
//! were, so that a store of answered calls pays for a path, not for everything to the right of the
//! edit.
//!
//! ```text
//! level 2                        ┌──────── root ────────┐
//! level 1          ┌─────────────┴──┐              ┌────┴───┐
//! level 0   a b c d¹ e f¹ g h i j k l² m n o¹ p q r s t¹ u v w    (heights above 0 as exponents)
//! ```
//!
//! Three rules are laid over this:
//!
//! * What exceeds the token budget or the cap of the fan-in is cut again, after the leaf with the
//!   highest *priority* (more bits of the digest), as a treap would; where that leaves no two
//!   neighbours together although some would fit, they are packed.
//! * What fits into one call as a whole is one call, so few documents take one.
//! * An item alone in its group passes up as it is: a call on one item would be for nothing.
//!
//! Identity is the name and not the text, so a changed text changes no shape. A property test bounds
//! the new nodes of an edit by 2⌈log_f n⌉ + 2; about one edit in three thousand needs the + 2.
//! Stretches are half as long again as the fan-in, because what is longer than twice the fan-in is cut:
//! with stretches as long as the fan-in, groups of "8" had 6.6 items, and the tree a level more now and
//! then. A tree ends with `DoesNotFit` when no two neighbours fit the budget, so every level makes
//! progress.

use std::cmp::Reverse;
use std::ops::Range;

use super::frontier::{Frontier, Node};

/// Forms all groups that are now known.
///
/// They never depend on the order of the answers. A hundred thousand answers need some hundred places as
/// long as a group is cut by digests; a budget of two or three answers needs more.
pub(super) fn form_groups(waiting: &mut Frontier) {
    while let Some(place) = waiting.touched.pop() {
        if is_top(waiting) {
            continue;
        }
        if let Some(level) = waiting.nodes.get(&place).map(|node| node.level)
            && waiting.is_large(level)
            && let Some(segment) = segment(waiting, place, level)
        {
            group(waiting, &segment, level);
        }
    }
}

/// Forms the last group if all that is left is known and goes into one call. A leaf that is
/// left alone gets its call, too: a combination is what the tree is to end with.
fn is_top(waiting: &mut Frontier) -> bool {
    let Some(level) = waiting.nodes.values().next().map(|node| node.level) else {
        return true;
    };
    let is_one = waiting.nodes.len() == 1;
    if !waiting.is_complete || (waiting.is_large(level) && !is_one) {
        return false;
    }
    // The count first: to look at all of them at each answer would take time with their square.
    if waiting.unanswered == 0
        && waiting.nodes.values().all(|node| node.level == level)
        && waiting.end().is_none()
    {
        let all: Vec<u64> = waiting.nodes.keys().copied().collect();
        waiting.combine(&all, level + 1);
    }
    is_one
}

/// Returns the neighbours of a node up to the ends of its group, if all of them are there.
fn segment(waiting: &Frontier, place: u64, level: usize) -> Option<Vec<u64>> {
    let ends = |node: &Node| ends(node, level, waiting.fan_in.mean);
    let waits = |node: &Node| node.level == level && node.size.is_some();
    // The right side first: of answers that come in order it is the one that is missing.
    let mut right = Vec::new();
    let mut is_ended = waiting.is_complete;
    for (&at, node) in waiting.nodes.range(place..) {
        if !waits(node) {
            return None;
        }
        right.push(at);
        if ends(node)? {
            is_ended = true;
            break;
        }
    }
    let mut segment = Vec::new();
    for (&at, node) in waiting.nodes.range(..place).rev() {
        if !is_ended || ends(node)? {
            break;
        }
        if !waits(node) {
            return None;
        }
        segment.push(at);
    }
    segment.reverse();
    segment.extend(right);
    is_ended.then_some(segment)
}

/// Returns whether a group at `level` ends after a node; `None` while that is open.
///
/// Stretches that are longer than the cap are cut in two and more, which makes groups shorter than the
/// stretches. With stretches half as long again as the mean, groups are as long as asked for.
pub(super) fn ends(node: &Node, level: usize, mean: u32) -> Option<bool> {
    let [height, _] = node.digest?;
    let stretch = u64::from(mean) * 3 / 2;
    let power = stretch.checked_pow(u32::try_from(level).ok()?.saturating_add(1));
    Some(height != 0 && power.is_some_and(|it| height.is_multiple_of(it)))
}

/// Cuts neighbours into groups that fit a call; a lone one passes up.
fn group(waiting: &mut Frontier, segment: &[u64], level: usize) {
    let nodes = segment.iter().filter_map(|at| waiting.nodes.get(at));
    let parts: Vec<Part> = nodes
        .map(|node| Part {
            size: node.size.unwrap_or_default(),
            priority: node.digest.map_or(0, |it| priority(it[1], level)),
        })
        .collect();
    let groups = cut(&parts, waiting.budget, waiting.fan_in.cap());
    let is_all = waiting.is_complete && segment.len() == waiting.nodes.len();
    if is_all && groups.len() == segment.len() {
        waiting.does_not_fit = true;
        return;
    }
    for group in groups {
        let places = &segment[group.clone()];
        match places {
            [place] => {
                if let Some(node) = waiting.nodes.get_mut(place) {
                    node.level += 1;
                }
                waiting.arrive(level + 1, 1, parts[group.start].size);
                waiting.touched.push(*place);
            }
            _ => waiting.combine(places, level + 1),
        }
    }
}

/// Returns the priority of a cut at this level. It is mixed with the level, so that each level
/// is cut elsewhere (the finaliser of `SplitMix64`; Steele, Lea and Flood 2014).
fn priority(digest: u64, level: usize) -> u64 {
    let step = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(level as u64 + 1);
    let mut z = digest.wrapping_add(step);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What matters of an item when a group is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) size: u64,
    pub(super) priority: u64,
}

/// Returns groups that cover `parts` in order, each of one item or within `budget` and `cap`.
///
/// Only if no two neighbours fit are all groups of one item.
pub(super) fn cut(parts: &[Part], budget: u64, cap: usize) -> Vec<Range<usize>> {
    let groups = by_priority(parts, budget, cap);
    match groups.len() == parts.len() {
        true => filled(parts, budget, cap),
        false => groups,
    }
}

/// Puts together what fits from the first part on.
fn filled(parts: &[Part], budget: u64, cap: usize) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut tokens = 0_u64;
    for (n, part) in parts.iter().enumerate() {
        let sum = tokens.saturating_add(part.size);
        match groups.last_mut() {
            Some(group) if sum <= budget && group.len() < cap => {
                group.end = n + 1;
                tokens = sum;
            }
            _ => {
                groups.push(n..n + 1);
                tokens = part.size;
            }
        }
    }
    groups
}

/// Cuts what does not fit after its part of the highest priority, again and again.
fn by_priority(parts: &[Part], budget: u64, cap: usize) -> Vec<Range<usize>> {
    let mut sums = vec![0u128];
    let mut sum = 0u128;
    sums.extend(parts.iter().map(|part| {
        sum += u128::from(part.size);
        sum
    }));
    let fits = |it: &Range<usize>| {
        it.len() < 2 || (it.len() <= cap && sums[it.end] - sums[it.start] <= u128::from(budget))
    };
    let mut groups = Vec::new();
    let whole = 0..parts.len();
    let mut open = vec![whole];
    while let Some(range) = open.pop() {
        if fits(&range) {
            groups.push(range);
        } else {
            let end = cut_place(parts, &range);
            open.push(end..range.end);
            open.push(range.start..end);
        }
    }
    groups
}

/// Returns after which of at least two parts to cut: at equal priority (of documents that are the
/// same), nearest to the middle.
fn cut_place(parts: &[Part], range: &Range<usize>) -> usize {
    let middle = range.start + range.len() / 2;
    (range.start + 1..range.end)
        .max_by_key(|&end| (parts[end - 1].priority, Reverse(end.abs_diff(middle))))
        .unwrap_or(range.end)
}

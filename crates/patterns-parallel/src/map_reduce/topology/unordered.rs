//! Combines whatever answers are there, as they come, the least combined first.

use super::frontier::{Frontier, Node};

/// Forms a group of what is there, if anything is to be combined yet.
pub(super) fn form_group(waiting: &mut Frontier) {
    match next_items(waiting) {
        Some(items) => waiting.combine(&items, 1),
        None => waiting.touched.clear(),
    }
}

fn next_items(waiting: &mut Frontier) -> Option<Vec<u64>> {
    let (all, fan_in) = (waiting.nodes.len(), waiting.fan_in);
    let is_last = waiting.is_complete && waiting.unanswered == 0;
    let is_small = !waiting.is_large(0);
    let there = all - waiting.unanswered;
    // As long as it may all go into one call, nothing is combined before.
    if is_small && !is_last || there == 0 || waiting.end().is_some() {
        return None;
    }
    let sizes = waiting.nodes.values().filter_map(|it| it.size);
    let fits = sizes.map(u128::from).sum::<u128>() <= u128::from(waiting.budget);
    let most = match is_small {
        true => fan_in.whole as usize,
        false => fan_in.cap(),
    };
    if is_last && (all == 1 || (fits && all <= most)) {
        return Some(waiting.nodes.keys().copied().collect());
    }
    let is_enough = there >= fan_in.mean as usize || !fits;
    // What is still to come goes into the last call, together with what waits.
    let is_nearly_last = waiting.is_complete && !is_last && all <= fan_in.cap();
    if !(is_enough || is_last) || is_nearly_last {
        return None;
    }
    let items = least_combined(waiting);
    waiting.does_not_fit = is_last && items.is_none();
    items
}

/// Returns at least two items that fit together, the least combined first, or else the smallest.
fn least_combined(waiting: &Frontier) -> Option<Vec<u64>> {
    let by = |key: fn(&Node) -> (usize, Option<u64>)| {
        let answered = waiting.nodes.iter();
        let mut nodes: Vec<_> = answered.filter(|it| it.1.size.is_some()).collect();
        nodes.sort_by_key(|(place, node)| (key(node), **place));
        let mut sum = 0_u64;
        let mut items = Vec::new();
        for (place, node) in nodes {
            let more = sum.saturating_add(node.size.unwrap_or_default());
            if items.len() < waiting.fan_in.mean as usize && more <= waiting.budget {
                sum = more;
                items.push(*place);
            }
        }
        items.sort_unstable();
        (items.len() > 1).then_some(items)
    };
    by(|it| (it.depth, None)).or_else(|| by(|it| (0, it.size)))
}

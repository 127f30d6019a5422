//! Ranks sentences by how much the others recommend them: TextRank.
//!
//! R. Mihalcea and P. Tarau, "TextRank: Bringing Order into Texts", EMNLP 2004: PageRank over a
//! graph of sentences whose edges weigh their common words over the logarithms of their lengths.
//! Common words count by their rarity, as F. Barrios et al., "Variations of the Similarity Function
//! of TextRank for Automated Summarization", 2016, found to be better. The random jump goes to
//! sentences by their prior weight instead of evenly, which is how T. Haveliwala,
//! "Topic-Sensitive PageRank", WWW 2002, leads it towards a subject.

/// The share of the rank that flows along edges.
const DAMPING: f64 = 0.85;

/// The rank is stable to three digits long before.
const ROUNDS: usize = 30;

/// Returns the rank of each node; the mean is 1. `nodes` holds the terms of each node in ascending
/// order, each once; `prior` where the random jump goes, in any unit.
pub(super) fn text_rank(nodes: &[Vec<u32>], terms: usize, prior: &[f64]) -> Vec<f64> {
    let rarity = rarity(nodes, terms);
    let count = nodes.len();
    let mut edges = vec![Vec::new(); count];
    for a in 0..count {
        for b in a + 1..count {
            let weight = similarity(&nodes[a], &nodes[b], &rarity);
            if weight > 0.0 {
                edges[a].push((b, weight));
                edges[b].push((a, weight));
            }
        }
    }
    page_rank(&edges, prior)
}

/// Returns the rank of each node of a graph with weighted edges in both directions.
pub(super) fn page_rank(edges: &[Vec<(usize, f64)>], prior: &[f64]) -> Vec<f64> {
    let count = edges.len();
    let total: f64 = prior.iter().sum();
    let jump: Vec<f64> = prior
        .iter()
        .map(|it| {
            if total > 0.0 {
                it / total
            } else {
                1.0 / count as f64
            }
        })
        .collect();
    let out: Vec<f64> = edges
        .iter()
        .map(|it| it.iter().map(|edge| edge.1).sum())
        .collect();
    let mut rank = jump.clone();
    for _ in 0..ROUNDS {
        let lost: f64 = (0..count).filter(|n| out[*n] <= 0.0).map(|n| rank[n]).sum();
        let mut next: Vec<f64> = jump
            .iter()
            .map(|jump| jump * (1.0 - DAMPING + DAMPING * lost))
            .collect();
        for (from, edges) in edges.iter().enumerate() {
            for (to, weight) in edges {
                next[*to] += DAMPING * rank[from] * weight / out[from];
            }
        }
        rank = next;
    }
    rank.iter().map(|it| it * count as f64).collect()
}

fn rarity(nodes: &[Vec<u32>], terms: usize) -> Vec<f64> {
    let mut counts = vec![0_u32; terms];
    for term in nodes.iter().flatten() {
        counts[*term as usize] += 1;
    }
    let all = nodes.len() as f64;
    counts
        .iter()
        .map(|it| (1.0 + all / (1.0 + f64::from(*it))).ln())
        .collect()
}

fn similarity(a: &[u32], b: &[u32], rarity: &[f64]) -> f64 {
    let mut sum = 0.0;
    common(a, b, |term| sum += rarity[term as usize]);
    let lengths = (1.0 + a.len() as f64).ln() + (1.0 + b.len() as f64).ln();
    if lengths > 0.0 { sum / lengths } else { 0.0 }
}

/// Calls `found` with each number that both ascending lists contain.
pub(super) fn common(a: &[u32], b: &[u32], mut found: impl FnMut(u32)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                found(a[i]);
                i += 1;
                j += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_that_shares_most_ranks_highest() {
        let nodes = [vec![0, 1, 2, 3], vec![0, 1], vec![2, 3], vec![4, 5]];
        let rank = text_rank(&nodes, 6, &[1.0; 4]);
        assert!(
            rank[0] > rank[1] && rank[0] > rank[2] && rank[1] > rank[3],
            "{rank:?}"
        );
        assert!(
            (rank.iter().sum::<f64>() - 4.0).abs() < 1e-6,
            "the mean is 1: {rank:?}"
        );
    }

    #[test]
    fn the_prior_decides_among_equals() {
        let rank = text_rank(&[vec![0], vec![0], vec![0]], 1, &[1.0, 3.0, 1.0]);
        assert!(
            rank[1] > rank[0] && (rank[0] - rank[2]).abs() < 1e-9,
            "{rank:?}"
        );
        assert_eq!(text_rank(&[], 0, &[]), Vec::<f64>::new());
        assert!(text_rank(&[vec![]], 0, &[0.0])[0].is_finite());
    }
}

//! The stopping rule of Adaptive-Consistency for any number of answers, under a Dirichlet posterior.

use super::gamma::ln_gamma;
use super::tally::Tally;

/// How many answers the leader is held against: those with the most votes.
const RIVALS: usize = 4;

/// Nodes per standard deviation of the integrand, and how many deviations are covered.
const NODES: f64 = 4.0;
const REACH: f64 = 9.0;
/// How many standard deviations below its mean a Poisson variable is never found.
const TAIL: f64 = 12.0;

/// Returns P(p₁ > every other pᵢ | Dirichlet(c₁ + 1, c₂ + 1, …)): how sure the votes make it that
/// the leader would win a vote without end, 0 to 1; 0 before the first vote.
///
/// Only the five answers with the most votes count. A lone answer is held against one that nobody
/// has given.
///
/// Source: Aggarwal et al., "Let's Sample Step by Step: Adaptive-Consistency" (arXiv 2305.11860).
pub fn dirichlet_confidence<K>(tally: &Tally<K>) -> f64 {
    leader_confidence(&Groups::of(tally), 0)
}

/// Votes of the leader, and those of the others: equal ones together.
#[derive(Debug)]
pub(super) struct Groups {
    leader: u64,
    /// Votes, and how many answers have that many.
    others: Vec<(u64, i32)>,
}

impl Groups {
    pub(super) fn of<K>(tally: &Tally<K>) -> Self {
        let (leader, _) = tally.front();
        let mut votes: Vec<u64> = tally.counts().map(|(_, votes)| votes).collect();
        votes.sort_unstable();
        votes.pop();
        votes.drain(..votes.len().saturating_sub(RIVALS));
        if votes.is_empty() {
            votes.push(0);
        }
        let groups = votes.chunk_by(|a, b| a == b);
        let others = groups.map(|group| (group[0], group.len() as i32));
        Self {
            leader,
            others: others.collect(),
        }
    }
}

/// Returns the confidence after `further` more votes for the leader.
///
/// Shares drawn from a Dirichlet distribution rank as independent gamma variables do, so the
/// probability is the integral of the leader's gamma density times the others' distribution
/// functions. In ln x the integrand is smooth and dies away on both sides, and the plain sum over
/// equally spaced nodes is exact to rounding.
pub(super) fn leader_confidence(groups: &Groups, further: u64) -> f64 {
    let leader = groups.leader + further;
    if leader == 0 {
        return 0.0;
    }
    let shape = (leader + 1) as f64;
    let deviation = shape.sqrt().recip();
    let step = deviation / NODES;
    let norm = step.ln() - ln_gamma(shape);
    // The left flank falls off as x^shape, more slowly than a bell.
    let left = -(REACH + REACH * REACH / 2.0 * deviation) * NODES;
    let nodes = left.floor() as i32..=(REACH * NODES) as i32;
    let mut sum = 0.0;
    for node in nodes {
        let ln_x = shape.ln() + f64::from(node) * step;
        let x = ln_x.exp();
        let density = (norm + shape * ln_x - x).exp();
        if density > f64::MIN_POSITIVE {
            sum += density * all_below(&groups.others, ln_x);
        }
    }
    sum.min(1.0)
}

/// Returns the probability that each of the others' gamma variables is below x.
fn all_below(others: &[(u64, i32)], ln_x: f64) -> f64 {
    let x = ln_x.exp();
    // P(gamma of shape k > x) is the sum of e^-x x^j / j! over j < k. Terms far below the largest
    // one add nothing, and the first of them would be no number at all.
    let first = (x - TAIL * x.sqrt()).max(0.0).floor();
    let mut term = if first == 0.0 {
        (-x).exp()
    } else {
        (first * ln_x - x - ln_gamma(first + 1.0)).exp()
    };
    let mut next = first as u64;
    let mut above = 0.0;
    let mut product = 1.0;
    // The groups come in rising order, so one pass serves all.
    for &(votes, answers) in others {
        while next <= votes {
            above += term;
            next += 1;
            term *= x / next as f64;
        }
        product *= f64::max(0.0, 1.0 - above).powi(answers);
    }
    product
}

//! Best of n: the candidate to which a judge gives the highest score.

use serde::{Deserialize, Serialize};

use crate::voting::numeric::by_tie_break;
use crate::voting::rule::{Decision, TieBreak};

/// The result of choosing by scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestOf {
    /// The winner's number; `None` without a consensus.
    pub winner: Option<usize>,
    /// Why there is a winner, or none.
    pub decision: Decision,
    /// The candidates that have a score, best first; equal ones in their order.
    pub ranking: Vec<ScoredCandidate>,
    /// Candidates without a score.
    pub abstentions: u64,
}

/// A candidate and its score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredCandidate {
    /// The candidate's number, from 0.
    pub candidate: usize,
    /// The judge's score.
    pub score: f64,
}

/// Chooses the candidate with the highest score.
///
/// `None` and NaN stand for a judgement that failed: that candidate cannot win. Of several with
/// the highest score the first wins, or with [`TieBreak::NoConsensus`] nobody. Without any score
/// the decision is [`Decision::QuorumMissed`].
///
/// ```
/// use patterns_parallel::{TieBreak, best_of_n};
///
/// let best = best_of_n(&[Some(6.5), None, Some(9.0)], TieBreak::FirstSeen);
/// assert_eq!(best.winner, Some(2));
/// ```
pub fn best_of_n(scores: &[Option<f64>], tie_break: TieBreak) -> BestOf {
    let scored = |(candidate, score): (usize, &Option<f64>)| {
        let score = score.filter(|it| !it.is_nan())?;
        Some(ScoredCandidate { candidate, score })
    };
    let mut ranking: Vec<ScoredCandidate> = scores.iter().enumerate().filter_map(scored).collect();
    // Negative zero is zero; a stable sort keeps the candidates' order.
    ranking.sort_by(|a, b| (b.score + 0.0).total_cmp(&(a.score + 0.0)));
    let decision = match ranking.as_slice() {
        [] => Decision::QuorumMissed,
        [_] => Decision::Won,
        [best, next, ..] => by_tie_break(best.score == next.score, tie_break),
    };
    let winner = ranking.first().filter(|_| decision.is_won());
    BestOf {
        winner: winner.map(|it| it.candidate),
        decision,
        abstentions: (scores.len() - ranking.len()) as u64,
        ranking,
    }
}

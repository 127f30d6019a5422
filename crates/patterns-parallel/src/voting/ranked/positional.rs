//! Rules that give points by place: Borda, approval, mean reciprocal rank.

use super::Rankings;
use super::election::Tally;

/// Returns twice each option's Borda score, which is a whole number.
pub(super) fn doubled_borda(rankings: &Rankings) -> Vec<u64> {
    let options = rankings.options.len();
    let mut scores = vec![0; options];
    for ballot in &rankings.ballots {
        let unranked = (options - ballot.len()) as u64;
        let mut points = vec![unranked.saturating_sub(1); options];
        for (place, option) in ballot.iter().enumerate() {
            points[*option] = 2 * (options - 1 - place) as u64;
        }
        for (score, points) in scores.iter_mut().zip(points) {
            *score += points;
        }
    }
    scores
}

pub(super) fn borda(rankings: &Rankings) -> Tally {
    let doubled = doubled_borda(rankings);
    let scores = doubled.iter().map(|it| *it as f64 / 2.0).collect();
    Tally::by_score(scores, doubled)
}

pub(super) fn approval(rankings: &Rankings, places: usize) -> Tally {
    let mut votes = vec![0_u64; rankings.options.len()];
    for ballot in &rankings.ballots {
        for option in ballot.iter().take(places) {
            votes[*option] += 1;
        }
    }
    Tally::by_score(votes.iter().map(|it| *it as f64).collect(), votes)
}

pub(super) fn mean_reciprocal_rank(rankings: &Rankings) -> Tally {
    let options = rankings.options.len();
    // Summed place by place, so that the order of the ballots does not matter.
    let mut votes = vec![vec![0_u64; options]; options];
    for ballot in &rankings.ballots {
        for (place, option) in ballot.iter().enumerate() {
            votes[*option][place] += 1;
        }
    }
    let reciprocal = |(place, votes): (usize, &u64)| *votes as f64 / (place + 1) as f64;
    let sums = votes
        .iter()
        .map(|it| it.iter().enumerate().map(reciprocal).sum());
    let ballots = rankings.ballots.len().max(1) as f64;
    let scores: Vec<f64> = sums.map(|sum: f64| sum / ballots).collect();
    // Sums of fractions that should be equal may differ in their last digits.
    let keys = scores.iter().map(|it| (it * 1e12).round() as u64).collect();
    Tally::by_score(scores, keys)
}

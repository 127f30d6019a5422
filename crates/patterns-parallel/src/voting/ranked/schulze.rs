//! The Schulze method: paths of pairwise defeats.

use super::Rankings;
use super::election::Tally;
use super::positional::doubled_borda;

/// Returns how many ballots prefer each option (row) to each other one (column). Options that a
/// ballot ranks are preferred to those that it does not.
pub(super) fn preferences(rankings: &Rankings) -> Vec<Vec<u64>> {
    let options = rankings.options.len();
    let mut preferences = vec![vec![0; options]; options];
    for ballot in &rankings.ballots {
        let mut is_lower = vec![true; options];
        for option in ballot {
            is_lower[*option] = false;
            for (count, is_lower) in preferences[*option].iter_mut().zip(&is_lower) {
                *count += u64::from(*is_lower);
            }
        }
    }
    preferences
}

/// Returns the option that more ballots prefer to each other one than the other way round.
pub(super) fn condorcet_winner(preferences: &[Vec<u64>]) -> Option<usize> {
    let beats = |a: usize, b: usize| preferences[a][b] > preferences[b][a];
    let options = 0..preferences.len();
    options
        .clone()
        .find(|a| options.clone().all(|b| *a == b || beats(*a, b)))
}

pub(super) fn schulze(rankings: &Rankings) -> Tally {
    let paths = strongest_paths(&preferences(rankings));
    let beats = |a: usize, b: usize| paths[a][b] > paths[b][a];
    let options = 0..paths.len();
    let beaten = |a: usize| options.clone().filter(|b| beats(a, *b)).count();
    let scores: Vec<f64> = options.clone().map(|it| beaten(it) as f64).collect();
    let layers = layers(paths.len(), beats);
    let is_unique = layers.iter().filter(|it| **it == 0).count() == 1;
    let borda = doubled_borda(rankings);
    let key = |(layer, borda): (&usize, u64)| ((paths.len() - layer) as u64, borda);
    let keys = layers.iter().zip(borda).map(key).collect();
    Tally {
        scores,
        keys,
        is_borda: !is_unique,
        is_tie_broken: false,
    }
}

/// Returns the strength of the strongest path between any two options: that of its weakest link,
/// a link being a defeat and as strong as the votes for the winner (the algorithm of Floyd and
/// Warshall, as in section 2.3 of the paper).
fn strongest_paths(preferences: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let options = preferences.len();
    let mut paths = vec![vec![0; options]; options];
    for a in 0..options {
        for b in 0..options {
            if preferences[a][b] > preferences[b][a] {
                paths[a][b] = preferences[a][b];
            }
        }
    }
    for via in 0..options {
        let onward = paths[via].clone();
        for (from, row) in paths.iter_mut().enumerate() {
            let first = row[via];
            for (to, strength) in row.iter_mut().enumerate().filter(|(to, _)| *to != from) {
                *strength = (*strength).max(first.min(onward[to]));
            }
        }
    }
    paths
}

/// Returns for each option how many times the unbeaten ones must go before it is one of them.
fn layers(options: usize, beats: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut layers = vec![0; options];
    let mut left: Vec<usize> = (0..options).collect();
    for layer in 0..options {
        let is_beaten = |it: &usize| left.iter().any(|other| beats(*other, *it));
        let (beaten, unbeaten): (Vec<usize>, Vec<usize>) =
            left.iter().partition(|it| is_beaten(it));
        for option in unbeaten {
            layers[option] = layer;
        }
        left = beaten;
    }
    layers
}

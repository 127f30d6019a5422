//! Instant-runoff voting: options are struck out, and their ballots go to the next choice.

use super::Rankings;
use super::election::Tally;
use super::positional::doubled_borda;

pub(super) fn irv(rankings: &Rankings) -> Tally {
    let options = rankings.options.len();
    let borda = doubled_borda(rankings);
    let mut is_out = vec![false; options];
    let mut tally = Tally {
        scores: vec![0.0; options],
        keys: vec![(0, 0); options],
        is_borda: false,
        is_tie_broken: false,
    };
    for round in 0..options {
        let votes = first_choices(rankings, &is_out);
        let left: Vec<usize> = (0..options).filter(|it| !is_out[*it]).collect();
        let tied = weakest(&left, &votes, &borda);
        // Of equal ones the last goes.
        let Some(last) = tied.last().copied() else {
            break;
        };
        tally.is_tie_broken |= tied.len() > 1 && matters(&votes, &left, &tied);
        // The last one has all ballots that are left; what it won with is the round before.
        for option in left.iter().filter(|_| left.len() > 1 || options == 1) {
            tally.scores[*option] = votes[*option] as f64;
        }
        tally.keys[last] = (round as u64, 0);
        is_out[last] = true;
    }
    tally
}

/// Returns those of the options left that have the fewest votes, and of these the fewest points.
fn weakest(left: &[usize], votes: &[u64], borda: &[u64]) -> Vec<usize> {
    let standing = |it: &usize| (votes[*it], borda[*it]);
    let least = left.iter().map(standing).min();
    let is_least = |it: &&usize| Some(standing(it)) == least;
    left.iter().filter(is_least).copied().collect()
}

/// Returns for each option how many ballots prefer it to all others that are left.
fn first_choices(rankings: &Rankings, is_out: &[bool]) -> Vec<u64> {
    let mut votes = vec![0; is_out.len()];
    for ballot in &rankings.ballots {
        if let Some(first) = ballot.iter().find(|it| !is_out[**it]) {
            votes[*first] += 1;
        }
    }
    votes
}

/// Returns whether it may change the winner which of the tied ones goes first.
///
/// It does not if one option has more than half of the votes. Nor does it if the tied ones have
/// fewer votes together than any other: whatever goes from one to another, they all go next.
fn matters(votes: &[u64], left: &[usize], tied: &[usize]) -> bool {
    let total: u64 = votes.iter().sum();
    let together: u64 = tied.iter().map(|it| votes[*it]).sum();
    let most = left.iter().map(|it| votes[*it]).max().unwrap_or(0);
    let others = left.iter().filter(|it| !tied.contains(it));
    let is_hopeless = others
        .map(|it| votes[*it])
        .min()
        .is_some_and(|it| together < it);
    most * 2 <= total && !is_hopeless
}

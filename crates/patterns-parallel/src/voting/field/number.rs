//! Decides a number, or text that is read as one, by the median.

use serde_json::Value;

use super::leaf::{Verdict, counts};
use crate::voting::numeric::{Reading, Tolerance, middles, read_number, sorted, spread};
use crate::voting::rule::{Decision, TieBreak, by_tie_break};

/// Decides a number. Nulls have been counted elsewhere.
pub(super) fn decide(
    ballots: &[Option<&Value>],
    tolerance: Tolerance,
    tie_break: TieBreak,
) -> Verdict {
    let votes = sorted(ballots.iter().map(|it| read(*it)));
    let (value, agreeing, decision) = match median(&votes, tolerance, tie_break) {
        Some((winner, agreeing, decision)) => {
            let value = ballots.get(winner.voter).copied().flatten();
            (value.cloned(), agreeing, decision)
        }
        None => (None, 0, Decision::QuorumMissed),
    };
    let readable = ballots
        .iter()
        .map(|it| it.filter(|it| read(Some(it)).is_some()));
    let readable: Vec<Option<&Value>> = readable.collect();
    Verdict {
        value,
        counts: counts(&readable),
        spread: spread(&votes),
        ..Verdict::without_winner(decision, agreeing, votes.len())
    }
}

fn read(ballot: Option<&Value>) -> Option<f64> {
    match ballot? {
        Value::String(text) => read_number(text),
        value => value.as_f64(),
    }
}

/// Returns the vote in the middle, how many agree with it, and the decision.
fn median(
    votes: &[Reading],
    tolerance: Tolerance,
    tie_break: TieBreak,
) -> Option<(Reading, usize, Decision)> {
    let (low, high) = middles(votes)?;
    let winner = if low.voter <= high.voter { low } else { high };
    let agreeing = votes
        .iter()
        .filter(|it| tolerance.holds(it.value, winner.value));
    let is_tied = !tolerance.holds(low.value, high.value);
    Some((winner, agreeing.count(), by_tie_break(is_tied, tie_break)))
}

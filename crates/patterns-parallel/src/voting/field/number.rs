//! Decides a number, or text that is read as one.

use serde_json::{Number, Value};

use super::FieldRule;
use super::leaf::{Verdict, counts};
use super::shape::Kind;
use crate::voting::numeric::{
    Reading, Tolerance, by_tie_break, decide_numbers, largest_cluster, middles, read_number,
    sorted, spread,
};
use crate::voting::rule::{Decision, TieBreak};

/// Decides a number. Nulls have been counted elsewhere.
pub(super) fn decide(
    ballots: &[Option<&Value>],
    kind: &Kind<'_>,
    rule: FieldRule,
    tie_break: TieBreak,
) -> Verdict {
    let numbers: Vec<Option<f64>> = ballots.iter().map(|it| read(*it)).collect();
    let votes = sorted(numbers.iter().copied());
    let winner = match rule {
        FieldRule::Median(tolerance) => median(&votes, tolerance, tie_break),
        FieldRule::Cluster(tolerance) => cluster(&votes, tolerance, tie_break),
        _ => None,
    };
    let (value, agreeing, decision) = match winner {
        Some((winner, agreeing, decision)) => {
            let value = ballots.get(winner.voter).copied().flatten();
            (value.cloned(), agreeing, decision)
        }
        None => mean(&numbers, kind, rule, tie_break),
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

/// Returns the vote in the middle, those that agree with it, and the decision.
type Winner = Option<(Reading, usize, Decision)>;

fn median(votes: &[Reading], tolerance: Tolerance, tie_break: TieBreak) -> Winner {
    let (low, high) = middles(votes)?;
    let winner = if low.voter <= high.voter { low } else { high };
    let agreeing = votes
        .iter()
        .filter(|it| tolerance.holds(it.value, winner.value));
    let is_tied = !tolerance.holds(low.value, high.value);
    Some((winner, agreeing.count(), by_tie_break(is_tied, tie_break)))
}

fn cluster(votes: &[Reading], tolerance: Tolerance, tie_break: TieBreak) -> Winner {
    let (members, is_tied) = largest_cluster(votes, tolerance);
    let (low, high) = middles(members)?;
    let winner = if low.voter <= high.voter { low } else { high };
    Some((winner, members.len(), by_tie_break(is_tied, tie_break)))
}

fn mean(
    numbers: &[Option<f64>],
    kind: &Kind<'_>,
    rule: FieldRule,
    tie_break: TieBreak,
) -> (Option<Value>, usize, Decision) {
    // Rules are checked when they are read; one that is not decides nothing.
    let Ok(election) = decide_numbers(numbers, rule.numeric(), tie_break) else {
        return (None, 0, Decision::QuorumMissed);
    };
    let value = election.value.and_then(|value| match kind {
        Kind::Integer => Some(Value::from(value.round() as i64)),
        _ => Number::from_f64(value).map(Value::Number),
    });
    (value, election.vote_count as usize, election.decision)
}

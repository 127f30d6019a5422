//! Decides one field that is decided as a whole.

use patterns_core::{SchemaKind, SchemaView};
use serde_json::Value;

use super::field_rule::FieldRule;
use super::field_ruling::{FieldRuling, canonical_counts, counts};
use crate::canonical::canonical;
use crate::voting::ballot::Ballot;
use crate::voting::judge::Judgements;
use crate::voting::rules::number::{read_number, sorted, spread};
use crate::voting::rules::{Decision, Median, Plurality, Rule, TieBreak};

/// Decides a field; a missing ballot is an abstention.
pub(super) fn leaf(
    ballots: &[Option<&Value>],
    kind: &SchemaKind<'_>,
    shape: &SchemaView<'_>,
    rule: FieldRule,
    tie_break: TieBreak,
) -> FieldRuling {
    if let FieldRule::Plurality(rule) = rule {
        return most_votes(ballots, kind, rule, tie_break);
    }
    if let Some(ruling) = null_wins(ballots, tie_break) {
        return ruling;
    }
    let ruling = match rule {
        FieldRule::Union(rule) => rule.decide(ballots, shape),
        FieldRule::Median(rule) => middle(ballots, rule, tie_break),
        FieldRule::Plurality(rule) => most_votes(ballots, kind, rule, tie_break),
    };
    let nulls = ballots.iter().flatten().filter(|it| it.is_null());
    ruling.with_nulls(nulls.count() as u64)
}

/// Returns the ruling if null has at least as many votes as all else, or if nobody voted.
pub(super) fn null_wins(ballots: &[Option<&Value>], tie_break: TieBreak) -> Option<FieldRuling> {
    let mut cast = ballots.iter().flatten().peekable();
    let is_first = cast.peek().is_some_and(|it| it.is_null());
    let (nulls, others): (Vec<&Value>, Vec<&Value>) = cast.partition(|it| it.is_null());
    let total = nulls.len() + others.len();
    let decision = match nulls.len().cmp(&others.len()) {
        _ if total == 0 => Decision::QuorumMissed,
        std::cmp::Ordering::Less => return None,
        std::cmp::Ordering::Greater => Decision::Won,
        std::cmp::Ordering::Equal => match tie_break.decide(true) {
            Decision::WonByTieBreak if !is_first => return None,
            decision => decision,
        },
    };
    Some(FieldRuling {
        value: Some(Value::Null),
        counts: canonical_counts(ballots),
        ..FieldRuling::without_winner(decision, nulls.len(), total)
    })
}

fn most_votes(
    ballots: &[Option<&Value>],
    kind: &SchemaKind<'_>,
    rule: Plurality,
    tie_break: TieBreak,
) -> FieldRuling {
    let key = |value: &Value| match kind {
        SchemaKind::Choice(_) => value.to_string(),
        _ => canonical(value),
    };
    // The very rule that decides on plain answers decides here; keys stand for the values.
    let stand_in = |it: &Option<&Value>| {
        let key = it.map(key);
        Ballot::new("", key.clone(), key)
    };
    let stand_ins: Vec<Ballot> = ballots.iter().map(stand_in).collect();
    let ruling = rule.decide(&stand_ins, tie_break, &Judgements::default());
    let counts = counts(ballots.iter().copied().flatten(), key);
    FieldRuling {
        value: counts.first().map(|it| it.value.clone()),
        decision: ruling.decision,
        votes: ruling.vote_count,
        total: ruling.total_votes,
        counts,
        agreement: None,
        spread: None,
    }
}

/// Decides a number, or text that is read as one. Nulls have been counted elsewhere.
fn middle(ballots: &[Option<&Value>], rule: Median, tie_break: TieBreak) -> FieldRuling {
    let votes = sorted(ballots.iter().map(|it| read(*it)));
    let (value, agreeing, decision) = match rule.among(&votes, tie_break) {
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
    FieldRuling {
        value,
        counts: canonical_counts(&readable),
        spread: spread(&votes),
        ..FieldRuling::without_winner(decision, agreeing, votes.len())
    }
}

fn read(ballot: Option<&Value>) -> Option<f64> {
    match ballot? {
        Value::String(text) => read_number(text),
        value => value.as_f64(),
    }
}

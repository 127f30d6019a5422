//! What voting on objects field by field returns.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::field_rule::FieldRule;
use super::field_ruling::ValueCount;
use crate::voting::rules::{Decision, Spread};

/// The result of voting on objects field by field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectElection {
    /// The answer put together from the winners.
    ///
    /// A field without a winner is null where the schema allows that, else left out.
    pub value: Value,
    /// Whether `value` has all that the schema requires. If not, do not use it as an answer: each
    /// field that is missing is in `fields` with the [`Decision`] that says why.
    pub is_complete: bool,
    /// How many ballots there are.
    pub total_ballots: u64,
    /// One election per field, in the order of the schema.
    pub fields: Vec<FieldElection>,
}

/// How one field was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldElection {
    /// Where the field is, as a JSON pointer (RFC 6901); empty for the whole answer.
    pub path: String,
    /// The rule that decided.
    pub rule: FieldRule,
    /// The winner; null if null won, and without a winner.
    pub value: Value,
    /// Why there is a winner, or none.
    pub decision: Decision,
    /// How many ballots agree with the winner: equal to it, within the tolerance, or with the same
    /// items.
    pub votes: u64,
    /// How many ballots have the field, null included.
    pub total: u64,
    /// `votes` as a share of `total`, 0 to 1. Of lists, ballots can agree in part: it is the share of
    /// all items, seen by all ballots, on which a ballot and the result agree that they are in or out.
    pub share: f64,
    /// Ballots without the field, or with something else in its place.
    pub abstentions: u64,
    /// Each value (of a list: each item) with its votes, most votes first, ties in the order seen.
    pub counts: Vec<ValueCount>,
    /// How far numbers lie apart.
    pub spread: Option<Spread>,
}

//! Holds what a rule found that counts of votes don't say: weights, how far numbers lie apart, judgements, fields.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::count::AnswerCount;
use super::tie_break::Decision;

/// What counts of votes don't say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Of votes that weigh differently.
    Weighted {
        /// The weight of those who voted for the leading answer.
        weight: f64,
        /// The weight of all valid votes.
        total_weight: f64,
        /// Each answer with its weight, the heaviest first, ties in the order seen.
        counts: Vec<AnswerCount>,
    },
    /// Of numbers.
    Numeric {
        /// How far they lie apart.
        spread: Spread,
    },
    /// Of answers that a judge was asked about.
    Judged {
        /// The name of the rule.
        rule: &'static str,
        /// How many judgements were asked for.
        judgements: u64,
        /// How many of them were not given.
        failed: u64,
        /// Under `best-of`, how many pairs got another verdict in the other order, which makes them ties.
        #[serde(skip_serializing_if = "Option::is_none")]
        flipped: Option<u64>,
        /// The distinct answers, best first.
        answers: Vec<AnswerCount>,
    },
    /// Of objects that were decided field by field.
    Fields {
        /// The answer put together from the winners.
        ///
        /// A field without a winner is null where the schema allows that, else left out.
        value: Value,
        /// Whether `value` has all that the schema requires. If not, do not use it as an answer: each
        /// field that is missing is in `fields` with the [`Decision`] that says why.
        is_complete: bool,
        /// How many ballots there are.
        total_ballots: u64,
        /// One election per field, in the order of the schema.
        fields: Vec<FieldElection>,
    },
}

/// How far numbers lie apart. Quartiles are interpolated linearly between the sorted votes
/// (definition 7 of Hyndman and Fan 1996, the one of R, NumPy and spreadsheets).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The least vote.
    pub min: f64,
    /// A quarter of the votes are below.
    pub lower_quartile: f64,
    /// A quarter of the votes are above.
    pub upper_quartile: f64,
    /// The greatest vote.
    pub max: f64,
    /// The upper quartile less the lower: the width of the middle half.
    pub interquartile_range: f64,
}

/// How one field was decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldElection {
    /// Where the field is, as a JSON pointer (RFC 6901); empty for the whole answer.
    pub path: String,
    /// The rule that decided.
    pub rule: String,
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
    #[serde(serialize_with = "named")]
    pub counts: Vec<(Value, u64)>,
    /// How far numbers lie apart.
    pub spread: Option<Spread>,
}

impl FieldElection {
    /// Makes what is known of the votes alone: the leading value, and how many of a total it has.
    pub(in crate::voting) fn new(
        value: Value,
        decision: Decision,
        votes: u64,
        total: usize,
    ) -> Self {
        Self {
            path: String::new(),
            rule: String::new(),
            value,
            decision,
            votes,
            total: total as u64,
            share: votes as f64 / total.max(1) as f64,
            abstentions: 0,
            counts: Vec::new(),
            spread: None,
        }
    }
}

fn named<S: Serializer>(counts: &[(Value, u64)], to: S) -> Result<S::Ok, S::Error> {
    let named = |(value, votes): &(Value, u64)| json!({"value": value, "votes": votes});
    to.collect_seq(counts.iter().map(named))
}

//! What a piece of work has used: calls, attempts and tokens.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Money;

/// Counts what was sent to and billed by providers, failed work included.
///
/// Every quantity adds up: the usage of a run is the sum over its branches, and that of a branch
/// the sum over its calls. Sums saturate, because a provider may report absurd numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Requests that agents made; a repair re-ask is a further call.
    pub calls: u64,
    /// HTTP tries of those calls.
    pub attempts: u64,
    /// Tokens read by the model, cached ones included.
    pub input_tokens: u64,
    /// The part of `input_tokens` that the provider served from its prompt cache.
    pub cached_input_tokens: u64,
    /// The part of `input_tokens` that the provider wrote into its prompt cache, where that is billed
    /// apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
    /// Tokens written by the model, hidden reasoning included.
    pub output_tokens: u64,
    /// The part of `output_tokens` spent on hidden reasoning.
    pub reasoning_tokens: u64,
    /// What the provider says that it has billed, where it does: that is the truth, whatever a table of
    /// prices says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub billed: Option<Money>,
    /// What all of it costs, as far as that was known when it was used: what was billed, or the price of the
    /// tier and the key that it was used at. It is not written down with the rest.
    #[serde(skip)]
    pub cost: Option<Money>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// Returns input and output tokens together.
    pub fn total_tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            attempts: self.attempts.saturating_add(other.attempts),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cached_input_tokens: self
                .cached_input_tokens
                .saturating_add(other.cached_input_tokens),
            cache_write_tokens: self
                .cache_write_tokens
                .saturating_add(other.cache_write_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            reasoning_tokens: self.reasoning_tokens.saturating_add(other.reasoning_tokens),
            billed: sum(self.billed, other.billed),
            cost: sum(self.cost, other.cost),
        }
    }
}

fn sum(one: Option<Money>, other: Option<Money>) -> Option<Money> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

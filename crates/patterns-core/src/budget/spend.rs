//! What is spent, what it may come to, and which cap stood in the way.

use std::fmt;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use super::Money;

/// What some work costs, or may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// Attempts sent to a provider: first ones, retries, hedges and repairs alike, failed ones
    /// included.
    pub calls: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// The price of them; `None` if that of some of them is not known.
    pub cost: Option<Money>,
}

impl Spend {
    /// Nothing, at the known price of nothing.
    pub const ZERO: Self = Self {
        calls: 0,
        tokens: 0,
        cost: Some(Money::ZERO),
    };
}

impl Default for Spend {
    fn default() -> Self {
        Self::ZERO
    }
}

/// Adds up; an unknown cost makes the sum unknown.
impl Add for Spend {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost.zip(other.cost).map(|(a, b)| a + b),
        }
    }
}

impl AddAssign for Spend {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The most that may be spent; what is `None` is not capped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// Attempts sent to a provider, of any kind; see [`Spend::calls`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<u64>,
    /// Tokens read and written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Money>,
}

impl Caps {
    /// Returns the first cap that `parts` together are above. A cost that is not known is above
    /// any cap.
    pub(super) fn exceeded_by(&self, parts: &[Spend]) -> Option<Limit> {
        let sum = |part: fn(&Spend) -> u64| {
            let mut numbers = parts.iter().map(part);
            numbers.try_fold(0_u64, u64::checked_add)
        };
        let cost = || {
            let mut costs = parts.iter().map(|it| it.cost);
            costs.try_fold(Money::ZERO, |sum, it| sum.checked_add(it?))
        };
        let is_above = |sum: Option<u64>, cap: u64| sum.is_none_or(|sum| sum > cap);
        let calls = self
            .max_calls
            .filter(|cap| is_above(sum(|it| it.calls), *cap));
        let tokens = self
            .max_tokens
            .filter(|cap| is_above(sum(|it| it.tokens), *cap));
        let money = self
            .max_cost
            .filter(|cap| cost().is_none_or(|sum| sum > *cap));
        calls
            .map(Limit::Calls)
            .or(tokens.map(Limit::Tokens))
            .or(money.map(Limit::Cost))
    }
}

/// One cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// On attempts sent to a provider.
    Calls(u64),
    /// On tokens.
    Tokens(u64),
    /// On money.
    Cost(Money),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(cap) => write!(f, "{cap} calls"),
            Self::Tokens(cap) => write!(f, "{cap} tokens"),
            Self::Cost(cap) => cap.fmt(f),
        }
    }
}

/// A budget that has no room for an attempt and never will again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cap of {limit} leaves no room for another attempt")]
#[non_exhaustive]
pub struct Exhausted {
    /// The cap that stood in the way.
    pub limit: Limit,
}

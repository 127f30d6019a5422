//! A plan, as it is shown and written.

use std::num::NonZeroU32;
use std::ops::Add;

use patterns_core::{Money, Pattern};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::earlier_plans::EarlierPlans;
use crate::input::Taken;
use crate::pattern::ReduceBudget;

/// What a job would do and cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// What the run would be for, as a digest: the same as that of the run.
    #[serde(skip)]
    pub identity: [u8; 32],
    /// What it executes.
    pub pattern: Pattern,
    /// The models, by their full names.
    pub models: Vec<String>,
    /// How much of the input is worked on, where that may be not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Taken>,
    /// Its stages, in the order in which they begin.
    pub stages: Vec<Stage>,
    /// All of them together.
    pub total: PlanTotal,
    /// How long it takes, in seconds, and what that rests on.
    pub seconds: Figure<f64>,
    /// The assumptions and limits behind the time.
    pub time_rests_on: String,
    /// How far earlier plans of the store were off, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierPlans>,
    /// What the user should know before.
    pub warnings: Vec<String>,
}

/// All calls for one purpose to one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Their purpose: `map`, `reduce`, `ballot`, …
    pub stage: String,
    /// Of combinations in a tree, the level, from 1, where there are several and not too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<NonZeroU32>,
    /// Who is asked.
    pub model: String,
    /// Calls whose answers are in the store; they cost nothing.
    pub found: u64,
    /// Calls that are sent, re-asks included.
    pub calls: Figure<u64>,
    /// Tokens that are read.
    pub read: Figure<u64>,
    /// Those of them that the provider's prompt cache may serve, at most.
    pub cached: u64,
    /// Tokens that are written.
    pub written: Figure<u64>,
    /// What that costs; `None` if the price is not known.
    pub cost: Option<Figure<Money>>,
    /// How many answers a call combines, where it combines any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub combines: Option<Combines>,
    /// The first call that is sent; `None` if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_prompt: Option<FirstPrompt>,
}

/// How many answers the calls of a stage combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Combines {
    /// How many tokens of them at most: what the run goes by.
    #[serde(flatten)]
    pub budget: ReduceBudget,
    /// The most answers that one of them combines.
    pub answers: u64,
}

/// A call, as the model gets it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstPrompt {
    /// The standing instructions.
    pub instructions: String,
    /// What is asked.
    pub prompt: String,
    /// The schema of the answer.
    pub schema: Option<Value>,
}

/// All stages together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanTotal {
    /// Calls whose answers are in the store.
    pub found: u64,
    /// Calls that are sent.
    pub calls: Figure<u64>,
    /// Tokens that are read.
    pub read: Figure<u64>,
    /// Tokens that are written.
    pub written: Figure<u64>,
    /// What that costs; `None` if the price of a model that is asked is not known.
    pub cost: Option<Figure<Money>>,
}

/// Something that is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure<T> {
    /// It will hardly be less.
    pub low: T,
    /// It will be about that.
    pub likely: T,
    /// It will hardly be more.
    pub high: T,
}

impl<T> Figure<T> {
    /// Makes one of three numbers, in order.
    pub(super) fn of(low: T, likely: T, high: T) -> Self {
        Self { low, likely, high }
    }

    fn plus(self, other: Self, add: fn(T, T) -> T) -> Self {
        let Self { low, likely, high } = other;
        Self::of(
            add(self.low, low),
            add(self.likely, likely),
            add(self.high, high),
        )
    }
}

impl PlanTotal {
    /// Adds stages up.
    pub(super) fn of(stages: &[Stage]) -> Self {
        let none = Self {
            cost: Some(Figure::default()),
            ..Self::default()
        };
        stages.iter().fold(none, |sum, it| Self {
            found: sum.found + it.found,
            calls: sum.calls.plus(it.calls, u64::saturating_add),
            read: sum.read.plus(it.read, u64::saturating_add),
            written: sum.written.plus(it.written, u64::saturating_add),
            cost: match (sum.cost, it.cost) {
                (Some(sum), Some(cost)) => Some(sum.plus(cost, Money::add)),
                _ => None,
            },
        })
    }
}

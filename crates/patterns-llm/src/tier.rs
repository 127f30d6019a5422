//! Says how urgently a provider is to answer, which it prices.
//!
//! A tier changes no answer, so it is no part of a call's identity: what was answered at one tier is not
//! paid for again at another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How urgently a provider is to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// As usual.
    #[default]
    Standard,
    /// When it has room, for about half the price: answers take minutes at times, and at times there is
    /// no room. Providers and models that have no such tier are asked at the standard one, and that is
    /// said.
    Flex,
}

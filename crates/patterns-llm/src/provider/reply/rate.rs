//! At what price an answer was given, as far as the provider tells. A tier may be the setting of a project and a
//! region that of a workspace, so the reply says what is billed, and not what was asked for.

use patterns_core::{Money, Usage};
use serde_json::Value;

use crate::price::{Price, share};
use crate::tier::Tier;

/// What costs more than usual, and how many percent of the usual price at most: tiers of OpenAI's and Google's
/// (`fast` is in no reply of theirs), a speed and a region of Anthropic's.
const DEARER: [(&str, u64); 4] = [
    ("priority", 250),
    ("fast", 600),
    ("ultrafast", 600),
    ("us", 110),
];

/// At what price an answer was given.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    pub(crate) tier: Option<Tier>,
    /// What makes it dearer than usual, and how many percent of the usual price it costs at most.
    pub(crate) dearer: Option<(&'static str, u64)>,
    /// How many tokens were written into the prompt cache for an hour, which cost twice what others cost.
    pub(crate) hour_tokens: u64,
}

/// The prices of a model, where they are known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) standard: Option<Price>,
    pub(crate) flex: Option<Price>,
}

impl Rate {
    /// Reads the name of a tier, of a speed or of a region.
    pub(crate) fn named(name: &str) -> Self {
        let tier = match name {
            "default" | "standard" | "on_demand" => Some(Tier::Standard),
            "flex" => Some(Tier::Flex),
            _ => None,
        };
        Self {
            tier,
            dearer: DEARER.into_iter().find(|it| it.0 == name),
            hour_tokens: 0,
        }
    }

    /// Reads the same where it may be anything.
    pub(crate) fn of(name: &Value) -> Self {
        name.as_str().map_or_else(Self::default, Self::named)
    }

    /// Returns what the usage of an answer costs that was asked for at the flex tier, or not.
    pub(crate) fn cost(self, usage: Usage, is_flex: bool, rates: Rates) -> Option<Money> {
        let is_flex = self
            .tier
            .map_or(is_flex && self.dearer.is_none(), |it| it == Tier::Flex);
        let price = if is_flex { rates.flex } else { rates.standard };
        let percent = self.dearer.map_or(100, |it| it.1);
        Some(share(price?.with_hours(usage, self.hour_tokens), percent))
    }
}

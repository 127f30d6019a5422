//! Turns what a rehearsal counted into figures: calls, tokens, money.
//!
//! How much is written is known best from the same stage of the same job (a run with a limit before), then
//! from such stages of other jobs, then from other calls to the model, and else a guess by what the stage is for. What is not known has wide
//! bounds.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use patterns_core::{ModelId, Money, Usage};
use patterns_llm::{Price, Prices, Tier};
use patterns_store::Experience;

use super::stage_tally::{StageName, StageTally};
use super::written_plan::{Combines, Figure, Stage};
use crate::pattern::ReduceBudget;

/// What one stage of one model came to: at least, on average over so many rehearsals, and at most.
pub(super) struct Counted<'a> {
    pub(super) low: &'a StageTally,
    pub(super) likely: &'a StageTally,
    pub(super) rounds: u64,
    pub(super) high: &'a StageTally,
}

/// What is known of models.
pub(super) struct Known<'a> {
    pub(super) prices: &'a Prices,
    /// The tier that calls are paid at.
    pub(super) tier: Tier,
    pub(super) experience: &'a Experience,
    /// Tokens that an answer has at most.
    pub(super) most_written: Option<u64>,
    pub(super) models: &'a BTreeMap<String, ModelId>,
    /// Models whose tokenizer is known.
    pub(super) counted: &'a [String],
    /// How much a call combines, if any does.
    pub(super) budget: Option<ReduceBudget>,
}

/// The fewest calls that say how much it writes.
const FEW: u64 = 5;

impl Known<'_> {
    /// Makes the figures of a stage.
    pub(super) fn stage(
        &self,
        name: &StageName,
        of: &Counted<'_>,
        longer: &BTreeMap<String, Figure<f64>>,
    ) -> Stage {
        let (stage, model) = (&*name.stage, &*name.model);
        let mean = |sum: u64| (sum as f64 / of.rounds as f64).round() as u64;
        let reasks = self.experience.reask_rate();
        let with_reasks = |calls: u64, rate: f64| calls + (calls as f64 * rate).round() as u64;
        let calls = Figure::of(
            of.low.calls,
            with_reasks(mean(of.likely.calls), reasks),
            with_reasks(of.high.calls, (2.0 * reasks).min(2.0)),
        );
        let read = self.read(name, of, reasks, longer);
        let each = self.written(stage, model, of);
        let written = Figure::of(
            (calls.low as f64 * each.low) as u64,
            (calls.likely as f64 * each.likely).round() as u64,
            (calls.high as f64 * each.high).ceil() as u64,
        );
        let cached = mean(of.likely.repeated).min(read.likely);
        let shares = of.likely.cache_shares();
        let combines = self.budget.filter(|_| stage == "reduce");
        let id = self.models.get(model);
        let price = id.and_then(|it| self.prices.find_at(it, self.tier));
        let cost = price.map(|price| cost(price, calls, read, (cached, shares), written));
        // Whatever a call would cost, none costs nothing.
        let cost = cost.or((calls.high == 0).then(Figure::default));
        Stage {
            stage: stage.to_owned(),
            level: NonZeroU32::new(name.level),
            model: model.to_owned(),
            found: mean(of.likely.found),
            calls,
            read,
            cached,
            written,
            cost,
            combines: combines.map(|budget| Combines {
                budget,
                answers: of.likely.answers,
            }),
            first_prompt: of.likely.first.clone(),
        }
    }

    /// Returns how many tokens more an answer has than its draft, which is what the stages after it are shown.
    pub(super) fn longer(&self, name: &StageName, of: &Counted<'_>) -> Figure<f64> {
        let each = self.written(&name.stage, &name.model, of);
        let drafted = of.likely.drafted as f64 / of.likely.calls.max(1) as f64;
        let more = |it: f64| {
            if of.likely.calls == 0 {
                0.0
            } else {
                (it - drafted).max(0.0)
            }
        };
        Figure::of(more(each.low), more(each.likely), more(each.high))
    }

    fn read(
        &self,
        name: &StageName,
        of: &Counted<'_>,
        reasks: f64,
        longer: &BTreeMap<String, Figure<f64>>,
    ) -> Figure<u64> {
        let rounds = of.rounds as f64;
        let spread = match of.likely.read_ratio() {
            Some(ratio) => Figure::of(0.95 * ratio, ratio, 1.05 * ratio),
            None if self.counted.contains(&name.model) => Figure::of(0.98, 1.03, 1.1),
            None => Figure::of(0.75, 1.0, 1.4),
        };
        let shown = match (&*name.stage, name.level) {
            ("reduce", _) if self.budget.is_none() => None,
            ("reduce", 0 | 1) => longer.get("map"),
            ("reduce", _) => longer.get("reduce"),
            ("synthesis", _) => longer.get("section"),
            _ => None,
        };
        let shown = shown.copied().unwrap_or_default();
        let low = of.low.read as f64 * spread.low + of.low.shown as f64 * shown.low;
        let likely = of.likely.read as f64 * spread.likely * (1.0 + reasks);
        let likely = (likely + of.likely.shown as f64 * shown.likely) / rounds;
        let high = of.high.read as f64 * spread.high * (1.0 + 2.0 * reasks);
        let high = high + of.high.shown as f64 * shown.high;
        Figure::of(low as u64, likely.round() as u64, high.ceil() as u64)
    }

    /// Returns how many tokens an answer has.
    fn written(&self, stage: &str, model: &str, of: &Counted<'_>) -> Figure<f64> {
        let seen = self.experience.models.get(model);
        let seen = seen.filter(|it| it.calls >= FEW && it.output_tokens > 0);
        let seen = seen.map(|it| it.output_tokens as f64 / it.calls as f64);
        let of_stage = self
            .experience
            .answers
            .get(&(stage.to_owned(), model.to_owned()));
        let of_stage = of_stage.filter(|it| it.count >= FEW && it.output_tokens > 0);
        let seen = of_stage.map(|it| it.output_tokens as f64).or(seen);
        let each = match (of.likely.mean_written(), seen) {
            (Some(mean), _) => Figure::of(0.85 * mean, mean, 1.2 * mean),
            (None, Some(mean)) => Figure::of(0.6 * mean, mean, 1.7 * mean),
            (None, None) => {
                let drafted = of.likely.drafted as f64 / of.likely.calls.max(1) as f64;
                let usual = usual(stage).max(drafted);
                Figure::of(0.4 * usual, usual, 3.0 * usual)
            }
        };
        let most = self.most_written.map_or(f64::INFINITY, |it| it as f64);
        Figure::of(
            each.low.min(most),
            each.likely.min(most),
            each.high.min(most),
        )
    }
}

/// Returns how many tokens an answer has where nothing is known of such ones.
fn usual(stage: &str) -> f64 {
    match stage {
        "section" | "rewrite" => 500.0,
        "synthesis" => 600.0,
        "reduce" => 300.0,
        "outline" | "map" => 150.0,
        _ => 80.0,
    }
}

/// What a stage costs: at least with all that may be cached, likely with the share of it that was in earlier
/// calls, and at most without any.
fn cost(
    price: Price,
    calls: Figure<u64>,
    read: Figure<u64>,
    (cached, shares): (u64, Option<(f64, f64)>),
    written: Figure<u64>,
) -> Figure<Money> {
    let of = |calls, input_tokens: u64, cached: u64, put: u64, output_tokens| {
        price.of_calls(Usage {
            calls,
            input_tokens,
            cached_input_tokens: cached.min(input_tokens),
            cache_write_tokens: put,
            output_tokens,
            ..Usage::default()
        })
    };
    let share = |tokens: u64, share: f64| (tokens as f64 * share).round() as u64;
    let (got, put) = shares.unwrap_or_default();
    let low = cached.max(share(read.low, got));
    Figure::of(
        of(calls.low, read.low, low, 0, written.low),
        of(
            calls.likely,
            read.likely,
            share(read.likely, got),
            share(read.likely, put),
            written.likely,
        ),
        of(
            calls.high,
            read.high,
            0,
            share(read.high, put),
            written.high,
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what a stage of calls to a model costs, in picodollars.
    fn likely(model: &str, tier: Tier, calls: u64, read: u64) -> u64 {
        let (prices, experience) = (Prices::known(), Experience::default());
        let models = BTreeMap::from([(model.to_owned(), ModelId::new("openai", model))]);
        let known = Known {
            prices: &prices,
            tier,
            experience: &experience,
            most_written: None,
            models: &models,
            counted: &[],
            budget: None,
        };
        let tally = StageTally {
            calls,
            read,
            ..StageTally::default()
        };
        let counted = Counted {
            low: &tally,
            likely: &tally,
            rounds: 1,
            high: &tally,
        };
        let name = StageName {
            stage: "map".to_owned(),
            level: 0,
            model: model.to_owned(),
        };
        let cost = known.stage(&name, &counted, &BTreeMap::new()).cost.unwrap();
        cost.likely.picodollars()
    }

    #[test]
    fn many_short_calls_cost_what_each_of_them_does_at_the_tier_that_is_paid() {
        let one = likely("gpt-6-luna", Tier::Standard, 1, 10_000);
        assert_eq!(
            likely("gpt-6-luna", Tier::Standard, 100, 1_000_000),
            100 * one
        );
        let usual = likely("gpt-5-mini", Tier::Standard, 10, 10_000);
        assert_eq!(2 * likely("gpt-5-mini", Tier::Flex, 10, 10_000), usual);
    }
}

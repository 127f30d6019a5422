//! Turns what a rehearsal counted into figures: calls, tokens, money, time.
//!
//! How much is written is known best from the same stage of the same job (a run with a limit before), then
//! from other calls to the model, and else a guess by what the stage is for. What is not known has wide
//! bounds.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use patterns_core::{ModelId, Money, Usage};
use patterns_llm::{Price, Prices, Tier};
use patterns_store::Experience;

use super::plan_setup::PlanSetup;
use super::stage_tally::StageTally;
use super::written_plan::{Figure, Stage};

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
}

/// The fewest calls to a model that say how much it writes.
const FEW: u64 = 5;

impl Known<'_> {
    /// Makes the figures of a stage.
    pub(super) fn stage(&self, stage: &str, model: &str, of: &Counted<'_>) -> Stage {
        let mean = |sum: u64| (sum as f64 / of.rounds as f64).round() as u64;
        let reasks = self.experience.reask_rate();
        let with_reasks = |calls: u64, rate: f64| calls + (calls as f64 * rate).round() as u64;
        let calls = Figure::of(
            of.low.calls,
            with_reasks(mean(of.likely.calls), reasks),
            with_reasks(of.high.calls, (2.0 * reasks).min(2.0)),
        );
        let read = self.read(model, of, reasks);
        let each = self.written(stage, model, of);
        let written = Figure::of(
            (calls.low as f64 * each.low) as u64,
            (calls.likely as f64 * each.likely).round() as u64,
            (calls.high as f64 * each.high).ceil() as u64,
        );
        let cached = mean(of.likely.repeated).min(read.likely);
        let id = self.models.get(model);
        let price = id.and_then(|it| self.prices.find_at(it, self.tier));
        Stage {
            stage: stage.to_owned(),
            model: model.to_owned(),
            found: mean(of.likely.found),
            calls,
            read,
            cached,
            written,
            cost: price.map(|price| cost(price, calls, read, cached, written)),
            first_prompt: of.likely.first.clone(),
        }
    }

    fn read(&self, model: &str, of: &Counted<'_>, reasks: f64) -> Figure<u64> {
        let likely = of.likely.read as f64 / of.rounds as f64;
        let spread = match of.likely.read_ratio() {
            Some(ratio) => Figure::of(0.95 * ratio, ratio, 1.05 * ratio),
            None if self.counted.iter().any(|it| it == model) => Figure::of(0.98, 1.03, 1.1),
            None => Figure::of(0.75, 1.0, 1.4),
        };
        Figure::of(
            (of.low.read as f64 * spread.low) as u64,
            (likely * spread.likely * (1.0 + reasks)).round() as u64,
            (of.high.read as f64 * spread.high * (1.0 + 2.0 * reasks)).ceil() as u64,
        )
    }

    /// Returns how many tokens an answer has.
    fn written(&self, stage: &str, model: &str, of: &Counted<'_>) -> Figure<f64> {
        let seen = self.experience.models.get(model);
        let seen = seen.filter(|it| it.calls >= FEW && it.output_tokens > 0);
        let seen = seen.map(|it| it.output_tokens as f64 / it.calls as f64);
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
        "section" => 500.0,
        "synthesis" => 600.0,
        "reduce" => 300.0,
        "outline" | "map" => 150.0,
        _ => 80.0,
    }
}

fn cost(
    price: Price,
    calls: Figure<u64>,
    read: Figure<u64>,
    cached: u64,
    written: Figure<u64>,
) -> Figure<Money> {
    let of = |calls, input_tokens: u64, cached: u64, output_tokens| {
        price.of_calls(Usage {
            calls,
            input_tokens,
            cached_input_tokens: cached.min(input_tokens),
            output_tokens,
            ..Usage::default()
        })
    };
    Figure::of(
        of(calls.low, read.low, cached, written.low),
        of(calls.likely, read.likely, 0, written.likely),
        of(calls.high, read.high, 0, written.high),
    )
}

/// Seconds until an answer begins, and tokens a second after that, where nothing is known.
const FIRST_TOKEN: f64 = 0.7;
const TOKENS_PER_SECOND: f64 = 60.0;

/// How many calls a local Ollama is sent at once.
const OLLAMA_AT_ONCE: usize = 4;

/// Foresees how long the stages take, and says what that rests on.
pub(super) fn time(stages: &[Stage], with: &PlanSetup) -> (Figure<f64>, String) {
    let settings = &with.setup.settings;
    let given = settings.part.concurrency.is_some();
    let is_local = !given && stages.iter().all(|it| it.model.starts_with("ollama:"));
    let at_once = match is_local {
        true => OLLAMA_AT_ONCE,
        false => settings.branches().get(),
    };
    let mut by_answers = 0.0;
    let mut slowest: f64 = 0.0;
    for stage in stages.iter().filter(|it| it.calls.likely > 0) {
        let calls = stage.calls.likely as f64;
        let each = FIRST_TOKEN + stage.written.likely as f64 / calls / TOKENS_PER_SECOND;
        // A tree has levels that wait for each other.
        let levels = if stage.stage == "reduce" {
            (calls + 1.0).log2().ceil() / 3.0
        } else {
            1.0
        };
        by_answers += (calls / at_once as f64).ceil().max(levels.max(1.0)) * each;
        slowest = slowest.max(each);
    }
    let calls: u64 = stages.iter().map(|it| it.calls.likely).sum();
    let tokens: u64 = stages
        .iter()
        .map(|it| it.read.likely + it.written.likely)
        .sum();
    let minutes = |count: u64, limit: Option<NonZeroU64>| {
        limit.map(|it| count as f64 / it.get() as f64 * 60.0)
    };
    let limits = [
        (
            minutes(calls, with.requests_per_minute),
            "requests",
            with.requests_per_minute,
        ),
        (
            minutes(tokens, with.tokens_per_minute),
            "tokens",
            with.tokens_per_minute,
        ),
    ];
    let slow = limits
        .into_iter()
        .filter_map(|(time, what, limit)| Some((time?, what, limit?)));
    let slow = slow.max_by(|a, b| a.0.total_cmp(&b.0));
    match slow.filter(|it| it.0 > by_answers) {
        Some((time, what, limit)) => {
            let words = format!("the {limit} {what} a minute that are allowed");
            (Figure::of(0.9 * time, time, 1.5 * time), words)
        }
        None => {
            let words = format!(
                "{at_once} calls at once that take up to {slowest:.1} s each, which is a guess"
            );
            (
                Figure::of(by_answers / 2.0, by_answers, by_answers * 3.0),
                words,
            )
        }
    }
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
        let cost = known.stage("map", model, &counted).cost.unwrap();
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

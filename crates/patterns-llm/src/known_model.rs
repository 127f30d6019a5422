//! What is known of the models of well-known providers before they are asked: how much they read and
//! write, what they cost, what they take.
//!
//! The table is a text, made by `cargo xtask models`; a model is a line of it. It is searched and not
//! loaded, since a run looks up a handful of models, once each.

use std::borrow::Cow;

use patterns_core::{ModelId, Money};

use crate::price::{Fit, LongPrice, Price, fit, name};

const TABLE: &str = include_str!("known_models.txt");

/// A model of a well-known provider.
///
/// ```
/// use patterns_core::ModelId;
/// use patterns_llm::KnownModel;
///
/// let model = KnownModel::find(&ModelId::new("openai", "gpt-5-mini-2025-08-07")).unwrap();
/// assert_eq!(model.name, "openai:gpt-5-mini");
/// assert_eq!(model.context_window, Some(272_000));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownModel {
    /// `PROVIDER:MODEL`.
    pub name: &'static str,
    /// How many tokens it reads at most.
    pub context_window: Option<u64>,
    /// How many tokens it writes at most, hidden reasoning included.
    pub max_output_tokens: Option<u64>,
    /// What it costs as usual.
    pub price: Option<Price>,
    /// What it costs at the flex tier.
    pub flex: Option<Price>,
    /// What it costs in batches.
    pub batch: Option<Price>,
    /// What a million tokens cost that are kept in the prompt cache for an hour and not five minutes.
    pub cache_write_1h: Option<Money>,
    /// Which efforts it takes beside `low`, `medium` and `high`.
    pub efforts: Vec<&'static str>,
    /// What it takes: `schema`, `image`, `pdf`, `reasoning`.
    pub takes: Vec<&'static str>,
    /// What it does not take: `sampling`, which is a temperature and its like.
    pub lacks: Vec<&'static str>,
    /// The day on which its provider ends it, such as `2026-12-11`.
    pub ends: Option<&'static str>,
}

impl KnownModel {
    /// Returns all of them, in the order of their names.
    pub fn all() -> impl Iterator<Item = Self> {
        lines().map(Self::read)
    }

    /// Returns the day on which the table was made.
    pub fn as_of() -> &'static str {
        let first = TABLE.lines().next().unwrap_or_default();
        let day = first.split_once("as of ").map_or("", |it| it.1);
        day.split_once('.').map_or(day, |it| it.0)
    }

    /// Finds a model, by its very name or without the date at its end. A model of OpenRouter is that of
    /// its maker: it costs there what it costs here.
    pub fn find(id: &ModelId) -> Option<Self> {
        let name = match id.provider.as_str() {
            "openrouter" => of_maker(&id.model)?,
            _ => name(id),
        };
        let matching = lines().filter_map(|line| Some((fit(name_in(line), &name)?, line)));
        let matching = matching.filter(|(fit, _)| !matches!(fit, Fit::Pattern(_)));
        let (_, line) = matching.max_by_key(|(fit, _)| *fit)?;
        Some(Self::read(line))
    }

    /// Returns whether a model is one that OpenRouter gives away.
    pub(crate) fn is_free(id: &ModelId) -> bool {
        id.provider == "openrouter" && id.model.ends_with(":free")
    }

    fn read(line: &'static str) -> Self {
        let (name, facts) = line.split_once(' ').unwrap_or((line, ""));
        let fact = |key: &str| {
            let mut facts = facts.split(' ').filter_map(|it| it.split_once('='));
            facts.find(|it| it.0 == key).map(|it| it.1)
        };
        let number = |key| fact(key)?.parse().ok();
        let list = |key| match fact(key) {
            Some(names) => names.split(',').collect(),
            None => Vec::new(),
        };
        let price = |key: &str, long: &str| {
            let long = fact(long).and_then(long_price);
            Some(Price {
                long,
                ..prices(fact(key)?)?
            })
        };
        Self {
            name,
            context_window: number("window"),
            max_output_tokens: number("output"),
            price: price("standard", "long"),
            flex: price("flex", "long-flex"),
            batch: price("batch", "long-batch"),
            cache_write_1h: fact("write-1h").and_then(|it| it.parse().ok()),
            efforts: list("effort"),
            takes: list("takes"),
            lacks: list("lacks"),
            ends: fact("ends"),
        }
    }
}

fn lines() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|it| !it.starts_with('#'))
}

fn name_in(line: &str) -> &str {
    line.split_once(' ').map_or(line, |it| it.0)
}

/// Reads `1/0.1/1.25/5`: what is read, read from the cache, written into the cache and written, a dash
/// standing for what is not known.
fn prices(text: &str) -> Option<Price> {
    let mut prices = text.split('/').map(|it| it.parse().ok());
    let [input, cached_input, cache_write, output] = std::array::from_fn(|_| prices.next()?);
    Some(Price {
        input: input?,
        cached_input,
        cache_write,
        output: output?,
        long: None,
    })
}

/// Reads the same with the number of tokens and a colon before it.
fn long_price(text: &str) -> Option<LongPrice> {
    let (above, text) = text.split_once(':')?;
    let price = prices(text)?;
    Some(LongPrice {
        above: above.parse().ok()?,
        input: price.input,
        cached_input: price.cached_input,
        cache_write: price.cache_write,
        output: price.output,
    })
}

/// Returns what a model of OpenRouter, such as `anthropic/claude-sonnet-4.5`, is called by its maker.
fn of_maker(model: &str) -> Option<String> {
    let (maker, model) = model.split_once('/')?;
    let model = model.split_once(':').map_or(model, |it| it.0);
    let (provider, model) = match maker {
        "openai" => ("openai", Cow::Borrowed(model)),
        "google" => ("gemini", Cow::Borrowed(model)),
        "anthropic" => ("anthropic", Cow::Owned(model.replace('.', "-"))),
        _ => return None,
    };
    Some(format!("{provider}:{model}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(provider: &str, model: &str) -> Option<&'static str> {
        KnownModel::find(&ModelId::new(provider, model)).map(|it| it.name)
    }

    #[test]
    fn every_line_of_the_table_can_be_read() {
        assert!(KnownModel::as_of().len() == "2026-01-01".len());
        let mut priced = 0;
        for (model, line) in KnownModel::all().zip(lines()) {
            let name = model.name;
            assert!(model.context_window.is_some(), "{name}");
            assert_eq!(model.price.is_some(), line.contains(" standard="), "{name}");
            assert_eq!(model.flex.is_some(), line.contains(" flex="), "{name}");
            assert_eq!(model.batch.is_some(), line.contains(" batch="), "{name}");
            let is_long = model.price.is_some_and(|it| it.long.is_some());
            assert_eq!(is_long, line.contains(" long="), "{name}");
            priced += usize::from(model.price.is_some());
            for price in [model.price, model.flex].into_iter().flatten() {
                assert!(price.input <= price.output, "{name}");
                assert!(
                    price.cached_input.is_none_or(|it| it <= price.input),
                    "{name}"
                );
                assert!(
                    price.cache_write.is_none_or(|it| it >= price.input),
                    "{name}"
                );
            }
        }
        assert!(priced > 100, "{priced}");
    }

    #[test]
    fn a_model_is_found_by_its_name_its_date_or_its_maker() {
        for (provider, model, expected) in [
            ("openai", "gpt-5-mini", Some("openai:gpt-5-mini")),
            ("openai", "gpt-5-mini-2025-08-07", Some("openai:gpt-5-mini")),
            // Priced otherwise than those after it.
            (
                "openai",
                "gpt-4o-2024-05-13",
                Some("openai:gpt-4o-2024-05-13"),
            ),
            ("openai", "gpt-5-mini-turbo", None),
            ("openai", "gpt-5-pro", None),
            ("openai", "", None),
            ("azure", "gpt-5-mini", Some("azure:gpt-5-mini")),
            ("compatible", "gpt-5-mini", None),
            ("openrouter", "openai/gpt-5-mini", Some("openai:gpt-5-mini")),
            (
                "openrouter",
                "openai/gpt-5-mini:nitro",
                Some("openai:gpt-5-mini"),
            ),
            (
                "openrouter",
                "anthropic/claude-sonnet-4.5",
                Some("anthropic:claude-sonnet-4-5"),
            ),
            (
                "openrouter",
                "google/gemini-2.5-pro",
                Some("gemini:gemini-2.5-pro"),
            ),
            ("openrouter", "qwen/qwen3-8b", None),
            ("openrouter", "auto", None),
        ] {
            assert_eq!(find(provider, model), expected, "{provider}:{model}");
        }
    }
}

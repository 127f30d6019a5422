//! What models cost: the [table of known models](crate::KnownModel), and rows from whoever knows better.

use patterns_core::{ModelId, Money, Usage};
use serde::{Deserialize, Serialize};

use crate::address::checked_url;
use crate::known_model::KnownModel;
use crate::provider;
use crate::tier::Tier;

/// What a million tokens of a model cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Of tokens read.
    pub input: Money,
    /// Of tokens read from the provider's prompt cache; the same as others if it isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Money>,
    /// Of tokens written into the provider's prompt cache; if it isn't known, the same as others, and a
    /// quarter more of Anthropic's models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Money>,
    /// Of tokens written, hidden reasoning included.
    pub output: Money,
    /// All of these, of calls that read much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongPrice>,
}

/// What a million tokens cost of calls that read much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongPrice {
    /// Calls that read more tokens than this are long.
    pub above: u64,
    /// Of tokens read.
    pub input: Money,
    /// Of tokens read from the provider's prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Money>,
    /// Of tokens written into the provider's prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Money>,
    /// Of tokens written.
    pub output: Money,
}

impl LongPrice {
    fn plain(self) -> Price {
        Price {
            input: self.input,
            cached_input: self.cached_input,
            cache_write: self.cache_write,
            output: self.output,
            long: None,
        }
    }
}

impl Price {
    /// Returns what the `usage` of one call costs, rounded up to a picodollar.
    ///
    /// ```
    /// use patterns_core::Usage;
    /// use patterns_llm::Price;
    ///
    /// let price = Price { input: "2.50".parse()?, output: "10".parse()?, ..Price::default() };
    /// let usage = Usage { input_tokens: 1000, output_tokens: 200, ..Usage::default() };
    /// assert_eq!(price.of(usage).to_string(), "$0.0045");
    /// # Ok::<(), patterns_core::MoneyError>(())
    /// ```
    pub fn of(&self, usage: Usage) -> Money {
        self.at_length(usage.input_tokens).flat(usage)
    }

    /// Returns what the sum of the `usage` of many calls costs, as if each of its calls read as much as
    /// the others: a sum is not long because many short calls read much together.
    ///
    /// ```
    /// use patterns_core::Usage;
    /// use patterns_llm::{LongPrice, Price};
    ///
    /// let long = LongPrice { above: 1000, input: "5".parse()?, ..LongPrice::default() };
    /// let price = Price { input: "2.50".parse()?, long: Some(long), ..Price::default() };
    /// let usage = Usage { calls: 4, input_tokens: 4000, ..Usage::default() };
    /// assert_eq!(price.of_calls(usage).to_string(), "$0.01");
    /// # Ok::<(), patterns_core::MoneyError>(())
    /// ```
    pub fn of_calls(&self, usage: Usage) -> Money {
        let each = usage.input_tokens.div_ceil(usage.calls.max(1));
        self.at_length(each).flat(usage)
    }

    /// Returns what the `usage` of one call costs of which so many tokens were written into the cache for an
    /// hour: these cost twice what reading them does.
    pub(crate) fn with_hours(&self, usage: Usage, hour_tokens: u64) -> Money {
        let price = self.at_length(usage.input_tokens);
        let hour = hour_tokens.min(usage.cache_write_tokens);
        let others = Usage {
            input_tokens: usage.input_tokens.saturating_sub(hour),
            cache_write_tokens: usage.cache_write_tokens - hour,
            ..usage
        };
        let twice = Usage {
            input_tokens: hour.saturating_mul(2),
            ..Usage::default()
        };
        price.flat(others) + price.flat(twice)
    }

    /// Returns the price of calls that read so many tokens each.
    fn at_length(&self, input_tokens: u64) -> Self {
        let long = self.long.filter(|it| input_tokens > it.above);
        long.map_or(*self, LongPrice::plain)
    }

    /// Returns what usage costs, whatever its length.
    fn flat(&self, usage: Usage) -> Money {
        let cached = usage.cached_input_tokens.min(usage.input_tokens);
        let written = usage.cache_write_tokens.min(usage.input_tokens - cached);
        let fresh = usage.input_tokens - cached - written;
        let cached_input = self.cached_input.unwrap_or(self.input);
        let parts = [
            (fresh, self.input),
            (cached, cached_input),
            (written, self.cache_write.unwrap_or(self.input)),
            (usage.output_tokens, self.output),
        ];
        let parts = parts.map(|(tokens, price)| {
            u128::from(tokens).saturating_mul(u128::from(price.picodollars()))
        });
        let sum = parts.into_iter().fold(0, u128::saturating_add);
        let picos = sum.div_ceil(1_000_000);
        Money::from_picodollars(u64::try_from(picos).unwrap_or(u64::MAX))
    }

    /// Returns the most that so many tokens cost.
    pub(crate) fn at_most(&self, input_tokens: u64, output_tokens: u64) -> Money {
        let usage = Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        };
        let dearest = |it: Self| {
            let others = [it.cached_input, it.cache_write].into_iter().flatten();
            let input = others.fold(it.input, Money::max);
            Self { input, ..it }.of(usage)
        };
        // What is read is an estimate, which may be on either side of the step.
        let long = self.long.map_or(Money::default(), |it| dearest(it.plain()));
        dearest(Self {
            long: None,
            ..*self
        })
        .max(long)
    }
}

/// Prices by model.
///
/// A row is found by the model's name as it is connected to, `PROVIDER:MODEL`, whatever the
/// server unless a row names one: rows of that server first, then the very name, then the name without a date at its end
/// (`gpt-5-mini-2025-08-07` is `gpt-5-mini`), then the longest row that ends in `*`, then the table of
/// [known models](KnownModel). A name that merely begins like another is another model.
///
/// ```
/// use patterns_core::ModelId;
/// use patterns_llm::Prices;
///
/// let mine = Prices::from_toml(r#"
///     [[price]]
///     model = "compatible:qwen3-*"
///     input = 0.10
///     output = 0.30
/// "#)?;
/// let prices = Prices::known().merge(mine);
/// assert!(prices.find(&ModelId::new("openai", "gpt-5-mini-2025-08-07")).is_some());
/// assert!(prices.find(&ModelId::new("compatible", "qwen3-30b")).is_some());
/// assert!(prices.find(&ModelId::new("openai", "gpt-99")).is_none());
/// # Ok::<(), patterns_llm::PricesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    #[serde(default, rename = "price")]
    rows: Vec<Row>,
    /// Whether the table of known models counts, too.
    #[serde(skip)]
    knows: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    model: String,
    /// The server whose price it is; without it, that of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    input: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cached_input: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_write: Option<Money>,
    output: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    long: Option<LongPrice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
}

/// A price table that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct PricesError {
    line: usize,
    message: String,
}

impl Prices {
    /// Returns the prices of the [known models](KnownModel), and of models that cost nothing because
    /// they run on a machine of one's own.
    pub fn known() -> Self {
        Self {
            rows: Vec::new(),
            knows: true,
        }
    }

    /// Reads a table: `[[price]]` with `model`, `input` and `output`, dollars per million tokens;
    /// `server`, `cached_input`, `cache_write`, `long`, `source` and `as_of` may be left out.
    ///
    /// # Errors
    ///
    /// Returns an error that names the line.
    pub fn from_toml(text: &str) -> Result<Self, PricesError> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            PricesError {
                line: before.matches('\n').count() + 1,
                message: error.message().replace('\n', " "),
            }
        })
    }

    /// Adds a price: of one model or, with a `*` at its end, of those that begin so; at one server, by
    /// its base URL, or at all.
    #[must_use]
    pub fn with(mut self, model: impl Into<String>, server: Option<&str>, price: Price) -> Self {
        self.rows.push(Row {
            model: model.into(),
            server: server.map(str::to_owned),
            input: price.input,
            cached_input: price.cached_input,
            cache_write: price.cache_write,
            output: price.output,
            long: price.long,
            source: None,
            as_of: None,
        });
        self
    }

    /// Adds the rows of `more`, which come before equally good ones of `self`.
    #[must_use]
    pub fn merge(mut self, more: Self) -> Self {
        self.rows.extend(more.rows);
        self.knows |= more.knows;
        self
    }

    /// Returns the price of a model at the standard tier, if it is known.
    pub fn find(&self, id: &ModelId) -> Option<Price> {
        self.find_at(id, Tier::Standard)
    }

    /// Returns the price of a model at a tier, if it is known: where nobody knows that of the tier, it is
    /// that of the standard one, and so is a price of a row.
    pub fn find_at(&self, id: &ModelId, tier: Tier) -> Option<Price> {
        let provider = provider::named(&id.provider);
        let price = self.of_row(id).or_else(|| self.of_table(id, tier))?;
        let usually = provider.map(|it| share(price.input, it.cache_write_percent));
        let usually = usually.filter(|it| *it != price.input);
        let cache_write = price.cache_write.or(usually);
        Some(Price {
            cache_write,
            ..price
        })
    }

    fn of_row(&self, id: &ModelId) -> Option<Price> {
        let name = name(id);
        let provider = provider::named(&id.provider);
        let usual = provider.and_then(|it| it.usual_base_url);
        let endpoint = id.endpoint.as_deref().or(usual);
        // As a connection spells its address.
        let spelt = |url: &String| match (checked_url(url), provider) {
            (Ok(url), Some(provider)) => provider.root(url),
            (Ok(url), None) => url,
            (Err(_), _) => url.clone(),
        };
        let matching = self.rows.iter().filter_map(|row| {
            let server = row.server.as_ref().map(spelt);
            let is_there = server.is_none() || server.as_deref() == endpoint;
            let fit = fit(&row.model, &name).filter(|_| is_there)?;
            Some(((row.server.is_some(), fit), row))
        });
        // Of rows that fit equally well this takes the last one.
        let (_, row) = matching.max_by_key(|(fit, _)| *fit)?;
        Some(Price {
            input: row.input,
            cached_input: row.cached_input,
            cache_write: row.cache_write,
            output: row.output,
            long: row.long,
        })
    }

    fn of_table(&self, id: &ModelId, tier: Tier) -> Option<Price> {
        let is_free = provider::named(&id.provider).is_some_and(|it| it.is_local)
            || id.provider == "offline"
            || KnownModel::is_free(id);
        if is_free {
            return self.knows.then(Price::default);
        }
        let model = KnownModel::find(id).filter(|_| self.knows)?;
        match tier {
            Tier::Flex => model.flex.or(model.price),
            Tier::Standard => model.price,
        }
    }
}

pub(crate) fn share(price: Money, percent: u64) -> Money {
    let share = u128::from(price.picodollars()) * u128::from(percent);
    Money::from_picodollars(u64::try_from(share.div_ceil(100)).unwrap_or(u64::MAX))
}

/// Returns what a model is called in a table.
pub(crate) fn name(id: &ModelId) -> String {
    let id = ModelId {
        endpoint: None,
        ..id.clone()
    };
    id.to_string()
}

/// How well a row fits a name, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// A pattern, with this many bytes before its `*`.
    Pattern(usize),
    /// But for the date.
    Dated,
    /// To the letter.
    Exact,
}

/// Returns how well a row fits a name, if it does.
pub(crate) fn fit(row: &str, name: &str) -> Option<Fit> {
    if row == name {
        return Some(Fit::Exact);
    }
    if let Some(prefix) = row.strip_suffix('*') {
        return name
            .starts_with(prefix)
            .then_some(Fit::Pattern(prefix.len()));
    }
    let rest = name.strip_prefix(row)?.strip_prefix('-')?;
    is_date(rest).then_some(Fit::Dated)
}

/// Returns whether a text is a date like `2025-08-07`, `20250807` or `0807`.
fn is_date(text: &str) -> bool {
    let is_number =
        |it: &str, length| it.len() == length && it.bytes().all(|it| it.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year, month, day] => is_number(year, 4) && is_number(month, 2) && is_number(day, 2),
        [digits] => is_number(digits, 8) || is_number(digits, 4),
        _ => false,
    }
}

#[cfg(test)]
mod tests;

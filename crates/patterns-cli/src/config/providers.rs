//! The servers that are configured and the short names of models, to be looked up.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::PathBuf;

use patterns_llm::{Price, Prices};
use secrecy::SecretString;
use serde_json::{Map, Value};

/// The servers that are configured, by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Providers(pub(super) BTreeMap<String, NamedProvider>);

/// A server.
#[derive(Clone, Debug)]
pub(crate) struct NamedProvider {
    /// What it speaks, as models are named: `openai`, `ollama` or `compatible`.
    pub(crate) kind: &'static str,
    /// Its addresses, if it has any of its own.
    pub(crate) base_urls: Vec<String>,
    /// Where its keys are, if that is said: one for all addresses, one for each, or several of one address.
    pub(crate) keys: Vec<KeySource>,
    /// Headers of every request.
    pub(crate) headers: Vec<(String, SecretString)>,
    /// Fields of every request's body.
    pub(crate) extra: Map<String, Value>,
    /// Requests a minute.
    pub(crate) requests_per_minute: Option<NonZeroU64>,
    /// Tokens a minute.
    pub(crate) tokens_per_minute: Option<NonZeroU64>,
    /// Tokens of one call.
    pub(crate) context_window: Option<u64>,
    /// The version of its API, if it is one of Azure.
    pub(crate) api_version: Option<String>,
    /// What its models cost.
    pub(crate) prices: Vec<(String, Price)>,
}

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In a variable.
    Variable(String),
    /// In a file.
    File(PathBuf),
    /// In what a command prints.
    Command(String),
}

impl Providers {
    /// Returns what is set for a provider.
    pub(crate) fn get(&self, name: &str) -> Option<&NamedProvider> {
        self.0.get(name)
    }

    /// Returns the address of a provider, if it has one of its own: that of its first server.
    pub(crate) fn base_url(&self, name: &str) -> Option<&str> {
        self.get(name)?.base_urls.first().map(String::as_str)
    }

    /// Returns the same servers for one of so many workers: each has its part of what they allow.
    #[cfg(feature = "restate")]
    pub(crate) fn shared_by(mut self, workers: NonZeroU64) -> Self {
        let part =
            |all: NonZeroU64| NonZeroU64::new(all.get() / workers).unwrap_or(NonZeroU64::MIN);
        for provider in self.0.values_mut() {
            provider.requests_per_minute = provider.requests_per_minute.map(part);
            provider.tokens_per_minute = provider.tokens_per_minute.map(part);
        }
        self
    }

    /// Returns the files with keys.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let keys = self.0.values().flat_map(|it| &it.keys);
        keys.filter_map(|it| match it {
            KeySource::File(file) => Some(file),
            KeySource::Variable(_) | KeySource::Command(_) => None,
        })
    }

    /// Returns the names that are set.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns what the models of these servers cost.
    pub(crate) fn prices(&self) -> Prices {
        let mut prices = Prices::default();
        for provider in self.0.values() {
            for (model, price) in &provider.prices {
                let model = format!("{}:{model}", provider.kind);
                if provider.base_urls.is_empty() {
                    prices = prices.with(&*model, None, *price);
                }
                for url in &provider.base_urls {
                    prices = prices.with(&*model, Some(url), *price);
                }
            }
        }
        prices
    }
}

/// The short names of models.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aliases(pub(super) BTreeMap<String, String>);

impl Aliases {
    /// Returns the model that a name stands for: itself, if it is no short one.
    pub(crate) fn model<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name.trim()).map_or(name, String::as_str)
    }

    /// Returns the short names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

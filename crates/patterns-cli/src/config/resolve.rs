//! Makes servers and short names of what is set, and checks what the types of the keys cannot.

use patterns_core::nearest;
use patterns_llm::Price;

use super::entry::Entry;
use super::providers::{Aliases, KeySource, NamedProvider, Providers};
use super::schema::{Config, Kind, ProviderKeys};
use crate::error::{Error, ErrorKind};

/// The providers that are there without being set.
const BUILT_IN: [(&str, Kind); 7] = [
    ("openai", Kind::Openai),
    ("anthropic", Kind::Anthropic),
    ("gemini", Kind::Gemini),
    ("azure", Kind::Azure),
    ("openrouter", Kind::Openrouter),
    ("ollama", Kind::Ollama),
    ("compatible", Kind::Compatible),
];

/// The model that has no provider.
const OFFLINE: &str = "offline";

/// Returns the servers.
pub(super) fn providers(config: &Config) -> Providers {
    let all = config.providers.iter();
    Providers(
        all.map(|(name, keys)| (name.clone(), provider(name, keys)))
            .collect(),
    )
}

/// Returns the short names.
pub(super) fn aliases(config: &Config) -> Aliases {
    Aliases(config.models.clone())
}

fn provider(name: &str, keys: &ProviderKeys) -> NamedProvider {
    let kind = built_in(name).or(keys.kind).unwrap_or(Kind::Compatible);
    let header = |(name, value): (&String, &String)| (name.clone(), value.clone().into());
    let extra = keys.extra.iter().filter_map(|(name, value)| {
        // TOML's values have a form in JSON, all of them.
        Some((name.clone(), serde_json::to_value(value).ok()?))
    });
    let prices = keys.prices.iter().map(|(model, price)| {
        let price = Price {
            input: price.input,
            cached_input: price.cached_input,
            cache_write: price.cache_write,
            output: price.output,
            long: None,
        };
        (model.clone(), price)
    });
    NamedProvider {
        kind: kind.name(),
        base_urls: base_urls(keys),
        keys: key_sources(keys),
        headers: keys.headers.iter().map(header).collect(),
        extra: extra.collect(),
        requests_per_minute: keys.requests_per_minute,
        tokens_per_minute: keys.tokens_per_minute,
        context_window: keys.context_window.map(u64::from),
        api_version: keys.api_version.clone(),
        prices: prices.collect(),
    }
}

fn base_urls(keys: &ProviderKeys) -> Vec<String> {
    let urls = keys.base_url.iter().chain(&keys.base_urls);
    urls.cloned().collect()
}

fn key_sources(keys: &ProviderKeys) -> Vec<KeySource> {
    let sources = [
        keys.key_variable.clone().map(KeySource::Variable),
        keys.key_file.clone().map(KeySource::File),
        keys.key_command.clone().map(KeySource::Command),
    ];
    let several = keys.key_variables.iter().cloned().map(KeySource::Variable);
    sources.into_iter().flatten().chain(several).collect()
}

/// Returns what is wrong with the servers and keys of a provider, if anything is.
fn clash(keys: &ProviderKeys) -> Option<&'static str> {
    let (urls, sources) = (base_urls(keys).len(), key_sources(keys).len());
    if keys.base_url.is_some() && urls > 1 {
        Some("has both base_url and base_urls")
    } else if sources > keys.key_variables.len().max(1) {
        Some("has more than one of key_variable, key_variables, key_file and key_command")
    } else if urls > 1 && sources > 1 && urls != sources {
        Some("has neither one key for all of its base_urls, nor one for each")
    } else {
        None
    }
}

fn built_in(name: &str) -> Option<Kind> {
    BUILT_IN.into_iter().find(|it| it.0 == name).map(|it| it.1)
}

/// Checks the servers.
///
/// # Errors
///
/// Returns an error that names one, and a place where it is set.
pub(super) fn check_providers(config: &Config, entries: &[Entry]) -> Result<(), Error> {
    for (name, keys) in &config.providers {
        let is_name = |it: char| it.is_alphanumeric() || "-_.".contains(it);
        let why = if name.is_empty() || !name.chars().all(is_name) || name == OFFLINE {
            "cannot be called so: letters, digits, - _ and . make a name"
        } else if built_in(name).is_some_and(|kind| keys.kind.is_some_and(|it| it != kind)) {
            "is of its own kind; choose another name"
        } else if let Some(clash) = clash(keys) {
            clash
        } else {
            continue;
        };
        let place = entries.iter().find(|it| it.path.get(1) == Some(name));
        let place = place.map_or("the configuration", |it| &*it.place);
        let message = format!("{place}: the provider {name:?} {why}");
        return Err(Error::new(ErrorKind::Config, message)
            .help("`patterns config keys` lists every key with its meaning"));
    }
    Ok(())
}

/// Checks that each short name stands for a model of a provider that is there. One that is not trusted
/// yet is there, too, and said to be so later.
///
/// # Errors
///
/// Returns an error that names the key and its place.
pub(super) fn check_aliases(
    config: &Config,
    entries: &[Entry],
    untrusted: &[Entry],
) -> Result<(), Error> {
    let waiting = || untrusted.iter().filter(|it| it.path[0] == "providers");
    let waiting = || waiting().filter_map(|it| it.path.get(1));
    let known = || {
        let set = config.providers.keys().chain(waiting()).map(String::as_str);
        BUILT_IN.into_iter().map(|it| it.0).chain(set)
    };
    for (name, model) in &config.models {
        if let Err(why) = stands_for(name, model, known) {
            let key = ["models", name];
            let place = entries.iter().find(|it| it.path == key);
            let place = place.map_or("", |it| &*it.place);
            let message = format!("{place}: models.{name} = {model:?}: {why}");
            let help = "a short name stands for PROVIDER:MODEL, such as openai:gpt-5-mini";
            return Err(Error::new(ErrorKind::Config, message).help(help));
        }
    }
    Ok(())
}

fn stands_for<'a, I>(name: &str, model: &str, known: impl Fn() -> I) -> Result<(), String>
where
    I: Iterator<Item = &'a str>,
{
    if name.contains(':') || name == OFFLINE {
        return Err("a short name has no colon and is not offline".to_owned());
    }
    match model.split_once(':') {
        None if model == OFFLINE => Ok(()),
        None => Err("that names no provider".to_owned()),
        Some((_, "")) => Err("that names no model".to_owned()),
        Some((provider, _)) if known().any(|it| it == provider) => Ok(()),
        Some((provider, _)) => {
            let meant = nearest(provider, known());
            let meant = meant.map_or_else(String::new, |it| format!("; did you mean {it}?"));
            Err(format!("there is no provider {provider:?}{meant}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_that_is_set_is_that_of_the_server() {
        let text =
            "[providers.x.prices.m]\ninput = 1\ncached_input = 0.1\ncache_write = 2\noutput = 5";
        let config: Config = toml::from_str(text).unwrap();
        let servers = providers(&config);
        let dollars = |it: &str| it.parse().unwrap();
        let price = Price {
            input: dollars("1"),
            cached_input: Some(dollars("0.1")),
            cache_write: Some(dollars("2")),
            output: dollars("5"),
            long: None,
        };
        assert_eq!(servers.get("x").unwrap().prices, [("m".to_owned(), price)]);
    }

    #[test]
    fn what_the_types_cannot_tell_is_checked() {
        for (text, says) in [
            (
                "providers.'a:b'.base_url = 'x'",
                Some("cannot be called so"),
            ),
            (
                "providers.offline.base_url = 'x'",
                Some("cannot be called so"),
            ),
            ("providers.openai.kind = 'ollama'", Some("its own kind")),
            (
                "providers.x = { key_file = 'a', key_command = 'b' }",
                Some("more than one"),
            ),
            ("models.a = 'gpt-5'", Some("names no provider")),
            ("models.a = 'openai:'", Some("names no model")),
            ("models.'a:b' = 'openai:x'", Some("has no colon")),
            ("models.a = 'ollma:x'", Some("did you mean ollama?")),
            ("models.a = 'offline'", None),
            ("models.a = 'x:m'\nproviders.x.kind = 'openai'", None),
        ] {
            let config: Config = toml::from_str(text).unwrap();
            let checked = check_providers(&config, &[]).and(check_aliases(&config, &[], &[]));
            let said = checked.err().map(|error| error.to_string());
            let is_said = |it: &String| says.is_some_and(|says| it.contains(says));
            assert_eq!(
                said.as_ref().is_some_and(is_said),
                says.is_some(),
                "{text}: {said:?}"
            );
        }
    }
}

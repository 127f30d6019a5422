//! Makes servers and short names of what is set, and checks what the types of the keys cannot.

use patterns_core::nearest;
use patterns_llm::Price;
use serde_json::Value;

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
    let extra = keys.extra.iter();
    let extra = extra.map(|(name, value)| (name.clone(), json(value)));
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

/// Returns a value of TOML as JSON, where a date is a text.
fn json(value: &toml::Value) -> Value {
    use toml::Value::{Array, Boolean, Datetime, Float, Integer, String, Table};
    match value {
        String(text) => Value::from(text.as_str()),
        Integer(number) => Value::from(*number),
        Float(number) => Value::from(*number),
        Boolean(is) => Value::from(*is),
        Datetime(time) => Value::from(time.to_string()),
        Array(items) => items.iter().map(json).collect(),
        Table(fields) => fields
            .iter()
            .map(|(name, it)| (name.clone(), json(it)))
            .collect(),
    }
}

/// Returns whether there is a number in it that JSON does not have.
fn has_no_json(value: &toml::Value) -> bool {
    match value {
        toml::Value::Float(number) => !number.is_finite(),
        toml::Value::Array(items) => items.iter().any(has_no_json),
        toml::Value::Table(fields) => fields.values().any(has_no_json),
        _ => false,
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
    let is_twice = |(at, url): (usize, &String)| keys.base_urls[..at].contains(url);
    let has_star_within = |it: &String| it.trim_end_matches('*').contains('*');
    if keys.base_url.is_some() && urls > 1 {
        Some("has both base_url and base_urls")
    } else if keys.base_urls.iter().enumerate().any(is_twice) {
        Some("has one of its base_urls twice: for several keys of one address, set key_variables")
    } else if keys.extra.values().any(has_no_json) {
        Some("has a number in extra that is not finite, and JSON has no such number")
    } else if keys.prices.keys().any(has_star_within) {
        Some("has a price for a name with a * within: it stands for the end of a name alone")
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

/// Checks that what has to say something does: models, addresses, and where keys are. Empty texts stay what
/// they are elsewhere, as in `extra`, or unset what another file has set.
///
/// # Errors
///
/// Returns an error that names the key and its place.
pub(super) fn check_not_blank(entries: &[Entry]) -> Result<(), Error> {
    let is_blank = |it: &str| it.trim().is_empty();
    let has_blank = |value: &toml::Value| match value {
        toml::Value::Array(items) => items.iter().filter_map(|it| it.as_str()).any(is_blank),
        value => value.as_str().is_some_and(is_blank),
    };
    let says = |entry: &Entry| {
        let parts: Vec<&str> = entry.path.iter().map(String::as_str).collect();
        match parts[..] {
            ["models", name] => is_blank(name) || has_blank(&entry.value),
            ["run", "model"] => has_blank(&entry.value),
            ["providers", _, key] => {
                !["headers", "extra"].contains(&key) && has_blank(&entry.value)
            }
            _ => false,
        }
    };
    match entries.iter().find(|it| says(it)) {
        Some(entry) => {
            let message = format!("{}: {} is empty", entry.place, entry.key());
            Err(Error::new(ErrorKind::Config, message).help("leave it out, or say what it is"))
        }
        None => Ok(()),
    }
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
    fn what_is_in_extra_is_sent_as_json() {
        let text = "x = { day = 2026-11-28, at = [1, 2.5, 'a', true] }";
        let value: toml::Value = toml::from_str(text).unwrap();
        let expected = serde_json::json!({"x": {"day": "2026-11-28", "at": [1, 2.5, "a", true]}});
        assert_eq!(json(&value), expected);
    }

    #[test]
    fn what_has_to_say_something_is_not_blank() {
        let entry = |path: &[&str], value: toml::Value| Entry {
            path: path.iter().map(|it| (*it).to_owned()).collect(),
            value,
            place: "f:1".to_owned(),
        };
        for (path, value, is_refused) in [
            (&["run", "model"][..], " ".into(), true),
            (&["run", "fallback"], vec!["a:b", ""].into(), false),
            (&["models", " "], "a:b".into(), true),
            (&["providers", "x", "key_variable"], "".into(), true),
            (&["providers", "x", "base_urls"], vec![""].into(), true),
            (&["providers", "x", "extra", "suffix"], "".into(), false),
            (&["store", "shared"], "".into(), false),
            (&["run", "model"], "a:b".into(), false),
        ] {
            let said = check_not_blank(&[entry(path, value)]);
            let said = said.err().map(|it| it.to_string());
            let expected = is_refused.then(|| format!("f:1: {} is empty", path.join(".")));
            let expected = expected.map(|it| it.replace("models. ", "models.\" \""));
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn what_the_types_cannot_tell_is_checked() {
        for (text, says) in [
            (
                "providers.x.base_urls = ['http://a', 'http://a']",
                Some("twice"),
            ),
            ("providers.x.extra.deep = [{ a = nan }]", Some("not finite")),
            (
                "providers.x.prices.'a*b' = { input = 1, output = 1 }",
                Some("a * within"),
            ),
            ("providers.x.prices.'a*' = { input = 1, output = 1 }", None),
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

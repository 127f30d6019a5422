//! Looks which keys are there and where they come from; no key is ever shown.

use std::env;

use super::check::Check;
use crate::config::{KeySource, Providers};
use crate::key;
use crate::terminal::Terminal;

const KEYS: &str = "keys";

/// The providers that have variables of their own.
pub(super) const USUAL: [&str; 6] = [
    "openai",
    "anthropic",
    "gemini",
    "azure",
    "openrouter",
    "compatible",
];

/// Looks for the keys of all providers.
pub(super) fn keys(providers: &Providers, terminal: Terminal) -> Vec<Check> {
    let usual = USUAL.into_iter().filter(|it| providers.get(it).is_none());
    let mut checks: Vec<Check> = usual.map(|it| of_variable(it, terminal)).collect();
    for name in providers.names() {
        let sources = providers.get(name).map_or(&[][..], |it| &it.keys);
        match sources {
            [] => checks.push(of_variable(name, terminal)),
            sources => checks.extend(sources.iter().map(|it| configured(name, it, terminal))),
        }
    }
    checks
}

/// Returns the variable with the key of a provider that is set.
pub(super) fn variable(provider: &str) -> Option<&'static str> {
    let mut names = key::variables(provider).iter().copied();
    names.find(|name| env::var_os(name).is_some())
}

fn of_variable(provider: &str, terminal: Terminal) -> Check {
    let Some(name) = variable(provider) else {
        return match key::variables(provider) {
            [] => Check::absent(KEYS, provider, "none is configured, and it may need none"),
            names => Check::absent(KEYS, provider, format!("none ({})", names.join(" or "))),
        };
    };
    match key::find(provider, None, terminal) {
        Ok(_) => Check::good(KEYS, provider, format!("{name} is set")),
        Err(error) => Check::bad(KEYS, provider, &error),
    }
}

fn configured(provider: &str, source: &KeySource, terminal: Terminal) -> Check {
    let says = match source {
        KeySource::Variable(name) => format!("{name} is set"),
        KeySource::File(path) => format!("{} has it", path.display()),
        // It may ask its user, so it is run when its server is asked and not before.
        KeySource::Command(_) => {
            return Check::good(KEYS, provider, "key_command prints it");
        }
    };
    match key::find(provider, Some(source), terminal) {
        Ok(_) => Check::good(KEYS, provider, says),
        Err(error) => Check::bad(KEYS, provider, &error),
    }
}

//! Reads the addresses of servers from the environment, and says whether one is the user's own.

use std::env;
use std::net::{IpAddr, SocketAddr};

use patterns_llm::OLLAMA_BASE_URL;

use crate::config::Loaded;

/// The variables with the addresses of providers, or of what stands in for them, as their own clients
/// read them.
const URL_VARIABLES: [(&str, &str); 4] = [
    ("openai", "OPENAI_BASE_URL"),
    ("anthropic", "ANTHROPIC_BASE_URL"),
    ("gemini", "GOOGLE_GEMINI_BASE_URL"),
    ("azure", "AZURE_OPENAI_ENDPOINT"),
];

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|it| !it.trim().is_empty())
}

/// Returns the variable of a provider that says where it is, and what it says.
pub(crate) fn of_provider(provider: &str) -> Option<(&'static str, String)> {
    let (_, name) = URL_VARIABLES.iter().find(|(it, _)| *it == provider)?;
    Some((name, variable(name)?))
}

/// Returns whether a server is on this machine, or one that the user has configured, or the usual one of a
/// provider.
pub(crate) fn is_own_server(url: &str, loaded: &Loaded) -> bool {
    let is_it = |other: &str| other.trim_end_matches('/') == url.trim_end_matches('/');
    let providers = loaded.providers();
    let mut named = providers.names().filter_map(|it| providers.base_url(it));
    let is_usual = |(provider, name): &(&str, &str)| {
        let connect = patterns_llm::connect(&format!("{provider}:m"));
        let usual = connect.is_ok_and(|it| it.usual_base_url().is_some_and(is_it));
        usual || variable(name).is_some_and(|it| is_it(&it))
    };
    is_loopback(url)
        || named.any(is_it)
        || loaded.base_url().is_some_and(|it| is_it(&it))
        || URL_VARIABLES.iter().any(is_usual)
}

/// Returns whether a URL is of this machine. One that could be read in another way is not.
fn is_loopback(url: &str) -> bool {
    let rest = url.strip_prefix("http://");
    let rest = rest.or_else(|| url.strip_prefix("https://"));
    let host = rest.and_then(|it| it.split(['/', '?', '#', '\\']).next());
    let host = host.unwrap_or_default();
    let name = host.split_once(':').map_or(host, |it| it.0);
    let port = host.get(name.len()..).unwrap_or_default();
    let is_port = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match (host.parse::<SocketAddr>(), bare.parse::<IpAddr>()) {
        (Ok(address), _) => address.ip().is_loopback(),
        (_, Ok(address)) => address.is_loopback(),
        _ => name == "localhost" && is_port(port.trim_start_matches(':')),
    }
}

/// Returns where Ollama listens: its own variable may say another host or port.
pub(crate) fn ollama_base_url() -> String {
    let host = env::var("OLLAMA_HOST").unwrap_or_default();
    base_url_of(host.trim())
}

fn base_url_of(host: &str) -> String {
    if host.is_empty() {
        return OLLAMA_BASE_URL.to_owned();
    }
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    let rest = rest.trim_end_matches('/');
    // A server that listens everywhere is asked here.
    let rest = rest.replacen("0.0.0.0", "127.0.0.1", 1);
    let has_port = rest.rsplit(']').next().is_some_and(|it| it.contains(':'));
    let port = if has_port { "" } else { ":11434" };
    format!("{scheme}://{rest}{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_elsewhere_is_on_this_machine() {
        for (url, expected) in [
            ("http://127.0.0.1:8000/v1", true),
            ("http://localhost/v1", true),
            ("https://localhost:1", true),
            ("http://[::1]:9/v1", true),
            ("http://[::1]", true),
            ("http://localhost.example/v1", false),
            ("http://localhost:x@h/v1", false),
            ("http://127.0.0.1@h/v1", false),
            ("http://127.0.0.1:1@h/v1", false),
            ("http://10.0.0.1/v1", false),
            ("localhost", false),
        ] {
            assert_eq!(is_loopback(url), expected, "{url}");
        }
    }

    #[test]
    fn ollamas_own_variable_is_understood() {
        for (host, url) in [
            ("", OLLAMA_BASE_URL),
            ("127.0.0.1:11434", "http://127.0.0.1:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("https://box.local:8443/", "https://box.local:8443"),
            ("[::1]", "http://[::1]:11434"),
            ("[::1]:9", "http://[::1]:9"),
        ] {
            assert_eq!(base_url_of(host), url, "{host}");
        }
    }
}

//! Finds the proxies that the user has set. Only the command reads them from the environment; the
//! rules are curl's, and a loopback address is no exception unless `NO_PROXY` has it.

use std::env;

use patterns_llm::Proxies;

use crate::error::{Error, ErrorKind};

/// The proxies of the environment.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    http: Option<Setting>,
    https: Option<Setting>,
    except: Option<Setting>,
}

/// A variable and its value.
type Setting = (&'static str, String);

impl Environment {
    /// Reads the variables, the small ones first.
    pub(crate) fn read() -> Self {
        Self::of(&|name| env::var(name).ok())
    }

    fn of(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let find = |names: &[&'static str]| {
            let mut set = names
                .iter()
                .map(|name| (*name, variable(name).unwrap_or_default()));
            set.find(|(_, value)| !value.trim().is_empty())
        };
        let all = ["all_proxy", "ALL_PROXY"];
        Self {
            http: find(&[&["http_proxy", "HTTP_PROXY"], &all[..]].concat()),
            https: find(&[&["https_proxy", "HTTPS_PROXY"], &all[..]].concat()),
            except: find(&["no_proxy", "NO_PROXY"]),
        }
    }

    /// Returns them in the words of the library.
    pub(crate) fn proxies(&self) -> Proxies {
        let mut proxies = Proxies::default();
        if let Some((_, url)) = &self.http {
            proxies = proxies.http(url);
        }
        if let Some((_, url)) = &self.https {
            proxies = proxies.https(url);
        }
        match &self.except {
            Some((_, hosts)) => proxies.except(hosts),
            None => proxies,
        }
    }

    /// Says which variable sends requests to `server` through a proxy, if one does.
    pub(crate) fn says(&self, server: &str) -> Option<String> {
        let setting = match server.starts_with("https:") {
            true => &self.https,
            false => &self.http,
        };
        let (name, url) = setting.as_ref()?;
        let host = shown(url);
        let is_used = self.proxies().are_used_for(server);
        is_used.then(|| format!("through the proxy {host} of {name}"))
    }
}

/// Reads the proxy that is set by a key.
///
/// # Errors
///
/// Returns an error if it holds a password, which would be recorded where it was typed.
pub(crate) fn given(url: &str) -> Result<Proxies, Error> {
    if url.contains('@') {
        let message = "run.proxy has a user or a password";
        return Err(Error::new(ErrorKind::Config, message)
            .help("what is typed is recorded, and files are copied: set HTTPS_PROXY or HTTP_PROXY instead"));
    }
    Ok(Proxies::all(url))
}

/// Returns a URL with its user and password hidden.
pub(crate) fn without_login(url: &str) -> String {
    let at = url.find("://").map_or(0, |it| it + 3);
    let (scheme, rest) = url.split_at(at);
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}[hidden]@{host}"),
        None => url.to_owned(),
    }
}

/// Returns a proxy without its user and password.
fn shown(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.trim().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(set: &[(&str, &str)], server: &str) -> Option<String> {
        let find = |name: &str| {
            let found = set.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Environment::of(&find).says(server)
    }

    #[test]
    fn the_variables_of_curl_are_read() {
        let (http, https) = ("http://host/v1", "https://host/v1");
        let one = ("HTTP_PROXY", "http://me:secret@one:1/");
        let two = ("https_proxy", "two:2");
        let all = ("ALL_PROXY", "socks5h://all:3");
        let through = |what: &str| Some(format!("through the proxy {what}"));
        for (set, server, expected) in [
            (&[one, two, all][..], http, through("one:1 of HTTP_PROXY")),
            (&[one, two, all], https, through("two:2 of https_proxy")),
            (&[all], https, through("all:3 of ALL_PROXY")),
            (&[one], https, None),
            (&[one, ("NO_PROXY", "host")], http, None),
            (&[one, ("no_proxy", "*")], http, None),
            (
                &[one, ("http_proxy", "small:4")],
                http,
                through("small:4 of http_proxy"),
            ),
            (&[("HTTP_PROXY", " ")], http, None),
        ] {
            assert_eq!(says(set, server), expected, "{set:?} {server}");
        }
    }

    #[test]
    fn a_login_is_hidden() {
        for (url, expected) in [
            ("http://me:p@ss@h:1/v1", "http://[hidden]@h:1/v1"),
            ("me:pw@h:1", "[hidden]@h:1"),
            ("https://h/v1", "https://h/v1"),
        ] {
            assert_eq!(without_login(url), expected);
        }
    }

    #[test]
    fn a_password_is_not_typed() {
        assert!(given("http://me:secret@host:1").is_err());
        assert_eq!(given("host:1").unwrap(), Proxies::all("host:1"));
    }
}

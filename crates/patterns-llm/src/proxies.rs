//! Through which proxy a server is reached, if through any.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Proxy, Url};

use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::no_reply::host_of;

/// Says through which proxies servers are reached; by default through none.
///
/// The rules are curl's: a proxy for each scheme, one for those without, and a list of hosts that are
/// reached without any. A proxy is `http://`, `https://`, `socks5://` or `socks5h://`, with user and
/// password if it wants them; without a scheme it is an HTTP proxy. Loopback addresses are no
/// exception unless the list has them.
///
/// ```
/// use patterns_llm::Proxies;
///
/// let proxies = Proxies::all("http://localhost:3128").except("localhost,127.0.0.0/8,.internal");
/// let model = patterns_llm::connect("ollama:qwen3:8b")?.proxies(proxies).build()?;
/// # Ok::<(), patterns_llm::ConnectError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    except: String,
}

impl Proxies {
    /// Reaches every server through one proxy.
    pub fn all(url: impl Into<String>) -> Self {
        let url = Some(url.into());
        Self {
            http: url.clone(),
            https: url,
            except: String::new(),
        }
    }

    /// Reaches servers whose address begins with `http://` through a proxy.
    #[must_use]
    pub fn http(mut self, url: impl Into<String>) -> Self {
        self.http = Some(url.into());
        self
    }

    /// Reaches servers whose address begins with `https://` through a proxy.
    #[must_use]
    pub fn https(mut self, url: impl Into<String>) -> Self {
        self.https = Some(url.into());
        self
    }

    /// Reaches these hosts without a proxy: names (with all that are below them, so that `a.example`,
    /// `.a.example` and `*.a.example` are alike), addresses and networks, with commas between them; with
    /// `:8080` behind it, a host counts at that port only. `*` is every host.
    #[must_use]
    pub fn except(mut self, hosts: impl Into<String>) -> Self {
        self.except = hosts.into();
        self
    }

    /// Returns whether requests to a server go through a proxy.
    pub fn are_used_for(&self, server: &str) -> bool {
        self.to(server).is_ok_and(|it| it.is_some())
    }

    /// Returns the proxy on the way to a server.
    pub(crate) fn to(&self, server: &str) -> Result<Option<Proxied>, ConnectError> {
        let (http, https) = (self.http.as_ref(), self.https.as_ref());
        let is_tls = server.starts_with("https:");
        let url = if is_tls { https } else { http };
        let Some(url) = url.filter(|it| !it.trim().is_empty()) else {
            return Ok(None);
        };
        if self.excepts(server) {
            return Ok(None);
        }
        Proxied::at(url.trim()).map(Some)
    }

    /// Returns whether a server is reached without a proxy.
    fn excepts(&self, server: &str) -> bool {
        let port = Url::parse(server).ok();
        let port = port.and_then(|it| it.port_or_known_default());
        let entries = self.except.split([',', ' ']).map(str::trim);
        let hosts: Vec<&str> = entries.filter_map(|it| at_port(it, port)).collect();
        if hosts.contains(&"*") {
            return true;
        }
        // Whom a proxy is for is asked with one that is surely well formed.
        let any = Matcher::builder().all("http://proxy").no(hosts.join(","));
        let server = server.parse().ok();
        server.is_some_and(|server| any.build().intercept(&server).is_none())
    }
}

/// Returns the host of an exception, if it is one at a port. An address of IPv6 has colons itself.
fn at_port(entry: &str, port: Option<u16>) -> Option<&str> {
    let entry = entry.strip_prefix("*.").unwrap_or(entry);
    let (host, wanted) = match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (entry, None),
    };
    let is_at = wanted.is_none_or(|it| it.parse().ok() == port);
    is_at.then_some(host.trim_start_matches('[').trim_end_matches(']'))
}

/// A proxy that is used.
#[derive(Clone, Debug)]
pub(crate) struct Proxied {
    pub(crate) proxy: Proxy,
    /// Host and port, for errors.
    pub(crate) host: String,
    pub(crate) is_tls: bool,
}

impl Proxied {
    fn at(url: &str) -> Result<Self, ConnectError> {
        let invalid = || {
            let message = "the proxy is not a URL like http://localhost:3128";
            ConnectError::new(ConnectErrorKind::InvalidProxy, message)
        };
        let full = match url.contains("://") {
            true => url.to_owned(),
            false => format!("http://{url}"),
        };
        let url = Url::parse(&full).map_err(|error| invalid().with_source(error))?;
        let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
        if !schemes.contains(&url.scheme()) || url.host_str().is_none() {
            return Err(invalid());
        }
        let proxy =
            Proxy::all(url.clone()).map_err(|error| invalid().with_source(error.without_url()))?;
        Ok(Self {
            proxy,
            host: host_of(&url),
            is_tls: url.scheme() == "https",
        })
    }
}

/// A proxy's URL can hold a password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("has_http", &self.http.is_some())
            .field("has_https", &self.https.is_some())
            .field("except", &self.except)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(proxies: &Proxies, server: &str) -> Option<String> {
        proxies.to(server).unwrap().map(|it| it.host)
    }

    #[test]
    fn a_server_is_reached_by_its_scheme_and_name() {
        let proxies = Proxies::default()
            .http("one:1")
            .https("http://me:secret@two:2")
            .except("localhost, .internal,10.0.0.0/8");
        for (server, expected) in [
            ("http://a.example/v1", Some("one:1")),
            ("https://a.example/v1", Some("two:2")),
            ("https://localhost:8443/v1", None),
            ("http://box.internal/v1", None),
            ("http://10.1.2.3:8000/v1", None),
            ("http://127.0.0.1:8000/v1", Some("one:1")),
        ] {
            assert_eq!(host(&proxies, server).as_deref(), expected, "{server}");
        }
        assert_eq!(host(&Proxies::default(), "http://a/v1"), None);
        assert_eq!(host(&Proxies::all(""), "http://a/v1"), None);
        assert_eq!(host(&Proxies::all("x").except("*"), "http://a/v1"), None);
        assert!(!format!("{proxies:?}").contains("secret"));
    }

    #[test]
    fn hosts_without_a_proxy_are_named_in_all_usual_ways() {
        let is_direct = |except: &str, server: &str| {
            let proxies = Proxies::all("http://proxy:1").except(except);
            host(&proxies, server).is_none()
        };
        for (except, server, expected) in [
            ("*", "http://a.example/v1", true),
            ("*", "http://127.0.0.1:8000/v1", true),
            ("b, *", "https://[::1]:8000/v1", true),
            ("a.example", "http://x.a.example/v1", true),
            (".a.example", "http://a.example/v1", true),
            ("*.a.example", "http://x.a.example/v1", true),
            ("*.a.example", "http://b.example/v1", false),
            ("ample", "http://a.example/v1", false),
            ("A.Example", "http://a.example/v1", true),
            ("a.example:8000", "http://a.example:8000/v1", true),
            ("a.example:8000", "http://a.example:8001/v1", false),
            ("a.example:443", "https://a.example/v1", true),
            ("127.0.0.1:8000", "http://127.0.0.1:8000/v1", true),
            ("127.0.0.1:80", "http://127.0.0.1:8000/v1", false),
            ("127.0.0.0/8", "http://127.9.0.1:8000/v1", true),
            ("::1", "http://[::1]:8000/v1", true),
            ("[::1]:8000", "http://[::1]:8000/v1", true),
            ("[::1]:80", "http://[::1]:8000/v1", false),
            ("fd00::/8", "http://[fd00::7]/v1", true),
            (" a.example  b.example ", "http://b.example/v1", true),
            ("", "http://a.example/v1", false),
        ] {
            assert_eq!(is_direct(except, server), expected, "{except:?} {server}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        for url in ["ftp://me:secret@host", "http://", "http://me:secret@"] {
            let error = Proxies::all(url).to("http://a/v1").unwrap_err();
            assert_eq!(error.kind(), ConnectErrorKind::InvalidProxy, "{url}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{url}");
        }
    }
}

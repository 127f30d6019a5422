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

    /// Reaches these hosts without a proxy: names (with all that are below them), addresses and
    /// networks, with commas between them; `*` is every host.
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
        // Whom a proxy is for is asked with one that is surely well formed.
        let any = Matcher::builder()
            .all("http://proxy")
            .no(self.except.as_str());
        let server = server.parse().ok();
        if server.is_some_and(|server| any.build().intercept(&server).is_none()) {
            return Ok(None);
        }
        Proxied::at(url.trim()).map(Some)
    }
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
    fn what_is_no_proxy_is_refused_without_its_password() {
        for url in ["ftp://me:secret@host", "http://", "http://me:secret@"] {
            let error = Proxies::all(url).to("http://a/v1").unwrap_err();
            assert_eq!(error.kind(), ConnectErrorKind::InvalidProxy, "{url}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{url}");
        }
    }
}

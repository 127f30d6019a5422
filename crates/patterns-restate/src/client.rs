//! Makes HTTP clients, and says in words why nothing came back.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use patterns_core::system_reason;
use reqwest::{Client, Url};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::error::{RestateError, RestateErrorKind};

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How often a connection on which nothing comes is asked whether it is alive: calls take minutes, and a
/// server that has gone without a word must not be waited for.
const ALIVE: Duration = Duration::from_secs(20);

/// Makes a client that keeps one HTTP/2 connection to a server. It follows no redirect (it would carry the
/// token elsewhere), repeats nothing by itself and looks for no proxy.
pub(crate) fn client(url: &Url) -> Result<Client, RestateError> {
    let failed = |why: String| RestateError::new(RestateErrorKind::Client, why);
    let tls = tls(url.scheme() == "https")
        .map_err(|error| failed(format!("TLS cannot be set up: {error}")))?;
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("patterns/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(CONNECT)
        .http2_prior_knowledge()
        .http2_keep_alive_interval(ALIVE)
        .http2_keep_alive_timeout(ALIVE)
        .tcp_nodelay(true)
        .build();
    client.map_err(|error| failed(format!("the HTTP client cannot be set up: {}", why(&error))))
}

fn tls(is_secure: bool) -> Result<ClientConfig, rustls::Error> {
    let cryptography = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(cryptography).with_safe_default_protocol_versions()?;
    let mut config = match is_secure {
        true => config.with_platform_verifier()?.with_no_client_auth(),
        false => config
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Says why nothing came back: the last cause, which is the one that says most.
pub(crate) fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() && error.is_connect() {
        return format!("no connection within {} s", CONNECT.as_secs());
    }
    let mut last: &dyn Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    let words = system_reason(last);
    let mut letters = words.chars();
    let first = letters.next().map(|it| it.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// Returns whether it is the certificate, or something else about TLS.
pub(crate) fn is_insecure(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() {
            return true;
        }
        // What an error of input and output is made of is not its source.
        let inner = cause.downcast_ref::<std::io::Error>();
        next = match inner.and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    false
}

/// Returns a host and its port, for words.
pub(crate) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

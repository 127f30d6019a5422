//! Says in plain words why a request got no reply: which address, and what about it.
//!
//! The words are ours; none of a URL beyond its host and port gets into them, since people put keys
//! into the rest. The causes are found by type where a library has one, by its words where not.

use std::error::Error;
use std::io;

use patterns_core::system_reason;
use reqwest::Url;
use rustls::CertificateError as Certificate;

use crate::exchange::{ExchangeError, ExchangeErrorKind};

/// Whom a request is for.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// Host and port, the port only where it is not the usual one.
    host: String,
    is_tls: bool,
    /// Host and port of the proxy on the way.
    proxy: Option<String>,
}

impl Peer {
    pub(crate) fn of(url: &Url, proxy: Option<String>) -> Self {
        Self {
            host: host_of(url),
            is_tls: url.scheme() == "https",
            proxy,
        }
    }

    /// Names whoever the connection is made to.
    fn next(&self) -> String {
        match &self.proxy {
            Some(proxy) => format!("the proxy {proxy}"),
            None => self.host.clone(),
        }
    }

    /// Says what a proxy wants that has answered itself; behind TLS it is the server who answers.
    pub(crate) fn wants_login(&self) -> Option<String> {
        let is_proxy = self.proxy.is_some() && !self.is_tls;
        is_proxy.then(|| wants_login(&self.next()))
    }
}

fn wants_login(next: &str) -> String {
    format!("{next} wants a user and a password")
}

/// Returns the host of a URL, and its port if it names one.
pub(crate) fn host_of(url: &Url) -> String {
    // What is before it may be a password.
    let host = url.authority().rsplit('@').next();
    host.unwrap_or_default().to_owned()
}

/// Sorts a request that got no whole reply, and says why.
pub(crate) fn no_reply(error: reqwest::Error, peer: &Peer) -> ExchangeError {
    let kind = if error.is_connect() {
        ExchangeErrorKind::NotConnected
    } else if error.is_timeout() {
        ExchangeErrorKind::Timeout
    } else if causes(&error).any(|it| of_hyper(it).is_some_and(hyper::Error::is_parse))
        || (error.is_decode() && causes(&error).any(is_wrong_data))
    {
        ExchangeErrorKind::NotHttp
    } else {
        ExchangeErrorKind::Broken
    };
    let words = match kind {
        _ if error.is_decode() => format!("{} sent a body that cannot be unpacked", peer.host),
        ExchangeErrorKind::NotConnected => not_connected(&error, peer),
        ExchangeErrorKind::Timeout => format!("nothing came from {} for too long", peer.host),
        ExchangeErrorKind::NotHttp if peer.is_tls => {
            format!("what {} sends is no reply of HTTP", peer.host)
        }
        ExchangeErrorKind::NotHttp => format!(
            "what {} sends is no reply of HTTP; if it speaks TLS, its address begins with https://",
            peer.next()
        ),
        _ => format!(
            "{} closed the connection before the reply was whole",
            peer.next()
        ),
    };
    // A URL can contain what its user takes for a secret.
    ExchangeError::new(kind)
        .with_words(words)
        .with_source(error.without_url())
}

/// Returns whether something is not what it says it is, be it whole or not.
fn is_wrong_data(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput};
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|it| matches!(it.kind(), InvalidData | InvalidInput))
}

/// Returns whether a connection was closed by the other side before any reply.
pub(crate) fn is_closed(error: &reqwest::Error) -> bool {
    let mut causes = causes(error);
    causes.any(|it| {
        let hyper = of_hyper(it)
            .is_some_and(|it| it.is_incomplete_message() || it.is_canceled() || it.is_closed());
        let io = it.downcast_ref::<io::Error>().is_some_and(|it| {
            use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
            matches!(it.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
        });
        hyper || io
    })
}

fn not_connected(error: &reqwest::Error, peer: &Peer) -> String {
    let next = peer.next();
    if let Some(error) = causes(error).find_map(<dyn Error>::downcast_ref) {
        return of_tls(error, &peer.host);
    }
    let said: Vec<String> = causes(error).map(ToString::to_string).collect();
    let says = |words: &str| said.iter().any(|it| it.contains(words));
    if says("proxy authorization required") {
        return wants_login(&next);
    }
    if says("tunnel error: unsuccessful") {
        return format!("{next} refuses to connect to {}", peer.host);
    }
    let last = said.last().map_or("", String::as_str);
    if error.is_dns() || says("dns error") {
        let host = next
            .rsplit_once(':')
            .map_or(next.as_str(), |(host, _)| host);
        let why = last.trim_start_matches("failed to lookup address information: ");
        return format!("no such host: {host} ({why})");
    }
    let last = system_reason(last);
    let io = || causes(error).filter_map(<dyn Error>::downcast_ref::<io::Error>);
    if cfg!(unix) && io().any(|it| matches!(it.raw_os_error(), Some(23 | 24))) {
        return format!("no file is left to be opened for a connection to {next}; see ulimit -n");
    }
    match io().map(io::Error::kind).last() {
        Some(io::ErrorKind::ConnectionRefused) => format!("connection refused by {next}"),
        Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) if peer.is_tls => {
            format!(
                "{next} closed the connection when TLS began; if it speaks none, its address begins with http://"
            )
        }
        Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
            format!("there is no way to {next}: {last}")
        }
        _ if error.is_timeout() && peer.is_tls => {
            format!("{next} did not take the connection in time, or does not speak TLS")
        }
        _ if error.is_timeout() => format!("{next} did not take the connection in time"),
        _ => format!("{next}: {last}"),
    }
}

fn of_tls(error: &rustls::Error, host: &str) -> String {
    let certificate = match error {
        rustls::Error::InvalidCertificate(certificate) => certificate,
        rustls::Error::InvalidMessage(_) => {
            return format!("{host} does not speak TLS; its address may begin with http://");
        }
        other => return format!("no TLS with {host}: {other}"),
    };
    match certificate {
        Certificate::UnknownIssuer => {
            format!("the certificate of {host} is not trusted: nobody here knows who issued it")
        }
        Certificate::Expired | Certificate::ExpiredContext { .. } => {
            format!("the certificate of {host} has expired")
        }
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet; check the clock")
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            format!("the certificate of {host} is for another name")
        }
        Certificate::Revoked => format!("the certificate of {host} has been revoked"),
        other => format!("the certificate of {host} is not trusted: {other}"),
    }
}

fn of_hyper<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a hyper::Error> {
    error.downcast_ref()
}

/// Returns an error and what caused it. An I/O error hides its cause from
/// [`source`](Error::source), so that is looked for by hand.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn next<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|it| it as &(dyn Error + 'static)),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), |it| next(*it))
}

//! Sends requests to a server over several HTTP/2 connections.
//!
//! A connection carries 200 requests at once, which is what Restate's ingress lets through, and the others
//! would wait behind them without a word: hence several, taken in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use reqwest::{Client, Method, Url};
use secrecy::ExposeSecret;

use crate::client::{client, is_insecure, place, why};
use crate::error::{RestateError, RestateErrorKind};
use crate::server::Server;

/// Requests that are at once on one connection, on average.
const ON_ONE: usize = 150;

/// The longest reply that is read.
const MOST_BYTES: usize = 64 << 20;

/// Where calls go in.
#[derive(Debug)]
pub(crate) struct Ingress {
    pub(crate) server: Server,
    clients: Vec<Client>,
    next: AtomicUsize,
}

/// A reply to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether the server itself speaks, and not an invocation that has ended.
    pub(crate) is_servers_own: bool,
    pub(crate) body: Bytes,
}

/// Says that nothing came back, and why.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) why: String,
    /// Whether no connection was made, so that nothing was sent.
    pub(crate) is_unsent: bool,
    /// Whether no safe connection was to be had.
    pub(crate) is_insecure: bool,
}

impl Lost {
    /// Says so of something that cannot be done without.
    pub(crate) fn error(self, what: &str) -> RestateError {
        let kind = match self.is_insecure {
            true => RestateErrorKind::Insecure,
            false => RestateErrorKind::Unreachable,
        };
        RestateError::new(kind, format!("{what}: {}", self.why))
    }
}

impl Ingress {
    /// Makes as many connections as so many requests at once need; none is opened yet.
    pub(crate) fn new(server: Server, at_once: usize) -> Result<Self, RestateError> {
        let clients = (0..at_once.div_ceil(ON_ONE).max(1)).map(|_| client(&server.ingress));
        Ok(Self {
            clients: clients.collect::<Result<_, _>>()?,
            server,
            next: AtomicUsize::new(0),
        })
    }

    /// Returns where it is, for words.
    pub(crate) fn place(&self) -> String {
        place(&self.server.ingress)
    }

    /// Sends a JSON body, under an idempotency key if there is one.
    pub(crate) async fn post(
        &self,
        path: &[&str],
        key: Option<&str>,
        body: Bytes,
    ) -> Result<Answer, Lost> {
        let url = below(&self.server.ingress, path);
        self.send(Method::POST, url, key, Some(body)).await
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &[&str]) -> Result<Answer, Lost> {
        let url = below(&self.server.ingress, path);
        self.send(Method::GET, url, None, None).await
    }

    /// Sends a request to where the server is looked after.
    pub(crate) async fn admin(
        &self,
        method: Method,
        path: &[&str],
        body: Option<Bytes>,
    ) -> Result<Answer, Lost> {
        let url = below(&self.server.admin, path);
        self.send(method, url, None, body).await
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        key: Option<&str>,
        body: Option<Bytes>,
    ) -> Result<Answer, Lost> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.clients.len();
        let at = place(&url);
        let lost = |error: reqwest::Error| Lost {
            why: format!("{} at {at}", why(&error)),
            is_unsent: error.is_connect(),
            is_insecure: is_insecure(&error),
        };
        let mut request = self.clients[turn].request(method, url);
        request = request.header("accept", "application/json");
        if let Some(token) = &self.server.token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let mut reply = request.send().await.map_err(lost)?;
        let mut body = Vec::new();
        while let Some(piece) = reply.chunk().await.map_err(lost)? {
            body.extend_from_slice(&piece);
            if body.len() > MOST_BYTES {
                let why = format!("a reply of more than {} MB from {at}", MOST_BYTES >> 20);
                return Err(Lost {
                    why,
                    is_unsent: false,
                    is_insecure: false,
                });
            }
        }
        Ok(Answer {
            status: reply.status().as_u16(),
            is_servers_own: reply.headers().contains_key("x-restate-error-source"),
            body: body.into(),
        })
    }
}

/// Puts segments below an address; whatever is in them stays within its segment.
fn below(url: &Url, path: &[&str]) -> Url {
    let mut url = url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_a_segment() {
        let url = Url::parse("http://h:1/base/").unwrap();
        let path = below(&url, &["restate", "scope", "a/../b?c", "x"]);
        assert_eq!(
            path.as_str(),
            "http://h:1/base/restate/scope/a%2F..%2Fb%3Fc/x"
        );
    }
}

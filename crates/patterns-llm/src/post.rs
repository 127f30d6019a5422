//! Posts JSON to a server that is no provider, such as a collector of spans: one request, nothing repeated.

use std::future::ready;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::http::{ClientSetup, HttpClient, too_slow};
use crate::proxies::Proxies;

/// Posts a JSON document; returns the status of the reply and its body.
///
/// # Errors
///
/// Returns why there was no whole reply, or that the address or a header cannot be sent.
pub async fn post_json(
    url: &str,
    headers: &[(String, SecretString)],
    body: String,
    proxies: &Proxies,
    limit: Duration,
) -> Result<(u16, String), ExchangeError> {
    let proxy = proxies.to(url).map_err(unsendable)?;
    let setup = ClientSetup {
        connect_timeout: limit,
        is_secure: url.starts_with("https:") || proxy.as_ref().is_some_and(|it| it.is_tls),
        proxy,
    };
    let client = HttpClient::new(&setup, None, limit).map_err(unsendable)?;
    let mut request = client
        .client
        .post(url)
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        let name = HeaderName::try_from(name.as_str()).map_err(unsendable)?;
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(unsendable)?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    let request = request.body(body).build();
    let request = request.map_err(|error| unsendable(error.without_url()))?;
    let posted = timeout(limit, async {
        let reply = client.exchange(request, ready(None)).await?;
        let status = reply.status().as_u16();
        let body = reply.into_body().whole().await?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    });
    posted.await.map_err(too_slow)?
}

fn unsendable(error: impl std::error::Error + Send + Sync + 'static) -> ExchangeError {
    ExchangeError::new(ExchangeErrorKind::NotConnected).with_words(error.to_string())
}

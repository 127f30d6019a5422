//! The only place that opens sockets: how the HTTP client is set up, and a probe for local servers.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Proxy};
use serde::Deserialize;

/// How long a pooled connection may idle. Servers close idle connections after 5 s (Node, uvicorn)
/// to 60 s and more; one that is closed just as a request is written to it costs an attempt, so we
/// let go first.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// Longest list of models that a probe reads.
const MAX_PROBE_BYTES: usize = 1 << 20;

/// Makes a client that follows no redirect (a redirect would carry the key to another host),
/// repeats nothing by itself and looks for no proxy in the environment.
pub(crate) fn client(connect_timeout: Duration, proxy: Option<Proxy>) -> reqwest::Result<Client> {
    let builder = Client::builder()
        .user_agent(concat!("patterns/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(POOL_IDLE)
        .tcp_nodelay(true);
    match proxy {
        Some(proxy) => builder.proxy(proxy).build(),
        None => builder.build(),
    }
}

/// Asks an OpenAI-compatible server without a key which models it has (`GET {base_url}/models`),
/// say to find a local Ollama at [`OLLAMA_BASE_URL`](crate::OLLAMA_BASE_URL).
///
/// Returns `None` if no such server answers within `limit`.
pub async fn models_at(base_url: &str, limit: Duration) -> Option<Vec<String>> {
    let client = client(limit, None).ok()?;
    let url = format!("{}/models", base_url.trim_end_matches('/'));
    tokio::time::timeout(limit, list_models(&client, &url))
        .await
        .ok()?
}

async fn list_models(client: &Client, url: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct List {
        // Ollama sends `null` when it has no model yet.
        data: Option<Vec<Entry>>,
    }
    #[derive(Deserialize)]
    struct Entry {
        id: String,
    }
    let mut reply = client.get(url).send().await.ok()?;
    if !reply.status().is_success() {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = reply.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_PROBE_BYTES {
            return None;
        }
    }
    let list: List = serde_json::from_slice(&body).ok()?;
    let entries = list.data.unwrap_or_default();
    Some(entries.into_iter().map(|entry| entry.id).collect())
}

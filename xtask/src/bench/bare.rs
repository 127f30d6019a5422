//! What our stack is compared with: reqwest, a bounded stream, and JSON without any type.

use anyhow::{Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Client;
use serde_json::Value;

use super::measure::{Measurement, measure};
use super::{Load, capture};

/// Makes the calls.
pub(super) async fn run(url: &str, load: Load) -> Result<Measurement> {
    let body: Value = serde_json::from_slice(&capture::body().await?)?;
    // No TLS is spoken here, but the client wants to know by which cryptography it would be.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().tcp_nodelay(true).build()?;
    let endpoint = format!("{url}/chat/completions");
    measure(async {
        let replies = stream::iter(0..load.calls.get())
            .map(|_| call(&client, &endpoint, &body))
            .buffer_unordered(load.in_flight.get());
        let count = replies.try_fold(0, |count, reply| async move {
            Ok(count + usize::from(reply["choices"][0]["message"]["content"].is_string()))
        });
        let answered = count.await?;
        ensure!(
            answered == load.calls.get(),
            "only {answered} calls were answered"
        );
        Ok(())
    })
    .await
}

async fn call(client: &Client, endpoint: &str, body: &Value) -> Result<Value> {
    let reply = client.post(endpoint).json(body).send().await?;
    Ok(reply.error_for_status()?.json().await?)
}

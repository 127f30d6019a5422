//! What the command is compared with: a loop over async-openai that does the same work and no more.

use std::fs;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;

use anyhow::{Context, Result};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use futures_util::{StreamExt, stream};
use serde_json::Value;

/// Stands in the request for what differs from document to document.
pub(super) const TEXT: &str = "@text@";

/// Asks about each row of a file, so many at once, and writes a line for each answer.
pub(super) async fn run(url: &str, rows: &Path, request: &Path, in_flight: usize) -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = OpenAIConfig::new().with_api_base(url).with_api_key("none");
    let client = Client::with_config(config);
    let request: Value = serde_json::from_str(&fs::read_to_string(request)?)?;
    let rows = fs::read_to_string(rows)?;
    let replies = stream::iter(rows.lines())
        .map(|row| call(&client, &request, row))
        .buffered(in_flight);
    let mut replies = std::pin::pin!(replies);
    let mut output = BufWriter::new(stdout().lock());
    while let Some(reply) = replies.next().await {
        writeln!(output, "{}", reply?)?;
    }
    Ok(output.flush()?)
}

async fn call(client: &Client<OpenAIConfig>, request: &Value, row: &str) -> Result<Value> {
    let row: Value = serde_json::from_str(row)?;
    let text = row["text"].as_str().context("a row has a text")?;
    let mut request = request.clone();
    put(&mut request, text);
    let reply: Value = client.chat().create_byot(request).await?;
    let answer = &reply["choices"][0]["message"]["content"];
    let answer = answer.as_str().context("there is no answer")?;
    Ok(serde_json::from_str(answer)?)
}

/// Puts a document into the words of the request.
fn put(request: &mut Value, text: &str) {
    match request {
        Value::String(words) if words.contains(TEXT) => *words = words.replace(TEXT, text),
        Value::Array(items) => items.iter_mut().for_each(|it| put(it, text)),
        Value::Object(fields) => fields.values_mut().for_each(|it| put(it, text)),
        _ => {}
    }
}

//! Asks a server for its list of models, which costs nothing: whether it is there, and takes the key.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::{Connect, checked};
use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::provider::Beside;

/// How a server answers when it is asked for its models.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reached {
    /// With the names of its models.
    Listed(Vec<String>),
    /// With this status and no list, as servers do that keep none (404), or that refuse the key (401, 403).
    Status(u16),
    /// Not at all.
    Not(ExchangeError),
}

impl Connect {
    /// Asks the server for its list of models. No model is asked for anything.
    ///
    /// # Errors
    ///
    /// Returns an error as [`build`](Self::build) does, if nothing can be sent.
    pub async fn reach(&self, limit: Duration) -> Result<Reached, ConnectError> {
        let base_url = checked::base_url(self)?;
        let key = checked::key(self)?;
        let beside = Beside::new(&self.headers, self.extra.clone(), self.provider.key_goes)?;
        let client = self.http_client(&base_url)?;
        let headers = beside.among(self.provider.headers(key.as_ref())?);
        let url = format!("{base_url}{}", self.provider.models_path);
        let request = client.client.get(url).headers(headers).build();
        let request = request.map_err(|error| {
            let message = "the request for its models cannot be made";
            ConnectError::new(ConnectErrorKind::Client, message).with_source(error.without_url())
        })?;
        let asked = timeout(limit, async {
            let reply = client.exchange(request).await?;
            let status = reply.status();
            let body = reply.into_body().whole().await?;
            Ok(match names(&body).filter(|_| status.is_success()) {
                Some(names) => Reached::Listed(names),
                None => Reached::Status(status.as_u16()),
            })
        });
        let too_slow = |_| ExchangeError::new(ExchangeErrorKind::Timeout);
        let asked = asked.await.map_err(too_slow).and_then(|it| it);
        Ok(asked.unwrap_or_else(Reached::Not))
    }
}

/// Reads a list of models, as OpenAI and Anthropic (`data`, `id`), Gemini and Ollama (`models`, `name`)
/// write it.
fn names(body: &[u8]) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let list = ["data", "models"].iter().find_map(|it| body.get(it))?;
    // Ollama's compatible endpoint sends `null` when it has no model yet.
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    let name = |it: &Value| {
        let name = it.get("id").or_else(|| it.get("name"))?.as_str()?;
        Some(name.trim_start_matches("models/").to_owned())
    };
    Some(list.iter().filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_all_providers_are_read() {
        for (body, expected) in [
            (
                r#"{"data": [{"id": "gpt-5-mini"}]}"#,
                Some(vec!["gpt-5-mini"]),
            ),
            (
                r#"{"models": [{"name": "models/gemini-2.5-flash"}]}"#,
                Some(vec!["gemini-2.5-flash"]),
            ),
            (
                r#"{"models": [{"name": "qwen3:8b", "model": "qwen3:8b"}]}"#,
                Some(vec!["qwen3:8b"]),
            ),
            (r#"{"data": null}"#, Some(vec![])),
            (r#"{"error": "no"}"#, None),
            ("<html>", None),
        ] {
            let found = names(body.as_bytes());
            let expected = expected.map(|it| it.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{body}");
        }
    }
}

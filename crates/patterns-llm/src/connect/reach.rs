//! Asks a server for its list of models, which costs nothing: whether it is there, and takes the key.

use std::future::ready;
use std::time::Duration;

use tokio::time::timeout;

use super::{Connect, checked};
use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::model_list::listed;
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
            let reply = client.exchange(request, ready(None)).await?;
            let status = reply.status();
            let body = reply.into_body().whole().await?;
            Ok(match listed(&body).filter(|_| status.is_success()) {
                Some(names) => Reached::Listed(names),
                None => Reached::Status(status.as_u16()),
            })
        });
        let too_slow = |_| ExchangeError::new(ExchangeErrorKind::Timeout);
        let asked = asked.await.map_err(too_slow).and_then(|it| it);
        Ok(asked.unwrap_or_else(Reached::Not))
    }
}

//! The way from our adapters to a provider in memory.

use bytes::Bytes;
use patterns_core::BoxFuture;
use patterns_llm::{Exchange, ExchangeError, ExchangeErrorKind};
use patterns_simulator::{Dropped, InMemory};

/// Brings requests to the provider in memory.
pub(crate) struct Wire(pub(crate) InMemory);

impl Exchange for Wire {
    fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let reply = self.0.post(&head.headers, body).await.map_err(|dropped| {
                let kind = match dropped {
                    Dropped::Refused => ExchangeErrorKind::NotConnected,
                    Dropped::Reset | Dropped::CutOff => ExchangeErrorKind::Broken,
                };
                ExchangeError::new(kind).with_source(dropped)
            })?;
            let mut response = http::Response::new(reply.body);
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}

//! A tracing span around every attempt, for operators; never with a prompt or an answer in it.

use patterns_core::{
    BoxFuture, FinishReason, Layer, Model, ModelError, ModelId, Request, Response, Usage,
};
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// Puts a span around every attempt: `chat`, at the level `info`, with the fields of a [`Trace`].
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceLayer;

impl<M: Model> Layer<M> for TraceLayer {
    type Model = Trace<M>;

    fn layer(&self, inner: M) -> Trace<M> {
        Trace { inner }
    }
}

/// A model with a span around every attempt; made by [`TraceLayer`].
///
/// The fields follow the OpenTelemetry semantic conventions for generative AI (`gen_ai.request.model`,
/// `gen_ai.usage.input_tokens`, `error.type`, …); `patterns.run`, `patterns.branch` and `patterns.sample` say what
/// the attempt is for. No prompt and no answer is in them.
#[derive(Clone, Debug)]
pub struct Trace<M> {
    inner: M,
}

impl<M: Model> Trace<M> {
    fn span(&self, request: &Request) -> Span {
        let id = self.inner.id();
        tracing::info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = %id.provider,
            gen_ai.request.model = %id.model,
            server.address = id.endpoint.as_deref(),
            gen_ai.response.model = Empty,
            gen_ai.response.id = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            http.response.status_code = Empty,
            error.r#type = Empty,
            patterns.run = %request.scope.origin().run,
            patterns.branch = request.scope.origin().branch.0,
            patterns.sample = request.sample,
        )
    }
}

fn record(span: &Span, result: &Result<Response, ModelError>) {
    if span.is_disabled() {
        return;
    }
    match result {
        Ok(response) => {
            let finish = match &response.finish {
                FinishReason::Stop => "stop",
                FinishReason::Other(reason) => reason,
            };
            span.record("gen_ai.response.model", response.model.as_str());
            span.record("gen_ai.response.finish_reasons", finish);
            record_request_id(span, response.request_id.as_deref());
            record_usage(span, response.usage);
        }
        Err(error) => {
            span.record("error.type", error.kind().name());
            if let Some(status) = error.status() {
                span.record("http.response.status_code", status);
            }
            record_request_id(span, error.request_id());
            record_usage(span, error.usage());
        }
    }
}

fn record_request_id(span: &Span, id: Option<&str>) {
    if let Some(id) = id {
        span.record("gen_ai.response.id", id);
    }
}

fn record_usage(span: &Span, usage: Usage) {
    span.record("gen_ai.usage.input_tokens", usage.input_tokens);
    span.record("gen_ai.usage.output_tokens", usage.output_tokens);
}

impl<M: Model> Model for Trace<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        let span = self.span(request);
        if span.is_disabled() {
            return self.inner.generate(request);
        }
        let attempt = self.inner.generate(request).instrument(span.clone());
        Box::pin(async move {
            let result = attempt.await;
            record(&span, &result);
            result
        })
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}

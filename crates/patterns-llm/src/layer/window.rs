//! Refuses what is clearly longer than the model can read, without sending it: some servers cut such
//! requests short without a word. A request is estimated, so what is near the limit is sent.

use patterns_core::{
    BoxFuture, Layer, Model, ModelError, ModelErrorKind, ModelId, Request, Response,
};

use crate::pace::demand;

/// Refuses requests that are too long; all are sent without a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowLayer {
    limit: Option<u64>,
}

impl WindowLayer {
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self { limit }
    }
}

impl<M: Model> Layer<M> for WindowLayer {
    type Model = Windowed<M>;

    fn layer(&self, inner: M) -> Windowed<M> {
        Windowed {
            inner,
            limit: self.limit,
        }
    }
}

/// A model that is sent nothing it cannot read; made by [`WindowLayer`].
#[derive(Debug)]
pub(crate) struct Windowed<M> {
    inner: M,
    limit: Option<u64>,
}

impl<M: Model> Model for Windowed<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        match self.limit.and_then(|limit| too_long(request, limit)) {
            Some(error) => Box::pin(std::future::ready(Err(error))),
            None => self.inner.generate(request),
        }
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}

/// Returns the refusal of a request that is too long, if it is.
fn too_long(request: &Request, limit: u64) -> Option<ModelError> {
    let demand = demand(request);
    let output = if demand.is_bounded {
        demand.output_tokens
    } else {
        0
    };
    let tokens = demand.input_tokens + output;
    (tokens > limit).then(|| {
        let detail = format!("about {tokens} tokens are more than the context window of {limit}");
        ModelError::new(ModelErrorKind::ContextTooLong).with_detail(detail)
    })
}

#[cfg(test)]
mod tests {
    use patterns_core::{Message, Part, Sampling};

    use super::*;

    #[test]
    fn only_what_is_clearly_too_long_is_refused() {
        let request = |letters: usize, most| Request {
            messages: vec![Message::user([Part::text("x".repeat(letters))])],
            sampling: Sampling {
                max_output_tokens: most,
                ..Sampling::default()
            },
            ..Request::default()
        };
        for (letters, most, expected) in [
            (400, None, None),
            (
                404,
                None,
                Some("about 101 tokens are more than the context window of 100"),
            ),
            (200, Some(50), None),
            (
                200,
                Some(51),
                Some("about 101 tokens are more than the context window of 100"),
            ),
        ] {
            let refused = too_long(&request(letters, most), 100);
            let detail = refused.as_ref().and_then(ModelError::detail);
            assert_eq!(detail, expected, "{letters} {most:?}");
        }
    }
}

//! Keeps every attempt within a [`Budget`]: reserves before it is sent, settles when it has ended.
//!
//! The layer stands directly around one attempt, inside retry, step-down, hedge and pace and outside trace and
//! timeout, so that whatever is sent to a provider, for whatever reason, reserves for itself. Around
//! the whole call it would have to reserve for as many attempts as there may be, ten times what nearly
//! every call needs, or let the further ones go unseen. And the room of a failed attempt is free
//! again during the wait for the next one. Waiting for room happens outside the clock and the span
//! of the attempt, since nothing is sent yet; and inside pace, so that no room is held by a call that
//! waits for its turn.

use patterns_core::{
    BoxFuture, Budget, Exhausted, Layer, Model, ModelError, ModelErrorKind, ModelId, Part, Request,
    Reservation, Response, Spend, Usage,
};

use crate::attached::attached_tokens;
use crate::price::Price;

/// Tokens that an answer is taken to have at most where
/// [`Sampling::max_output_tokens`](patterns_core::Sampling::max_output_tokens) doesn't say.
pub const ASSUMED_OUTPUT_TOKENS: u32 = 4096;

/// Tokens for the frame of a message, and of the request itself.
const FRAME_TOKENS: u64 = 16;

/// The fence around a document, in bytes.
const FENCE_BYTES: usize = 64;

/// Keeps every attempt within a budget.
#[derive(Clone, Debug)]
pub struct BudgetLayer {
    budget: Budget,
    price: Option<Price>,
}

impl BudgetLayer {
    /// Makes the layer. Without a price no cost is counted, and a budget with a cap on cost lets
    /// nothing pass.
    pub fn new(budget: Budget, price: Option<Price>) -> Self {
        Self { budget, price }
    }
}

impl<M: Model> Layer<M> for BudgetLayer {
    type Model = Budgeted<M>;

    fn layer(&self, inner: M) -> Budgeted<M> {
        Budgeted {
            inner,
            budget: self.budget.clone(),
            price: self.price,
        }
    }
}

/// A model whose attempts stay within a budget; made by [`BudgetLayer`].
///
/// An attempt reserves a token for every three bytes that it sends, and the most that it may be
/// answered with; then it settles with the usage that the provider reports. An attempt whose usage
/// nobody knows (it timed out, broke off, was cancelled, or its answer came without usage) stays
/// counted in full, as possibly billed. What an attempt has cost is in its usage from here on: whoever adds up
/// calls comes to what the budget has settled.
///
/// The cap is hard as long as attempts use no more than was reserved. To make sure of that for
/// answers, set `max_output_tokens`; otherwise [`ASSUMED_OUTPUT_TOKENS`] are reserved. A larger bill
/// is recorded, and nothing is sent after it that does not fit.
///
/// If the budget has a [journal](patterns_core::Journal), an attempt is sent once its reservation is
/// kept there.
///
/// An attempt that does not fit as yet waits for others to end. One that never will fails with
/// [`BudgetExhausted`](ModelErrorKind::BudgetExhausted) and an empty bill: it was not sent.
///
/// # Cancellation
///
/// Dropping the future before the attempt was sent costs nothing; later, the attempt counts as
/// possibly billed.
#[derive(Clone, Debug)]
pub struct Budgeted<M> {
    inner: M,
    budget: Budget,
    price: Option<Price>,
}

impl<M: Model> Budgeted<M> {
    async fn attempt(&self, request: &Request) -> Result<Response, ModelError> {
        let reservation = self.budget.reserve(self.estimate(request));
        let reservation = tokio::select! {
            biased;
            () = request.scope.draining() => {
                return Err(ModelError::new(ModelErrorKind::NotSent));
            }
            reservation = reservation => Unsent(Some(reservation.map_err(exhausted)?)),
        };
        // A cap that holds across a crash: what may be spent is kept before it is sent.
        self.budget.kept().await?;
        let reservation = reservation.sent()?;
        let result = self.inner.generate(request).await;
        let Some(usage) = settlement(&result) else {
            drop(reservation);
            return result;
        };
        let spend = self.spend(usage);
        reservation.settle(spend);
        let cost = spend.cost;
        match result {
            Ok(response) => Ok(Response {
                usage: Usage { cost, ..usage },
                ..response
            }),
            Err(error) => Err(error.with_usage(Usage { cost, ..usage })),
        }
    }

    /// Returns what an attempt may cost.
    fn estimate(&self, request: &Request) -> Spend {
        let output = request.sampling.max_output_tokens;
        let output = u64::from(output.unwrap_or(ASSUMED_OUTPUT_TOKENS));
        let input = input_tokens(request);
        Spend {
            calls: 1,
            tokens: input + output,
            cost: self.price.map(|price| price.at_most(input, output)),
        }
    }

    fn spend(&self, usage: Usage) -> Spend {
        let told = usage.billed.or(usage.cost);
        Spend {
            calls: usage.attempts.max(1),
            tokens: usage.total_tokens(),
            cost: told.or_else(|| Some(self.price?.of(usage))),
        }
    }
}

/// Room for an attempt that has not been sent: dropped, it is free again.
struct Unsent(Option<Reservation>);

impl Unsent {
    /// Returns the reservation of an attempt that is sent now.
    fn sent(mut self) -> Result<Reservation, ModelError> {
        self.0
            .take()
            .ok_or_else(|| ModelError::new(ModelErrorKind::NotSent))
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if let Some(reservation) = self.0.take() {
            reservation.settle(Spend::ZERO);
        }
    }
}

/// Returns how many tokens a request has, on the high side: three bytes each, when English has four
/// and most else has more than three.
pub(super) fn input_tokens(request: &Request) -> u64 {
    let part = |part: &Part| match part {
        Part::Text(text) => text.len(),
        Part::Document(document) => document.text.len() + document.id.len() + FENCE_BYTES,
    };
    let attached = |part: &Part| match part {
        Part::Text(_) => 0,
        Part::Document(document) => attached_tokens(document),
    };
    let parts = request.messages.iter().flat_map(|it| &it.parts);
    let attached: u64 = parts.clone().map(attached).sum();
    // It goes along twice: to be enforced, and in words.
    let schema = request.schema.as_ref().map_or(0, |it| {
        it.json().get().len() + it.shape().map_or(0, str::len)
    });
    let bytes = request.instructions.len() + schema + parts.map(part).sum::<usize>();
    let frames = FRAME_TOKENS * (request.messages.len() as u64 + 2);
    (bytes as u64).div_ceil(3) + frames + attached
}

/// Returns what an attempt that has ended is known to have used, and `None` if the provider may have
/// billed something that nobody has told.
fn settlement(result: &Result<Response, ModelError>) -> Option<Usage> {
    let error = match result {
        Ok(response) => return Some(response.usage).filter(|it| it.total_tokens() > 0),
        Err(error) => error,
    };
    let usage = error.usage();
    if usage.total_tokens() > 0 {
        return Some(usage);
    }
    let is_free = match error.status() {
        // A gateway speaks that gave up waiting; the model behind it may have gone on.
        Some(408 | 499 | 502 | 504 | 524) => false,
        // Who replies with an error has not answered, and bills nothing.
        Some(400..) => true,
        // Any other reply is an answer, whole or not, that came without its bill.
        Some(_) => false,
        // Without a reply nothing is known, unless nothing was sent.
        None => !matches!(
            error.kind(),
            ModelErrorKind::Timeout
                | ModelErrorKind::Unavailable { .. }
                | ModelErrorKind::Unreadable
                | ModelErrorKind::Truncated
                | ModelErrorKind::Filtered
                | ModelErrorKind::Refused
        ),
    };
    is_free.then_some(usage)
}

fn exhausted(error: Exhausted) -> ModelError {
    ModelError::new(ModelErrorKind::BudgetExhausted)
        .with_detail(error.to_string())
        .with_source(error)
}

impl<M: Model> Model for Budgeted<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.attempt(request))
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}

#[cfg(test)]
mod tests;

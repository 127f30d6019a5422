//! Lets the first call with a long beginning go ahead, so that the provider has it in its prompt
//! cache when the others come.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{
    Attachment, BoxFuture, CallKey, Layer, Model, ModelError, ModelId, Part, Request, Response,
};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::first_tokens::FirstTokens;

/// Beginnings shorter than this are not cached by providers: OpenAI asks for 1024 tokens
/// (<https://platform.openai.com/docs/guides/prompt-caching>), of about four bytes each.
const LEAST_BYTES: usize = 4 * 1024;

/// How long a cached beginning is kept that nobody uses: 5 to 10 minutes, says the same page.
const KEPT: Duration = Duration::from_secs(300);

/// The longest wait for the call that goes ahead; a slow one must not hold up a run.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Makes calls with a long common beginning wait until the first of them has been answered.
///
/// Calls that are sent at the same time all miss the provider's prompt cache, and all pay in full. Where
/// answers are streamed, the others wait for the first token only.
#[derive(Clone, Debug)]
pub struct PrimeLayer {
    is_on: bool,
    first_tokens: Arc<FirstTokens>,
    beginnings: Arc<Beginnings>,
}

impl PrimeLayer {
    /// Makes the layer, which does nothing unless it is on.
    pub fn new(is_on: bool) -> Self {
        Self {
            is_on,
            first_tokens: Arc::default(),
            beginnings: Arc::default(),
        }
    }

    /// Sets where it is written down which beginnings are shared.
    pub(crate) fn beginnings(mut self, beginnings: Arc<Beginnings>) -> Self {
        self.beginnings = beginnings;
        self
    }

    /// Sets who tells that an answer has begun.
    pub(crate) fn first_tokens(mut self, first_tokens: Arc<FirstTokens>) -> Self {
        self.first_tokens = first_tokens;
        self
    }
}

impl<M: Model> Layer<M> for PrimeLayer {
    type Model = Primed<M>;

    fn layer(&self, inner: M) -> Primed<M> {
        Primed {
            inner,
            beginnings: self.is_on.then(|| Arc::clone(&self.beginnings)),
            first_tokens: Arc::clone(&self.first_tokens),
        }
    }
}

/// A model whose calls wait for the first one with the same beginning; made by [`PrimeLayer`].
///
/// # Cancellation
///
/// If the call that went ahead is dropped, the others go, too.
#[derive(Debug)]
pub struct Primed<M> {
    inner: M,
    beginnings: Option<Arc<Beginnings>>,
    first_tokens: Arc<FirstTokens>,
}

/// A beginning that has been sent.
#[derive(Debug)]
struct Beginning {
    used: Instant,
    /// Closed when the call that went ahead has ended, well or not, or its answer has begun.
    ahead: watch::Receiver<()>,
    /// Whether a second call has it.
    is_shared: bool,
}

/// The beginnings that have been sent, by their digests, a collision of which costs a wait.
#[derive(Debug, Default)]
pub(crate) struct Beginnings(Mutex<HashMap<u64, Beginning>>);

impl Beginnings {
    /// Returns which beginnings of a request others share: all but its last part, and all of it. Only
    /// what goes ahead of others is known to be shared, so a provider that bills what it is told to cache
    /// is told of nothing that is read once.
    pub(crate) fn shared(&self, request: &Request) -> [bool; 2] {
        let beginnings = lock(&self.0);
        if beginnings.is_empty() {
            return [false; 2];
        }
        let is_shared = |hash| beginnings.get(&hash).is_some_and(|it| it.is_shared);
        long_beginnings(request).map(|it| it.is_some_and(is_shared))
    }
}

impl<M: Model> Primed<M> {
    async fn call(
        &self,
        beginnings: &Beginnings,
        request: &Request,
    ) -> Result<Response, ModelError> {
        // Both a document before many questions and a question to many voters may be long.
        let mut ahead = Vec::new();
        for hash in long_beginnings(request).into_iter().flatten() {
            match join(beginnings, hash) {
                Role::First(sender) => ahead.push(sender),
                Role::Other(mut first) => {
                    // It ends with an error when the sender is dropped, which is the signal.
                    let _ = timeout(LONGEST_WAIT, first.changed()).await;
                }
            }
        }
        if ahead.is_empty() {
            return self.inner.generate(request).await;
        }
        // The others of a fan-out that begins now come up behind, and are seen.
        tokio::task::yield_now().await;
        let key = CallKey::of(self.inner.id(), request).to_string();
        let mut first_token = self.first_tokens.expect(key);
        let mut generating = self.inner.generate(request);
        tokio::select! {
            result = &mut generating => return result,
            () = first_token.came() => drop(ahead),
        }
        generating.await
    }
}

enum Role {
    First(watch::Sender<()>),
    Other(watch::Receiver<()>),
}

fn join(beginnings: &Beginnings, hash: u64) -> Role {
    let now = Instant::now();
    let mut beginnings = lock(&beginnings.0);
    if let Some(known) = beginnings.get_mut(&hash)
        && now.duration_since(known.used) < KEPT
    {
        known.used = now;
        known.is_shared = true;
        return Role::Other(known.ahead.clone());
    }
    beginnings.retain(|_, it| now.duration_since(it.used) < KEPT);
    let (sender, ahead) = watch::channel(());
    let is_shared = false;
    beginnings.insert(
        hash,
        Beginning {
            used: now,
            ahead,
            is_shared,
        },
    );
    Role::First(sender)
}

/// Returns the digests of what a request shares with others: all of it but its last part, and all
/// of it; each if it is long enough to be cached.
fn long_beginnings(request: &Request) -> [Option<u64>; 2] {
    let mut hasher = DefaultHasher::new();
    let schema = request.schema.as_ref().map_or("", |it| it.json().get());
    (&request.instructions, schema).hash(&mut hasher);
    let mut length = request.instructions.len() + schema.len();
    let mut parts = request.messages.iter().flat_map(|it| &it.parts).peekable();
    let mut but_last = None;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            but_last = (length >= LEAST_BYTES).then(|| hasher.finish());
        }
        length += match part {
            Part::Text(text) => {
                text.hash(&mut hasher);
                text.len()
            }
            Part::Document(document) => {
                let attached = document.attachment.as_ref().map(Attachment::digest);
                (&document.id, &document.text, attached).hash(&mut hasher);
                document.text.len()
            }
        };
    }
    let whole = (length >= LEAST_BYTES).then(|| hasher.finish());
    [but_last, whole]
}

impl<M: Model> Model for Primed<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        match &self.beginnings {
            Some(beginnings) => Box::pin(self.call(beginnings, request)),
            None => self.inner.generate(request),
        }
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

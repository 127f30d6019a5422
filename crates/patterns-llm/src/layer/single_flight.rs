//! Sends equal calls that are under way at the same time once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patterns_core::{
    BoxFuture, CallKey, Layer, Model, ModelError, ModelId, Request, Response, Usage,
};

/// Makes equal calls under way at the same time share one answer.
///
/// Calls are equal if their [`CallKey`]s are, so different samples of one question never share.
#[derive(Clone, Copy, Debug, Default)]
pub struct SingleFlightLayer;

impl<M: Model> Layer<M> for SingleFlightLayer {
    type Model = SingleFlight<M>;

    fn layer(&self, inner: M) -> SingleFlight<M> {
        SingleFlight {
            inner,
            flights: Mutex::default(),
        }
    }
}

/// A model that answers equal calls under way at the same time once; made by
/// [`SingleFlightLayer`].
///
/// The bill is on the call that was sent. The others have used one call, no attempt and no token.
///
/// # Cancellation
///
/// If the future of the call that was sent is dropped, one of the others is sent in its place.
#[derive(Debug)]
pub struct SingleFlight<M> {
    inner: M,
    flights: Mutex<HashMap<CallKey, Arc<Flight>>>,
}

/// A call under way. Whoever holds the lock and finds nothing in it makes the call; the others
/// queue for the lock and find the answer.
type Flight = tokio::sync::Mutex<Option<Result<Response, ModelError>>>;

impl<M: Model> SingleFlight<M> {
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let key = CallKey::of(self.inner.id(), request);
        let joined = Joined::new(&self.flights, key);
        let mut known = joined.flight.lock().await;
        if let Some(result) = &*known {
            return shared(result);
        }
        // It takes as long as a twentieth of all else of a call, so it is made once for all beneath.
        let request = Request {
            scope: request.scope.for_call(key),
            ..request.clone()
        };
        let result = self.inner.generate(&request).await;
        // Without others there is nobody to leave the answer to.
        if joined.has_others() {
            *known = Some(result.clone());
        }
        result
    }
}

impl<M: Model> Model for SingleFlight<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}

/// Hands a result on to a call that was not sent.
fn shared(result: &Result<Response, ModelError>) -> Result<Response, ModelError> {
    let usage = Usage {
        calls: 1,
        ..Usage::default()
    };
    match result.clone() {
        Ok(response) => Ok(Response { usage, ..response }),
        Err(error) => Err(error.with_usage(usage)),
    }
}

/// A call under way that this one has joined; it is forgotten when the last one has left it.
struct Joined<'a> {
    flights: &'a Mutex<HashMap<CallKey, Arc<Flight>>>,
    key: CallKey,
    flight: Arc<Flight>,
}

impl<'a> Joined<'a> {
    fn new(flights: &'a Mutex<HashMap<CallKey, Arc<Flight>>>, key: CallKey) -> Self {
        let flight = Arc::clone(lock(flights).entry(key).or_default());
        Self {
            flights,
            key,
            flight,
        }
    }

    /// Returns whether anybody else has joined; the map itself holds it once, too.
    fn has_others(&self) -> bool {
        Arc::strong_count(&self.flight) > 2
    }
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        // Under the lock nobody joins or leaves.
        let mut flights = lock(self.flights);
        if !self.has_others() {
            flights.remove(&self.key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    /// Answers after a second with the number of the call.
    struct Counting {
        id: ModelId,
        calls: AtomicU64,
    }

    impl Model for Counting {
        fn id(&self) -> &ModelId {
            &self.id
        }

        fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
            Box::pin(async {
                let number = self.calls.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(Response::new("counting", number.to_string()))
            })
        }
    }

    fn model() -> SingleFlight<Counting> {
        SingleFlightLayer.layer(Counting {
            id: ModelId::new("counting", ""),
            calls: AtomicU64::new(0),
        })
    }

    fn sample(sample: u32) -> Request {
        Request {
            sample,
            ..Request::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn equal_calls_share_an_answer_and_one_pays() {
        let model = model();
        let request = sample(0);
        let answers = join_all((0..5).map(|_| model.generate(&request))).await;
        let answers: Vec<Response> = answers.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| answer.text == "0"));
        let usage: Usage = answers.iter().map(|answer| answer.usage).sum();
        assert_eq!((usage.calls, usage.attempts), (5, 1));
        assert!(lock(&model.flights).is_empty());
        assert_eq!(
            model.generate(&request).await.unwrap().text,
            "1",
            "no cache"
        );
    }

    #[tokio::test]
    async fn what_is_beneath_knows_the_key_of_the_call() {
        struct Telling(ModelId);

        impl Model for Telling {
            fn id(&self) -> &ModelId {
                &self.0
            }

            fn generate<'a>(
                &'a self,
                request: &'a Request,
            ) -> BoxFuture<'a, Result<Response, ModelError>> {
                let key = request.scope.call().map(|it| it.to_string());
                Box::pin(async { Ok(Response::new("telling", key.unwrap_or_default())) })
            }
        }

        let model = SingleFlightLayer.layer(Telling(ModelId::new("telling", "")));
        let stale = CallKey::from_bytes([7; 32]);
        for number in [0, 1] {
            let request = Request {
                scope: patterns_core::Scope::default().for_call(stale),
                ..sample(number)
            };
            let told = model.generate(&request).await.unwrap().text;
            assert_eq!(told, CallKey::of(model.id(), &request).to_string());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn samples_never_share() {
        let model = model();
        let requests = [sample(0), sample(1), sample(2)];
        join_all(requests.iter().map(|request| model.generate(request))).await;
        assert_eq!(model.inner.calls.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn if_the_sender_gives_up_another_one_sends() {
        let model = model();
        let request = sample(0);
        let impatient = tokio::time::timeout(Duration::from_millis(500), model.generate(&request));
        let (gone, answered) = tokio::join!(impatient, model.generate(&request));
        assert!(gone.is_err());
        assert_eq!(answered.unwrap().text, "1");
        assert!(lock(&model.flights).is_empty());
    }
}

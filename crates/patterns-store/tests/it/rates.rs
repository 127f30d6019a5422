//! What a store learns of the rate that a server allows.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{BoxFuture, Event, EventSink, Layer, Model, ModelError, Waits};
use patterns_store::Recorder;

use super::how_runs_go::{begun, layer, origin, start};
use super::*;

/// Answers at the pace of a server that allows two calls a second; some calls wait for it.
#[derive(Debug)]
struct Paced(ModelId, Arc<Recorder>, fn(u64) -> bool);

impl Model for Paced {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let origin = request.scope.origin();
            let rate = Duration::from_millis(if self.2(origin.branch.0) { 3_000 } else { 10 });
            let waited = Waits {
                rate,
                ..Waits::default()
            };
            self.1.emit(Event::AttemptSent { origin, waited });
            let took = Duration::from_millis(500);
            tokio::time::sleep(took).await;
            let error = None;
            self.1.emit(Event::AttemptEnded {
                origin,
                took,
                error,
            });
            Ok(Response::new("m", "done"))
        })
    }
}

/// Makes calls of which some wait, one after the other.
async fn paced(store: &Store, calls: u64, waits: fn(u64) -> bool) {
    let run = begun(store, 1).await;
    let recorder = Arc::new(Recorder::new(store, &run).unwrap());
    let paced = Paced(ModelId::new("openai", "m"), Arc::clone(&recorder), waits);
    let model = layer(store, &recorder).layer(paced);
    for n in 0..calls {
        start(&recorder, n, "many");
        let request = Request {
            scope: origin(n).into(),
            ..request(&n.to_string(), 0)
        };
        model.generate(&request).await.unwrap();
    }
    recorder.close();
    store.flush().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_rate_that_calls_had_to_wait_for_is_learnt() {
    let all_but_the_first: fn(u64) -> bool = |it| it >= 9;
    for (calls, waits, learnt) in [
        (9 + 19, all_but_the_first, None),
        (9 + 21, all_but_the_first, Some(120)),
        // Those that did not wait went through as well.
        (60, |it| it % 3 > 0, Some(120)),
        // Where few waited, something else decided.
        (90, |it| it % 3 == 0, None),
    ] {
        let store = Store::in_memory().unwrap();
        paced(&store, calls, waits).await;
        let rates = store.experience().unwrap().rates;
        assert_eq!(rates.get("openai:m").copied(), learnt, "{calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_that_cannot_be_is_no_damage() {
    let place = Place::new();
    let store = place.open();
    paced(&store, 30, |_| true).await;
    place.tamper(&format!(
        "UPDATE run_calls SET began = {} WHERE number = 7",
        i64::MAX
    ));
    let rates = store.experience().unwrap().rates;
    assert_eq!(rates.get("openai:m"), Some(&0));
}

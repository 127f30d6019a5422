//! What a store learns of the rate that a server allows.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{BoxFuture, Event, EventSink, Layer, Model, ModelError, Waits};
use patterns_store::Recorder;

use super::how_runs_go::{begun, layer, origin, start};
use super::*;

/// Answers at the pace of a server that allows two calls a second, once the first wave is through.
#[derive(Debug)]
struct Paced(ModelId, Arc<Recorder>);

impl Model for Paced {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let origin = request.scope.origin();
            let rate = Duration::from_millis(if origin.branch.0 < 9 { 10 } else { 3_000 });
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

#[tokio::test(start_paused = true)]
async fn the_rate_that_calls_had_to_wait_for_is_learnt() {
    for (calls, learnt) in [(9 + 19, None), (9 + 21, Some(120))] {
        let store = Store::in_memory().unwrap();
        let run = begun(&store, 1).await;
        let recorder = Arc::new(Recorder::new(&store, &run).unwrap());
        let paced = Paced(ModelId::new("openai", "m"), Arc::clone(&recorder));
        let model = layer(&store, &recorder).layer(paced);
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
        let rates = store.experience().unwrap().rates;
        assert_eq!(rates.get("openai:m").copied(), learnt, "{calls}");
    }
}

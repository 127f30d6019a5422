//! Runs: begun, gone on with, ended.

use std::future::pending;

use futures_util::future::join;
use patterns_core::{BoxFuture, Event, Layer, Model, ModelError, Warning};
use patterns_store::StoreLayer;

use super::*;

#[tokio::test]
async fn a_run_is_gone_on_with_until_it_has_ended() {
    let store = Store::in_memory().unwrap();
    let first = store.begin_run([1; 32], "job".to_owned()).await.unwrap();
    assert_eq!((first.id, first.sessions, first.ended), (1, 1, None));
    let again = store.begin_run([1; 32], "job".to_owned()).await.unwrap();
    assert_eq!((again.id, again.sessions), (1, 2));
    let other = store.begin_run([2; 32], "other".to_owned()).await.unwrap();
    assert_eq!((other.id, other.sessions), (2, 1));

    store
        .end_run(1, false, "broken off".to_owned())
        .await
        .unwrap();
    assert_eq!(store.begin_run([1; 32], String::new()).await.unwrap().id, 1);
    store.end_run(1, true, "done".to_owned()).await.unwrap();
    let done = store.run(1).unwrap().unwrap();
    assert!(done.ended.is_some());
    assert_eq!(done.outcome.as_deref(), Some("done"));
    assert_eq!(store.begin_run([1; 32], String::new()).await.unwrap().id, 3);

    store.reopen_run(3).await.unwrap();
    let reopened = store.begin_run([1; 32], String::new()).await.unwrap();
    assert_eq!(
        (reopened.id, reopened.sessions, reopened.ended),
        (3, 2, None)
    );
    let ids: Vec<i64> = store.runs(10).unwrap().iter().map(|it| it.id).collect();
    assert_eq!(ids, [3, 2, 1]);
    assert_eq!(store.run(9).unwrap(), None);
}

#[tokio::test]
async fn what_was_noted_is_kept_in_order() {
    let store = Store::in_memory().unwrap();
    for code in ["one", "two"] {
        let run = Default::default();
        let warning = Warning::new(code, "something");
        store.note(5, &Event::WarningRaised { run, warning });
    }
    store.flush().await.unwrap();
    let notes = store.notes(5).unwrap();
    assert_eq!(notes.len(), 2);
    assert!(notes[0].1.contains("\"one\"") && notes[1].1.contains("\"two\""));
    assert_eq!(store.notes(6).unwrap(), []);
}

#[tokio::test]
async fn what_runs_have_paid_is_summed_by_model() {
    let store = Store::in_memory().unwrap();
    store.record(&record("a", "1", 1)).await.unwrap();
    store.record(&record("a", "2", 1)).await.unwrap();
    store.record(&record("b", "3", 2)).await.unwrap();
    let paid = store.paid(1).unwrap();
    assert_eq!(paid.len(), 1);
    assert_eq!((paid[0].1.calls, paid[0].1.total_tokens()), (2, 30));
}

/// Answers "quick" at once and nothing else ever.
struct Stuck(ModelId);

impl Model for Stuck {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, asked: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async {
            if *asked != request("quick", 0) {
                pending::<()>().await;
            }
            Ok(Response::new("m", "done"))
        })
    }
}

#[tokio::test]
async fn calls_under_way_at_a_kill_are_known() {
    let place = Place::new();
    let store = place.open();
    let run = store.begin_run([1; 32], String::new()).await.unwrap();
    let layer = StoreLayer::new(store.clone()).run(run.id);
    let model = layer.layer(Stuck(ModelId::new("openai", "m")));
    let (one, other, quick) = (request("a", 0), request("b", 0), request("quick", 0));
    let mut stuck = Box::pin(join(model.generate(&one), model.generate(&other)));
    tokio::select! {
        biased;
        _ = &mut stuck => unreachable!(),
        answer = model.generate(&quick) => assert_eq!(answer.unwrap().text, "done"),
    }
    // Another process finds what a kill would leave.
    let after = place.open();
    let run = after.begin_run([1; 32], String::new()).await.unwrap();
    assert_eq!((run.sessions, run.lost), (2, 2));
    // Nothing is counted twice, and a session that ends leaves nothing.
    let run = after.begin_run([1; 32], String::new()).await.unwrap();
    assert_eq!(run.lost, 2);
    drop(stuck);
    store.end_run(1, false, String::new()).await.unwrap();
    let run = after.begin_run([1; 32], String::new()).await.unwrap();
    assert_eq!((run.sessions, run.lost), (4, 2));
}

#[tokio::test]
async fn the_first_calls_of_a_run_are_known_before_any_is_answered() {
    let place = Place::new();
    let store = place.open();
    let run = store.begin_run([1; 32], String::new()).await.unwrap();
    let layer = StoreLayer::new(store.clone()).run(run.id);
    let model = layer.layer(Stuck(ModelId::new("openai", "m")));
    let one = request("a", 0);
    let mut stuck = model.generate(&one);
    tokio::select! {
        biased;
        _ = &mut stuck => unreachable!(),
        flushed = store.flush() => flushed.unwrap(),
    }
    let after = place.open();
    let run = after.begin_run([1; 32], String::new()).await.unwrap();
    assert_eq!(run.lost, 1);
}

#[tokio::test]
async fn a_store_of_an_older_version_is_brought_up_to_date() {
    let to_2 = "DROP TABLE traces; PRAGMA user_version = 2;";
    let to_1 = "DROP TABLE traces; ALTER TABLE runs DROP COLUMN in_flight; \
        ALTER TABLE runs DROP COLUMN lost; PRAGMA user_version = 1;";
    for back in [to_2, to_1] {
        let place = Place::new();
        let store = place.open();
        store.begin_run([1; 32], "job".to_owned()).await.unwrap();
        store.record(&record("a", "1", 1)).await.unwrap();
        drop(store);
        let connection = rusqlite::Connection::open(place.path()).unwrap();
        connection.execute_batch(back).unwrap();
        drop(connection);
        let store = place.open();
        let run = store.run(1).unwrap().unwrap();
        assert_eq!((run.job.as_str(), run.lost), ("job", 0));
        assert_eq!(text(&store, "a").as_deref(), Some("1"));
        assert_eq!(store.trace(1).unwrap(), None);
    }
}

#[tokio::test]
async fn a_run_has_one_trace() {
    let place = Place::new();
    let store = place.open();
    store.begin_run([1; 32], "job".to_owned()).await.unwrap();
    for trace in ["first", "second"] {
        store.keep_trace(1, trace.to_owned()).await.unwrap();
        assert_eq!(store.trace(1).unwrap().as_deref(), Some(trace));
    }
    assert_eq!(store.trace(2).unwrap(), None);
}

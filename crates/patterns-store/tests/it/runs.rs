//! Runs: begun, gone on with, ended.

use patterns_core::{Event, Warning};

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

//! Runs: begun, gone on with, ended.

use patterns_core::{Budget, Caps, Event, Spend, Warning};
use patterns_store::Again;

use super::*;

#[tokio::test]
async fn a_run_is_gone_on_with_until_it_has_ended() {
    let store = Store::in_memory().unwrap();
    let first = store
        .begin_run([1; 32], "job".to_owned(), Again::SameUntilDone)
        .await
        .unwrap();
    assert_eq!((first.id, first.sessions, first.ended), (1, 1, None));
    let again = store
        .begin_run([1; 32], "job".to_owned(), Again::SameUntilDone)
        .await
        .unwrap();
    assert_eq!((again.id, again.sessions), (1, 2));
    let other = store
        .begin_run([2; 32], "other".to_owned(), Again::SameUntilDone)
        .await
        .unwrap();
    assert_eq!((other.id, other.sessions), (2, 1));

    store
        .end_run(1, false, "broken off".to_owned())
        .await
        .unwrap();
    assert_eq!(
        store
            .begin_run([1; 32], String::new(), Again::SameUntilDone)
            .await
            .unwrap()
            .id,
        1
    );
    store.end_run(1, true, "done".to_owned()).await.unwrap();
    let done = store.run(1).unwrap().unwrap();
    assert!(done.ended.is_some());
    assert_eq!(done.outcome.as_deref(), Some("done"));
    assert_eq!(
        store
            .begin_run([1; 32], String::new(), Again::SameUntilDone)
            .await
            .unwrap()
            .id,
        3
    );

    store.end_run(3, true, "done".to_owned()).await.unwrap();
    let words = "other words".to_owned();
    let again = store.begin_run([1; 32], words, Again::Same).await;
    let again = again.unwrap();
    assert_eq!((again.id, again.sessions), (3, 2));
    assert_eq!((again.ended, again.outcome), (None, None), "it goes on");
    let another = store.begin_run([1; 32], String::new(), Again::Another);
    assert_eq!(another.await.unwrap().id, 4, "though the third goes on");
    let first = store.go_on_with(1).await.unwrap();
    assert_eq!((first.id, first.job.as_str()), (1, "job"));
    assert_eq!(first.ended, None);
    assert_eq!(store.identity_of(1).unwrap(), Some([1; 32]));
    assert!(store.go_on_with(9).await.is_err());
    let ids: Vec<i64> = store.runs(10).unwrap().iter().map(|it| it.id).collect();
    assert_eq!(ids, [4, 3, 2, 1]);
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

fn spend(calls: u64) -> Spend {
    Spend {
        calls,
        tokens: 100 * calls,
        cost: Some("0.5".parse().unwrap()),
    }
}

#[tokio::test]
async fn what_is_reserved_is_kept_before_it_is_used_and_a_kill_counts_it() {
    let place = Place::new();
    let store = place.open();
    let run = store.begin_run([1; 32], String::new(), Again::SameUntilDone);
    assert_eq!(run.await.unwrap().account, None);
    let budget = Budget::new(Caps::default());
    store.keep_account(1, &budget);
    let settled = budget.try_reserve(spend(1)).unwrap();
    let under_way = budget.try_reserve(spend(2)).unwrap();
    settled.settle(spend(1));
    budget.kept().await.unwrap();
    // Another process finds what a kill would leave.
    let after = place.open();
    let kept = after.run(1).unwrap().unwrap().account.unwrap();
    assert_eq!((kept.committed, kept.reserved), (spend(1), spend(2)));
    let run = after.begin_run([1; 32], String::new(), Again::SameUntilDone);
    let run = run.await.unwrap();
    assert_eq!((run.sessions, run.lost), (2, 2));
    let account = run.account.unwrap();
    assert_eq!(
        (account.committed, account.possibly_billed),
        (spend(1), spend(2))
    );
    assert_eq!(account.reserved, Spend::ZERO);
    // Nothing is counted twice.
    let run = after.begin_run([1; 32], String::new(), Again::SameUntilDone);
    assert_eq!(run.await.unwrap().lost, 2);
    drop(under_way);
}

#[tokio::test]
async fn a_session_that_ends_leaves_its_account_and_nothing_under_way() {
    let store = Store::in_memory().unwrap();
    let run = store.begin_run([1; 32], String::new(), Again::SameUntilDone);
    run.await.unwrap();
    let budget = Budget::new(Caps::default());
    store.keep_account(1, &budget);
    budget.try_reserve(spend(3)).unwrap().settle(spend(2));
    store.end_run(1, false, String::new()).await.unwrap();
    let account = store.run(1).unwrap().unwrap().account.unwrap();
    assert_eq!(
        (account.committed, account.reserved),
        (spend(2), Spend::ZERO)
    );
}

#[tokio::test]
async fn a_budget_does_not_keep_its_store_open() {
    let place = Place::new();
    let store = place.open();
    let budget = Budget::new(Caps::default());
    store.keep_account(1, &budget);
    drop(store);
    let error = budget.kept().await.unwrap_err();
    assert_eq!(error.kind(), patterns_core::ModelErrorKind::NotRecorded);
}

#[tokio::test]
async fn a_store_of_an_older_version_is_brought_up_to_date() {
    let to_4 = "DROP TABLE branches; DROP TABLE run_calls; DROP TABLE results; \
        DROP TABLE prompts; DROP TABLE frames; ALTER TABLE calls DROP COLUMN prompt; \
        ALTER TABLE runs DROP COLUMN estimate; PRAGMA user_version = 4;";
    let to_3 = "DROP TABLE removed; DROP TABLE identity; ALTER TABLE runs DROP COLUMN account; \
        ALTER TABLE runs ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0;
        UPDATE runs SET in_flight = 7; PRAGMA user_version = 3;";
    let to_3 = format!("{to_4} {to_3}");
    let to_2 = format!("{to_3} DROP TABLE traces; PRAGMA user_version = 2;");
    let to_1 = format!(
        "{to_2} ALTER TABLE runs DROP COLUMN in_flight; ALTER TABLE runs DROP COLUMN lost; \
         PRAGMA user_version = 1;"
    );
    for (back, lost) in [(to_4, 0), (&to_3, 7), (&to_2, 7), (&to_1, 0)] {
        let place = Place::new();
        let store = place.open();
        store
            .begin_run([1; 32], "job".to_owned(), Again::SameUntilDone)
            .await
            .unwrap();
        store.record(&record("a", "1", 1)).await.unwrap();
        drop(store);
        let connection = rusqlite::Connection::open(place.path()).unwrap();
        connection.execute_batch(back).unwrap();
        drop(connection);
        let store = place.open();
        let run = store.run(1).unwrap().unwrap();
        assert_eq!((run.job.as_str(), run.lost), ("job", lost));
        assert_eq!(run.account, None);
        assert_eq!(store.id().unwrap(), place.open().id().unwrap());
        assert_eq!(text(&store, "a").as_deref(), Some("1"));
        assert_eq!(store.trace(1).unwrap(), None);
        assert_eq!(store.calls_of(1).count(), 0, "nobody knows how it went");
        assert_eq!(store.branches_of(1, 1).count(), 0);
        assert_eq!(store.result(1).unwrap(), None);
        // What is done with it from now on is kept.
        let run = store.go_on_with(1).await.unwrap();
        let asked = how_runs_go::ask(&store, &run, ["a", "b"]).await;
        assert_eq!(asked, ["found 1", "answered b"], "{back}");
        let found = store.calls_of(1).next().unwrap().unwrap();
        let texts = store.texts(&found).unwrap();
        assert!(texts.request.is_some(), "it is known from now on");
    }
}

#[tokio::test]
async fn a_run_has_one_trace() {
    let place = Place::new();
    let store = place.open();
    store
        .begin_run([1; 32], "job".to_owned(), Again::SameUntilDone)
        .await
        .unwrap();
    for trace in ["first", "second"] {
        store.keep_trace(1, trace.to_owned()).await.unwrap();
        assert_eq!(store.trace(1).unwrap().as_deref(), Some(trace));
    }
    assert_eq!(store.trace(2).unwrap(), None);
}

//! The file: who may read it, what survives, and how damage shows.

use patterns_core::{Layer, Model, ModelErrorKind};
use patterns_store::{StoreErrorKind, StoreLayer};
use patterns_testkit::ScriptedModel;

use super::*;

#[tokio::test]
async fn what_is_acknowledged_is_there_for_others_at_once() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    one.record(&record("a", "1", 0)).await.unwrap();
    assert_eq!(text(&other, "a").as_deref(), Some("1"));
    other.record(&record("b", "2", 0)).await.unwrap();
    assert_eq!(text(&one, "b").as_deref(), Some("2"));
    drop((one, other));
    let found = place.open().find(&key("a")).unwrap();
    assert_eq!(found, Some(record("a", "1", 0)), "every field survives");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_recorded_at_once() {
    let place = Place::new();
    let store = place.open();
    let words: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    let records: Vec<Record> = words.iter().map(|it| record(it, it, 1)).collect();
    let recorded = records.iter().map(|it| store.record(it));
    for result in futures_util::future::join_all(recorded).await {
        result.unwrap();
    }
    assert_eq!(store.stats().unwrap().calls["answered"], 1_000);
    assert!(words.iter().all(|it| text(&store, it).as_ref() == Some(it)));
    assert_eq!(store.verify().unwrap().good, 1_000);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.open();
    store.record(&record("a", "1", 0)).await.unwrap();
    let folder = place.path().parent().unwrap().to_owned();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    assert_eq!(
        std::fs::read_to_string(folder.join(".gitignore")).unwrap(),
        "*\n"
    );
}

#[tokio::test]
async fn damage_is_never_silent() {
    let place = Place::new();
    let store = place.open();
    store.record(&record("a", "the truth", 0)).await.unwrap();
    store.record(&record("b", "more", 0)).await.unwrap();
    assert!(store.verify().unwrap().is_good());
    place.tamper("UPDATE calls SET body = CAST(replace(CAST(body AS TEXT), 'truth', 'lies') AS BLOB) WHERE id = 1");
    let error = store.find(&key("a")).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Damaged);
    assert_eq!(error.path(), Some(place.path().as_path()));
    assert_eq!(text(&store, "b").as_deref(), Some("more"));
    let health = store.verify().unwrap();
    assert_eq!(health.good, 1);
    assert_eq!(
        health.damage,
        ["call 1: the store is damaged: a call is not what was written"]
    );
}

#[tokio::test]
async fn a_damaged_bill_is_found_too() {
    let place = Place::new();
    place.open().record(&record("a", "1", 0)).await.unwrap();
    place.tamper("UPDATE calls SET input_tokens = 1");
    assert!(!place.open().verify().unwrap().is_good());
}

#[tokio::test]
async fn a_call_whose_record_cannot_be_read_stops_the_run() {
    let place = Place::new();
    let layer = StoreLayer::new(place.open());
    let model = layer.layer(ScriptedModel::new(["1"]));
    model.generate(&request("a", 0)).await.unwrap();
    place.tamper("UPDATE calls SET digest = x'00'");
    let error = model.generate(&request("a", 0)).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::NotRecorded);
    assert!(error.kind().is_fatal());
}

#[tokio::test]
async fn a_failed_write_is_told_and_nothing_is_written_after_it() {
    let place = Place::new();
    let store = place.open();
    store.record(&record("a", "1", 0)).await.unwrap();
    // Whatever the reason, this is how a write fails.
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'broken'); END",
        )
        .unwrap();
    assert!(store.record(&record("b", "2", 0)).await.is_err());
    connection.execute_batch("DROP TRIGGER broken").unwrap();
    assert!(store.record(&record("c", "3", 0)).await.is_err());
    assert_eq!(text(&store, "a").as_deref(), Some("1"));
    drop(store);
    let store = place.open();
    store.record(&record("c", "3", 0)).await.unwrap();
    assert_eq!(text(&store, "b"), None);
}

#[test]
fn other_files_are_left_alone() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    let kind = |place: &Place| {
        let error = Store::open(place.path(), Durability::Power).unwrap_err();
        error.kind()
    };
    let prose = "Not a database, but prose that is longer than a header. ".repeat(40);
    std::fs::write(place.path(), &prose).unwrap();
    assert_eq!(kind(&place), StoreErrorKind::NotAStore);
    assert_eq!(std::fs::read_to_string(place.path()).unwrap(), prose);

    std::fs::remove_file(place.path()).unwrap();
    let other = rusqlite::Connection::open(place.path()).unwrap();
    other.execute_batch("CREATE TABLE mine (x)").unwrap();
    assert_eq!(kind(&place), StoreErrorKind::NotAStore);

    let newer = Place::new();
    drop(newer.open());
    let connection = rusqlite::Connection::open(newer.path()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(kind(&newer), StoreErrorKind::NotAStore);
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let place = Place::new();
    std::fs::write(place.0.path().join("folder"), "a file").unwrap();
    let error = Store::open(place.path(), Durability::Power).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
}

#[test]
fn many_may_open_a_new_store_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("store.db");
        let barrier = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    Store::open(&path, Durability::Process).unwrap();
                });
            }
        });
    }
}

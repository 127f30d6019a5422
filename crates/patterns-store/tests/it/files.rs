//! The file: who may read it, what survives, and how damage shows.

use patterns_core::{Layer, Model, ModelErrorKind};
use patterns_store::{StoreErrorKind, StoreLayer};
use patterns_testkit::{Scoped, ScriptedModel};

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
    for name in ["store.db", "store.db-wal", "store.db-shm", ".gitignore"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    assert_eq!(
        std::fs::read_to_string(folder.join(".gitignore")).unwrap(),
        "*\n"
    );
    assert!(!folder.join("store.db.opening").exists());
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    drop(place.open());
    for mode in [0o620, 0o602, 0o666] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(place.path(), permissions).unwrap();
        let error = Store::open(place.path(), Durability::Power).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Exposed);
        let error = Store::open_to_read(place.path()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Exposed);
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_lock_is_not_followed() {
    let place = Place::new();
    let folder = place.path().parent().unwrap().to_owned();
    std::fs::create_dir_all(&folder).unwrap();
    let target = folder.join("target");
    std::os::unix::fs::symlink(&target, folder.join("store.db.opening")).unwrap();
    assert!(Store::open(place.path(), Durability::Power).is_err());
    assert!(!target.exists());
}

#[tokio::test]
async fn a_store_that_is_read_only_can_be_read_and_is_not_changed() {
    let place = Place::new();
    let missing = Store::open_to_read(place.path()).unwrap_err();
    assert_eq!(missing.kind(), StoreErrorKind::Io);
    assert!(!place.path().exists(), "looking makes none");
    let store = place.open();
    store.record(&record("a", "1", 0)).await.unwrap();
    // Beside somebody who writes, and alone.
    assert_eq!(
        text(&Store::open_to_read(place.path()).unwrap(), "a").as_deref(),
        Some("1")
    );
    drop(store);
    let before = std::fs::read(place.path()).unwrap();
    let store = Store::open_to_read(place.path()).unwrap();
    assert_eq!(text(&store, "a").as_deref(), Some("1"));
    assert!(store.record(&record("b", "2", 0)).await.is_err());
    drop(store);
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
}

/// Exchanges two rows without telling the index, as exchanged pages of it do.
fn mislead(place: &Place) {
    let index_of = |status: u32, change: &str| {
        let connection = rusqlite::Connection::open(place.path()).unwrap();
        let sql = format!("CREATE UNIQUE INDEX answers ON calls (key) WHERE status = {status}");
        let schema = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = ";
        connection
            .execute_batch(&format!(
                "{change} {schema} '{sql}' WHERE name = 'answers';"
            ))
            .unwrap();
    };
    index_of(77, "");
    index_of(
        0,
        "UPDATE calls SET id = -id; UPDATE calls SET id = 3 + id;",
    );
}

#[tokio::test]
async fn an_index_that_leads_to_another_answer_is_noticed_and_made_anew() {
    let place = Place::new();
    let model = ScriptedModel::new(["1", "2"]);
    let model = StoreLayer::new(place.open()).layer(model);
    for words in ["a", "b"] {
        model.generate(&request(words, 0)).await.unwrap();
    }
    drop(model);
    mislead(&place);
    let id = ModelId::new("scripted", "");
    let asked = CallKey::of(&id, &request("a", 0));
    let reader = Store::open_to_read(place.path()).unwrap();
    let error = reader.find(&asked).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Misled);
    drop(reader);
    let log = Arc::new(patterns_testkit::EventLog::default());
    let layer = StoreLayer::new(place.open());
    let model = Scoped::told(layer.layer(ScriptedModel::new([""; 0])), log.clone());
    for (words, answer) in [("a", "1"), ("b", "2")] {
        assert_eq!(
            model.generate(&request(words, 0)).await.unwrap().text,
            answer
        );
    }
    let said = log.lines().join("\n");
    assert!(said.contains("index of the store was damaged"), "{said}");
    assert_eq!(place.open().verify().unwrap().damage, [""; 0]);
}

#[tokio::test]
async fn absurd_bills_are_bounded_and_sums_of_them_fit() {
    let place = Place::new();
    let store = place.open();
    let mut absurd = record("a", "1", 1);
    absurd.response.usage.input_tokens = u64::MAX;
    absurd.response.usage.output_tokens = 9_000_000_000_000_000_000;
    store.record(&absurd).await.unwrap();
    let usage = store.find(&key("a")).unwrap().unwrap().response.usage;
    assert_eq!(
        (usage.input_tokens, usage.output_tokens),
        (1_000_000_000_000, 1_000_000_000_000)
    );
    // As older versions wrote them.
    for (words, number) in [
        ("b", "9000000000000000000"),
        ("c", "9000000000000000000"),
        ("d", "-1"),
    ] {
        store.record(&record(words, "1", 1)).await.unwrap();
        place.tamper(&format!(
            "UPDATE calls SET input_tokens = {number} WHERE id = (SELECT max(id) FROM calls)"
        ));
    }
    let paid = store.paid(1).unwrap();
    assert_eq!(
        (paid[0].1.calls, paid[0].1.input_tokens),
        (4, 3_000_000_000_000)
    );
    assert_eq!(store.stats().unwrap().usage.input_tokens, 3_000_000_000_000);
    store
        .collect_garbage(Some(std::time::Duration::ZERO))
        .await
        .unwrap();
    assert_eq!(store.paid(1).unwrap(), paid);
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

#[tokio::test]
async fn what_any_command_would_stumble_over_is_found() {
    for (tamper, damage) in [
        ("DROP TABLE runs", "the table runs is not there"),
        ("DROP TABLE calls", "the table calls is not there"),
        (
            "DELETE FROM identity",
            "what tells the store from all others is not there",
        ),
        (
            "UPDATE runs SET job = CAST(x'ff' AS TEXT)",
            "row 1 of runs: the store is damaged",
        ),
        (
            "INSERT INTO results VALUES (1, x'28b52ffd00')",
            "row 1 of results: the store is damaged: a compressed text is not what was written",
        ),
        (
            "INSERT INTO frames VALUES (9, x'00', x'00'); INSERT INTO prompts VALUES (9, 9, x'00')",
            "row 1 of prompts: the store is damaged",
        ),
        (
            "CREATE TABLE plans (plan TEXT); INSERT INTO plans VALUES (CAST(x'ff' AS TEXT))",
            "row 1 of plans: the store is damaged",
        ),
    ] {
        let place = Place::new();
        let store = place.open();
        let again = patterns_store::Again::Same;
        store
            .begin_run([7; 32], "{}".to_owned(), again)
            .await
            .unwrap();
        store.record(&record("a", "1", 1)).await.unwrap();
        assert!(store.verify().unwrap().is_good());
        place.change(tamper);
        let found = store.verify().unwrap().damage;
        assert_eq!(found.len(), 1, "{tamper}: {found:?}");
        assert!(found[0].starts_with(damage), "{tamper}: {found:?}");
    }
}

#[test]
fn tables_that_somebody_has_changed_are_damage() {
    let place = Place::new();
    let store = place.open();
    place.change("ALTER TABLE runs RENAME COLUMN job TO work");
    assert_eq!(store.runs(1).unwrap_err().kind(), StoreErrorKind::Damaged);
    place.change("DROP TABLE runs");
    assert_eq!(store.runs(1).unwrap_err().kind(), StoreErrorKind::Damaged);
}

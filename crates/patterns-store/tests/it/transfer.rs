//! Export, import, and what can go.

use std::time::Duration;

use patterns_store::{Garbage, StoreErrorKind};

use super::*;

async fn filled() -> Store {
    let store = Store::in_memory().unwrap();
    store.record(&record("a", "old", 1)).await.unwrap();
    store.record(&record("a", "new", 1)).await.unwrap();
    store
        .record(&record("b", "line\nbreak \u{1F6A2}", 1))
        .await
        .unwrap();
    store
}

#[tokio::test]
async fn answers_travel_by_lines() {
    let mut lines = Vec::new();
    assert_eq!(filled().await.export(&mut lines, false).unwrap(), 3);
    let other = Store::in_memory().unwrap();
    other.record(&record("a", "mine", 0)).await.unwrap();
    assert_eq!(other.import(&lines[..]).await.unwrap(), 1);
    assert_eq!(text(&other, "a").as_deref(), Some("mine"));
    assert_eq!(text(&other, "b").as_deref(), Some("line\nbreak \u{1F6A2}"));
}

#[tokio::test]
async fn a_wrong_line_is_named_and_those_before_it_stay() {
    let mut lines = Vec::new();
    filled().await.export(&mut lines, false).unwrap();
    lines.extend(b"\n{\"key\": \"zz\"}\n");
    let other = Store::in_memory().unwrap();
    let error = other.import(&lines[..]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InvalidRecord);
    assert!(error.to_string().contains("line 5"), "{error}");
    assert_eq!(text(&other, "a").as_deref(), Some("new"));
}

#[tokio::test]
async fn garbage_is_what_is_never_given_out_and_what_it_cost_stays_known() {
    let store = filled().await;
    let (paid, usage) = (store.paid(1).unwrap(), store.stats().unwrap().usage);
    let hour = Duration::from_secs(3600);
    let all = Some(Duration::ZERO);
    let garbage = |unusable, old| Garbage { unusable, old };
    assert_eq!(store.garbage(None).unwrap(), garbage(1, 0));
    assert_eq!(store.garbage(all).unwrap(), garbage(1, 2));
    assert_eq!(store.collect_garbage(None).await.unwrap(), garbage(1, 0));
    assert_eq!(text(&store, "a").as_deref(), Some("new"));
    for far in [hour, Duration::MAX] {
        let gone = store.collect_garbage(Some(far)).await.unwrap();
        assert_eq!(gone.calls(), 0);
    }
    assert_eq!(store.collect_garbage(all).await.unwrap(), garbage(0, 2));
    assert_eq!(text(&store, "a"), None);
    assert_eq!(store.paid(1).unwrap(), paid);
    assert_eq!(store.stats().unwrap().usage, usage);
}

//! Export, import, and what can go.

use std::time::Duration;

use patterns_store::StoreErrorKind;

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
    assert_eq!(filled().await.export(&mut lines).unwrap(), 3);
    let other = Store::in_memory().unwrap();
    other.record(&record("a", "mine", 0)).await.unwrap();
    assert_eq!(other.import(&lines[..]).await.unwrap(), 1);
    assert_eq!(text(&other, "a").as_deref(), Some("mine"));
    assert_eq!(text(&other, "b").as_deref(), Some("line\nbreak \u{1F6A2}"));
}

#[tokio::test]
async fn a_wrong_line_is_named_and_those_before_it_stay() {
    let mut lines = Vec::new();
    filled().await.export(&mut lines).unwrap();
    lines.extend(b"\n{\"key\": \"zz\"}\n");
    let other = Store::in_memory().unwrap();
    let error = other.import(&lines[..]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InvalidRecord);
    assert!(error.to_string().contains("line 5"), "{error}");
    assert_eq!(text(&other, "a").as_deref(), Some("new"));
}

#[tokio::test]
async fn garbage_is_what_is_never_given_out() {
    let store = filled().await;
    assert_eq!(store.collect_garbage(None).await.unwrap(), 1);
    assert_eq!(text(&store, "a").as_deref(), Some("new"));
    let hour = Duration::from_secs(3600);
    assert_eq!(store.collect_garbage(Some(hour)).await.unwrap(), 0);
    assert_eq!(
        store.collect_garbage(Some(Duration::ZERO)).await.unwrap(),
        2
    );
    assert_eq!(text(&store, "a"), None);
}

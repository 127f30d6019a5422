//! What a store has to bear that several processes share. Each handle has connections of its own, as each
//! process has.

use std::future::Future;
use std::time::Duration;

use patterns_core::{CallKey, Layer, Model, ModelError, Response};
use patterns_postgres::{SharedErrorKind, SharedLayer, SharedStore};
use patterns_store::{Record, Store, StorePolicy};
use patterns_testkit::ScriptedModel;
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use crate::{Subject, Trouble, answer, request, same, script, text};

/// Runs all of it.
pub(crate) async fn run(url: &str) -> Result<(), Trouble> {
    told(
        "one of two asks, and the other waits for its answer",
        one_asks(url),
    )
    .await?;
    told("who dies gives way", who_dies(url)).await?;
    told("a dropped call gives way", dropped(url)).await?;
    told(
        "the first answer counts, and the other's cost is known",
        first_counts(url),
    )
    .await?;
    told(
        "who paid and did not see the answer gets it with its bill",
        payer(url),
    )
    .await?;
    told(
        "what goes out comes in, from either kind of store",
        moved(url),
    )
    .await?;
    told("what is removed stays on the bill", removed(url)).await?;
    told(
        "what was changed behind its back is not given out",
        damaged(url),
    )
    .await
}

async fn told(name: &str, check: impl Future<Output = Result<(), Trouble>>) -> Result<(), Trouble> {
    let ended = timeout(Duration::from_secs(30), check).await;
    let ended = ended.map_err(|_| Trouble::from("it does not end"));
    ended
        .flatten()
        .map_err(|error| format!("{name}: {error}"))?;
    println!("shared: {name}");
    Ok(())
}

/// Two processes.
async fn two(url: &str) -> Result<[Subject; 2], Trouble> {
    let (one, other) = (SharedStore::open(url).await?, SharedStore::open(url).await?);
    Ok([Subject::Shared(one), Subject::Shared(other)])
}

fn slow(answer: &str, millis: u64) -> ScriptedModel {
    script(&[answer]).latency(Duration::from_millis(millis))
}

async fn one_asks(url: &str) -> Result<(), Trouble> {
    let [one, other] = two(url).await?;
    let one = one.before(StorePolicy::Use, slow("1", 300));
    let other = other.before(StorePolicy::Use, slow("2", 300));
    let asked = request("at once", 0);
    let (first, second) = tokio::join!(one.generate(&asked), other.generate(&asked));
    let (first, second) = (first?, second?);
    same("answers", &first.text, &second.text)?;
    same("attempts", first.usage.attempts + second.usage.attempts, 1)
}

async fn who_dies(url: &str) -> Result<(), Trouble> {
    let [one, other] = two(url).await?;
    let dies = one.before(StorePolicy::Use, slow("never", 600_000));
    let asked = request("who dies", 0);
    let other = other.before(StorePolicy::Use, script(&["2"]));
    let dying = async {
        // Its connections end with it, as at the end of a process.
        let _ = timeout(Duration::from_millis(300), dies.generate(&asked)).await;
        drop(dies);
        drop(one);
    };
    let waiting = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        text(&other, &asked).await
    };
    let ((), found) = tokio::join!(dying, waiting);
    same("its answer", found?.as_str(), "2")
}

async fn dropped(url: &str) -> Result<(), Trouble> {
    let (store, other) = (SharedStore::open(url).await?, SharedStore::open(url).await?);
    let one = Subject::Shared(store.clone());
    let model = one.before(StorePolicy::Use, slow("never", 600_000));
    let asked = request("dropped", 0);
    let (first, second) = (model.generate(&asked), model.generate(&asked));
    let second = timeout(Duration::from_millis(400), second);
    let first = timeout(Duration::from_millis(200), first);
    let (first, second) = tokio::join!(first, second);
    same("both are given up", first.is_err() && second.is_err(), true)?;
    // Nothing more is asked here.
    let model = Subject::Shared(other).before(StorePolicy::Use, script(&["2"]));
    tokio::select! {
        found = text(&model, &asked) => same("its answer", found?.as_str(), "2"),
        never = store.keep_giving_back() => match never {},
    }
}

fn record(words: &str, text: &str, payer: i64) -> Record {
    let id = Model::id(&script(&[])).clone();
    Record {
        key: CallKey::of(&id, &request(words, 0)),
        status: patterns_store::CallStatus::Answered,
        run: payer,
        model: id.to_string(),
        response: answer(text),
    }
}

async fn first_counts(url: &str) -> Result<(), Trouble> {
    let store = SharedStore::open(url).await?;
    let before = store.stats().await?;
    let (first, second) = (record("first", "1", 1), record("first", "2", 2));
    same("the first", store.record(&first, false).await?, None)?;
    // As after a connection that broke: nobody knows whether it was written.
    same("the same again", store.record(&first, false).await?, None)?;
    let counts = store.record(&second, false).await?;
    same("the second", counts.map(|it| it.text), Some("1".to_owned()))?;
    let after = store.stats().await?;
    let more = |status: &str| after.calls[status] - before.calls[status];
    same("counts", (more("answered"), more("superseded")), (1, 1))?;
    let tokens = after.usage.total_tokens() - before.usage.total_tokens();
    same("tokens", tokens, 30)
}

async fn payer(url: &str) -> Result<(), Trouble> {
    let store = SharedStore::open(url).await?;
    store.record(&record("payer", "1", 77), false).await?;
    for (payer, attempts) in [(77, 1), (78, 0), (0, 0)] {
        let layer = SharedLayer::new(store.clone()).payer(payer);
        let found = layer
            .layer(script(&[]))
            .generate(&request("payer", 0))
            .await?;
        same("attempts", found.usage.attempts, attempts)?;
    }
    Ok(())
}

async fn moved(url: &str) -> Result<(), Trouble> {
    let store = SharedStore::open(url).await?;
    let own = Store::in_memory()?;
    own.record(&record("moved", "1", 5)).await?;
    let mut lines = Vec::new();
    own.export(&mut lines, false)?;
    same("taken in", store.import(&*lines).await?, 1)?;
    same("once", store.import(&*lines).await?, 0)?;
    let mut all = Vec::new();
    let count = store.export(&mut all).await?;
    let answers = store.stats().await?.calls["answered"];
    let other = Store::in_memory()?;
    same("all answers", other.import(&*all).await?, answers)?;
    same("lines", count >= answers, true)?;
    let broken = store.import(&b"{}\n"[..]).await;
    let kind = broken.map_err(|it| it.kind()).err();
    same("no record", kind, Some(SharedErrorKind::InvalidRecord))
}

async fn removed(url: &str) -> Result<(), Trouble> {
    let store = SharedStore::open(url).await?;
    let before = store.stats().await?;
    let useless: u64 = before
        .calls
        .iter()
        .filter(|it| *it.0 != "answered")
        .map(|it| it.1)
        .sum();
    same("of no use", store.garbage(None).await?.unusable, useless)?;
    same(
        "removed",
        store.collect_garbage(None).await?.calls(),
        useless,
    )?;
    let day = Some(Duration::from_secs(86_400));
    same(
        "nothing is so old",
        store.collect_garbage(day).await?.calls(),
        0,
    )?;
    same(
        "answers",
        store.stats().await?.calls["answered"],
        before.calls["answered"],
    )?;
    same("bill", store.stats().await?.usage, before.usage)?;
    let all = store.collect_garbage(Some(Duration::ZERO)).await?;
    same("all of it", all.old, before.calls["answered"])?;
    same("bill", store.stats().await?.usage, before.usage)
}

async fn damaged(url: &str) -> Result<(), Trouble> {
    let store = SharedStore::open(url).await?;
    store.record(&record("damaged", "1", 1), false).await?;
    same("good", store.verify().await?.damage.len(), 0)?;
    let mut behind = PgConnection::connect(url).await?;
    let change = "UPDATE patterns_calls SET response = '{}'";
    let changed = sqlx::query(change).execute(&mut behind).await?;
    same("rows", changed.rows_affected(), 1)?;
    let found = store.find(&record("damaged", "1", 1).key).await;
    same(
        "kind",
        found.map_err(|it| it.kind()).err(),
        Some(SharedErrorKind::Damaged),
    )?;
    same("damage", store.verify().await?.damage.len(), 1)?;
    let replies: [Result<Response, ModelError>; 1] = [Ok(answer("2"))];
    let model = SharedLayer::new(store).layer(ScriptedModel::new(replies));
    let failed = model.generate(&request("damaged", 0)).await;
    same(
        "it stops the run",
        failed.map_err(|it| it.kind().is_fatal()).err(),
        Some(true),
    )
}

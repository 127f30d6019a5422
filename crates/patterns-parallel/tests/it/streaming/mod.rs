//! Map-reduce as a stream: no barrier, one bound, a shape that only the documents decide.

mod trouble;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use patterns_core::{Document, Event, ModelErrorKind, StepRole};
use patterns_parallel::map_reduce::{Combine, ReduceTask};
use patterns_parallel::{MapReduce, RunError, RunOptions};
use patterns_testkit::{EventLog, ScriptedAgent};

use crate::support::{failure, logged};

type Reduce = ScriptedAgent<ReduceTask<String, String>, String>;

fn documents(count: usize) -> impl Stream<Item = Document> + Send + use<> {
    stream::iter(0..count).map(|n| Document::new(format!("{n:04}"), format!("text {n}")))
}

fn number(document: &Document) -> u64 {
    document.id.parse().unwrap()
}

/// Answers with the document's text after as many seconds as `seconds` says; `BAD` ones fail.
fn map(seconds: impl Fn(u64) -> u64 + Send + Sync + 'static) -> ScriptedAgent<Document, String> {
    let map = ScriptedAgent::new(|document: &Document| match &*document.text {
        BAD => Err(failure(ModelErrorKind::Refused)),
        text => Ok(text.to_owned()),
    });
    map.latency(move |document| Duration::from_secs(seconds(number(document))))
}

const BAD: &str = "bad";

/// Answers with a digest of what it combines, so that a root stands for its whole tree.
fn reduce() -> Reduce {
    let reduce = ScriptedAgent::new(|task: &ReduceTask<String, String>| Ok(digest(task)));
    reduce.latency(|task| Duration::from_secs(task.items.len() as u64))
}

fn digest(task: &ReduceTask<String, String>) -> String {
    let mut hasher = DefaultHasher::new();
    format!("{task:?}").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn pattern(
    seconds: impl Fn(u64) -> u64 + Send + Sync + 'static,
) -> (MapReduce<String, String>, Arc<Reduce>) {
    pattern_of(6, seconds)
}

/// As the above, with another fan-in.
fn pattern_of(
    mean: u32,
    seconds: impl Fn(u64) -> u64 + Send + Sync + 'static,
) -> (MapReduce<String, String>, Arc<Reduce>) {
    let reduce = Arc::new(reduce());
    let combine = Combine::by(Arc::clone(&reduce)).fan_in(mean);
    (MapReduce::new(map(seconds), combine), reduce)
}

/// The combinations that were asked for, whatever the order.
fn tasks(reduce: &Reduce) -> BTreeSet<String> {
    let tasks = reduce.inputs();
    let tasks: BTreeSet<String> = tasks.iter().map(|task| format!("{task:?}")).collect();
    assert_eq!(tasks.len(), reduce.inputs().len(), "none is made twice");
    tasks
}

/// Writes the run as it went: `m` and `R` where a map or a reduce begins, `.` where one ends.
fn course(log: &EventLog) -> String {
    let events = log.events();
    let signs = events.iter().filter_map(|event| match event {
        Event::BranchStarted { role, .. } if *role == StepRole::Reduce => Some('R'),
        Event::BranchStarted { .. } => Some('m'),
        Event::BranchAnswered { .. } | Event::BranchFailed { .. } => Some('.'),
        Event::BranchCancelled { .. } => Some('x'),
        _ => None,
    });
    signs.collect()
}

#[tokio::test(start_paused = true)]
async fn ready_combinations_go_before_new_documents() {
    let (options, log) = logged(1);
    let outcome = pattern(|_| 1).0.run(documents(40), &options).await.unwrap();
    assert!(outcome.value.is_ok());
    let starts = course(&log).replace('.', "");
    insta::assert_snapshot!(starts, @"mmmmmmmmmmmmmRRmmmmmmmmmmmmmmmmmmmmmmmmmmmRRRRR");
}

#[tokio::test(start_paused = true)]
async fn the_bound_is_one_for_documents_and_combinations() {
    let (options, log) = logged(8);
    let (pattern, _) = pattern(|n| 1 + n % 5);
    let outcome = pattern.run(documents(300), &options).await.unwrap();
    assert!(outcome.value.is_ok());
    let mut in_flight = 0;
    let course = course(&log);
    let most = course.chars().map(|sign| {
        in_flight += if sign == '.' { -1 } else { 1 };
        in_flight
    });
    assert_eq!(most.max(), Some(8));
}

#[tokio::test(start_paused = true)]
async fn a_slow_document_holds_up_only_what_is_above_it() {
    let (options, log) = logged(8);
    let (pattern, _) = pattern(|n| if n == 3 { 10_000 } else { 1 + n % 5 });
    let outcome = pattern.run(documents(300), &options).await.unwrap();
    assert!(outcome.value.is_ok());
    let slow = outcome.branches[3].id;
    let events = log.events();
    let end = events
        .iter()
        .position(|it| matches!(it, Event::BranchAnswered { origin, .. } if origin.branch == slow));
    let (before, after) = events.split_at(end.unwrap());
    let reduces = |events: &[Event]| {
        let begins = |it: &&Event| matches!(it, Event::BranchStarted { role, .. } if *role == StepRole::Reduce);
        events.iter().filter(begins).count()
    };
    assert!(reduces(before) > 30, "{} had begun before", reduces(before));
    assert!(reduces(after) <= 6, "{} waited for it", reduces(after));
}

#[tokio::test(start_paused = true)]
async fn latencies_and_bounds_change_nothing_about_the_result() {
    let mut seen = BTreeSet::new();
    for (bound, seed) in [(1, 0), (4, 1), (16, 2), (64, 3), (500, 4)] {
        let (options, _) = logged(bound);
        let (pattern, reduce) = pattern(move |n| (n * 7 + seed * 13 + n * n * seed) % 97);
        let outcome = pattern.run(documents(300), &options).await.unwrap();
        seen.insert((outcome.value.unwrap(), tasks(&reduce)));
    }
    assert_eq!(seen.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_changed_or_a_removed_document_changes_a_path() {
    let run = async |edit: fn(Document) -> Option<Document>| {
        let (pattern, reduce) = pattern(|_| 1);
        let documents = documents(300).filter_map(async |it| match number(&it) {
            150 => edit(it),
            _ => Some(it),
        });
        let options = RunOptions::default();
        let outcome = pattern.run(Box::pin(documents), &options).await;
        assert!(outcome.unwrap().value.is_ok());
        tasks(&reduce)
    };
    let before = run(Some).await;
    let changed = run(|it| Some(Document::new(it.id, "something else"))).await;
    let removed = run(|_| None).await;
    for after in [changed, removed] {
        let new = after.difference(&before).count();
        assert!((1..=6).contains(&new), "{new} of {} are new", after.len());
    }
}

#[tokio::test(start_paused = true)]
async fn branches_can_be_had_in_input_order_while_they_are_combined() {
    let (options, _) = logged(4);
    let latency = |n: u64| if n == 0 { 100_000 } else { 1 };
    let all = pattern(latency)
        .0
        .run(documents(400), &options)
        .await
        .unwrap();
    let pulled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pulled);
    let documents = documents(400).inspect(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let mut labels = Vec::new();
    let mut pulled_before = None;
    let (pattern, _) = pattern(latency);
    let mut run = pattern.run(documents, &options);
    while let Some(branch) = run.next().await {
        pulled_before.get_or_insert(pulled.load(Ordering::Relaxed));
        labels.push(branch.label);
    }
    let outcome = run.await.unwrap();
    assert_eq!(outcome.value.unwrap(), all.value.unwrap());
    assert!(outcome.branches.is_empty());
    assert_eq!(outcome.counts, all.counts);
    assert_eq!(labels.len(), 400);
    assert!(labels.is_sorted());
    assert_eq!(
        pulled_before,
        Some(64 * 4),
        "the slow one bounds what waits for it"
    );
}

#[tokio::test(start_paused = true)]
async fn documents_are_pulled_only_for_free_places() {
    let pulled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pulled);
    let documents = documents(1_000).inspect(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let (options, _) = logged(4);
    let mut ended = 0;
    let (pattern, _) = pattern(|_| 1);
    let mut run = pattern.run(documents, &options);
    while run.next().await.is_some() {
        ended += 1;
        let pulled = pulled.load(Ordering::Relaxed);
        assert!(pulled <= ended + 5, "{pulled} pulled with {ended} ended");
    }
    assert!(run.await.unwrap().value.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_fan_in_can_be_chosen() {
    let sizes = async |mean| {
        let (pattern, reduce) = pattern_of(mean, |_| 0);
        let outcome = pattern.run(documents(300), &RunOptions::default()).await?;
        assert!(outcome.value.is_ok());
        let tasks = reduce.inputs();
        Ok(tasks.iter().map(|task| task.items.len()).max())
    };
    assert_eq!(sizes(2).await, Ok(Some(4)));
    assert!(sizes(40).await.unwrap() > Some(40));
    let refused = RunError::InvalidSetup("a fan-in is at least 2");
    assert_eq!(sizes(1).await, Err(refused));
}

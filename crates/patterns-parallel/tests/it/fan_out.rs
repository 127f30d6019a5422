//! The fan-out: bounded, lazy, complete, in the order asked for, cancelled by drop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use patterns_core::{Agent, AggregateErrorKind, BranchEnd, BranchId, Event, ModelErrorKind};
use patterns_parallel::{RunOptions, Running};
use patterns_testkit::ScriptedAgent;
use tokio::time::Instant;

use crate::support::{failure, logged};

type Squares = Arc<ScriptedAgent<u64, u64>>;

/// Squares numbers; a number takes as many seconds as `seconds` says.
fn squares(seconds: impl Fn(u64) -> u64 + Send + Sync + 'static) -> Squares {
    let agent = ScriptedAgent::new(|n: &u64| Ok(n * n));
    Arc::new(agent.latency(move |n| Duration::from_secs(seconds(*n))))
}

fn fan_out<'a, S: Stream<Item = (String, u64)> + Send + 'a>(
    inputs: S,
    options: &'a RunOptions,
    agent: &'a Squares,
) -> Running<'a, (), u64> {
    patterns_parallel::fan_out(inputs, options, move |n, scope| {
        Box::pin(async move { agent.run(&n, scope).await })
    })
}

fn numbers(count: u64) -> impl Stream<Item = (String, u64)> {
    stream::iter(0..count).map(|n| (format!("n{n}"), n))
}

#[tokio::test(start_paused = true)]
async fn the_bound_is_reached_and_never_passed() {
    for (inputs, bound, peak) in [(100, 8, 8), (3, 8, 3), (10, 1, 1)] {
        let agent = squares(|n| 1 + n % 3);
        let (options, _) = logged(bound);
        let ended = fan_out(numbers(inputs), &options, &agent).count().await;
        assert_eq!(ended as u64, inputs);
        assert_eq!(
            agent.peak_in_flight(),
            peak,
            "{inputs} inputs, bound {bound}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn time_is_that_of_the_slowest_not_the_sum() {
    let agent = squares(|n| n);
    let (options, _) = logged(10);
    let start = Instant::now();
    fan_out(numbers(10), &options, &agent).count().await;
    assert_eq!(start.elapsed(), Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn a_free_place_is_used_at_once() {
    // 0 takes 9 s; meanwhile the other place works off nine numbers of 1 s each.
    let agent = squares(|n| if n == 0 { 9 } else { 1 });
    let (options, _) = logged(2);
    let start = Instant::now();
    fan_out(numbers(10), &options, &agent).count().await;
    assert_eq!(start.elapsed(), Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn inputs_are_pulled_only_for_free_places() {
    let pulled = AtomicUsize::new(0);
    let inputs = numbers(1_000).inspect(|_| {
        pulled.fetch_add(1, Ordering::Relaxed);
    });
    let agent = squares(|_| 1);
    let (options, _) = logged(4);
    let mut ended = fan_out(inputs, &options, &agent);
    for count in 1..=8 {
        ended.next().await.expect("there is one more");
        let pulled = pulled.load(Ordering::Relaxed);
        assert!(pulled <= count + 4, "{pulled} pulled with {count} ended");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_first_branch_bounds_what_waits_for_it() {
    let pulled = AtomicUsize::new(0);
    let inputs = numbers(1_000).inspect(|_| {
        pulled.fetch_add(1, Ordering::Relaxed);
    });
    let agent = squares(|n| if n == 0 { 100_000 } else { 1 });
    let (options, _) = logged(4);
    let mut ended = fan_out(inputs, &options, &agent);
    ended.next().await.expect("the slow one");
    assert_eq!(pulled.load(Ordering::Relaxed), 64 * 4);
}

#[tokio::test(start_paused = true)]
async fn branches_come_in_the_order_of_their_inputs() {
    // A part of another run has numbers of its own.
    for within in [None, Some(BranchId(2))] {
        let (mut options, _) = logged(3);
        options.within = within;
        let agent = squares(|n| 3 - n);
        let labels: Vec<String> = fan_out(numbers(3), &options, &agent)
            .map(|branch| branch.label)
            .collect()
            .await;
        assert_eq!(labels, ["n0", "n1", "n2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn awaited_it_is_an_outcome_with_every_branch_in_the_account_and_no_events_of_its_own() {
    let agent = ScriptedAgent::new(|n: &u64| match n {
        1 => Err(failure(ModelErrorKind::Refused)),
        n => Ok(*n),
    });
    let (options, log) = logged(2);
    let outcome = fan_out(numbers(300), &options, &Arc::new(agent)).await;
    let outcome = outcome.unwrap();
    outcome.value.unwrap();
    assert_eq!((outcome.branches.len(), outcome.counts.failed), (300, 1));
    let of_run = |it: &Event| matches!(it, Event::RunStarted { .. } | Event::RunFinished { .. });
    assert!(!log.events().iter().any(of_run));
    let none = fan_out(numbers(0), &options, &squares(|_| 0)).await;
    let error = none.unwrap().value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::NothingAnswered);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stream_ends_the_work() {
    let finished = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&finished);
    let agent = ScriptedAgent::new(move |n: &u64| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(*n)
    });
    let agent: Squares = Arc::new(agent.latency(|n| Duration::from_secs(*n)));
    let (options, _) = logged(10);
    let mut ended = fan_out(numbers(10), &options, &agent);
    ended.next().await.expect("0 takes no time");
    drop(ended);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(finished.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fatal_failure_lets_the_others_in_flight_end_and_starts_no_more() {
    let agent = ScriptedAgent::new(|n: &u64| match n {
        1 => Err(failure(ModelErrorKind::Unauthorized)),
        n => Ok(*n),
    });
    let agent: Squares = Arc::new(agent.latency(|n| Duration::from_secs(1 + n % 3)));
    let (options, log) = logged(3);
    let ends: Vec<_> = fan_out(numbers(100), &options, &agent)
        .map(|branch| (branch.label, matches!(branch.end, BranchEnd::Answered(_))))
        .collect()
        .await;
    // 0 ends first and 3 takes its place; then 1 fails while 2 and 3 are in flight.
    let expected = [("n0", true), ("n1", false), ("n2", true), ("n3", true)];
    assert_eq!(ends, expected.map(|(label, end)| (label.to_owned(), end)));
    let started = |event: &Event| matches!(event, Event::BranchStarted { .. });
    assert_eq!(log.events().iter().filter(|it| started(it)).count(), 4);
}

#[tokio::test]
async fn agents_that_never_wait_do_not_keep_others_from_their_turn() {
    let agent = squares(|_| 0);
    let (options, _) = logged(4);
    let mut ended = 0;
    let all = async {
        let mut branches = fan_out(numbers(1_000), &options, &agent);
        while branches.next().await.is_some() {
            ended += 1;
        }
    };
    let other = tokio::task::yield_now();
    tokio::select! {
        biased;
        () = all => panic!("the run took the task for itself"),
        () = other => {}
    }
    assert!(ended < 100, "{ended} branches before the other one's turn");
}

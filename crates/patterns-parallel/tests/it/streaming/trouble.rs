//! Runs that meet trouble, or are told to end, while documents and combinations are under way.

use std::time::Duration;

use futures_util::StreamExt;
use patterns_core::{AggregateErrorKind, Counts, Document, ModelErrorKind, Outcome};
use patterns_parallel::map_reduce::{Combine, ReduceTask};
use patterns_parallel::{FailurePolicy, MapReduce, RunOptions};
use patterns_testkit::ScriptedAgent;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{BAD, digest, documents, map, number, pattern};
use crate::support::{failure, logged};

fn adds_up<A, B>(outcome: &Outcome<A, B>) {
    let Counts {
        started,
        answered,
        failed,
        cancelled,
    } = outcome.counts;
    assert_eq!(started, answered + failed + cancelled);
}

/// Runs 100 documents, the 90th of them bad, with combinations that fail if they have the 30th.
async fn troubled(
    kind: ModelErrorKind,
    on_failure: FailurePolicy,
    bound: usize,
    seconds: impl Fn(u64) -> u64 + Send + Sync + 'static,
) -> Outcome<String, String> {
    let reduce = ScriptedAgent::new(move |task: &ReduceTask<String, String>| {
        let last = task.items.last().map(|it| it.last());
        if task.items[0].first() <= "0030" && Some("0030") <= last {
            return Err(failure(kind));
        }
        Ok(digest(task))
    });
    let pattern = MapReduce::new(map(seconds), Combine::by(reduce).fan_in(6));
    let (options, _) = logged(bound);
    let options = RunOptions {
        on_failure,
        ..options
    };
    let documents = documents(100).map(|it| match number(&it) {
        90 => Document::new(it.id, BAD),
        _ => it,
    });
    let outcome = pattern.run(documents, &options).await.unwrap();
    adds_up(&outcome);
    outcome
}

#[tokio::test(start_paused = true)]
async fn a_failed_combination_ends_the_combining_and_no_document() {
    // It is none of the documents of which at most one may fail.
    for on_failure in [FailurePolicy::KeepGoing, FailurePolicy::AtMost(0.01)] {
        let outcome = troubled(ModelErrorKind::Truncated, on_failure, 4, |_| 1).await;
        let error = outcome.value.unwrap_err();
        assert_eq!(error.kind(), AggregateErrorKind::StepFailed);
        assert_eq!(error.agent_error().unwrap().kind().name(), "truncated");
        let answered = outcome.branches.iter().filter_map(|it| it.value());
        assert_eq!((answered.count(), outcome.counts.failed), (99, 2));
        assert!(outcome.steps.len() < 10, "{} began", outcome.steps.len());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_combined_after_a_combination_has_failed() {
    let seconds = |n| {
        if (2..=60).contains(&n) { 1 } else { 10 + n % 7 }
    };
    let policy = FailurePolicy::KeepGoing;
    let outcome = troubled(ModelErrorKind::Truncated, policy, 100, seconds).await;
    assert!(outcome.value.is_err());
    // The groups within those that are fast; a dozen others are not combined.
    let began_before = 6;
    assert!(outcome.steps.len() <= began_before, "{:?}", outcome.steps);
}

#[tokio::test(start_paused = true)]
async fn a_failed_combination_ends_a_run_that_is_to_fail_fast() {
    let outcome = troubled(ModelErrorKind::Truncated, FailurePolicy::FailFast, 4, |_| 1).await;
    let error = outcome.value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::StepFailed);
    assert_eq!(error.agent_error().unwrap().kind().name(), "truncated");
    assert!(outcome.counts.cancelled > 0);
    assert!(outcome.branches.len() < 60);
}

#[tokio::test(start_paused = true)]
async fn trouble_that_all_would_meet_stops_the_run_wherever_it_is_met() {
    let outcome = troubled(
        ModelErrorKind::QuotaExhausted,
        FailurePolicy::KeepGoing,
        4,
        |_| 1,
    )
    .await;
    let error = outcome.value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::Stopped);
    assert!(error.agent_error().unwrap().is_fatal());
    assert_eq!(outcome.counts.cancelled, 0, "what was in flight has ended");
    assert!(outcome.branches.len() < 60);
}

#[tokio::test(start_paused = true)]
async fn a_share_that_is_passed_only_at_the_end_costs_no_last_combination() {
    let on_failure = FailurePolicy::AtMost(0.1);
    let (options, _) = logged(4);
    let options = RunOptions {
        on_failure,
        ..options
    };
    let documents = documents(200).filter_map(async |it| {
        let is_bad = number(&it) >= 150;
        Some(if is_bad {
            Document::new(it.id, BAD)
        } else {
            it
        })
    });
    let outcome = pattern(|_| 1)
        .0
        .run(Box::pin(documents), &options)
        .await
        .unwrap();
    adds_up(&outcome);
    let error = outcome.value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::TooManyFailures);
    assert_eq!((outcome.counts.failed, outcome.branches.len()), (50, 200));
    assert!(outcome.steps.len() > 5, "what came before is spent");
    assert!(outcome.steps.iter().all(|it| it.label != "0000 … 0149"));
}

/// Runs 100 documents and ends the run after so many seconds. Says how long it took without its
/// last combination.
async fn drained_after(seconds: u64) -> (Outcome<String, String>, u64) {
    let drain = CancellationToken::new();
    let (options, _) = logged(8);
    let options = RunOptions {
        drain: drain.clone(),
        ..options
    };
    let (pattern, reduce) = pattern(|_| 1);
    let start = Instant::now();
    let run = async {
        let outcome = pattern.run(documents(100), &options).await;
        let last = reduce.inputs().pop().map_or(0, |task| task.items.len());
        (outcome.unwrap(), start.elapsed().as_secs() - last as u64)
    };
    let timer = async {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        drain.cancel();
    };
    let (ended, ()) = tokio::join!(run, timer);
    adds_up(&ended.0);
    ended
}

#[tokio::test(start_paused = true)]
async fn a_drained_run_says_so_unless_it_was_as_good_as_done() {
    let (outcome, begin_of_last) = drained_after(1_000).await;
    assert!(outcome.value.is_ok());
    for seconds in 0..begin_of_last {
        let (outcome, _) = drained_after(seconds).await;
        let error = outcome.value.unwrap_err();
        assert_eq!(error.kind(), AggregateErrorKind::Drained, "{seconds} s");
    }
    // Only the last combination is under way by then, and what is under way ends.
    let (last, _) = drained_after(begin_of_last + 1).await;
    assert_eq!(last.value.unwrap(), outcome.value.unwrap());
}

//! Failure policies, and the account that must add up whatever happens.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use patterns_core::{AggregateErrorKind, BranchEnd, Counts, Document, ModelErrorKind};
use patterns_parallel::map_reduce::{Combine, ReduceTask};
use patterns_parallel::{FailurePolicy, MapReduce, RunOptions};
use patterns_testkit::ScriptedAgent;
use proptest::prelude::*;

use crate::support::{failure, logged};

/// What a document's branch does, written as its text.
const GOOD: &str = "good";
const BAD: &str = "bad";
const FATAL: &str = "fatal";

fn pattern(seconds: impl Fn(&str) -> u64 + Send + Sync + 'static) -> MapReduce<String, String> {
    let map = ScriptedAgent::new(|document: &Document| match &*document.text {
        GOOD => Ok(document.id.clone()),
        BAD => Err(failure(ModelErrorKind::Refused)),
        _ => Err(failure(ModelErrorKind::QuotaExhausted)),
    });
    let map = map.latency(move |document| Duration::from_secs(seconds(&document.id)));
    let reduce = ScriptedAgent::new(|task: &ReduceTask<String, String>| Ok(task.name()));
    MapReduce::new(map, Combine::by(reduce))
}

fn documents(texts: &[&'static str]) -> impl futures_util::Stream<Item = Document> + Send + use<> {
    let documents: Vec<_> = texts.iter().copied().enumerate().collect();
    stream::iter(documents).map(|(n, text)| Document::new(n.to_string(), text))
}

fn counts(answered: u64, failed: u64, cancelled: u64) -> Counts {
    Counts {
        started: answered + failed + cancelled,
        answered,
        failed,
        cancelled,
    }
}

/// Runs documents that take 1 s, 2 s, … two at a time.
async fn check(
    on_failure: FailurePolicy,
    texts: &[&'static str],
    value: Result<&str, AggregateErrorKind>,
    expected: Counts,
) {
    let (options, _) = logged(2);
    let options = RunOptions {
        on_failure,
        ..options
    };
    let pattern = pattern(|id| id.parse::<u64>().unwrap_or_default() + 1);
    let outcome = pattern.run(documents(texts), &options).await.unwrap();
    let got = outcome.value.as_deref().map_err(|error| error.kind());
    assert_eq!(got, value, "{on_failure:?} {texts:?}");
    assert_eq!(outcome.counts, expected, "{on_failure:?} {texts:?}");
}

#[tokio::test(start_paused = true)]
async fn each_policy_stops_where_it_says() {
    use AggregateErrorKind::{NothingAnswered, Stopped, TooManyFailures};
    use FailurePolicy::{AtMost, FailFast, KeepGoing};
    // The reduce call is one more that is answered.
    check(KeepGoing, &[GOOD, GOOD], Ok("0 … 1"), counts(3, 0, 0)).await;
    check(KeepGoing, &[BAD, GOOD, BAD], Ok("1"), counts(2, 2, 0)).await;
    check(
        KeepGoing,
        &[BAD, BAD],
        Err(NothingAnswered),
        counts(0, 2, 0),
    )
    .await;
    check(
        KeepGoing,
        &[FATAL, GOOD, GOOD],
        Err(Stopped),
        counts(1, 1, 0),
    )
    .await;
    check(
        FailFast,
        &[BAD, GOOD, GOOD],
        Err(TooManyFailures),
        counts(0, 1, 1),
    )
    .await;
    check(FailFast, &[GOOD, GOOD], Ok("0 … 1"), counts(3, 0, 0)).await;
    check(AtMost(0.5), &[BAD, GOOD], Ok("1"), counts(2, 1, 0)).await;
    check(
        AtMost(0.4),
        &[BAD, GOOD],
        Err(TooManyFailures),
        counts(0, 1, 1),
    )
    .await;
    check(
        AtMost(0.0),
        &[GOOD, BAD],
        Err(TooManyFailures),
        counts(1, 1, 0),
    )
    .await;
    check(
        AtMost(1.0),
        &[BAD, BAD],
        Err(NothingAnswered),
        counts(0, 2, 0),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_share_of_a_stream_of_unknown_length_is_judged_at_its_end() {
    let (options, _) = logged(2);
    let on_failure = FailurePolicy::AtMost(0.3);
    let options = RunOptions {
        on_failure,
        ..options
    };
    let unknown = |texts: &[&'static str]| documents(texts).filter(|_| std::future::ready(true));
    let texts = [BAD, GOOD, GOOD, GOOD];
    let outcome = pattern(|_| 1).run(unknown(&texts), &options).await.unwrap();
    assert_eq!(outcome.value.unwrap(), "1 … 3");
    let texts = [BAD, GOOD, GOOD];
    let outcome = pattern(|_| 1).run(unknown(&texts), &options).await.unwrap();
    let error = outcome.value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::TooManyFailures);
    assert_eq!(outcome.counts, counts(2, 1, 0));
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    text: &'static str,
    seconds: u64,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let text = prop_oneof![8 => Just(GOOD), 3 => Just(BAD), 1 => Just(FATAL)];
    let plan = (text, 0u64..5).prop_map(|(text, seconds)| Plan { text, seconds });
    prop::collection::vec(plan, 1..40)
}

fn policies() -> impl Strategy<Value = FailurePolicy> {
    prop_oneof![
        Just(FailurePolicy::FailFast),
        Just(FailurePolicy::KeepGoing),
        (0.0..1.0).prop_map(FailurePolicy::AtMost),
    ]
}

proptest! {
    #[test]
    fn every_started_document_has_exactly_one_record(
        plans in plans(), on_failure in policies(), bound in 1usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let seconds: Vec<u64> = plans.iter().map(|plan| plan.seconds).collect();
            let texts: Vec<&str> = plans.iter().map(|plan| plan.text).collect();
            let pattern = pattern(move |id| seconds[id.parse::<usize>().unwrap()]);
            let (options, log) = logged(bound);
            let options = RunOptions { on_failure, ..options };
            let outcome = pattern.run(documents(&texts), &options).await.unwrap();

            let Counts { started, answered, failed, cancelled } = outcome.counts;
            prop_assert_eq!(started, answered + failed + cancelled);
            prop_assert_eq!(started as usize, outcome.branches.len() + outcome.steps.len());
            for (n, branch) in outcome.branches.iter().enumerate() {
                prop_assert_eq!(&branch.label, &n.to_string());
                match &branch.end {
                    BranchEnd::Answered(id) => {
                        prop_assert_eq!((id, texts[n]), (&branch.label, GOOD));
                    }
                    BranchEnd::Failed(_) => prop_assert!(texts[n] != GOOD),
                    BranchEnd::Cancelled => prop_assert!(outcome.value.is_err()),
                }
            }
            let has_all = outcome.branches.len() == texts.len();
            prop_assert!(has_all || outcome.value.is_err());
            let lines = log.lines();
            for (what, count) in [
                (" started:", started), (" answered", answered),
                (" failed:", failed), (" cancelled", cancelled),
            ] {
                let told = lines.iter().filter(|it| it.starts_with('[') && it.contains(what));
                prop_assert_eq!(told.count() as u64, count, "{}", what);
            }
            Ok(())
        })?;
    }
}

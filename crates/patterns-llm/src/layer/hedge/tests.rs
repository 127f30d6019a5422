//! Who wins, who pays, and when nothing is sent twice.

use std::sync::atomic::{AtomicU64, Ordering};

use patterns_core::{Budget, Caps, EventSink, ModelErrorKind, RunId, Scope};
use patterns_testkit::Scoped;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::layer::{BudgetLayer, PaceLayer, Paced};
use crate::pace::{Pace, Verdict};

const SECOND: Duration = Duration::from_secs(1);

/// Replies as a function of how many tries came before: after so long, and with what.
struct Scripted<F> {
    id: ModelId,
    tries: AtomicU64,
    reply: F,
}

impl<F: Fn(u64) -> (Duration, Reply) + Send + Sync> Model for Scripted<F> {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Reply> {
        Box::pin(async {
            let (after, reply) = (self.reply)(self.tries.fetch_add(1, Ordering::Relaxed));
            tokio::time::sleep(after).await;
            reply
        })
    }
}

fn scripted<F: Fn(u64) -> (Duration, Reply) + Send + Sync>(reply: F) -> Scripted<F> {
    Scripted {
        id: ModelId::new("scripted", "one"),
        tries: AtomicU64::new(0),
        reply,
    }
}

fn answer() -> Reply {
    let usage = Usage {
        attempts: 1,
        output_tokens: 5,
        ..Usage::default()
    };
    Ok(Response {
        usage,
        ..Response::new("scripted", "done")
    })
}

fn failure(kind: ModelErrorKind) -> Reply {
    let usage = Usage {
        attempts: 1,
        ..Usage::default()
    };
    Err(ModelError::new(kind).with_usage(usage))
}

#[derive(Default)]
struct Hedges(Mutex<Vec<Duration>>);

impl EventSink for Hedges {
    fn emit(&self, event: Event) {
        if let Event::CallHedged { after, .. } = event {
            lock(&self.0).push(after);
        }
    }
}

/// Twenty calls of a second make a second usual; what follows is up to the script.
async fn after_twenty<M: Model>(
    inner: M,
    pool: &Arc<Pool>,
    log: Arc<Hedges>,
) -> Scoped<Paced<Hedged<M>>> {
    let policy = Some(HedgePolicy::default());
    let hedge = HedgeLayer::new(policy, Arc::clone(pool));
    let model = Scoped::told(
        PaceLayer::new(Arc::clone(pool)).layer(hedge.layer(inner)),
        log,
    );
    for sample in 0..20 {
        let usage = generate(&model, sample).await.unwrap().usage;
        assert_eq!(usage.attempts, 1, "nothing is slow yet");
    }
    model
}

async fn generate<M: Model>(model: &M, sample: u32) -> Reply {
    let request = Request {
        sample,
        ..Request::default()
    };
    model.generate(&request).await
}

fn pool() -> Arc<Pool> {
    Arc::new(Pool::new(Pace::default(), 1))
}

#[tokio::test(start_paused = true)]
async fn a_straggler_is_overtaken() {
    let model = scripted(|n| (if n == 20 { 100 * SECOND } else { SECOND }, answer()));
    let (pool, log) = (pool(), Arc::new(Hedges::default()));
    let model = after_twenty(model, &pool, Arc::clone(&log)).await;
    let begun = Instant::now();
    let response = generate(&model, 20).await.unwrap();
    assert_eq!(begun.elapsed(), 2 * SECOND);
    assert_eq!(
        (response.usage.attempts, response.usage.output_tokens),
        (2, 5)
    );
    assert_eq!(*lock(&log.0), [SECOND]);
    assert_eq!(pool.state().in_flight, 0, "the slot of the loser is free");
}

#[tokio::test(start_paused = true)]
async fn a_slow_first_try_may_still_win() {
    let model = scripted(|n| match n {
        20 => (SECOND * 3 / 2, answer()),
        21 => (100 * SECOND, answer()),
        _ => (SECOND, answer()),
    });
    let (pool, log) = (pool(), Arc::new(Hedges::default()));
    let model = after_twenty(model, &pool, log).await;
    let begun = Instant::now();
    let response = generate(&model, 20).await.unwrap();
    assert_eq!(begun.elapsed(), SECOND * 3 / 2);
    assert_eq!(response.usage.attempts, 2);
    assert_eq!(pool.state().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_fails_leaves_the_call_to_the_other() {
    let model = scripted(|n| match n {
        20 => (3 * SECOND, answer()),
        21 => (SECOND, failure(ModelErrorKind::Unreachable)),
        _ => (SECOND, answer()),
    });
    let model = after_twenty(model, &pool(), Arc::default()).await;
    let begun = Instant::now();
    let response = generate(&model, 20).await.unwrap();
    assert_eq!(begun.elapsed(), 3 * SECOND);
    assert_eq!(response.usage.attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_failures_the_one_that_lasts_is_told() {
    for refused in [20, 21] {
        let model = scripted(move |n| match n {
            20 | 21 if n == refused => (3 * SECOND, failure(ModelErrorKind::Refused)),
            20 | 21 => (2 * SECOND, failure(ModelErrorKind::Unreachable)),
            _ => (SECOND, answer()),
        });
        let model = after_twenty(model, &pool(), Arc::default()).await;
        let error = generate(&model, 20).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Refused);
        assert_eq!(error.usage().attempts, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_twice_soon_after_a_complaint_or_when_draining() {
    let slow_ones = |n| (if n >= 20 { 3 * SECOND } else { SECOND }, answer());
    let pool = pool();
    let model = after_twenty(scripted(slow_ones), &pool, Arc::default()).await;
    let complained = pool.admit(Default::default(), |_, _| {}).await.unwrap();
    complained.end(Verdict::Throttled(None));
    assert_eq!(generate(&model, 20).await.unwrap().usage.attempts, 1);
    tokio::time::sleep(10 * SECOND).await;
    assert_eq!(generate(&model, 21).await.unwrap().usage.attempts, 2);

    let drain = CancellationToken::new();
    let policy = Some(HedgePolicy::default());
    let layer = HedgeLayer::new(policy, pool);
    let scope = Scope::new(RunId::default(), Arc::new(()), drain.clone());
    let model = Scoped::new(layer.layer(scripted(slow_ones)), scope);
    for sample in 0..20 {
        generate(&model, sample).await.unwrap();
    }
    drain.cancel();
    assert_eq!(generate(&model, 20).await.unwrap().usage.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_try_waits_for_room() {
    let pace = Pace {
        max_in_flight: 2,
        ..Pace::default()
    };
    let pool = Arc::new(Pool::new(pace, 1));
    let model = scripted(|n| (if n == 20 { 100 * SECOND } else { SECOND }, answer()));
    let model = after_twenty(model, &pool, Arc::default()).await;
    let other = pool.admit(Default::default(), |_, _| {}).await.unwrap();
    let begun = Instant::now();
    let freed = async {
        tokio::time::sleep(5 * SECOND / 2).await;
        drop(other);
    };
    let (answer, ()) = tokio::join!(generate(&model, 20), freed);
    assert_eq!(answer.unwrap().usage.attempts, 2);
    assert_eq!(begun.elapsed(), 4 * SECOND, "noticed after three seconds");
}

#[tokio::test(start_paused = true)]
async fn second_tries_are_few_even_if_everything_is_slow() {
    // Every third call is ten times as slow as the others.
    let model = scripted(|n| (if n % 3 == 0 { 10 * SECOND } else { SECOND }, answer()));
    let policy = HedgePolicy {
        quantile: 0.5,
        ..HedgePolicy::default()
    };
    let model = HedgeLayer::new(Some(policy), pool()).layer(model);
    for sample in 0..1_000 {
        generate(&model, sample).await.unwrap();
    }
    let tries = model.inner.tries.load(Ordering::Relaxed);
    assert!((1_040..=1_050).contains(&tries), "{tries}");
}

#[tokio::test(start_paused = true)]
async fn the_loser_stays_on_the_budget_as_possibly_billed() {
    let budget = Budget::new(Caps::default());
    let model = scripted(|n| (if n == 20 { 100 * SECOND } else { SECOND }, answer()));
    let budgeted = BudgetLayer::new(budget.clone(), None).layer(model);
    let model = after_twenty(budgeted, &pool(), Arc::default()).await;
    generate(&model, 20).await.unwrap();
    let spent = budget.spent();
    assert_eq!(
        (spent.committed.calls, spent.possibly_billed.calls),
        (21, 1)
    );
}

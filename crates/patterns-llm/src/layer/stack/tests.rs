//! The order of the layers, seen from outside: who waits, whose clock runs, what is billed.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use patterns_core::{
    BoxFuture, Budget, Caps, Event, ModelError, ModelErrorKind, ModelId, Request, Response, Usage,
};
use tokio::time::Instant;

use super::*;

/// Replies from a script, each time after so many seconds.
struct Slow {
    id: ModelId,
    script: Mutex<VecDeque<(u64, Result<Response, ModelError>)>>,
}

impl Slow {
    fn new(script: impl IntoIterator<Item = (u64, Result<Response, ModelError>)>) -> Self {
        Self {
            id: ModelId::new("slow", "one"),
            script: Mutex::new(script.into_iter().collect()),
        }
    }
}

impl Model for Slow {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let next = lock(&self.script).pop_front();
            let (seconds, reply) = next.expect("the script is long enough");
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            reply
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Log(Mutex<Vec<Event>>);

impl EventSink for Log {
    fn emit(&self, event: Event) {
        lock(&self.0).push(event);
    }
}

fn stack(model: Slow, events: Arc<Log>) -> Arc<dyn Model> {
    stack_within(&Budget::new(Caps::default()), model, events)
}

fn stack_within(budget: &Budget, model: Slow, events: Arc<Log>) -> Arc<dyn Model> {
    let stack = Stack {
        retry: RetryPolicy::default(),
        ladder: Arc::default(),
        budget: BudgetLayer::new(budget.clone(), None),
        timeout: Duration::from_secs(10),
        events,
        seed: 1,
    };
    stack.around(model)
}

fn busy(seconds: u64) -> Result<Response, ModelError> {
    let retry_after = Some(Duration::from_secs(seconds));
    let usage = Usage {
        calls: 1,
        attempts: 1,
        input_tokens: 3,
        ..Usage::default()
    };
    let error = ModelError::new(ModelErrorKind::RateLimited { retry_after });
    Err(error.with_usage(usage))
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_own_clock_and_waiting_has_none() {
    // 9 s + a wait of 100 s + 9 s: no single clock of 10 s could pass that.
    let log = Arc::new(Log::default());
    let script = [(9, busy(100)), (9, Ok(Response::new("slow", "done")))];
    let model = stack(Slow::new(script), log.clone());
    let start = Instant::now();
    let response = model.generate(&Request::default()).await.unwrap();
    assert_eq!(response.text, "done");
    let seconds = start.elapsed().as_secs_f64();
    assert!((118.0..=128.0).contains(&seconds), "{seconds}");
    let usage = response.usage;
    assert_eq!((usage.calls, usage.attempts, usage.input_tokens), (1, 2, 3));
    let events = lock(&log.0);
    assert!(
        matches!(events[..], [Event::AttemptFailed { attempt: 1, .. }]),
        "{events:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_runs_out_of_time_is_followed_by_another() {
    let answer = || Ok(Response::new("slow", "late"));
    let script = [(11, answer()), (11, answer()), (1, answer())];
    let log = Arc::new(Log::default());
    let model = stack(Slow::new(script), log.clone());
    let response = model.generate(&Request::default()).await.unwrap();
    assert_eq!((response.usage.calls, response.usage.attempts), (1, 3));
    let kinds: Vec<_> = lock(&log.0)
        .iter()
        .map(|event| match event {
            Event::AttemptFailed { kind, .. } => *kind,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, [ModelErrorKind::Timeout; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_last_error_has_the_bill_of_all_attempts() {
    let script = (0..10).map(|_| (1, busy(1)));
    let model = stack(Slow::new(script), Arc::default());
    let error = model.generate(&Request::default()).await.unwrap_err();
    let usage = error.usage();
    assert_eq!(
        (usage.calls, usage.attempts, usage.input_tokens),
        (1, 10, 30)
    );
    assert_eq!(error.kind().name(), "rate-limited");
}

#[tokio::test(start_paused = true)]
async fn what_is_permanent_is_asked_once() {
    let error = ModelError::new(ModelErrorKind::Unauthorized);
    let model = stack(Slow::new([(1, Err(error))]), Arc::default());
    let error = model.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Unauthorized);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_pays_its_own_way() {
    let caps = Caps {
        max_calls: Some(3),
        ..Caps::default()
    };
    let budget = Budget::new(caps);
    let script = [(1, busy(1)), (11, busy(1)), (1, busy(1)), (1, busy(1))];
    let model = stack_within(&budget, Slow::new(script), Arc::default());
    let error = model.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::BudgetExhausted);
    let spent = budget.spent();
    // The second ran out of time, so nobody knows what it cost.
    assert_eq!((spent.committed.calls, spent.possibly_billed.calls), (2, 1));
    assert_eq!((spent.committed.tokens, spent.reserved.calls), (6, 0));
    assert_eq!(spent.possibly_billed.tokens, 32 + 4096);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_room_has_no_clock() {
    // Both reserve all of it, so the second waits for 9 s and then takes 9 s: no clock of 10 s ran
    // while it waited.
    let caps = Caps {
        max_tokens: Some(4_200),
        ..Caps::default()
    };
    let answer = || Response {
        usage: Usage {
            output_tokens: 5,
            ..Usage::default()
        },
        ..Response::new("slow", "done")
    };
    let script = [(9, Ok(answer())), (9, Ok(answer()))];
    let model = stack_within(&Budget::new(caps), Slow::new(script), Arc::default());
    let request = Request::default();
    let start = Instant::now();
    let (first, second) = tokio::join!(model.generate(&request), model.generate(&request));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(start.elapsed(), Duration::from_secs(18));
}

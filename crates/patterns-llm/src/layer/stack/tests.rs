//! The order of the layers, seen from outside: who waits, whose clock runs, what is billed.

mod budget;
mod patience;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use patterns_core::{
    BoxFuture, BranchId, Budget, Caps, Event, EventSink, ModelError, ModelErrorKind, ModelId,
    PauseReason, Request, Response, RunId, Scope, Steering, Usage,
};
use patterns_testkit::{EventLog, Scoped};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::pace::Pace;

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

    fn disown(&self, _: &Request) {
        lock(&self.script).clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Log(Mutex<Vec<Event>>);

impl EventSink for Log {
    fn emit(&self, event: Event) {
        // What each attempt tells of itself has a test of its own.
        if !matches!(
            event,
            Event::AttemptSent { .. } | Event::AttemptEnded { .. }
        ) {
            lock(&self.0).push(event);
        }
    }
}

fn stack(model: Slow, events: Arc<Log>) -> Arc<dyn Model> {
    Arc::new(Scoped::told(plain().around(model), events))
}

/// The layers as they are where nothing is set.
fn plain() -> Stack {
    Stack {
        first_tokens: Arc::default(),
        beginnings: Arc::default(),
        window: None,
        is_priming: false,
        retry: RetryPolicy::default(),
        hedge: None,
        pool: Arc::new(Pool::new(Pace::default(), 1)),
        ladder: Arc::default(),
        budget: BudgetLayer::new(Budget::new(Caps::default()), None),
        timeout: Duration::from_secs(10),
        seed: 1,
    }
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

#[test]
fn who_keeps_a_record_beneath_learns_of_an_answer_that_was_of_no_use() {
    let model = Arc::new(Slow::new([(1, Ok(Response::new("slow", "done")))]));
    plain()
        .around(Arc::clone(&model))
        .disown(&Request::default());
    assert!(lock(&model.script).is_empty());
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
async fn every_attempt_tells_what_it_waited_for_and_how_long_it_took() {
    let log = Arc::new(EventLog::default());
    let answer = || Ok(Response::new("slow", "done"));
    let script = [(3, busy(100)), (11, answer()), (2, answer()), (1, answer())];
    let pool = Arc::new(Pool::new(
        Pace {
            max_in_flight: 1,
            ..Pace::default()
        },
        1,
    ));
    let stack = Stack { pool, ..plain() };
    let scope = Scope::new(RunId(1), log.clone(), CancellationToken::new());
    let model = stack.around(Slow::new(script));
    let ask = |branch| {
        let request = Request {
            sample: branch as u32,
            scope: scope.branch(BranchId(branch)),
            ..Request::default()
        };
        let model = Arc::clone(&model);
        async move { model.generate(&request).await }
    };
    for result in join_all([ask(0), ask(1)]).await {
        result.unwrap();
    }
    let attempts: Vec<String> = log.lines();
    let attempts = attempts.iter().filter(|it| !it.contains("next in"));
    let attempts: Vec<&str> = attempts.map(String::as_str).collect();
    insta::assert_snapshot!(attempts.join("\n"), @r"
    [0] sent
    [0] attempt ended after 3s: the provider limits the rate of requests
    [1] held: slow:one asks to wait, 109.742447373s at most
    [1] sent, slot 3s, paused 109.743s
    [1] attempt ended after 10s: the call timed out
    [0] sent, slot 10s
    [0] attempt answered after 2s
    [1] sent, slot 1.827s
    [1] attempt answered after 1s
    ");
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
    let odd = || {
        let usage = busy(1).unwrap_err().usage();
        Err(ModelError::new(ModelErrorKind::Unreadable).with_usage(usage))
    };
    let script = (0..3).map(|_| (1, odd()));
    let model = stack(Slow::new(script), Arc::default());
    let error = model.generate(&Request::default()).await.unwrap_err();
    let usage = error.usage();
    assert_eq!((usage.calls, usage.attempts, usage.input_tokens), (1, 3, 9));
    assert_eq!(error.kind().name(), "unreadable");
}

#[tokio::test(start_paused = true)]
async fn what_is_permanent_is_asked_once() {
    let error = ModelError::new(ModelErrorKind::Unauthorized);
    let model = stack(Slow::new([(1, Err(error))]), Arc::default());
    let error = model.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Unauthorized);
}

#[tokio::test(start_paused = true)]
async fn being_too_fast_uses_up_no_attempt() {
    let throttled = (0..30).map(|_| (1, busy(1)));
    let script = throttled.chain([(1, Ok(Response::new("slow", "done")))]);
    let model = stack(Slow::new(script), Arc::default());
    let response = model.generate(&Request::default()).await.unwrap();
    assert_eq!(response.usage.attempts, 31);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_ten_minutes_loses_nothing() {
    // What is sent at second 5 to 605 fails; there is room for all attempts that might be made.
    let model = Arc::new(Outage::new(5..605));
    let log = Arc::new(Log::default());
    let stack = Scoped::told(plain().around(Arc::clone(&model)), log.clone());
    let start = Instant::now();
    let calls = (0..400).map(|sample| {
        let request = Request {
            sample,
            ..Request::default()
        };
        let stack = &stack;
        async move { stack.generate(&request).await.is_ok() }
    });
    assert_eq!(join_all(calls).await, [true; 400]);
    let seconds = start.elapsed().as_secs();
    assert!((605..640).contains(&seconds), "{seconds}");
    let failed = *lock(&model.failed);
    assert!(failed < 150, "{failed} attempts were wasted");
    let told = lock(&log.0).iter().find_map(|event| match event {
        Event::CallsPaused {
            reason: PauseReason::Outage,
            cause,
            gives_up_in,
            ..
        } => Some((cause.clone(), *gives_up_in)),
        _ => None,
    });
    let (cause, gives_up_in) = told.expect("the user is told");
    assert_eq!(cause, "the provider cannot be reached");
    assert!(
        gives_up_in > Some(Duration::from_secs(1_700)),
        "{gives_up_in:?}"
    );
}

/// Answers after a second, but not what is sent in an outage.
struct Outage {
    id: ModelId,
    start: Instant,
    seconds: std::ops::Range<u64>,
    error: ModelError,
    failed: Mutex<u32>,
}

impl Outage {
    fn new(seconds: std::ops::Range<u64>) -> Self {
        Self::with(seconds, ModelError::new(ModelErrorKind::Unreachable))
    }

    fn with(seconds: std::ops::Range<u64>, error: ModelError) -> Self {
        Self {
            id: ModelId::new("down", "now and then"),
            start: Instant::now(),
            seconds,
            error,
            failed: Mutex::new(0),
        }
    }
}

impl Model for Outage {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let is_down = self.seconds.contains(&self.start.elapsed().as_secs());
            tokio::time::sleep(Duration::from_millis(if is_down { 20 } else { 1_000 })).await;
            if is_down {
                *lock(&self.failed) += 1;
                return Err(self.error.clone());
            }
            Ok(Response::new("up", "done"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_paused_sends_no_call_and_another_bound_holds_at_once() {
    let stack = Stack {
        pool: Arc::new(Pool::new(
            Pace {
                max_in_flight: 1,
                ..Pace::default()
            },
            1,
        )),
        ..plain()
    };
    let replies = (0..4).map(|_| (10, Ok(Response::new("slow", "done"))));
    let model = stack.around(Slow::new(replies));
    let steering = Steering::default();
    let scope = Scope::new(RunId(1), Arc::new(()), CancellationToken::new());
    let scope = scope.steered(steering.clone());
    let requests: Vec<Request> = (0..4)
        .map(|sample| Request {
            sample,
            scope: scope.clone(),
            ..Request::default()
        })
        .collect();
    let start = Instant::now();
    let calls = join_all(requests.iter().map(async |request| {
        assert!(model.generate(request).await.is_ok());
        start.elapsed().as_secs()
    }));
    let steer = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        steering.pause();
        tokio::time::sleep(Duration::from_secs(60)).await;
        steering.go_on();
        tokio::time::sleep(Duration::from_secs(1)).await;
        steering.set_concurrency(std::num::NonZeroUsize::new(2).unwrap());
    };
    let (mut ended, ()) = tokio::join!(calls, steer);
    ended.sort_unstable();
    // The one in flight ends; the next goes at 65 s, a second beside it at 66 s.
    assert_eq!(ended, [10, 75, 76, 85]);
}

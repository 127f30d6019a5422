//! The order of the layers, seen from outside: who waits, whose clock runs, what is billed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use patterns_core::{
    BoxFuture, Budget, Caps, Event, HoldReason, ModelError, ModelErrorKind, ModelId, Request,
    Response, Usage,
};
use tokio::time::Instant;

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
        first_tokens: Arc::default(),
        is_priming: false,
        retry: RetryPolicy::default(),
        hedge: None,
        pool: Arc::new(Pool::new(Pace::default(), 1)),
        ladder: Arc::default(),
        budget: BudgetLayer::new(budget.clone(), None),
        timeout: Duration::from_secs(10),
        drain: CancellationToken::new(),
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
    let stack = Stack {
        first_tokens: Arc::default(),
        is_priming: false,
        retry: RetryPolicy::default(),
        hedge: None,
        pool: Arc::new(Pool::new(Pace::default(), 1)),
        ladder: Arc::default(),
        budget: BudgetLayer::new(Budget::new(Caps::default()), None),
        timeout: Duration::from_secs(10),
        drain: CancellationToken::new(),
        events: log.clone(),
        seed: 1,
    };
    let stack = stack.around(Arc::clone(&model));
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
        Event::CallsHeld {
            reason: HoldReason::Outage,
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

/// Answers after a second, but not what is poison, and remembers how often each sample was asked for.
struct Poisoned {
    id: ModelId,
    poison: fn(u32) -> bool,
    error: fn() -> ModelError,
    asked: Mutex<HashMap<u32, u32>>,
    seeds: Mutex<Vec<Option<i64>>>,
}

impl Poisoned {
    fn new(poison: fn(u32) -> bool, error: fn() -> ModelError) -> Arc<Self> {
        Arc::new(Self {
            id: ModelId::new("mostly", "good"),
            poison,
            error,
            asked: Mutex::default(),
            seeds: Mutex::default(),
        })
    }
}

impl Model for Poisoned {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            *lock(&self.asked).entry(request.sample).or_default() += 1;
            lock(&self.seeds).push(request.sampling.seed);
            if (self.poison)(request.sample) {
                let error = (self.error)();
                let seconds = if error.kind() == ModelErrorKind::Timeout {
                    10
                } else {
                    0
                };
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                return Err(error);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Response::new("good", "done"))
        })
    }
}

fn broken(status: u16) -> ModelError {
    ModelError::new(ModelErrorKind::Unavailable { retry_after: None }).with_status(status)
}

fn with_pool(model: Arc<Poisoned>, pool: &Arc<Pool>, events: Arc<Log>) -> Arc<dyn Model> {
    let stack = Stack {
        first_tokens: Arc::default(),
        is_priming: false,
        retry: RetryPolicy::default(),
        hedge: None,
        pool: Arc::clone(pool),
        ladder: Arc::default(),
        budget: BudgetLayer::new(Budget::new(Caps::default()), None),
        timeout: Duration::from_secs(30),
        drain: CancellationToken::new(),
        events,
        seed: 1,
    };
    stack.around(model)
}

/// Asks for so many samples at once; returns which were answered.
async fn ask(
    model: &Arc<dyn Model>,
    samples: std::ops::Range<u32>,
) -> Vec<Result<Response, ModelError>> {
    let calls = samples.map(|sample| {
        let request = Request {
            sample,
            ..Request::default()
        };
        async move { model.generate(&request).await }
    });
    join_all(calls).await
}

#[tokio::test(start_paused = true)]
async fn an_item_that_always_fails_is_given_up_and_the_rest_goes_on() {
    let errors: [fn() -> ModelError; 5] = [
        || broken(502),
        || broken(500),
        || ModelError::new(ModelErrorKind::Unavailable { retry_after: None }),
        || ModelError::new(ModelErrorKind::Timeout),
        || ModelError::new(ModelErrorKind::Overloaded { retry_after: None }),
    ];
    let poisons: [fn(u32) -> bool; 3] = [|it| it == 3, |it| it == 200, |it| it % 50 == 0];
    for error in errors {
        for poison in poisons {
            let model = Poisoned::new(poison, error);
            let pool = Arc::new(Pool::new(Pace::default(), 1));
            let log = Arc::new(Log::default());
            let stack = with_pool(Arc::clone(&model), &pool, log.clone());
            let start = Instant::now();
            let ends = ask(&stack, 0..201).await;
            for (sample, end) in (0..).zip(&ends) {
                assert_eq!(end.is_err(), poison(sample), "{sample}: {end:?}");
            }
            let passed = start.elapsed().as_secs();
            assert!(passed < 400, "{passed} s: {:?}", error());
            assert!(lock(&model.asked).values().all(|&it| it <= 10));
            let is_held = lock(&log.0)
                .iter()
                .any(|it| matches!(it, Event::CallsHeld { .. }));
            assert!(!is_held, "it is not taken for an outage: {:?}", error());
            // What combines the answers comes last, and is sent at once.
            let start = Instant::now();
            assert!(ask(&stack, 1_001..1_002).await[0].is_ok());
            assert!(start.elapsed() < Duration::from_secs(5));
            let state = pool.state();
            assert!(!state.is_outage && !state.is_closed, "{state:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_another_call_than_the_one_that_failed() {
    let model = Poisoned::new(|_| true, || broken(502));
    let pool = Arc::new(Pool::new(Pace::default(), 1));
    let stack = with_pool(Arc::clone(&model), &pool, Arc::default());
    let start = Instant::now();
    let ends = ask(&stack, 0..5).await;
    assert!(ends.iter().all(Result::is_err));
    let asked = lock(&model.asked).clone();
    let (least, most) = (asked.values().min().unwrap(), asked.values().max().unwrap());
    assert!(least + 2 >= *most && *most <= 12, "{asked:?}");
    // One that has never answered anything is not waited for as long as one that has.
    let passed = start.elapsed().as_secs();
    assert!((300..340).contains(&passed), "{passed}");
}

#[tokio::test(start_paused = true)]
async fn voters_on_a_server_that_always_fails_inside_end_within_a_minute() {
    for voters in [1, 3, 5, 8] {
        let model = Poisoned::new(|_| true, || broken(500));
        let pool = Arc::new(Pool::new(Pace::default(), 1));
        let log = Arc::new(Log::default());
        let stack = with_pool(model, &pool, log);
        let start = Instant::now();
        let ends = ask(&stack, 0..voters).await;
        assert!(ends.iter().all(Result::is_err));
        let passed = start.elapsed().as_secs();
        assert!(passed < 60, "{voters} voters: {passed} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_blip_of_a_few_seconds_costs_no_ballot_whatever_its_status() {
    for (voters, seconds) in [(1, 3), (3, 3), (5, 3), (3, 10), (5, 20)] {
        for error in [broken(500), broken(502), broken(503)] {
            let model = Arc::new(Outage::with(0..seconds, error));
            let stack = Stack {
                first_tokens: Arc::default(),
                is_priming: false,
                retry: RetryPolicy::default(),
                hedge: None,
                pool: Arc::new(Pool::new(Pace::default(), 1)),
                ladder: Arc::default(),
                budget: BudgetLayer::new(Budget::new(Caps::default()), None),
                timeout: Duration::from_secs(10),
                drain: CancellationToken::new(),
                events: Arc::new(Log::default()),
                seed: 1,
            };
            let stack = stack.around(model);
            let ends = ask(&stack, 0..voters).await;
            assert!(ends.iter().all(Result::is_ok), "{seconds} s: {ends:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_inside_is_drawn_with_another_seed() {
    let model = Poisoned::new(|_| true, || broken(500));
    let pool = Arc::new(Pool::new(Pace::default(), 1));
    let stack = with_pool(Arc::clone(&model), &pool, Arc::default());
    let mut request = Request::default();
    request.sampling.seed = Some(7);
    assert!(stack.generate(&request).await.is_err());
    let seeds = lock(&model.seeds).clone();
    // The first failure, and the first with the new seed, may be chance.
    let different: std::collections::HashSet<_> = seeds.iter().collect();
    assert_eq!(seeds[..2], [Some(7), Some(7)], "{seeds:?}");
    assert!(different.len() >= seeds.len() - 2, "{seeds:?}");
}

#[tokio::test(start_paused = true)]
async fn the_same_rejection_of_every_request_stops_the_run() {
    let rejected = || {
        ModelError::new(ModelErrorKind::InvalidRequest)
            .with_status(400)
            .with_detail("unknown parameter")
    };
    let model = Poisoned::new(|_| true, rejected);
    let pool = Arc::new(Pool::new(Pace::default(), 1));
    let stack = with_pool(Arc::clone(&model), &pool, Arc::default());
    let ends = ask(&stack, 0..5).await;
    let kinds: Vec<_> = ends
        .iter()
        .map(|it| it.as_ref().unwrap_err().kind())
        .collect();
    assert_eq!(kinds[..4], [ModelErrorKind::InvalidRequest; 4]);
    assert_eq!(kinds[4], ModelErrorKind::AllRejected);
    assert!(kinds[4].is_fatal());
}

#[tokio::test(start_paused = true)]
async fn an_answer_cut_off_at_nobodys_limit_gets_more_room_once() {
    let cut = |tokens| {
        let usage = Usage {
            calls: 1,
            attempts: 1,
            output_tokens: tokens,
            ..Usage::default()
        };
        Err(ModelError::new(ModelErrorKind::Truncated).with_usage(usage))
    };
    let script = [(1, cut(128)), (1, Ok(Response::new("slow", "whole")))];
    let model = stack(Slow::new(script), Arc::default());
    let response = model.generate(&Request::default()).await.unwrap();
    assert_eq!(
        (response.usage.attempts, response.usage.output_tokens),
        (2, 128)
    );
    // Cut again, it is named with the number.
    let model = stack(Slow::new([(1, cut(128)), (1, cut(8_192))]), Arc::default());
    let error = model.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.detail(), Some("8192 tokens were allowed"));
    assert_eq!(
        (error.usage().attempts, error.usage().output_tokens),
        (2, 8_320)
    );
    // A server without more room, or a budget, does not hide that.
    let no_room = Err(ModelError::new(ModelErrorKind::InvalidRequest).with_status(400));
    let model = stack(Slow::new([(1, cut(128)), (1, no_room)]), Arc::default());
    let error = model.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Truncated);
    assert_eq!(error.detail(), Some("the server ended it after 128 tokens"));
    // What the user set is kept.
    let mut request = Request::default();
    request.sampling.max_output_tokens = Some(128);
    let model = stack(Slow::new([(1, cut(128))]), Arc::default());
    let error = model.generate(&request).await.unwrap_err();
    assert_eq!(error.detail(), Some("128 tokens were allowed"));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_pool_says_so_within_seconds() {
    let plain =
        || Err(ModelError::new(ModelErrorKind::RateLimited { retry_after: None }).with_status(429));
    let throttled = (0..6).map(|_| (0, plain()));
    let script = throttled.chain([(1, Ok(Response::new("slow", "done")))]);
    let log = Arc::new(Log::default());
    let model = stack(Slow::new(script), log.clone());
    model.generate(&Request::default()).await.unwrap();
    let events = lock(&log.0);
    let (mut failed, mut waited) = (0, Duration::ZERO);
    let told = events.iter().find_map(|event| match event {
        Event::AttemptFailed { retry_in, .. } => {
            failed += 1;
            waited += *retry_in;
            None
        }
        Event::CallsHeld { reason, cause, .. } => Some((*reason, cause.clone(), failed)),
        _ => None,
    });
    let (reason, cause, after) = told.expect("it is told");
    assert_eq!((reason, after), (HoldReason::Throttled, 3));
    assert_eq!(cause, "the provider limits the rate of requests (HTTP 429)");
    assert!(waited < Duration::from_secs(10), "{waited:?}");
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
    let request = |sample| Request {
        sample,
        ..Request::default()
    };
    let (one, other) = (request(1), request(2));
    let start = Instant::now();
    let (first, second) = tokio::join!(model.generate(&one), model.generate(&other));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(start.elapsed(), Duration::from_secs(18));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_room_is_not_sent_once_the_run_is_drained() {
    let caps = Caps {
        max_tokens: Some(4_200),
        ..Caps::default()
    };
    let drain = CancellationToken::new();
    let pool = Arc::new(Pool::new(Pace::default(), 1));
    let stack = Stack {
        first_tokens: Arc::default(),
        is_priming: false,
        retry: RetryPolicy::default(),
        hedge: None,
        pool: Arc::clone(&pool),
        ladder: Arc::default(),
        budget: BudgetLayer::new(Budget::new(caps), None),
        timeout: Duration::from_secs(10),
        drain: drain.clone(),
        events: Arc::new(Log::default()),
        seed: 1,
    };
    let model = stack.around(Slow::new([(9, Ok(Response::new("slow", "done")))]));
    let [one, other] = [1, 2].map(|sample| Request {
        sample,
        ..Request::default()
    });
    let draining = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        drain.cancel();
    };
    let (first, second, ()) = tokio::join!(model.generate(&one), model.generate(&other), draining);
    assert!(first.is_ok());
    assert_eq!(second.unwrap_err().kind(), ModelErrorKind::NotSent);
    assert!(!pool.state().is_closed);
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_budget_does_not_close_the_pool_for_others() {
    let pool = Arc::new(Pool::new(Pace::default(), 1));
    let model = |max_calls, script: Vec<_>| {
        let caps = Caps {
            max_calls: Some(max_calls),
            ..Caps::default()
        };
        let stack = Stack {
            first_tokens: Arc::default(),
            is_priming: false,
            retry: RetryPolicy::default(),
            hedge: None,
            pool: Arc::clone(&pool),
            ladder: Arc::default(),
            budget: BudgetLayer::new(Budget::new(caps), None),
            timeout: Duration::from_secs(10),
            drain: CancellationToken::new(),
            events: Arc::new(Log::default()),
            seed: 1,
        };
        stack.around(Slow::new(script))
    };
    let poor = model(0, Vec::new());
    let rich = model(9, vec![(1, Ok(Response::new("slow", "done")))]);
    let error = poor.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::BudgetExhausted);
    assert!(rich.generate(&Request::default()).await.is_ok());
}

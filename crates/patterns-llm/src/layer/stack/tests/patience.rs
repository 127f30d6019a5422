//! How long a call is tried, and what its failures mean for others.

use super::*;

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
                let seconds = match error.kind() {
                    ModelErrorKind::Timeout => 10,
                    ModelErrorKind::InvalidRequest => 1,
                    _ => 0,
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
        pool: Arc::clone(pool),
        timeout: Duration::from_secs(30),
        ..plain()
    };
    Arc::new(Scoped::told(stack.around(model), events))
}

/// Asks for so many samples at once; returns which were answered.
async fn ask(
    model: &Arc<dyn Model>,
    samples: std::ops::Range<u32>,
) -> Vec<Result<Response, ModelError>> {
    join_all(samples.map(|sample| ask_of(model, Request::default(), sample))).await
}

async fn ask_of(
    model: &Arc<dyn Model>,
    request: Request,
    sample: u32,
) -> Result<Response, ModelError> {
    model.generate(&Request { sample, ..request }).await
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
            // The last one might have met an outage; it is given the longest that one item may take.
            let (most, longest) = if poison(200) { (40, 620) } else { (10, 400) };
            assert!(passed < longest, "{passed} s: {:?}", error());
            assert!(lock(&model.asked).values().all(|&it| it <= most));
            let is_held = lock(&log.0)
                .iter()
                .any(|it| matches!(it, Event::CallsPaused { .. }));
            // Others were answered while the last one took its time, and 500 speaks of the call itself.
            let is_told_apart =
                error().kind() == ModelErrorKind::Timeout || error().status() == Some(500);
            let may_be_outage = poison(200) && !is_told_apart;
            assert_eq!(is_held, may_be_outage, "{:?}", error());
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
async fn what_is_paid_for_is_not_tried_for_ten_minutes() {
    let billed = || {
        let usage = Usage {
            calls: 1,
            attempts: 1,
            input_tokens: 100,
            ..Usage::default()
        };
        ModelError::new(ModelErrorKind::Unavailable { retry_after: None }).with_usage(usage)
    };
    let model = Poisoned::new(|it| it == 9, billed);
    let pool = Arc::new(Pool::new(Pace::default(), 1));
    let stack = with_pool(Arc::clone(&model), &pool, Arc::default());
    assert!(ask(&stack, 0..9).await.iter().all(Result::is_ok));
    assert!(ask(&stack, 9..10).await[0].is_err());
    assert_eq!(lock(&model.asked)[&9], 10);
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
async fn voters_that_are_asked_one_after_the_other_do_not_wait_alone() {
    let model = Poisoned::new(|_| true, || broken(500));
    let pool = Arc::new(Pool::new(Pace::default(), 1));
    let stack = with_pool(model, &pool, Arc::default());
    let start = Instant::now();
    for wave in [0..3, 3..4, 4..5] {
        assert!(ask(&stack, wave).await.iter().all(Result::is_err));
    }
    let passed = start.elapsed().as_secs();
    assert!(passed < 60, "{passed} s");
}

#[tokio::test(start_paused = true)]
async fn a_blip_of_a_few_seconds_costs_no_ballot_whatever_its_status() {
    for (voters, seconds) in [(1, 3), (3, 3), (5, 3), (3, 10), (5, 20)] {
        for error in [broken(500), broken(502), broken(503)] {
            let model = Arc::new(Outage::with(0..seconds, error));
            let stack = plain().around(model);
            let ends = ask(&stack, 0..voters).await;
            assert!(ends.iter().all(Result::is_ok), "{seconds} s: {ends:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_users_seed_is_kept_whatever_fails() {
    let errors: [fn() -> ModelError; 4] = [
        || broken(400),
        || broken(422),
        || broken(500),
        || broken(502),
    ];
    for error in errors {
        let model = Poisoned::new(|_| true, error);
        let pool = Arc::new(Pool::new(Pace::default(), 1));
        let stack = with_pool(Arc::clone(&model), &pool, Arc::default());
        let mut request = Request::default();
        request.sampling.seed = Some(7);
        assert!(stack.generate(&request).await.is_err());
        let seeds = lock(&model.seeds).clone();
        assert!(seeds.len() > 2, "{:?}: {seeds:?}", error());
        assert!(
            seeds.iter().all(|it| *it == Some(7)),
            "{:?}: {seeds:?}",
            error()
        );
    }
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
async fn what_is_rejected_alike_turns_away_those_of_its_agent_that_wait_and_nobody_else() {
    let rejected = || ModelError::new(ModelErrorKind::InvalidRequest).with_detail("no");
    let model = Poisoned::new(|it| it < 100, rejected);
    let one_at_a_time = Pace {
        max_in_flight: 1,
        ..Pace::default()
    };
    let pool = Arc::new(Pool::new(one_at_a_time, 1));
    let stack = with_pool(Arc::clone(&model), &pool, Arc::default());
    let others = Request {
        instructions: "Another agent's.".into(),
        ..Request::default()
    };
    let theirs = (0..50).map(|sample| ask_of(&stack, Request::default(), sample));
    let others = (100..110).map(|sample| ask_of(&stack, others.clone(), sample));
    let (theirs, others) = tokio::join!(join_all(theirs), join_all(others));
    let is_alike = |it: &ModelError| it.kind() == ModelErrorKind::AllRejected;
    assert!(
        theirs[5..]
            .iter()
            .all(|it| it.as_ref().is_err_and(is_alike))
    );
    assert!(others.iter().all(Result::is_ok));
    assert_eq!(lock(&model.asked).values().sum::<u32>(), 5 + 10);
    // What is asked later is sent.
    assert!(ask(&stack, 200..201).await[0].is_ok());
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
        Event::CallsPaused { reason, cause, .. } => Some((*reason, cause.clone(), failed)),
        _ => None,
    });
    let (reason, cause, after) = told.expect("it is told");
    assert_eq!((reason, after), (PauseReason::Throttled, 3));
    assert_eq!(cause, "the provider limits the rate of requests (HTTP 429)");
    assert!(waited < Duration::from_secs(10), "{waited:?}");
}

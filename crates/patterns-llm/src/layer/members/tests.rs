//! What is asked of whom, and what is said of it.

use std::sync::Mutex;

use patterns_core::{EventSink, Layer, Message, Part, RunId, Scope};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::layer::SingleFlightLayer;
use crate::pace::{Demand, Pace, Verdict};

/// Says one thing, or fails in one way.
struct Says(
    ModelId,
    Result<&'static str, ModelErrorKind>,
    Arc<AtomicUsize>,
);

impl Model for Says {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        self.2.fetch_add(1, Ordering::Relaxed);
        let usage = Usage {
            calls: 1,
            attempts: 1,
            ..Usage::default()
        };
        Box::pin(std::future::ready(match self.1 {
            Ok(text) => Ok(Response::new("test", text)),
            Err(kind) => Err(ModelError::new(kind).with_usage(usage)),
        }))
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl EventSink for Heard {
    fn emit(&self, event: Event) {
        if let Event::WarningRaised { warning, .. } = event {
            self.0.lock().unwrap().push(warning.message);
        }
    }
}

type Script = Result<&'static str, ModelErrorKind>;

/// Returns a model of members, and how often each is asked.
fn members(scripts: &[Script]) -> (Members, Vec<Arc<AtomicUsize>>) {
    let mut counts = Vec::new();
    let all = scripts.iter().enumerate().map(|(at, script)| {
        let count = Arc::new(AtomicUsize::new(0));
        counts.push(Arc::clone(&count));
        let says = || -> Arc<dyn Model> {
            Arc::new(Says(
                ModelId::new("test", format!("{at}")),
                *script,
                Arc::clone(&count),
            ))
        };
        let pool = Arc::new(Pool::new(Pace::default(), 0));
        Member::new(
            format!("number {at}"),
            format!("place {at}"),
            says(),
            says(),
            pool,
        )
    });
    (Members::new(all.collect()), counts)
}

/// Returns a request of a run that is listened to.
fn heard() -> (Request, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let events: Arc<dyn EventSink> = Arc::clone(&heard) as _;
    let request = Request {
        scope: Scope::new(RunId(1), events, CancellationToken::new()),
        ..Request::default()
    };
    (request, heard)
}

fn asked(counts: &[Arc<AtomicUsize>]) -> Vec<usize> {
    counts.iter().map(|it| it.load(Ordering::Relaxed)).collect()
}

const BUSY: ModelErrorKind = ModelErrorKind::Overloaded { retry_after: None };

#[tokio::test(start_paused = true)]
async fn who_keeps_failing_is_followed_by_the_next_and_all_attempts_are_on_the_bill() {
    let (members, counts) = members(&[Err(BUSY), Ok("b"), Ok("c")]);
    let (request, heard) = heard();
    let answer = members.generate(&request).await.unwrap();
    assert_eq!((&*answer.text, asked(&counts)), ("b", vec![1, 1, 0]));
    assert_eq!((answer.usage.calls, answer.usage.attempts), (1, 2));
    assert!(heard.0.lock().unwrap().is_empty());
    tokio::time::advance(REST).await;
    members.generate(&Request::default()).await.unwrap();
    assert_eq!(asked(&counts)[0], 2, "it is asked again another time");
}

#[tokio::test(start_paused = true)]
async fn who_fails_at_once_is_not_asked_first_for_longer_and_longer() {
    let (members, counts) = members(&[Err(BUSY), Ok("b")]);
    let mut tries = Vec::new();
    for _ in 0..70 {
        members.generate(&Request::default()).await.unwrap();
        tries.push(asked(&counts)[0]);
        tokio::time::advance(Duration::from_millis(500)).await;
    }
    tries.dedup();
    assert_eq!(tries.len(), 6, "after 0, 1, 3, 7, 15 and 31 s");
    assert_eq!(asked(&counts), [6, 70]);
}

#[tokio::test(start_paused = true)]
async fn calls_that_fail_together_are_one_failure() {
    let (members, counts) = members(&[Err(BUSY), Ok("b")]);
    let request = Request::default();
    let all = (0..8).map(|_| members.generate(&request));
    futures_util::future::join_all(all).await;
    let before = asked(&counts)[0];
    tokio::time::advance(REST).await;
    members.generate(&request).await.unwrap();
    assert_eq!(asked(&counts)[0], before + 1, "it has rested once");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_is_left_out_and_that_is_said_once() {
    let (members, counts) = members(&[Err(ModelErrorKind::Unauthorized), Ok("b")]);
    let (request, heard) = heard();
    for _ in 0..3 {
        members.generate(&request).await.unwrap();
    }
    assert_eq!(asked(&counts), [1, 3]);
    let heard = heard.0.lock().unwrap();
    assert_eq!(
        *heard,
        ["number 0 is left out from now on: the provider rejected the credentials"]
    );
}

/// Is busy for a second.
#[derive(Debug)]
struct Busy(ModelId);

impl Model for Busy {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Err(ModelError::new(BUSY))
        })
    }
}

/// A wrong key is found while a call waits for the right one.
#[tokio::test(start_paused = true)]
async fn who_is_the_last_one_left_is_waited_for_also_by_calls_under_way() {
    let (mut members, counts) = members(&[Ok("a"), Err(ModelErrorKind::Unauthorized)]);
    members.0[0].hasty = Arc::new(Busy(ModelId::new("test", "0")));
    let request = Request::default();
    let (first, second) = tokio::join!(members.generate(&request), members.generate(&request));
    assert_eq!((&*first.unwrap().text, &*second.unwrap().text), ("a", "a"));
    assert_eq!(asked(&counts), [2, 1]);
}

/// Has the pool of a member answer a call.
async fn has_answered(member: &Member) {
    let slot = member.pool.admit(demand_of(0), |_, _| {}).await;
    slot.unwrap().end(Verdict::Served(None));
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_the_request_is_asked_of_nobody_else() {
    let (members, counts) = members(&[Err(ModelErrorKind::InvalidRequest), Ok("b")]);
    has_answered(&members.0[0]).await;
    let error = members.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::InvalidRequest);
    assert_eq!(asked(&counts), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_last_failure_counts_and_nobody_is_without_members() {
    let out = Err(ModelErrorKind::QuotaExhausted);
    let (members, counts) = members(&[out, out]);
    for asked_before in 1..=2 {
        let error = members.generate(&Request::default()).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::QuotaExhausted);
        assert_eq!(asked(&counts), [1, asked_before]);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_go_to_whoever_has_the_fewest_under_way() {
    let (members, counts) = members(&[Ok("a"), Ok("b"), Ok("c")]);
    let busy = UnderWay::new(&members.0[0].under_way);
    let _busier = [(); 2].map(|()| UnderWay::new(&members.0[1].under_way));
    members.generate(&Request::default()).await.unwrap();
    assert_eq!(asked(&counts), [0, 0, 1]);
    drop(busy);
    members.generate(&Request::default()).await.unwrap();
    assert_eq!(asked(&counts), [1, 0, 1], "and to the first of equals");
}

/// Never answers.
struct Hangs(ModelId);

impl Model for Hangs {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_waited_for_while_its_server_is_not_down() {
    let (mut members, counts) = members(&[Ok("a"), Ok("b")]);
    members.0[0].hasty = Arc::new(Hangs(ModelId::new("test", "0")));
    let model = SingleFlightLayer.layer(members);
    let request = Request::default();
    let answer = tokio::time::timeout(Duration::from_secs(60), model.generate(&request));
    assert!(answer.await.is_err());
    assert_eq!(asked(&counts), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_down_is_not_waited_for_while_another_one_is_up() {
    let (mut members, counts) = members(&[Ok("a"), Ok("b")]);
    members.0[0].hasty = Arc::new(Hangs(ModelId::new("test", "0")));
    let pool = Arc::clone(&members.0[0].pool);
    let goes_down = async {
        for call in 0..20 {
            let demand = demand_of(call);
            let Ok(slot) = pool.admit(demand, |_, _| {}).await else {
                return;
            };
            slot.end(Verdict::Broken(ModelErrorKind::Unreachable));
            if pool.outage().is_some() {
                return;
            }
        }
    };
    let request = Request::default();
    let (answer, ()) = tokio::join!(members.generate(&request), goes_down);
    assert!(pool.outage().is_some());
    assert_eq!((&*answer.unwrap().text, asked(&counts)), ("b", vec![0, 1]));
}

fn demand_of(call: u64) -> Demand {
    Demand {
        input_tokens: 1,
        output_tokens: 1,
        is_bounded: true,
        call,
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_rejects_everything_ends_no_run_while_another_answers() {
    for kind in [ModelErrorKind::InvalidRequest, ModelErrorKind::AllRejected] {
        let (members, counts) = members(&[Err(kind), Ok("b")]);
        let (request, heard) = heard();
        for _ in 0..3 {
            assert_eq!(&*members.generate(&request).await.unwrap().text, "b");
        }
        let is_out = kind == ModelErrorKind::AllRejected;
        assert_eq!(asked(&counts), [if is_out { 1 } else { 3 }, 3]);
        assert_eq!(heard.0.lock().unwrap().len(), usize::from(is_out));
    }
}

fn long(tokens: usize) -> Request {
    let text = "abc".repeat(tokens);
    let said = Message::user([Part::text(text)]);
    let (request, _) = heard();
    Request {
        messages: vec![said],
        ..request
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_cannot_read_is_asked_of_those_who_may_and_nothing_as_long_is_sent_there_again() {
    let short = Err(ModelErrorKind::ContextTooLong);
    let (members, counts) = members(&[short, Ok("b")]);
    let (request, heard) = heard();
    let request = Request {
        messages: long(1_000).messages,
        ..request
    };
    for _ in 0..3 {
        assert_eq!(&*members.generate(&request).await.unwrap().text, "b");
    }
    assert_eq!(asked(&counts), [1, 3]);
    members.generate(&long(10)).await.unwrap();
    assert_eq!(asked(&counts), [2, 4], "what is shorter, it may read");
    assert_eq!(
        *heard.0.lock().unwrap(),
        [
            "number 0 does not read what is as long as this, which is asked of the others: the request \
             is longer than the model can read"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_everywhere_is_so_for_every_key_of_a_place_and_then_asked_of_one_alone() {
    let short = Err(ModelErrorKind::ContextTooLong);
    let (mut members, counts) = members(&[short, short, short]);
    let place = members.0[0].address.clone();
    members.0[1].address = place;
    for asked_before in [[1, 0, 1], [2, 0, 1]] {
        let error = members.generate(&long(1_000)).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::ContextTooLong);
        assert_eq!(asked(&counts), asked_before);
    }
}

//! Asks one of several servers or keys, and the next one where that keeps failing.
//!
//! Each of them has a whole stack of its own, so that its pace, its outage and what it does not know are
//! its own. There are two stacks around one connection: while another is left to be asked, little is
//! waited for; who is asked last is waited for as if it were alone. What is wrong with the request, or
//! with its answer, would be so everywhere, and is asked of nobody else.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use patterns_core::{
    BoxFuture, Event, Model, ModelError, ModelErrorKind, ModelId, Request, Response, Usage, Warning,
};

use crate::pace::Pool;

/// How often a call that waits for a server looks whether that is down.
const LOOK: Duration = Duration::from_secs(2);

/// A server, or a key of it.
pub(crate) struct Member {
    /// What it is called in warnings.
    name: String,
    hasty: Arc<dyn Model>,
    patient: Arc<dyn Model>,
    pool: Arc<Pool>,
    under_way: AtomicUsize,
    is_out: AtomicBool,
}

impl Member {
    pub(crate) fn new(
        name: String,
        hasty: Arc<dyn Model>,
        patient: Arc<dyn Model>,
        pool: Arc<Pool>,
    ) -> Self {
        Self {
            name,
            hasty,
            patient,
            pool,
            under_way: AtomicUsize::new(0),
            is_out: AtomicBool::new(false),
        }
    }

    fn is_down(&self) -> bool {
        self.pool.outage().is_some()
    }

    /// How much speaks against asking it.
    fn burden(&self) -> (bool, usize) {
        (self.is_down(), self.under_way.load(Ordering::Relaxed))
    }
}

/// Counts a call of a member until this is dropped, be it that the call is.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Several servers or keys as one model, which goes by the name of the first.
pub(crate) struct Members(Vec<Member>);

impl Members {
    /// Takes one or more.
    pub(crate) fn new(all: Vec<Member>) -> Self {
        Self(all)
    }

    /// Returns who is asked next: of those that were not asked, the one with the fewest calls under way.
    fn next(&self, asked: &[bool]) -> Option<usize> {
        let all = self.0.iter().zip(asked).enumerate();
        let left =
            all.filter(|(_, (it, was_asked))| !**was_asked && !it.is_out.load(Ordering::Relaxed));
        let least = left.min_by_key(|(_, (it, _))| it.burden());
        least.map(|(at, _)| at)
    }

    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let mut asked = vec![false; self.0.len()];
        let mut spent = Usage::default();
        // The last one is never left out, so there is one.
        let mut at = self.next(&asked).unwrap_or(0);
        loop {
            asked[at] = true;
            let next = self.next(&asked);
            let error = match self.ask(at, request, next).await {
                Ok(mut response) => {
                    response.usage += spent;
                    return Ok(response);
                }
                Err(error) => error,
            };
            let usage = error.usage() + spent;
            match next.filter(|_| is_of_the_server(error.kind())) {
                Some(next) => {
                    self.leave_out(at, request, &error);
                    // The attempts are on the bill of the call that goes on.
                    spent = Usage { calls: 0, ..usage };
                    at = next;
                }
                None => return Err(error.with_usage(usage)),
            }
        }
    }

    /// Asks one of them, while it is not down or no other is left.
    async fn ask(
        &self,
        at: usize,
        request: &Request,
        next: Option<usize>,
    ) -> Result<Response, ModelError> {
        let member = &self.0[at];
        let _under_way = UnderWay::new(&member.under_way);
        let Some(next) = next.map(|it| &self.0[it]) else {
            return member.patient.generate(request).await;
        };
        let mut answer = member.hasty.generate(request);
        loop {
            match tokio::time::timeout(LOOK, &mut answer).await {
                Ok(result) => return result,
                Err(_) if member.is_down() && !next.is_down() => {
                    let retry_after = None;
                    return Err(ModelError::new(ModelErrorKind::Unavailable { retry_after }));
                }
                Err(_) => {}
            }
        }
    }

    /// Asks nobody any more who will never answer, and says so once.
    fn leave_out(&self, at: usize, request: &Request, error: &ModelError) {
        let member = &self.0[at];
        if !is_for_good(error.kind()) || member.is_out.swap(true, Ordering::Relaxed) {
            return;
        }
        let message = format!("{} is left out from now on: {error}", member.name);
        request.scope.emit(Event::WarningRaised {
            run: request.scope.origin().run,
            warning: Warning::new("server-left-out", message),
        });
    }
}

/// Returns whether a failure is the server's or the key's own, so that another may do better.
fn is_of_the_server(kind: ModelErrorKind) -> bool {
    kind.is_transient() || is_for_good(kind)
}

fn is_for_good(kind: ModelErrorKind) -> bool {
    matches!(
        kind,
        ModelErrorKind::Unauthorized
            | ModelErrorKind::QuotaExhausted
            | ModelErrorKind::UnknownModel
    )
}

impl Model for Members {
    fn id(&self) -> &ModelId {
        self.0[0].patient.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|it| &it.name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use patterns_core::{EventSink, Layer, RunId, Scope};
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
            Member::new(format!("number {at}"), says(), says(), pool)
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
        members.generate(&Request::default()).await.unwrap();
        assert_eq!(asked(&counts)[0], 2, "it is asked again another time");
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

    #[tokio::test(start_paused = true)]
    async fn what_is_wrong_with_the_request_is_asked_of_nobody_else() {
        let (members, counts) = members(&[Err(ModelErrorKind::InvalidRequest), Ok("b")]);
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
}

//! Who goes ahead, who waits, and what is known to be shared, on a paused clock.

use futures_util::future::join_all;
use patterns_core::Message;

use super::*;

/// Answers after a second with when it was asked.
struct Clock {
    id: ModelId,
    start: Instant,
}

impl Model for Clock {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async {
            let asked = self.start.elapsed().as_secs();
            let patience = if request.sample == u32::MAX { 100 } else { 1 };
            tokio::time::sleep(Duration::from_secs(patience)).await;
            Ok(Response::new("clock", asked.to_string()))
        })
    }
}

fn model(is_on: bool) -> Primed<Clock> {
    PrimeLayer::new(is_on).layer(Clock {
        id: ModelId::new("clock", ""),
        start: Instant::now(),
    })
}

fn request(beginning: &str, end: &str, sample: u32) -> Request {
    Request {
        messages: vec![Message::user([Part::text(beginning), Part::text(end)])],
        sample,
        ..Request::default()
    }
}

async fn asked_at(model: &Primed<Clock>, requests: &[Request]) -> Vec<String> {
    let answers = join_all(requests.iter().map(|it| model.generate(it))).await;
    answers.into_iter().map(|it| it.unwrap().text).collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_with_a_long_beginning_goes_ahead() {
    let long = "x".repeat(LEAST_BYTES);
    let requests = [
        request(&long, "1", 0),
        request(&long, "2", 0),
        request(&long, "3", 0),
        request("short", "1", 0),
        request("short", "2", 0),
    ];
    let asked = asked_at(&model(true), &requests).await;
    assert_eq!(asked, ["0", "1", "1", "0", "0"]);
    let asked = asked_at(&model(false), &requests).await;
    assert_eq!(asked, ["0"; 5]);
}

#[tokio::test(start_paused = true)]
async fn what_others_share_is_known_when_the_first_is_sent() {
    /// Answers with what it knows to be shared.
    struct Telling(Clock, Arc<Beginnings>);
    impl Model for Telling {
        fn id(&self) -> &ModelId {
            &self.0.id
        }
        fn generate<'a>(
            &'a self,
            request: &'a Request,
        ) -> BoxFuture<'a, Result<Response, ModelError>> {
            let shared = format!("{:?}", self.1.shared(request));
            Box::pin(async { Ok(Response::new("telling", shared)) })
        }
    }
    let beginnings = Arc::<Beginnings>::default();
    let clock = Clock {
        id: ModelId::new("clock", ""),
        start: Instant::now(),
    };
    let layer = PrimeLayer::new(true).beginnings(Arc::clone(&beginnings));
    let model = layer.layer(Telling(clock, beginnings));
    let (long, other) = ("x".repeat(LEAST_BYTES), "y".repeat(LEAST_BYTES));
    let requests = [
        request(&long, "1", 0),
        request(&long, "2", 0),
        request(&other, "3", 0),
        request("short", &other, 0),
        request("short", &other, 1),
    ];
    let answers = join_all(requests.iter().map(|it| model.generate(it))).await;
    let shared: Vec<String> = answers.into_iter().map(|it| it.unwrap().text).collect();
    let part = "[true, false]";
    let none = "[false, false]";
    let whole = "[false, true]";
    assert_eq!(shared, [part, part, none, whole, whole]);
}

#[tokio::test(start_paused = true)]
async fn the_voters_on_a_long_question_wait_for_the_first() {
    let question = "x".repeat(LEAST_BYTES);
    let ballots: Vec<Request> = (0..3).map(|n| request("short", &question, n)).collect();
    assert_eq!(asked_at(&model(true), &ballots).await, ["0", "1", "1"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_sent_at_once_until_it_is_forgotten() {
    let long = "x".repeat(LEAST_BYTES);
    let model = model(true);
    asked_at(&model, &[request(&long, "1", 0)]).await;
    let two = [request(&long, "2", 0), request(&long, "3", 0)];
    assert_eq!(asked_at(&model, &two).await, ["1", "1"]);
    tokio::time::sleep(KEPT).await;
    assert_eq!(asked_at(&model, &two).await, ["302", "303"]);
}

/// Answers after ten seconds and begins after one.
struct Streaming(Clock, Arc<FirstTokens>);

impl Model for Streaming {
    fn id(&self) -> &ModelId {
        &self.0.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async {
            let asked = self.0.start.elapsed().as_secs();
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.1.came(&CallKey::of(&self.0.id, request).to_string());
            tokio::time::sleep(Duration::from_secs(9)).await;
            Ok(Response::new("clock", asked.to_string()))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn of_streamed_answers_the_first_token_is_enough() {
    let first_tokens = Arc::<FirstTokens>::default();
    let id = ModelId::new("clock", "");
    let start = Instant::now();
    let inner = Streaming(Clock { id, start }, Arc::clone(&first_tokens));
    let model = PrimeLayer::new(true)
        .first_tokens(first_tokens)
        .layer(inner);
    let long = "x".repeat(LEAST_BYTES);
    let requests = [request(&long, "1", 0), request(&long, "2", 0)];
    let answers = join_all(requests.iter().map(|it| model.generate(it))).await;
    let asked: Vec<String> = answers.into_iter().map(|it| it.unwrap().text).collect();
    assert_eq!(asked, ["0", "1"]);
    assert_eq!(start.elapsed(), Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let long = "x".repeat(LEAST_BYTES);
    let slow = request(&long, "1", u32::MAX);
    let asked = asked_at(&model(true), &[slow, request(&long, "2", 0)]).await;
    assert_eq!(asked, ["0", "60"]);
}

#[tokio::test(start_paused = true)]
async fn if_the_first_gives_up_the_others_go() {
    let long = "x".repeat(LEAST_BYTES);
    let model = model(true);
    let (one, other) = (request(&long, "1", u32::MAX), request(&long, "2", 0));
    let impatient = timeout(Duration::from_secs(5), model.generate(&one));
    let (gone, answered) = tokio::join!(impatient, model.generate(&other));
    assert!(gone.is_err());
    assert_eq!(answered.unwrap().text, "5");
}

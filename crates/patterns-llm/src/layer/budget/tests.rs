//! Attempts under a budget, on a paused clock.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{
    AnswerSchema, Caps, Document, Journal, Limit, Message, Money, Sampling, Spent,
};
use patterns_testkit::{Reply, ScriptedModel};
use serde_json::json;
use tokio::time::Instant;

use super::*;

fn usage(input_tokens: u64, output_tokens: u64) -> Usage {
    Usage {
        calls: 1,
        attempts: 1,
        input_tokens,
        output_tokens,
        ..Usage::default()
    }
}

fn answer(input_tokens: u64, output_tokens: u64) -> Response {
    Response {
        usage: usage(input_tokens, output_tokens),
        ..Response::new("scripted", "yes")
    }
}

fn failure(kind: ModelErrorKind, status: Option<u16>) -> ModelError {
    let error = ModelError::new(kind).with_usage(usage(0, 0));
    match status {
        Some(status) => error.with_status(status),
        None => error,
    }
}

/// A request that reserves 32 tokens for its frames and 68 for its answer.
fn hundred() -> Request {
    Request {
        sampling: Sampling {
            max_output_tokens: Some(68),
            ..Sampling::default()
        },
        ..Request::default()
    }
}

fn dollar_each() -> Price {
    let dollar = "1".parse().unwrap();
    Price {
        input: dollar,
        cached_input: None,
        cache_write: None,
        output: dollar,
        long: None,
    }
}

fn tokens(max: u64) -> Budget {
    Budget::new(Caps {
        max_tokens: Some(max),
        ..Caps::default()
    })
}

fn budgeted<M: Model>(budget: &Budget, model: M) -> Budgeted<M> {
    BudgetLayer::new(budget.clone(), Some(dollar_each())).layer(model)
}

fn scripted<T: Into<Reply>>(replies: impl IntoIterator<Item = T>) -> ScriptedModel {
    ScriptedModel::new(replies).latency(Duration::from_secs(1))
}

/// Returns `CALLS, TOKENS, DOLLARS`.
fn shown(spend: Spend) -> String {
    let cost = spend.cost.map_or("?".to_owned(), |it| it.to_string());
    format!("{} calls, {} tokens, {cost}", spend.calls, spend.tokens)
}

#[test]
fn what_is_reserved() {
    let check = |request: &Request, tokens: u64| {
        let model = budgeted(&Budget::new(Caps::default()), scripted([""]));
        let estimate = model.estimate(request);
        let cost = Some(Money::from_picodollars(tokens * 1_000_000));
        assert_eq!(
            (estimate.calls, estimate.tokens, estimate.cost),
            (1, tokens, cost)
        );
    };
    check(&hundred(), 100);
    check(&Request::default(), 32 + 4096);
    let messages = vec![
        Message::user([
            Part::text("1234"),
            Part::Document(Document::new("id", "123456")),
        ]),
        Message::assistant("7"),
    ];
    let schema = Arc::new(AnswerSchema::new("x", json!({"type": "object"})));
    let request = Request {
        instructions: "12".into(),
        messages,
        schema: Some(schema),
        ..hundred()
    };
    // 2 + (4 + 6 + 2 + 64) + 1 bytes, 17 of the schema and 3 of its shape, in threes; a frame for
    // each message.
    check(&request, 68 + 99_u64.div_ceil(3) + 4 * 16);
}

#[test]
fn what_an_attempt_is_known_to_have_used() {
    let check = |result: Result<Response, ModelError>, expected: Option<Usage>| {
        assert_eq!(settlement(&result), expected, "{result:?}");
    };
    let nothing = Some(usage(0, 0));
    let waits = |retry_after| ModelErrorKind::RateLimited { retry_after };
    let down = ModelErrorKind::Unavailable { retry_after: None };
    check(Ok(answer(7, 3)), Some(usage(7, 3)));
    check(Ok(answer(0, 0)), None);
    for (kind, status, expected) in [
        (waits(None), Some(429), nothing),
        (ModelErrorKind::Unauthorized, Some(401), nothing),
        (ModelErrorKind::UnsupportedFormat, Some(400), nothing),
        (down, Some(500), nothing),
        (
            ModelErrorKind::Overloaded { retry_after: None },
            Some(503),
            nothing,
        ),
        (down, Some(408), None),
        (down, Some(502), None),
        (down, Some(504), None),
        (ModelErrorKind::Unreadable, Some(200), None),
        (ModelErrorKind::Truncated, Some(200), None),
        (ModelErrorKind::Refused, None, None),
        (ModelErrorKind::Timeout, None, None),
        (down, None, None),
        (ModelErrorKind::Unreachable, None, nothing),
        (ModelErrorKind::InvalidRequest, None, nothing),
    ] {
        check(Err(failure(kind, status)), expected);
    }
    let cut = failure(ModelErrorKind::Truncated, Some(200)).with_usage(usage(5, 68));
    check(Err(cut), Some(usage(5, 68)));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_settles_with_what_it_really_used() {
    let budget = tokens(250);
    let replies: [Reply; 3] = [
        answer(20, 10).into(),
        failure(ModelErrorKind::RateLimited { retry_after: None }, Some(429)).into(),
        failure(ModelErrorKind::Timeout, None).into(),
    ];
    let model = budgeted(&budget, scripted(replies));
    let request = hundred();
    assert_eq!(model.generate(&request).await.unwrap().text, "yes");
    assert_eq!(
        shown(budget.spent().committed),
        "1 calls, 30 tokens, $0.00003"
    );
    model.generate(&request).await.unwrap_err();
    assert_eq!(
        shown(budget.spent().committed),
        "2 calls, 30 tokens, $0.00003"
    );
    model.generate(&request).await.unwrap_err();
    let spent = budget.spent();
    assert_eq!(shown(spent.committed), "2 calls, 30 tokens, $0.00003");
    assert_eq!(shown(spent.possibly_billed), "1 calls, 100 tokens, $0.0001");
    assert_eq!(spent.reserved, Spend::ZERO);
}

/// Keeps what it is told after a second, or never.
#[derive(Debug)]
struct Slow {
    is_broken: bool,
}

impl Journal for Slow {
    fn keep(&self) -> BoxFuture<'_, Result<(), ModelError>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            match self.is_broken {
                true => Err(ModelError::new(ModelErrorKind::NotRecorded)),
                false => Ok(()),
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_sent_once_its_reservation_is_kept() {
    let budget = tokens(1_000);
    budget.keep_in(Arc::new(Slow { is_broken: false }));
    let inner = Arc::new(scripted([answer(60, 40)]));
    let model = budgeted(&budget, Arc::clone(&inner));
    let request = hundred();
    let half = Duration::from_millis(500);
    let given_up = tokio::time::timeout(half, model.generate(&request)).await;
    assert!(given_up.is_err());
    assert_eq!(inner.requests().len(), 0, "not before");
    // What was not sent cost nothing.
    assert_eq!(budget.spent().total(), Spend::ZERO);
    model.generate(&request).await.unwrap();
    assert_eq!(budget.spent().total().calls, 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_that_cannot_be_kept() {
    let budget = tokens(1_000);
    budget.keep_in(Arc::new(Slow { is_broken: true }));
    let inner = Arc::new(scripted([answer(60, 40)]));
    let model = budgeted(&budget, Arc::clone(&inner));
    let error = model.generate(&hundred()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::NotRecorded);
    assert_eq!(inner.requests().len(), 0);
    assert_eq!(budget.spent().total(), Spend::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_will_never_fit_is_not_sent() {
    let budget = tokens(199);
    let inner = Arc::new(scripted([answer(60, 40), answer(60, 40)]));
    let model = budgeted(&budget, Arc::clone(&inner));
    model.generate(&hundred()).await.unwrap();
    let error = model.generate(&hundred()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::BudgetExhausted);
    assert!(error.kind().is_fatal() && !error.is_transient());
    assert_eq!(error.usage(), Usage::default());
    assert_eq!(
        error.detail(),
        Some("the cap of 199 tokens leaves no room for another attempt")
    );
    let source = std::error::Error::source(&error).unwrap();
    let exhausted = source.downcast_ref::<Exhausted>().unwrap();
    assert_eq!(exhausted.limit, Limit::Tokens(199));
    assert_eq!(inner.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_waits_for_room_that_others_may_free() {
    // Room for two at once; each uses a tenth of what it reserved, so all ten are sent.
    let budget = tokens(220);
    let inner = Arc::new(ScriptedModel::by(|_| answer(6, 4)).latency(Duration::from_secs(1)));
    let model = budgeted(&budget, Arc::clone(&inner));
    let request = hundred();
    let start = Instant::now();
    let (a, b, c, d, e, f) = tokio::join!(
        model.generate(&request),
        model.generate(&request),
        model.generate(&request),
        model.generate(&request),
        model.generate(&request),
        model.generate(&request),
    );
    assert!([a, b, c, d, e, f].iter().all(Result::is_ok));
    assert_eq!(inner.peak_in_flight(), 2);
    // The first two leave room for two again, and so on: 20 + 200 ≤ 220, then one by one.
    assert_eq!(start.elapsed(), Duration::from_secs(4));
    assert_eq!(budget.spent().committed.tokens, 60);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_attempt_counts_only_if_it_was_sent() {
    let budget = tokens(100);
    let inner = Arc::new(scripted([answer(1, 1), answer(1, 1)]));
    let model = budgeted(&budget, Arc::clone(&inner));
    let request = hundred();
    let mut sent = model.generate(&request);
    let mut waiting = model.generate(&request);
    let moment = Duration::from_millis(1);
    assert!(tokio::time::timeout(moment, &mut sent).await.is_err());
    assert!(tokio::time::timeout(moment, &mut waiting).await.is_err());
    drop(waiting);
    assert_eq!(budget.spent().reserved.tokens, 100);
    drop(sent);
    assert_eq!(
        budget.spent(),
        Spent {
            possibly_billed: model.estimate(&request),
            ..Spent::default()
        }
    );
    assert_eq!(inner.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_models_share_one_budget_at_their_own_prices() {
    let budget = Budget::new(Caps {
        max_cost: Some("0.0003".parse().unwrap()),
        ..Caps::default()
    });
    let cheap = budgeted(&budget, scripted([answer(60, 40)]));
    let dear = Price {
        output: "2".parse().unwrap(),
        ..dollar_each()
    };
    let dear = BudgetLayer::new(budget.clone(), Some(dear)).layer(scripted([answer(20, 40)]));
    cheap.generate(&hundred()).await.unwrap();
    dear.generate(&hundred()).await.unwrap();
    assert_eq!(
        shown(budget.spent().committed),
        "2 calls, 160 tokens, $0.0002"
    );
    // Without a price nothing passes where the cost is capped.
    let unpriced = BudgetLayer::new(budget.clone(), None).layer(scripted([answer(1, 1)]));
    let error = unpriced.generate(&hundred()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::BudgetExhausted);
}

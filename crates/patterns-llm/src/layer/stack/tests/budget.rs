//! What attempts cost, and what waits for room within the caps.

use super::*;

fn stack_within(budget: &Budget, model: Slow, events: Arc<Log>) -> Arc<dyn Model> {
    let stack = Stack {
        budget: BudgetLayer::new(budget.clone(), None),
        ..plain()
    };
    Arc::new(Scoped::told(stack.around(model), events))
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
        pool: Arc::clone(&pool),
        budget: BudgetLayer::new(Budget::new(caps), None),
        ..plain()
    };
    let model = stack.around(Slow::new([(9, Ok(Response::new("slow", "done")))]));
    let scope = Scope::new(RunId::default(), Arc::new(()), drain.clone());
    let [one, other] = [1, 2].map(|sample| Request {
        sample,
        scope: scope.clone(),
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
            pool: Arc::clone(&pool),
            budget: BudgetLayer::new(Budget::new(caps), None),
            ..plain()
        };
        stack.around(Slow::new(script))
    };
    let poor = model(0, Vec::new());
    let rich = model(9, vec![(1, Ok(Response::new("slow", "done")))]);
    let error = poor.generate(&Request::default()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::BudgetExhausted);
    assert!(rich.generate(&Request::default()).await.is_ok());
}

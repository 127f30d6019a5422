//! Budgets: amounts, the rules one by one, and random schedules.

mod amounts;
mod schedules;

use std::task::{Context, Poll, Waker};

use super::*;

fn spend(calls: u64, tokens: u64, dollars: &str) -> Spend {
    Spend {
        calls,
        tokens,
        cost: (dollars != "?").then(|| dollars.parse().unwrap()),
    }
}

fn caps(calls: Option<u64>, tokens: Option<u64>, dollars: Option<&str>) -> Caps {
    Caps {
        max_calls: calls,
        max_tokens: tokens,
        max_cost: dollars.map(|it| it.parse().unwrap()),
    }
}

/// Commits `committed`, holds `reserved`, and asks for `estimate`.
fn check(caps: Caps, committed: Spend, reserved: Spend, estimate: Spend, expected: &str) {
    let budget = Budget::new(Caps::default());
    budget.try_reserve(committed).unwrap().settle(committed);
    let spent = budget.spent();
    let mut ledger = ledger::Ledger::new(caps);
    ledger.spent = Spent { reserved, ..spent };
    let room = match ledger.room(estimate) {
        Ok(()) => "room".to_owned(),
        Err(NoRoom::Wait) => "wait".to_owned(),
        Err(NoRoom::Exhausted(error)) => error.limit.to_string(),
    };
    assert_eq!(
        room, expected,
        "{caps:?} {committed:?} {reserved:?} {estimate:?}"
    );
}

#[test]
fn what_has_room() {
    let none = Spend::ZERO;
    let calls = caps(Some(3), None, None);
    check(calls, none, none, spend(3, 9, "9"), "room");
    check(calls, none, none, spend(4, 0, "0"), "3 calls");
    check(
        calls,
        spend(1, 0, "0"),
        spend(1, 0, "0"),
        spend(1, 0, "0"),
        "room",
    );
    check(
        calls,
        spend(1, 0, "0"),
        spend(2, 0, "0"),
        spend(1, 0, "0"),
        "wait",
    );
    check(calls, spend(3, 0, "0"), none, spend(1, 0, "0"), "3 calls");
    let tokens = caps(None, Some(100), None);
    check(
        tokens,
        spend(9, 60, "?"),
        spend(1, 40, "?"),
        spend(1, 40, "?"),
        "wait",
    );
    check(
        tokens,
        spend(9, 61, "?"),
        none,
        spend(1, 40, "?"),
        "100 tokens",
    );
    check(
        tokens,
        spend(1, u64::MAX, "0"),
        none,
        spend(1, u64::MAX, "0"),
        "100 tokens",
    );
}

#[test]
fn what_costs_has_room() {
    let none = Spend::ZERO;
    let cost = caps(None, None, Some("0.50"));
    check(cost, spend(1, 1, "0.25"), none, spend(1, 1, "0.25"), "room");
    check(
        cost,
        spend(1, 1, "0.25"),
        none,
        spend(1, 1, "0.250000000001"),
        "$0.50",
    );
    check(
        cost,
        spend(1, 1, "0.25"),
        spend(1, 1, "0.1"),
        spend(1, 1, "0.25"),
        "wait",
    );
    // A cost that nobody knows does not fit under a cap on cost.
    check(cost, none, none, spend(1, 1, "?"), "$0.50");
    // Nothing more passes once a cap is overshot, not even what is free.
    check(cost, spend(1, 1, "0.51"), none, spend(1, 1, "0"), "$0.50");
    check(
        Caps::default(),
        spend(9, 9, "?"),
        spend(u64::MAX, u64::MAX, "9"),
        spend(1, 1, "1"),
        "room",
    );
}

#[test]
fn a_settled_reservation_frees_the_difference_and_a_dropped_one_nothing() {
    let budget = Budget::new(caps(None, Some(100), None));
    let (first, second) = (
        budget.try_reserve(spend(1, 50, "1")).unwrap(),
        budget.try_reserve(spend(1, 50, "1")).unwrap(),
    );
    assert_eq!(budget.spent().reserved, spend(2, 100, "2"));
    first.settle(spend(1, 10, "0.2"));
    drop(second);
    assert_eq!(
        budget.spent(),
        Spent {
            committed: spend(1, 10, "0.2"),
            possibly_billed: spend(1, 50, "1"),
            reserved: Spend::ZERO,
        }
    );
    let error = budget.try_reserve(spend(1, 41, "1")).unwrap_err();
    assert_eq!(
        error,
        NoRoom::Exhausted(Exhausted {
            limit: Limit::Tokens(100)
        })
    );
    insta::assert_snapshot!(error, @"the cap of 100 tokens leaves no room for another attempt");
    budget
        .try_reserve(spend(1, 40, "1"))
        .unwrap()
        .settle(Spend::ZERO);
}

#[test]
fn what_was_spent_before_is_under_the_same_cap() {
    let budget = Budget::new(caps(Some(10), None, None));
    budget.carry_over(Spent {
        committed: spend(4, 40, "0.4"),
        possibly_billed: spend(1, 10, "0.1"),
        reserved: spend(2, 20, "0.2"),
    });
    let spent = budget.spent();
    assert_eq!(spent.committed, spend(4, 40, "0.4"));
    // What was under way at the end of a session may have been billed.
    assert_eq!(spent.possibly_billed, spend(3, 30, "0.3"));
    assert_eq!(
        (spent.reserved, spent.total()),
        (Spend::ZERO, spend(7, 70, "0.7"))
    );
    assert!(budget.try_reserve(spend(4, 0, "0")).is_err());
    drop(budget.try_reserve(spend(3, 0, "0")).unwrap());
}

#[test]
fn a_bill_above_the_estimate_is_recorded_and_ends_it() {
    let budget = Budget::new(caps(None, None, Some("1")));
    let clone = budget.clone();
    let reservation = budget.try_reserve(spend(1, 10, "0.9")).unwrap();
    reservation.settle(spend(2, 999, "1.5"));
    assert_eq!(clone.spent().committed, spend(2, 999, "1.5"));
    assert!(matches!(
        clone.try_reserve(Spend::ZERO),
        Err(NoRoom::Exhausted(_))
    ));
    // A bill without a price counts as what was reserved for it.
    let budget = Budget::new(Caps::default());
    budget
        .try_reserve(spend(1, 10, "0.9"))
        .unwrap()
        .settle(spend(1, 5, "?"));
    assert_eq!(budget.spent().committed, spend(1, 5, "0.9"));
}

#[test]
fn who_waits_longest_is_served_first_and_who_gives_up_is_passed_over() {
    let budget = Budget::new(caps(Some(2), Some(100), None));
    let mut context = Context::from_waker(Waker::noop());
    let held = budget.try_reserve(spend(1, 80, "0")).unwrap();
    let mut large = Box::pin(budget.reserve(spend(0, 90, "0")));
    let mut small = Box::pin(budget.reserve(spend(0, 5, "0")));
    let mut hopeless = Box::pin(budget.reserve(spend(0, 101, "0")));
    assert!(large.as_mut().poll(&mut context).is_pending());
    // There is room for the small one, but the large one came first.
    assert!(small.as_mut().poll(&mut context).is_pending());
    assert_eq!(
        budget.try_reserve(spend(0, 5, "0")).unwrap_err(),
        NoRoom::Wait
    );
    let Poll::Ready(Err(error)) = hopeless.as_mut().poll(&mut context) else {
        panic!("it can never have room");
    };
    assert_eq!(error.limit, Limit::Tokens(100));
    drop(large);
    let Poll::Ready(Ok(reservation)) = small.as_mut().poll(&mut context) else {
        panic!("it is first now and has room");
    };
    reservation.settle(spend(0, 5, "0"));
    held.settle(spend(1, 80, "0"));
    insta::assert_debug_snapshot!(budget.spent().committed.tokens, @"85");
}

#[test]
fn a_budget_is_shared_between_threads() {
    let budget = Budget::new(caps(Some(50), None, None));
    let passed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let one = spend(1, 1, "0.1");
                    let reservations = (0..50).filter_map(|_| budget.try_reserve(one).ok());
                    reservations.map(|it| it.settle(one)).count()
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    let spent = budget.spent();
    assert_eq!((spent.committed.calls, passed), (50, 50));
    assert_eq!(spent.reserved, Spend::ZERO);
}

//! A table of decisions, and the bounds that hold for all of them.

use patterns_core::ModelErrorKind as Kind;
use proptest::prelude::*;

use super::*;

const BUSY: Kind = Kind::RateLimited { retry_after: None };
const DOWN: Kind = Kind::Unavailable { retry_after: None };

fn after(seconds: u64) -> Kind {
    let retry_after = Some(Duration::from_secs(seconds));
    Kind::RateLimited { retry_after }
}

fn attempts(kind: Kind, made: u32, elapsed: u64) -> Attempts {
    let mut attempts = Attempts::default();
    for _ in 0..made {
        attempts.record(kind, Duration::ZERO, true);
    }
    if made > 1 {
        attempts.pass(Duration::from_secs(elapsed));
    }
    attempts
}

/// Checks the decision after `made` attempts that failed alike, half of the way through the dice.
#[track_caller]
fn check(kind: Kind, made: u32, elapsed: u64, wait_ms: Option<u64>) {
    let expected = match wait_ms {
        Some(wait) => Decision::RetryIn(Duration::from_millis(wait)),
        None => Decision::GiveUp,
    };
    let policy = RetryPolicy::default();
    assert_eq!(
        policy.decide(kind, attempts(kind, made, elapsed), 0.5),
        expected,
        "{kind:?}"
    );
}

#[test]
fn waits_double_up_to_the_cap() {
    check(DOWN, 1, 0, Some(125));
    check(DOWN, 2, 0, Some(250));
    check(DOWN, 3, 0, Some(500));
    check(DOWN, 4, 0, Some(1_500));
    check(DOWN, 9, 0, Some(22_500));
    check(BUSY, 1, 0, Some(500));
    check(BUSY, 2, 0, Some(1_000));
    check(BUSY, 9, 0, Some(22_500));
    check(Kind::Timeout, 1, 120, Some(125));
}

#[test]
fn hints_are_never_shortened() {
    check(after(7), 1, 0, Some(7_350));
    check(after(600), 1, 0, Some(630_000));
    check(after(601), 1, 0, None);
    check(after(60), 2, 1_700, Some(63_000));
    check(after(60), 2, 1_790, None);
}

#[test]
fn there_is_an_end_to_everything() {
    check(DOWN, 10, 0, None);
    check(DOWN, 2, 599, Some(250));
    // The last try is at the end of the time, however long the dice would wait.
    check(DOWN, 9, 599, Some(1_000));
    check(DOWN, 2, 600, None);
    check(Kind::Timeout, 1, 600, Some(125));
    check(Kind::Timeout, 2, 600, None);
    check(Kind::Unreadable, 2, 0, Some(250));
    check(Kind::Unreadable, 3, 0, None);
    check(Kind::Unreachable, 2, 1, Some(1_000));
    check(Kind::Unreachable, 3, 1, None);
    check(Kind::Unreachable, 2, 11, None);
    for (elapsed, others) in [(40, 0), (1, 40)] {
        let faulty = Attempts {
            faulty_for: Some(Duration::from_secs(others)),
            ..attempts(DOWN, 2, elapsed)
        };
        let decision = RetryPolicy::default().decide(DOWN, faulty, 0.5);
        assert_eq!(decision, Decision::GiveUp);
    }
}

#[test]
fn how_long_a_lone_call_is_tried_hardly_depends_on_the_dice() {
    for (kind, least, most) in [(DOWN, 44, 92), (Kind::Unreachable, 72, 152)] {
        for random in [0.0, 0.999] {
            let mut attempts = Attempts {
                was_reached: true,
                ..Attempts::default()
            };
            let waited = std::iter::from_fn(|| {
                attempts.record(kind, Duration::ZERO, true);
                match RetryPolicy::default().decide(kind, attempts, random) {
                    Decision::RetryIn(wait) => Some(wait),
                    Decision::GiveUp => None,
                }
            });
            let waited: Duration = waited.sum();
            let seconds = waited.as_secs();
            assert!((least..=most).contains(&seconds), "{kind:?}: {waited:?}");
        }
    }
}

#[test]
fn what_is_permanent_is_not_tried_again() {
    for kind in [
        Kind::Refused,
        Kind::Filtered,
        Kind::Truncated,
        Kind::ContextTooLong,
        Kind::InvalidRequest,
        Kind::UnsupportedFormat,
        Kind::Unauthorized,
        Kind::QuotaExhausted,
        Kind::UnknownModel,
        Kind::NeedsModel,
    ] {
        check(kind, 1, 0, None);
    }
}

#[test]
fn never_means_never() {
    let decision = RetryPolicy::never().decide(DOWN, attempts(DOWN, 1, 0), 0.0);
    assert_eq!(decision, Decision::GiveUp);
}

proptest! {
    #[test]
    fn waits_keep_their_bounds(
        made in 1u32..12, elapsed in 0u64..2_000, hint in prop::option::of(1u64..900),
        random in 0.0f64..1.0,
    ) {
        let policy = RetryPolicy::default();
        let kind = Kind::Overloaded { retry_after: hint.map(Duration::from_secs) };
        let attempts = attempts(kind, made, elapsed);
        if let Decision::RetryIn(wait) = policy.decide(kind, attempts, random) {
            let (least, most) = match hint {
                Some(hint) => (hint as f64, hint as f64 * 1.1),
                None => (0.0, 30.0),
            };
            prop_assert!((least..=most).contains(&wait.as_secs_f64()), "{wait:?}");
            let most = if hint.is_some() { policy.max_hinted_elapsed } else { policy.max_elapsed };
            prop_assert!(attempts.elapsed + wait <= most);
            prop_assert!(made < policy.max_attempts);
        }
    }
}

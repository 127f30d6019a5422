//! When the breaker opens, probes and heals.

use super::*;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Ends the attempt of a call that was sent at once before.
fn ended(breaker: &mut Breaker, call: u64, now: Duration, is_broken: bool) -> bool {
    let was_probe = breaker.is_open();
    let ended = Ended {
        call,
        sent_at: now,
        is_broken,
        is_unreached: false,
        was_probe,
    };
    breaker.ended(now, ended)
}

fn opened() -> Breaker {
    let mut breaker = Breaker::new();
    for call in 0..LEAST_CALLS as u64 {
        ended(&mut breaker, call, at(0), true);
    }
    breaker
}

#[test]
fn it_opens_when_half_of_enough_calls_break_some_of_them_in_a_row() {
    let mut breaker = Breaker::new();
    for n in 0..LEAST_CALLS {
        assert_eq!(breaker.gate(at(0)), Gate::Open, "after {n} calls");
        let is_broken = n >= LEAST_CALLS / 2;
        // What is answered was sent a moment earlier.
        let sent_at = Duration::from_millis(n as u64);
        breaker.ended(
            at(0),
            Ended {
                call: n as u64,
                sent_at,
                is_broken,
                is_unreached: false,
                was_probe: false,
            },
        );
    }
    assert_eq!(breaker.gate(at(0)), Gate::ShutFor(FIRST_PAUSE));
}

#[test]
fn every_other_call_may_break() {
    let mut breaker = Breaker::new();
    for n in 0..1_000 {
        ended(&mut breaker, n, at(0), n % 2 == 0);
    }
    assert_eq!(breaker.gate(at(0)), Gate::Open);
}

#[test]
fn a_few_calls_open_it_if_nothing_goes_well_for_long() {
    let mut breaker = Breaker::new();
    for n in 0..4 {
        ended(&mut breaker, n, at(2 * n), true);
    }
    assert_eq!(breaker.gate(at(6)), Gate::Open);
    ended(&mut breaker, 4, at(8), true);
    assert_eq!(breaker.gate(at(8)), Gate::ShutFor(FIRST_PAUSE));
}

#[test]
fn one_or_two_calls_that_always_fail_are_no_outage() {
    let mut breaker = Breaker::new();
    for n in 0..200 {
        ended(&mut breaker, n % 2, at(n), true);
    }
    assert_eq!(breaker.gate(at(200)), Gate::Open);
}

#[test]
fn a_single_call_that_cannot_even_connect_is_an_outage() {
    let mut breaker = Breaker::new();
    for n in 0..LEAST_IN_A_ROW {
        assert_eq!(breaker.gate(at(8)), Gate::Open);
        let ended = Ended {
            call: 1,
            sent_at: at(2 * u64::from(n)),
            is_broken: true,
            is_unreached: true,
            was_probe: false,
        };
        breaker.ended(ended.sent_at, ended);
    }
    assert_eq!(breaker.gate(at(8)), Gate::ShutFor(FIRST_PAUSE));
}

#[test]
fn calls_that_failed_while_later_ones_were_answered_are_no_outage() {
    let mut breaker = Breaker::new();
    for call in 0..20 {
        ended(&mut breaker, call, at(0), true);
        ended(&mut breaker, 100 + call, at(1), false);
    }
    for n in 0..200 {
        ended(&mut breaker, n % 20, at(2 + n), true);
    }
    assert_eq!(breaker.gate(at(202)), Gate::Open);
}

#[test]
fn an_answer_to_what_was_sent_after_all_that_failed_shows_that_it_was_a_mistake() {
    let mut breaker = opened();
    let late = Ended {
        call: 99,
        sent_at: at(1),
        is_broken: false,
        is_unreached: false,
        was_probe: false,
    };
    assert!(breaker.ended(at(2), late));
    assert_eq!(breaker.gate(at(2)), Gate::Open);
}

#[test]
fn when_all_that_failed_are_given_up_the_next_call_finds_out_at_once() {
    let mut breaker = opened();
    for call in 0..LEAST_CALLS as u64 {
        assert_ne!(breaker.gate(at(1)), Gate::Probe);
        breaker.gave_up(at(1), call);
    }
    assert_eq!(breaker.gate(at(1)), Gate::Probe);
}

#[test]
fn old_failures_are_forgotten() {
    let mut breaker = Breaker::new();
    for n in 0..LEAST_CALLS as u64 - 1 {
        ended(&mut breaker, n, at(0), true);
    }
    for n in 0..LEAST_CALLS as u64 - 1 {
        ended(&mut breaker, 100 + n, at(40), false);
    }
    ended(&mut breaker, 200, at(41), true);
    assert_eq!(breaker.gate(at(41)), Gate::Open);
}

#[test]
fn probes_go_one_at_a_time_and_further_apart() {
    let mut breaker = opened();
    let mut now = at(0);
    let mut pauses = Vec::new();
    for _ in 0..5 {
        let Gate::ShutFor(pause) = breaker.gate(now) else {
            panic!("{breaker:?}");
        };
        pauses.push(pause.as_secs());
        now += pause;
        assert_eq!(breaker.gate(now), Gate::Probe);
        breaker.probe_sent();
        assert_eq!(breaker.gate(now), Gate::ShutByProbe);
        ended(&mut breaker, 1, now, true);
    }
    assert_eq!(pauses, [2, 4, 8, 15, 15]);
}

#[test]
fn three_good_probes_heal_it_and_stragglers_do_not() {
    let mut breaker = opened();
    let now = at(3);
    let straggler = Ended {
        call: 99,
        sent_at: at(0),
        is_broken: false,
        is_unreached: false,
        was_probe: false,
    };
    assert!(!breaker.ended(now, straggler), "a straggler heals nothing");
    for n in 1..=GOOD_PROBES {
        assert_eq!(breaker.gate(now), Gate::Probe);
        breaker.probe_sent();
        assert_eq!(ended(&mut breaker, 1, now, false), n == GOOD_PROBES);
    }
    assert_eq!(breaker.gate(now), Gate::Open);
}

#[test]
fn a_lost_probe_lets_the_next_one_go() {
    let mut breaker = opened();
    breaker.probe_sent();
    breaker.probe_lost();
    assert_eq!(breaker.gate(at(10)), Gate::Probe);
}

//! The pacer against providers in discrete time, and its rules one by one.

mod world;

use super::*;
use world::{Report, World};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn run(world: &World) -> Report {
    let report = world.run(&mut Pacer::new(Pace::default()));
    assert_eq!(report.served, world.calls, "nothing is lost");
    report
}

/// Checks that so much of an allowance of `ideal` seconds is used, with so few calls thrown back.
#[track_caller]
fn check(world: &World, ideal: f64, used: f64, throttled: f64) {
    for seed in 1..=20 {
        let report = run(&World {
            seed,
            ..world.clone()
        });
        let share = ideal / report.wall.as_secs_f64();
        let thrown = report.throttled_share();
        assert!(
            share >= used,
            "seed {seed}: only {share:.3} of the limit used"
        );
        assert!(thrown <= throttled, "seed {seed}: {thrown:.4} thrown back");
    }
}

#[test]
fn a_stated_limit_is_used_and_not_crossed() {
    let world = World {
        per_second: Some(100),
        states_limits: true,
        ..World::default()
    };
    check(&world, 100.0, 0.9, 0.01);
}

#[test]
fn a_stated_token_limit_is_used_and_not_crossed() {
    let world = World {
        tokens_per_second: Some(100_000),
        states_limits: true,
        ..World::default()
    };
    check(&world, 100.0, 0.9, 0.01);
}

#[test]
fn an_unstated_limit_is_found() {
    let world = World {
        per_second: Some(100),
        ..World::default()
    };
    check(&world, 100.0, 0.9, 0.01);
    let with_hints = World {
        gives_hints: true,
        ..world
    };
    check(&with_hints, 100.0, 0.9, 0.01);
}

#[test]
fn random_complaints_do_not_bring_it_to_a_crawl() {
    let world = World {
        noise: 0.03,
        ..World::default()
    };
    let report = run(&world);
    // 256 in flight for a second each are 39 seconds; by the book it would be thousands.
    assert!(report.wall < secs(90), "{:?}", report.wall);
}

#[test]
fn an_outage_costs_few_calls_and_is_soon_over() {
    let world = World {
        calls: 60_000,
        outage: Some((secs(60), secs(360))),
        ..World::default()
    };
    let report = run(&world);
    // What was in flight, and the probes.
    assert!(report.broken < 200, "{}", report.broken);
    let before = report.rate(40, 60);
    let after = report.rate(390, 400);
    assert!(
        after > 0.9 * before,
        "{before} a second before, {after} after"
    );
}

#[test]
fn documents_that_always_fail_are_no_outage_and_are_given_up() {
    // One in the middle, at the end, or a tenth of all: the others are answered all the same.
    let poisons: [fn(u64) -> bool; 3] = [|it| it == 100, |it| it == 200, |it| it % 10 == 9];
    for poison in poisons {
        let world = World {
            calls: 201,
            poison,
            attempts: 10,
            ..World::default()
        };
        let mut pacer = Pacer::new(Pace::default());
        let report = world.run(&mut pacer);
        let lost = (0..201).filter(|&it| poison(it)).count();
        assert_eq!((report.served, report.given_up), (201 - lost, lost));
        assert!(!report.was_outage, "{lost} of 201");
        let after = pacer.state(report.wall);
        assert!(!after.is_outage && !after.is_closed, "{after:?}");
    }
}

#[test]
fn where_answers_only_get_slower_no_more_are_sent_at_once() {
    for (slots, seconds) in [(4, 1), (4, 10), (1, 3), (16, 2)] {
        let world = World {
            calls: 600,
            slots: Some(slots),
            latency: secs(seconds),
            ..World::default()
        };
        for seed in 1..=5 {
            let report = run(&World {
                seed,
                ..world.clone()
            });
            let peak = report.peak_in_flight;
            assert!(peak <= 96, "{slots} slots: {peak} at once");
            assert_eq!(report.timed_out, 0, "{slots} slots");
            let ideal = 600.0 * seconds as f64 / slots as f64;
            let share = ideal / report.wall.as_secs_f64();
            assert!(share > 0.85, "{slots} slots: {share:.2} of them used");
        }
    }
}

#[test]
fn a_provider_that_is_not_slowed_down_is_used_to_the_full() {
    for seed in 1..=20 {
        let report = run(&World {
            seed,
            ..World::default()
        });
        assert_eq!(report.peak_in_flight, 256, "seed {seed}");
        assert!(report.wall < secs(60), "seed {seed}: {:?}", report.wall);
    }
}

#[test]
fn a_pool_that_is_thrown_back_for_as_long_as_an_outage_lasts_is_given_up() {
    let mut pacer = Pacer::new(Pace::default());
    let mut now = secs(0);
    let closed = loop {
        match pacer.ask(now, Demand::default()) {
            Admission::Go(permit) => pacer.ended(now, permit, Verdict::Throttled(None), 0.5),
            Admission::Wait(wait, _) => now += wait,
            Admission::Closed(kind) => break kind,
            Admission::Full => panic!("nothing is in flight"),
        }
    };
    assert_eq!(closed.name(), "rate-limited");
    assert!((secs(1_800)..secs(1_900)).contains(&now), "{now:?}");
    now += secs(100);
    assert!(matches!(
        pacer.ask(now, Demand::default()),
        Admission::Go(_)
    ));
}

/// Asks until nothing more is admitted; returns the permits.
fn admit_all(pacer: &mut Pacer, now: Duration) -> Vec<Permit> {
    let permits = std::iter::from_fn(|| match pacer.ask(now, Demand::default()) {
        Admission::Go(permit) => Some(permit),
        _ => None,
    });
    permits.collect()
}

fn end(pacer: &mut Pacer, now: Duration, verdict: Verdict) {
    let Admission::Go(permit) = pacer.ask(now, Demand::default()) else {
        panic!("it is not admitted");
    };
    pacer.ended(now, permit, verdict, 0.5);
}

#[test]
fn the_most_in_flight_is_kept_exactly() {
    let fixed = Pace {
        max_in_flight: 5,
        starts_slowly: false,
        ..Pace::default()
    };
    let mut pacer = Pacer::new(fixed);
    assert_eq!(admit_all(&mut pacer, secs(0)).len(), 5);
    assert_eq!(pacer.ask(secs(0), Demand::default()), Admission::Full);
    assert_eq!(
        admit_all(&mut Pacer::new(Pace::default()), secs(0)).len(),
        8
    );
}

#[test]
fn a_hint_holds_back_everybody_and_is_never_shortened() {
    let mut pacer = Pacer::new(Pace::default());
    end(&mut pacer, secs(1), Verdict::Throttled(Some(secs(40))));
    let asked = pacer.ask(secs(1), Demand::default());
    assert_eq!(asked, Admission::Wait(secs(42), Reason::Asked));
    assert_eq!(admit_all(&mut pacer, secs(42)).len(), 0);
    assert_ne!(admit_all(&mut pacer, secs(43)).len(), 0);
}

#[test]
fn a_hint_beyond_patience_ends_calls_instead_of_sleeping() {
    let mut pacer = Pacer::new(Pace::default());
    end(&mut pacer, secs(0), Verdict::Throttled(Some(secs(3_600))));
    let Admission::Closed(kind) = pacer.ask(secs(0), Demand::default()) else {
        panic!("it waits");
    };
    assert_eq!(kind.retry_after(), Some(secs(3_780)));
    assert_ne!(
        admit_all(&mut pacer, secs(3_780)).len(),
        0,
        "later it goes on"
    );
}

#[test]
fn what_is_fatal_closes_it_for_good() {
    let mut pacer = Pacer::new(Pace::default());
    end(
        &mut pacer,
        secs(0),
        Verdict::Fatal(ModelErrorKind::QuotaExhausted),
    );
    for later in [0, 1, 100_000] {
        let asked = pacer.ask(secs(later), Demand::default());
        assert_eq!(asked, Admission::Closed(ModelErrorKind::QuotaExhausted));
    }
}

#[test]
fn a_stranger_is_not_waited_for_but_a_friend_is() {
    let down = Verdict::Broken(ModelErrorKind::Unreachable);
    for (is_friend, gives_up_after) in [(false, 10), (true, 1_800)] {
        let mut pacer = Pacer::new(Pace::default());
        if is_friend {
            end(&mut pacer, secs(0), Verdict::Served(None));
        }
        // What is sent when the friend is answered says nothing against it.
        let mut call = 0;
        let mut now = secs(1);
        while !pacer.state(now).is_outage {
            call += 1;
            let demand = Demand {
                call,
                ..Demand::default()
            };
            let Admission::Go(permit) = pacer.ask(now, demand) else {
                panic!("it is not admitted");
            };
            pacer.ended(now, permit, down, 0.5);
        }
        // Every admitted call is a probe, and fails.
        let closed = loop {
            match pacer.ask(now, Demand::default()) {
                Admission::Go(permit) => pacer.ended(now, permit, down, 0.5),
                Admission::Wait(wait, Reason::Outage) => now += wait,
                Admission::Closed(kind) => break kind,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(closed, ModelErrorKind::Unreachable);
        let range = secs(gives_up_after)..secs(gives_up_after + 20);
        assert!(range.contains(&now), "{now:?}");
    }
}

#[test]
fn estimates_are_corrected_by_what_is_used() {
    let pace = Pace {
        tokens_per_minute: Some(6_000_000.0),
        starts_slowly: false,
        ..Pace::default()
    };
    let mut pacer = Pacer::new(pace);
    let demand = Demand {
        input_tokens: 1_000,
        output_tokens: 500,
        ..Demand::default()
    };
    for n in 0..60 {
        let Admission::Go(permit) = pacer.ask(secs(n), demand) else {
            panic!("it waits");
        };
        pacer.ended(secs(n), permit, Verdict::Served(Some((2_000, 50))), 0.5);
    }
    let corrected = pacer.allowance.corrected(demand);
    assert!(
        (1_950..=2_001).contains(&corrected.input_tokens),
        "{corrected:?}"
    );
    assert!(
        (50..=52).contains(&corrected.output_tokens),
        "{corrected:?}"
    );
}

#[test]
fn retries_slow_down_to_the_rate_of_success_and_are_never_refused() {
    let mut pacer = Pacer::new(Pace::default());
    let at_once = (0..1_000).take_while(|_| pacer.ask_retry(secs(0)).is_none());
    assert_eq!(at_once.count(), 500);
    let wait = pacer.ask_retry(secs(0)).expect("there is none left");
    assert!(pacer.ask_retry(wait).is_none(), "one a second at least");
    assert!(pacer.ask_retry(wait).is_some());
    end(&mut pacer, wait, Verdict::Served(None));
    assert!(pacer.ask_retry(wait).is_none(), "one for each success");
}

#[test]
fn many_calls_that_end_together_do_not_run_away_with_the_estimate() {
    let mut pacer = Pacer::new(Pace {
        starts_slowly: false,
        ..Pace::default()
    });
    let demand = Demand {
        input_tokens: 1_000,
        ..Demand::default()
    };
    let permits: Vec<Permit> = (0..200)
        .map(|_| match pacer.ask(secs(0), demand) {
            Admission::Go(permit) => permit,
            other => panic!("{other:?}"),
        })
        .collect();
    for permit in permits {
        pacer.ended(secs(1), permit, Verdict::Served(Some((1_300, 10))), 0.5);
    }
    assert_eq!(pacer.allowance.corrected(demand).input_tokens, 1_300);
}

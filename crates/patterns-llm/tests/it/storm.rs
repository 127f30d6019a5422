//! Pacing, retries, breaker and budget together, on a paused clock, against a thousand bad days.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use patterns_core::{
    BoxFuture, Budget, Caps, Message, ModelErrorKind, Part, Request, Response, Spend, Spent,
};
use patterns_llm::{Exchange, ExchangeError, ExchangeErrorKind, HedgePolicy, Pace, connect};
use patterns_simulator::{
    Dropped, FaultShares, InMemory, Latency, Ledger, Limits, Outage, OutageKind, Scenario,
    Simulator,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const CALLS: u32 = 60;

/// A provider in memory that looks at the books each time it is asked.
struct Watched {
    provider: InMemory,
    budget: Budget,
    caps: Caps,
    in_flight: AtomicUsize,
    most: usize,
}

impl Watched {
    fn check(&self) {
        let Spent {
            committed,
            possibly_billed,
            reserved,
        } = self.budget.spent();
        let total = |of: fn(&Spend) -> u64| {
            [committed, possibly_billed, reserved]
                .iter()
                .map(of)
                .sum::<u64>()
        };
        assert!(
            self.caps
                .max_calls
                .is_none_or(|cap| total(|it| it.calls) <= cap)
        );
        assert!(
            self.caps
                .max_tokens
                .is_none_or(|cap| total(|it| it.tokens) <= cap)
        );
        assert!(self.in_flight.load(Ordering::Relaxed) <= self.most);
    }
}

/// Counts down when an exchange has ended, however it did.
struct Landed<'a>(&'a Watched);

impl Drop for Landed<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.check();
    }
}

impl Exchange for Watched {
    fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>> {
        Box::pin(async move {
            self.in_flight.fetch_add(1, Ordering::Relaxed);
            let _landed = Landed(self);
            self.check();
            let (head, body) = request.into_parts();
            let reply = self
                .provider
                .post(&head.headers, body)
                .await
                .map_err(|dropped| {
                    ExchangeError::new(match dropped {
                        Dropped::Refused => ExchangeErrorKind::NotConnected,
                        Dropped::Reset | Dropped::CutOff => ExchangeErrorKind::Broken,
                    })
                })?;
            let mut response = http::Response::new(reply.body);
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}

/// Draws a bad day.
fn storm(random: &mut StdRng) -> Scenario {
    let mut share = |most: f64| random.random_range(0.0..most);
    let faults = FaultShares {
        rate_limited: share(0.05),
        server_error: share(0.1),
        overloaded: share(0.05),
        reset: share(0.1),
        cut: share(0.1),
        stall: share(0.02),
        error_in_200: share(0.05),
        ..FaultShares::default()
    };
    let limits = Limits {
        requests_per_minute: random
            .random_bool(0.5)
            .then(|| random.random_range(120..3_000)),
        headers: random.random_bool(0.5),
        retry_after: random.random_bool(0.5),
        ..Limits::default()
    };
    let outages = random.random_bool(0.3).then(|| {
        let from = Duration::from_secs(random.random_range(4..10));
        let kinds = [
            OutageKind::Refused,
            OutageKind::Unavailable,
            OutageKind::Throttled,
        ];
        Outage {
            from,
            to: from + Duration::from_secs(random.random_range(1..600)),
            kind: kinds[random.random_range(0..3)],
        }
    });
    Scenario {
        limits,
        faults,
        outages: outages.into_iter().collect(),
        billing: None,
    }
}

fn request(n: u32) -> Request {
    Request {
        messages: vec![Message::user([Part::text(format!("Question {n}."))])],
        ..Request::default()
    }
}

struct Day {
    results: Vec<Result<Response, patterns_core::ModelError>>,
    ledger: Ledger,
    spent: Spent,
}

/// Lives through the day of a seed.
fn live_through(seed: u64, scenario: Scenario, caps: Caps) -> Day {
    let most = 1 + usize::try_from(seed % 16).unwrap();
    let latency = Latency::LogNormal {
        median: Duration::from_millis(800),
        sigma: 0.4,
    };
    let builder = Simulator::builder().seed(7).latency(latency);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let budget = Budget::new(caps);
        let watched = Arc::new(Watched {
            provider: builder.scenario(scenario).in_memory().unwrap(),
            budget: budget.clone(),
            caps,
            in_flight: AtomicUsize::new(0),
            most,
        });
        let pace = Pace {
            max_in_flight: most,
            ..Pace::default()
        };
        let mut model = connect("compatible:sim")
            .unwrap()
            .base_url("http://storm/v1")
            // Pools are shared by address, model, key and pace, so each day has a key of its own.
            .api_key(format!("key-{seed}"))
            .exchange(watched.clone())
            .timeout(Duration::from_secs(60))
            .pace(pace)
            .budget(budget.clone())
            .prime(seed.is_multiple_of(3))
            .seed(seed);
        if seed.is_multiple_of(2) {
            model = model.hedge(HedgePolicy {
                quantile: 0.8,
                extra: 0.2,
            });
        }
        let model = model.build().unwrap();
        let calls = stream::iter(0..CALLS).map(|n| {
            let model = Arc::clone(&model);
            async move { model.generate(&request(n)).await }
        });
        let results = calls.buffered(32).collect().await;
        Day {
            results,
            ledger: watched.provider.ledger(),
            spent: budget.spent(),
        }
    })
}

fn check(seeds: std::ops::Range<u64>) {
    let calm = live_through(0, Scenario::default(), Caps::default());
    let text = |result: &Result<Response, _>| result.as_ref().map(|it| it.text.clone()).ok();
    let answers: Vec<_> = calm.results.iter().map(text).collect();
    assert!(answers.iter().all(Option::is_some));
    for seed in seeds {
        let mut random = StdRng::seed_from_u64(seed);
        let scenario = storm(&mut random);
        let is_capped = random.random_bool(0.3);
        let caps = Caps {
            max_calls: is_capped.then(|| random.random_range(1..120)),
            ..Caps::default()
        };
        let day = live_through(seed, scenario, caps);
        for (n, result) in day.results.iter().enumerate() {
            match result {
                Ok(response) => assert_eq!(Some(&response.text), answers[n].as_ref()),
                Err(error) => {
                    let kind = error.kind();
                    assert_eq!(
                        kind,
                        ModelErrorKind::BudgetExhausted,
                        "seed {seed}: {error} {:?} {:?} {:?}",
                        error.usage(),
                        error.detail(),
                        day.ledger.faults
                    );
                    assert!(is_capped, "seed {seed}");
                }
            }
        }
        let Spent {
            committed,
            possibly_billed,
            reserved,
        } = day.spent;
        assert_eq!(reserved.calls, 0, "seed {seed}: nothing stays reserved");
        let paid = committed.calls + possibly_billed.calls;
        assert_eq!(day.ledger.requests, paid, "seed {seed}: the books agree");
    }
}

#[test]
fn a_quarter_of_a_thousand_bad_days() {
    check(1..251);
}

#[test]
fn a_second_quarter() {
    check(251..501);
}

#[test]
fn a_third_quarter() {
    check(501..751);
}

#[test]
fn the_last_quarter() {
    check(751..1_001);
}

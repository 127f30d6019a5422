//! A provider in discrete time: no runtime, no clock, thousands of calls in a moment.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::pace::Window;

/// What the provider is like.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) calls: usize,
    /// Requests that are taken in each second.
    pub(super) per_second: Option<u32>,
    /// Tokens that are taken in each second.
    pub(super) tokens_per_second: Option<u64>,
    /// Tokens of a call: evenly spread around this.
    pub(super) tokens: u64,
    pub(super) states_limits: bool,
    pub(super) gives_hints: bool,
    pub(super) latency: Duration,
    /// Share of calls that are thrown back for no reason.
    pub(super) noise: f64,
    pub(super) outage: Option<(Duration, Duration)>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            seed: 1,
            calls: 10_000,
            per_second: None,
            tokens_per_second: None,
            tokens: 1_000,
            states_limits: false,
            gives_hints: false,
            latency: Duration::from_secs(1),
            noise: 0.0,
            outage: None,
        }
    }
}

/// What happened.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) served: usize,
    pub(super) throttled: usize,
    pub(super) broken: usize,
    pub(super) wall: Duration,
    pub(super) peak_in_flight: usize,
    /// When calls were served, in order.
    pub(super) served_at: Vec<Duration>,
}

impl Report {
    pub(super) fn throttled_share(&self) -> f64 {
        self.throttled as f64 / (self.served + self.throttled) as f64
    }

    /// Returns the calls served a second from `from` to `to`.
    pub(super) fn rate(&self, from: u64, to: u64) -> f64 {
        let (from, to) = (Duration::from_secs(from), Duration::from_secs(to));
        let served = self.served_at.iter().filter(|at| (from..to).contains(*at));
        served.count() as f64 / (to - from).as_secs_f64()
    }
}

type Ends = BinaryHeap<Reverse<(Duration, u64)>>;

impl World {
    /// Lets a pacer send all calls, each again until it is served.
    pub(super) fn run(&self, pacer: &mut Pacer) -> Report {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut report = Report::default();
        let mut ends: Ends = BinaryHeap::new();
        let mut flying: HashMap<u64, (Permit, Verdict, Option<RateLimits>)> = HashMap::new();
        let mut window = (0, 0, 0);
        let (mut now, mut waiting, mut number) = (Duration::ZERO, self.calls, 0);
        while waiting > 0 || !flying.is_empty() {
            let tokens = rng.random_range(self.tokens / 2..=self.tokens * 3 / 2);
            let demand = Demand {
                input_tokens: tokens,
                ..Demand::default()
            };
            let asked = if waiting > 0 {
                pacer.ask(now, demand)
            } else {
                Admission::Full
            };
            let wake = match asked {
                Admission::Go(permit) => {
                    waiting -= 1;
                    number += 1;
                    let (after, verdict, limits) = self.meet(now, tokens, &mut window, &mut rng);
                    ends.push(Reverse((now + after, number)));
                    flying.insert(number, (permit, verdict, limits));
                    report.peak_in_flight = report.peak_in_flight.max(flying.len());
                    continue;
                }
                Admission::Wait(wait, _) => {
                    assert!(!wait.is_zero(), "a wait of nothing would spin");
                    Some(now + wait)
                }
                Admission::Full => None,
                Admission::Closed(kind) => panic!("closed: {kind:?}"),
            };
            let next = ends.peek().map(|Reverse((at, _))| *at);
            now = wake
                .into_iter()
                .chain(next)
                .min()
                .expect("a full pacer has calls in flight");
            if next == Some(now) {
                let Reverse((_, ended)) = ends.pop().expect("it was there");
                let (permit, verdict, limits) = flying.remove(&ended).expect("it flew");
                if let Some(limits) = limits {
                    pacer.learn(now, &limits);
                }
                match verdict {
                    Verdict::Served(_) => {
                        report.served += 1;
                        report.served_at.push(now);
                    }
                    Verdict::Throttled(_) => report.throttled += 1,
                    _ => report.broken += 1,
                }
                waiting += usize::from(!matches!(verdict, Verdict::Served(_)));
                pacer.ended(now, permit, verdict, rng.random());
            }
        }
        report.wall = now;
        report
    }

    /// Decides how a call fares that is sent now.
    fn meet(
        &self,
        now: Duration,
        tokens: u64,
        window: &mut (u64, u32, u64),
        rng: &mut StdRng,
    ) -> (Duration, Verdict, Option<RateLimits>) {
        let at_once = Duration::from_millis(20);
        if self
            .outage
            .is_some_and(|(from, to)| (from..to).contains(&now))
        {
            let kind = ModelErrorKind::Unavailable { retry_after: None };
            return (at_once, Verdict::Broken(kind), None);
        }
        if window.0 != now.as_secs() {
            *window = (now.as_secs(), 0, 0);
        }
        let is_over = self.per_second.is_some_and(|most| window.1 >= most)
            || self
                .tokens_per_second
                .is_some_and(|most| window.2 + tokens > most);
        let limits = self.states_limits.then(|| self.limits(*window));
        let hint = Duration::from_nanos(1_000_000_000 - u64::from(now.subsec_nanos()));
        if is_over || rng.random_bool(self.noise) {
            let hint = self.gives_hints.then_some(hint);
            return (at_once, Verdict::Throttled(hint), limits);
        }
        window.1 += 1;
        window.2 += tokens;
        let latency = self.latency.mul_f64(rng.random_range(0.5..1.5));
        (latency, Verdict::Served(Some((tokens, 0))), limits)
    }

    fn limits(&self, (_, requests, tokens): (u64, u32, u64)) -> RateLimits {
        let window = |limit: f64, used: f64| Window {
            limit: limit * 60.0,
            remaining: Some((limit - used).max(0.0)),
            reset: None,
        };
        RateLimits {
            requests: self.per_second.map(|it| window(it.into(), requests.into())),
            tokens: self
                .tokens_per_second
                .map(|it| window(it as f64, tokens as f64)),
            ..RateLimits::default()
        }
    }
}

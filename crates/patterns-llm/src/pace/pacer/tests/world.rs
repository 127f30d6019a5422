//! A provider in discrete time: no runtime, no clock, thousands of calls in a moment.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

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
    /// How many calls are worked on at once; the others queue.
    pub(super) slots: Option<usize>,
    /// Whether these calls always fail.
    pub(super) poison: fn(u64) -> bool,
    /// After so many attempts a call is given up.
    pub(super) attempts: u32,
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
            slots: None,
            poison: |_| false,
            attempts: u32::MAX,
        }
    }
}

/// What happened.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) served: usize,
    pub(super) throttled: usize,
    pub(super) broken: usize,
    pub(super) timed_out: usize,
    pub(super) given_up: usize,
    pub(super) was_outage: bool,
    pub(super) wall: Duration,
    pub(super) peak_in_flight: usize,
    /// When calls were served, in order.
    pub(super) served_at: Vec<Duration>,
}

impl Report {
    fn add(&mut self, now: Duration, verdict: Verdict) {
        match verdict {
            Verdict::Served(_) => {
                self.served += 1;
                self.served_at.push(now);
            }
            Verdict::Throttled(_) => self.throttled += 1,
            Verdict::TimedOut => self.timed_out += 1,
            _ => self.broken += 1,
        }
    }

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

/// The longest that a call may take.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A call under way: which, its attempts, and how this one will end.
type Flown = (u64, u32, Permit, Verdict, Option<RateLimits>);
type Flying = HashMap<u64, Flown>;

/// What the provider remembers.
#[derive(Default)]
struct Memory {
    /// The second, and the requests and tokens taken in it.
    window: (u64, u32, u64),
    /// When each slot is free again.
    slots: Vec<Duration>,
}

impl World {
    /// Lets a pacer send all calls, each again until it is served.
    pub(super) fn run(&self, pacer: &mut Pacer) -> Report {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut report = Report::default();
        let mut ends: Ends = BinaryHeap::new();
        let mut flying = Flying::new();
        let mut memory = Memory::default();
        let mut waiting: VecDeque<(u64, u32)> = (0..self.calls as u64).map(|it| (it, 1)).collect();
        let (mut now, mut number) = (Duration::ZERO, 0);
        while !waiting.is_empty() || !flying.is_empty() {
            let tokens = rng.random_range(self.tokens / 2..=self.tokens * 3 / 2);
            let asked = match waiting.front() {
                Some(&(call, _)) => {
                    let input_tokens = tokens;
                    pacer.ask(
                        now,
                        Demand {
                            input_tokens,
                            call,
                            ..Demand::default()
                        },
                    )
                }
                None => Admission::Full,
            };
            let wake = match asked {
                Admission::Go(permit) => {
                    let (call, attempt) = waiting.pop_front().expect("it was asked for");
                    number += 1;
                    let (after, verdict, limits) =
                        self.meet(now, call, tokens, &mut memory, &mut rng);
                    ends.push(Reverse((now + after, number)));
                    flying.insert(number, (call, attempt, permit, verdict, limits));
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
                let flown = flying.remove(&ended).expect("it flew");
                let jitter = rng.random();
                waiting.extend(self.land(pacer, now, flown, jitter, &mut report));
            }
        }
        report.wall = now;
        report
    }

    /// Ends an attempt; returns the call and its next attempt, if there is to be one.
    fn land(
        &self,
        pacer: &mut Pacer,
        now: Duration,
        (call, attempt, permit, verdict, limits): Flown,
        jitter: f64,
        report: &mut Report,
    ) -> Option<(u64, u32)> {
        if let Some(limits) = limits {
            pacer.learn(now, &limits);
        }
        report.add(now, verdict);
        pacer.ended(now, permit, verdict, jitter);
        report.was_outage |= pacer.state(now).is_outage;
        if matches!(verdict, Verdict::Served(_)) {
            return None;
        }
        if attempt >= self.attempts {
            report.given_up += 1;
            pacer.gave_up(now, call);
            return None;
        }
        Some((call, attempt + 1))
    }

    /// Decides how a call fares that is sent now.
    fn meet(
        &self,
        now: Duration,
        call: u64,
        tokens: u64,
        memory: &mut Memory,
        rng: &mut StdRng,
    ) -> (Duration, Verdict, Option<RateLimits>) {
        let at_once = Duration::from_millis(20);
        let is_down = |(from, to)| (from..to).contains(&now);
        let is_poison = (self.poison)(call);
        if is_poison || self.outage.is_some_and(is_down) {
            let kind = ModelErrorKind::Unavailable { retry_after: None };
            let after = if is_poison { self.latency } else { at_once };
            return (after, Verdict::Broken(kind), None);
        }
        let window = &mut memory.window;
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
        let mut latency = self.latency.mul_f64(rng.random_range(0.5..1.5));
        if let Some(slots) = self.slots {
            memory.slots.resize(slots, Duration::ZERO);
            let slot = memory.slots.iter_mut().min().expect("there are slots");
            *slot = (*slot).max(now) + latency;
            latency = *slot - now;
        }
        if latency > TIMEOUT {
            return (TIMEOUT, Verdict::TimedOut, limits);
        }
        (latency, Verdict::Served(Some((tokens, 0))), limits)
    }

    fn limits(&self, (_, requests, tokens): (u64, u32, u64)) -> RateLimits {
        let window = |limit: f64, used: f64| Window {
            limit: limit * 60.0,
            remaining: Some((limit - used).max(0.0)),
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

//! Random schedules of reserving, waiting, settling, dropping and giving up. Together the cases below
//! make well over a million steps, and the invariant is checked after each.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use proptest::prelude::*;

use crate::{Budget, Caps, Money, NoRoom, Reservation, Reserve, Spend};

const CASES: u32 = 256;
const STEPS: usize = 5_000;

/// Remembers that somebody was woken.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Waiting {
    future: Pin<Box<Reserve>>,
    estimate: Spend,
    is_woken: Arc<Flag>,
}

/// Many callers of one budget, driven like tasks of a runtime: polled once at first, and then only
/// when woken.
struct Callers {
    budget: Budget,
    held: Vec<(Reservation, Spend)>,
    waiting: Vec<Waiting>,
    /// What was settled and dropped, counted beside the budget.
    settled: Spend,
    dropped: Spend,
    passed: u64,
}

impl Callers {
    fn new(caps: Caps) -> Self {
        Self {
            budget: Budget::new(caps),
            held: Vec::new(),
            waiting: Vec::new(),
            settled: Spend::ZERO,
            dropped: Spend::ZERO,
            passed: 0,
        }
    }

    fn step(&mut self, dice: u64, may_overshoot: bool) {
        let mut dice = Dice(dice);
        match dice.next(10) {
            0 | 1 => {
                let estimate = dice.estimate();
                if let Ok(reservation) = self.budget.try_reserve(estimate) {
                    self.passed += 1;
                    self.held.push((reservation, estimate));
                }
            }
            2..=4 => self.wait(dice.estimate()),
            5..=7 if !self.held.is_empty() => {
                let which = dice.next(self.held.len() as u64) as usize;
                let (reservation, estimate) = self.held.swap_remove(which);
                let actual = dice.actual(estimate, may_overshoot);
                self.settled += actual;
                reservation.settle(actual);
            }
            8 if !self.held.is_empty() => {
                let which = dice.next(self.held.len() as u64) as usize;
                self.dropped += self.held[which].1;
                drop(self.held.swap_remove(which));
            }
            9 if !self.waiting.is_empty() => {
                let which = dice.next(self.waiting.len() as u64) as usize;
                drop(self.waiting.swap_remove(which));
            }
            _ => {}
        }
        self.run_woken();
    }

    fn wait(&mut self, estimate: Spend) {
        let future = Box::pin(self.budget.reserve(estimate));
        let is_woken = Arc::new(Flag(AtomicBool::new(true)));
        self.waiting.push(Waiting {
            future,
            estimate,
            is_woken,
        });
    }

    /// Polls whoever was woken, until nobody is.
    fn run_woken(&mut self) {
        while let Some(which) = self
            .waiting
            .iter()
            .position(|it| it.is_woken.0.swap(false, Ordering::Relaxed))
        {
            let it = &mut self.waiting[which];
            let waker = Waker::from(Arc::clone(&it.is_woken));
            let polled = it.future.as_mut().poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(result) = polled {
                let it = self.waiting.swap_remove(which);
                if let Ok(reservation) = result {
                    self.passed += 1;
                    self.held.push((reservation, it.estimate));
                }
            }
        }
    }

    /// Checks what must hold after every step, under these caps.
    fn check(&self, may_overshoot: bool) -> Result<(), TestCaseError> {
        let (caps, spent) = (self.budget.caps(), self.budget.spent());
        let held = self.held.iter().map(|it| it.1);
        prop_assert_eq!(spent.reserved, held.fold(Spend::ZERO, |sum, it| sum + it));
        prop_assert_eq!(spent.committed, self.settled);
        prop_assert_eq!(spent.possibly_billed, self.dropped);
        if !may_overshoot {
            let all = spent.committed + spent.possibly_billed + spent.reserved;
            prop_assert!(caps.max_calls.is_none_or(|cap| all.calls <= cap));
            prop_assert!(caps.max_tokens.is_none_or(|cap| all.tokens <= cap));
            prop_assert!(caps.max_cost.is_none_or(|cap| all.cost.unwrap() <= cap));
        }
        Ok(())
    }
}

/// Draws small numbers out of one large one.
struct Dice(u64);

impl Dice {
    fn next(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }

    fn estimate(&mut self) -> Spend {
        let tokens = self.next(100);
        Spend {
            calls: 1,
            tokens,
            cost: Some(Money::from_picodollars(tokens * self.next(10))),
        }
    }

    fn actual(&mut self, estimate: Spend, may_overshoot: bool) -> Spend {
        let factor = if may_overshoot && self.next(50) == 0 {
            20
        } else {
            1
        };
        let mut part = |of: u64| self.next(factor * of + 1);
        Spend {
            calls: estimate.calls,
            tokens: part(estimate.tokens),
            cost: estimate
                .cost
                .map(|it| Money::from_picodollars(part(it.picodollars()))),
        }
    }
}

fn some_caps() -> impl Strategy<Value = Caps> {
    let up_to = |most| proptest::option::of(0_u64..most);
    (up_to(4_000), up_to(200_000), up_to(1_000_000)).prop_map(|(calls, tokens, cost)| Caps {
        max_calls: calls,
        max_tokens: tokens,
        max_cost: cost.map(Money::from_picodollars),
    })
}

fn some_steps() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(any::<u64>(), STEPS..=STEPS)
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn no_schedule_goes_beyond_a_cap(caps in some_caps(), steps in some_steps()) {
        let mut callers = Callers::new(caps);
        for dice in steps {
            callers.step(dice, false);
            callers.check(false)?;
        }
        prop_assert!(callers.passed > 0 || caps != Caps::default());
        // Once everything under way has ended nobody may be left waiting.
        while let Some((reservation, _)) = callers.held.pop() {
            reservation.settle(Spend::ZERO);
            callers.run_woken();
        }
        prop_assert!(callers.waiting.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_overshoots_is_recorded_and_nothing_follows_it(caps in some_caps(), steps in some_steps()) {
        let mut callers = Callers::new(caps);
        for dice in steps {
            callers.step(dice, true);
            callers.check(true)?;
            let spent = callers.budget.spent();
            let gone = spent.committed + spent.possibly_billed;
            if caps.exceeded_by(&[gone]).is_some() {
                let refused = callers.budget.try_reserve(Spend::ZERO);
                prop_assert!(matches!(refused, Err(NoRoom::Exhausted(_))));
            }
        }
    }
}

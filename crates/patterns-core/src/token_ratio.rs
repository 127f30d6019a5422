//! How far estimates of tokens are off, learnt from what providers bill.

use std::collections::VecDeque;

/// How many calls are remembered. Old ones say little about what is read now.
const WINDOW: usize = 64;

/// How many calls it takes until anything is believed.
const FEWEST: usize = 8;

/// Requests below this size say more about what a provider wraps around them than about texts.
const SMALLEST: u64 = 200;

/// Added to what was seen, since the next text may have more tokens for its length than all before.
const MARGIN: f64 = 1.1;

/// The ratio of billed to estimated prompt tokens, for models whose tokenizer is not known.
///
/// It is the largest of the last 64 calls and a tenth more: what is cut by it should fit, and a
/// chunk that is a little small costs less than one that is refused. Take it before a run and keep
/// it: a factor that moves during a run would cut texts elsewhere when the run is repeated.
///
/// ```
/// use patterns_core::{TokenCounter, TokenRatio};
///
/// let mut ratio = TokenRatio::default();
/// assert_eq!(ratio.factor(), 1.0);
/// for _ in 0..8 {
///     ratio.record(1_000, 1_500); // a language with many tokens to the letter
/// }
/// let counter = TokenCounter::default().times(ratio.factor());
/// assert!((1_650..=1_651).contains(&counter.count(&"x".repeat(3_000))));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenRatio {
    window: VecDeque<f64>,
}

impl TokenRatio {
    /// Takes a call whose prompt was estimated at so many tokens and billed as so many.
    ///
    /// Small prompts and bills of nothing say nothing and are passed over.
    pub fn record(&mut self, estimated: u64, billed: u64) {
        if estimated < SMALLEST || billed == 0 {
            return;
        }
        if self.window.len() == WINDOW {
            self.window.pop_front();
        }
        self.window.push_back(billed as f64 / estimated as f64);
    }

    /// Returns by what an estimate is to be multiplied; 1 until eight calls are known.
    ///
    /// It is between 1/4 and 16, whatever a provider bills.
    pub fn factor(&self) -> f64 {
        if self.window.len() < FEWEST {
            return 1.0;
        }
        let largest = self.window.iter().copied().fold(0.0, f64::max);
        (largest * MARGIN).clamp(0.25, 16.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(calls: &[(u64, u64)]) -> f64 {
        let mut ratio = TokenRatio::default();
        for &(estimated, billed) in calls {
            ratio.record(estimated, billed);
        }
        ratio.factor()
    }

    #[test]
    fn it_is_the_largest_of_the_last_calls_and_a_tenth_more() {
        let one = |billed| vec![(1_000, billed)];
        assert_eq!(after(&[]), 1.0);
        assert_eq!(after(&one(700).repeat(7)), 1.0);
        assert!((after(&one(700).repeat(8)) - 0.77).abs() < 1e-9);
        let mixed = [one(700).repeat(8), one(2_000), one(700).repeat(20)].concat();
        assert!((after(&mixed) - 2.2).abs() < 1e-9);
        let past = [one(2_000), one(700).repeat(64)].concat();
        assert!((after(&past) - 0.77).abs() < 1e-9);
    }

    #[test]
    fn what_says_nothing_is_passed_over() {
        assert_eq!(after(&[(199, 9_999); 20]), 1.0);
        assert_eq!(after(&[(1_000, 0); 20]), 1.0);
    }

    proptest! {
        #[test]
        fn no_bill_makes_it_absurd(calls in prop::collection::vec(any::<(u64, u64)>(), 0..200)) {
            let factor = after(&calls);
            prop_assert!((0.25..=16.0).contains(&factor));
        }
    }
}

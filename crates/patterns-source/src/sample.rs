//! Draws some of many: those whose names have the smallest digests under a seed.
//!
//! Not a reservoir, which draws others whenever a document is added, and whose larger samples have nothing
//! in common with smaller ones. By digest, a sample of 100 has that of 10 in it, so that what was paid for
//! is found again; a document more changes at most one; and nothing depends on the order in which they
//! come, though they are kept in it.

use std::collections::{BTreeSet, BinaryHeap};
use std::num::NonZeroUsize;

/// Draws some of many by their names, as evenly as a hash is.
///
/// ```
/// use std::num::NonZeroUsize;
/// use patterns_source::Sample;
///
/// let drawn = |size| {
///     let mut sample = Sample::new(NonZeroUsize::new(size).unwrap(), 7);
///     (0..100).for_each(|n| { sample.offer(&format!("mail-{n}")); });
///     sample.numbers()
/// };
/// assert_eq!(drawn(3).len(), 3);
/// assert!(drawn(10).is_superset(&drawn(3)));
/// ```
#[derive(Clone, Debug)]
pub struct Sample {
    size: usize,
    hasher: blake3::Hasher,
    /// The rank and the number of each that is drawn so far; the one to go is on top.
    drawn: BinaryHeap<(u64, u64)>,
    offered: u64,
}

impl Sample {
    /// Begins to draw so many; the same ones for the same seed.
    pub fn new(size: NonZeroUsize, seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("patterns 2026-11-27 sample v1");
        hasher.update(&seed.to_le_bytes());
        Self {
            size: size.get(),
            hasher,
            drawn: BinaryHeap::new(),
            offered: 0,
        }
    }

    /// Offers the next one, numbered from 0, and returns the number of the one that is out by that: of an
    /// earlier one, or its own.
    pub fn offer(&mut self, name: &str) -> Option<u64> {
        let mut rank = [0; 8];
        let digest = self.hasher.clone().update(name.as_bytes()).finalize();
        rank.copy_from_slice(&digest.as_bytes()[..8]);
        self.drawn.push((u64::from_be_bytes(rank), self.offered));
        self.offered += 1;
        let is_full = self.drawn.len() > self.size;
        let out = if is_full { self.drawn.pop() } else { None };
        out.map(|(_, number)| number)
    }

    /// Returns how many were offered.
    pub fn offered(&self) -> u64 {
        self.offered
    }

    /// Returns the numbers of those that are drawn.
    pub fn numbers(self) -> BTreeSet<u64> {
        self.drawn.into_iter().map(|(_, number)| number).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(names: &[String], size: usize, seed: u64) -> BTreeSet<u64> {
        let mut sample = Sample::new(NonZeroUsize::new(size).unwrap(), seed);
        for name in names {
            sample.offer(name);
        }
        assert_eq!(sample.offered(), names.len() as u64);
        sample.numbers()
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("n{n}")).collect()
    }

    proptest! {
        #[test]
        fn a_sample_has_its_size_and_the_smaller_samples(
            names in prop::collection::vec("[a-f]{0,3}", 0..60),
            size in 1usize..40,
            seed in any::<u64>(),
        ) {
            let some = drawn(&names, size, seed);
            prop_assert_eq!(some.len(), size.min(names.len()));
            prop_assert!(some.iter().all(|it| (*it as usize) < names.len()));
            prop_assert_eq!(&some, &drawn(&names, size, seed));
            prop_assert!(drawn(&names, size + 1, seed).is_superset(&some));
        }

        #[test]
        fn whatever_the_order_the_same_names_are_drawn(
            names in prop::collection::hash_set("[a-z]{1,6}", 0..40),
            size in 1usize..20,
            seed in any::<u64>(),
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let turned: Vec<String> = names.iter().rev().cloned().collect();
            let of = |names: &[String]| -> BTreeSet<String> {
                let numbers = drawn(names, size, seed).into_iter();
                numbers.map(|it| names[it as usize].clone()).collect()
            };
            prop_assert_eq!(of(&names), of(&turned));
        }

        #[test]
        fn one_more_changes_at_most_one(count in 1usize..40, size in 1usize..20, seed in any::<u64>()) {
            let before = drawn(&names(count), size, seed);
            let after = drawn(&names(count + 1), size, seed);
            prop_assert!(before.difference(&after).count() <= 1);
        }
    }

    /// Each of 20 is in a sample of 5 with a chance of a quarter: in 4000 samples 1000 times, and by more
    /// than 150 (five and a half standard deviations) away from that practically never.
    #[test]
    fn each_is_drawn_as_often_as_any_other() {
        let names = names(20);
        let mut times = vec![0u32; names.len()];
        for seed in 0..4000 {
            drawn(&names, 5, seed)
                .into_iter()
                .for_each(|it| times[it as usize] += 1);
        }
        assert!(times.iter().all(|it| it.abs_diff(1000) < 150), "{times:?}");
    }
}

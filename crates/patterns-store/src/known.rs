//! Which keys may be recorded: a filter in memory, so that a call that nobody has paid for yet need not look
//! into the file. Such a look is dear, since every commit empties the caches of readers.

use patterns_core::CallKey;

/// Bits for each key: one key in a thousand is looked for in vain.
const BITS: u64 = 16;

/// The least number of keys that there is room for. With more of them, more look-ups are in vain.
const LEAST: u64 = 1 << 20;

/// Bits that stand for one key.
const PROBES: usize = 7;

/// So many absent keys after each other, and it is time to see what other processes have recorded.
const STALE_AFTER: u32 = 256;

/// A Bloom filter (Bloom 1970) over keys. They are digests, so their bytes are hashes already.
#[derive(Debug)]
pub(crate) struct Known {
    bits: Vec<u64>,
    /// The last row whose key is in it.
    pub(crate) last: i64,
    absent: u32,
}

impl Known {
    /// Makes a filter with nothing in it, and room for as many keys again as are recorded.
    pub(crate) fn new(recorded: u64) -> Self {
        let bits = (2 * recorded.max(LEAST / 2) * BITS).next_power_of_two();
        Self {
            bits: vec![0; usize::try_from(bits / 64).unwrap_or(1 << 18)],
            last: 0,
            absent: STALE_AFTER,
        }
    }

    /// Returns whether it is time to see what other processes have recorded.
    pub(crate) fn is_stale(&mut self) -> bool {
        let is_stale = self.absent >= STALE_AFTER;
        if is_stale {
            self.absent = 0;
        }
        is_stale
    }

    pub(crate) fn add(&mut self, key: &CallKey) {
        for (word, bit) in self.probes(key) {
            self.bits[word] |= bit;
        }
    }

    /// Returns whether the key may be recorded; `false` is certain.
    pub(crate) fn may_have(&mut self, key: &CallKey) -> bool {
        let may_have = self
            .probes(key)
            .all(|(word, bit)| self.bits[word] & bit != 0);
        self.absent += u32::from(!may_have);
        may_have
    }

    /// Returns the words and bits that stand for a key: double hashing (Kirsch and Mitzenmacher
    /// 2006) of two halves of it.
    fn probes(&self, key: &CallKey) -> impl Iterator<Item = (usize, u64)> + use<> {
        let half = |from: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&key.as_bytes()[from..from + 8]);
            u64::from_le_bytes(bytes)
        };
        let (first, step) = (half(0), half(8) | 1);
        let mask = self.bits.len() as u64 * 64 - 1;
        (0..PROBES as u64).map(move |n| {
            let bit = first.wrapping_add(n.wrapping_mul(step)) & mask;
            (
                usize::try_from(bit / 64).unwrap_or_default(),
                1 << (bit % 64),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> CallKey {
        CallKey::from_bytes(*blake3::hash(&n.to_le_bytes()).as_bytes())
    }

    #[test]
    fn what_was_added_is_known_and_hardly_anything_else() {
        let mut known = Known::new(0);
        (0..LEAST / 2).for_each(|n| known.add(&key(n)));
        assert!((0..LEAST / 2).all(|n| known.may_have(&key(n))));
        let others = (LEAST..LEAST + 100_000).filter(|n| known.may_have(&key(*n)));
        let wrong = others.count();
        assert!(wrong < 100, "{wrong} of 100,000");
    }

    #[test]
    fn it_grows_stale_by_looking_in_vain() {
        let mut known = Known::new(0);
        assert!(known.is_stale(), "at first");
        assert!(!known.is_stale());
        (0..STALE_AFTER.into()).for_each(|n| assert!(!known.may_have(&key(n))));
        assert!(known.is_stale());
    }
}

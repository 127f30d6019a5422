//! Hands items out in their order, in whatever order they come.

use std::collections::BTreeMap;

/// What has come and waits for its turn.
#[derive(Debug)]
pub(crate) struct InOrder<T> {
    waiting: BTreeMap<u64, T>,
    next: u64,
}

impl<T> InOrder<T> {
    pub(crate) fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            next: 0,
        }
    }

    /// Takes what belongs at this place, counted from 0.
    pub(crate) fn put(&mut self, place: u64, it: T) {
        self.waiting.insert(place, it);
    }

    /// Returns the next one, if it is there.
    pub(crate) fn next(&mut self) -> Option<T> {
        let next = self.waiting.remove(&self.next)?;
        self.next += 1;
        Some(next)
    }

    /// Returns how many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_come_out_in_order_as_soon_as_they_can() {
        let mut queue = InOrder::new();
        let mut out = Vec::new();
        let mut seen = Vec::new();
        for place in [2, 0, 1, 4, 5, 3, 7] {
            queue.put(place, place);
            out.extend(std::iter::from_fn(|| queue.next()));
            seen.push(out.len());
        }
        assert_eq!(out, [0, 1, 2, 3, 4, 5]);
        assert_eq!(seen, [0, 1, 3, 3, 3, 6, 6]);
        assert_eq!(queue.len(), 1);
    }
}

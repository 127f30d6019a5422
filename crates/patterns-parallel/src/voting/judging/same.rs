//! Joins answers that mean the same.

/// Classes of places that mean the same (union and find): what is the same as a third is the same as
/// each other. A class goes under its first place.
#[derive(Clone, Debug)]
pub(super) struct Classes(Vec<usize>);

impl Classes {
    pub(super) fn new(places: usize) -> Self {
        Self((0..places).collect())
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }

    /// Returns the first place of the class of this one.
    pub(super) fn first(&self, mut place: usize) -> usize {
        while self.0[place] != place {
            place = self.0[place];
        }
        place
    }
}

//! The tree of a knockout.

use super::End;

/// A binary tree: the children of place `n` are `2n` and `2n + 1`; place 1 is the winner's, and
/// the leaves are the second half.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bracket {
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Not decided yet.
    Open,
    /// Nobody's: who would meet nobody goes on.
    Free,
    Taken(usize),
}

impl Bracket {
    pub(super) fn new(entrants: usize) -> Self {
        let leaves = entrants.next_power_of_two();
        let mut places = vec![Place::Open; leaves];
        for entrant in 0..entrants {
            places.push(Place::Taken(entrant));
            if entrant < leaves - entrants {
                places.push(Place::Free);
            }
        }
        // Without entrants there is one leaf, and nobody on it.
        places.resize(2 * leaves, Place::Free);
        Self { places }
    }

    /// Fills all places that are decided; `end_of` knows how a meeting ended, for the first.
    /// The earlier entrant goes on after a tie.
    pub(super) fn advance(&mut self, mut end_of: impl FnMut(usize, usize) -> Option<End>) {
        for place in (1..self.places.len() / 2).rev() {
            let below = (self.places[2 * place], self.places[2 * place + 1]);
            self.places[place] = match below {
                (Place::Open, _) | (_, Place::Open) => Place::Open,
                (Place::Free, other) | (other, Place::Free) => other,
                (Place::Taken(a), Place::Taken(b)) => {
                    let (a, b) = (a.min(b), a.max(b));
                    match end_of(a, b) {
                        None => Place::Open,
                        Some(End::Won | End::Tied) => Place::Taken(a),
                        Some(End::Lost) => Place::Taken(b),
                    }
                }
            };
        }
    }

    /// Returns how many steps below the top each entrant came.
    pub(super) fn depths(&self, entrants: usize) -> Vec<u32> {
        let mut depths = vec![u32::MAX; entrants];
        for (number, place) in self.places.iter().enumerate().skip(1) {
            if let Place::Taken(entrant) = place {
                depths[*entrant] = depths[*entrant].min(number.ilog2());
            }
        }
        depths
    }
}

//! Counts the answers of one election while its votes come in.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// The votes of one election so far, in the order in which they are counted.
///
/// Of answers with equally many votes, the one that was seen first ranks first. Counting takes
/// O(log k) for k different answers, and an answer is copied only when it is new.
///
/// ```
/// use patterns_parallel::voting::Tally;
///
/// let mut tally: Tally = Tally::new();
/// for vote in [Some("yes"), None, Some("no"), Some("no")] {
///     tally.count(vote);
/// }
/// assert_eq!(tally.leader().map(|(answer, votes)| (answer.as_str(), votes)), Some(("no", 2)));
/// assert_eq!((tally.votes(), tally.calls()), (3, 4));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally<K = String> {
    /// Each answer with its votes, in the order of first appearance.
    counts: Vec<(K, u64)>,
    /// Places in `counts`, sorted by answer.
    sorted: Vec<usize>,
    leader: Option<usize>,
    runner_up: Option<usize>,
    votes: u64,
    calls: u64,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self {
            counts: Vec::new(),
            sorted: Vec::new(),
            leader: None,
            runner_up: None,
            votes: 0,
            calls: 0,
        }
    }
}

impl<K: Ord> Tally<K> {
    /// Begins without a vote.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one call: a vote for `answer`, or an abstention, which spends the call all the same.
    pub fn count<Q>(&mut self, answer: Option<&Q>)
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.calls += 1;
        let place = answer.map(|answer| self.place(answer));
        if let Some(place) = place {
            self.votes += 1;
            self.counts[place].1 += 1;
            self.rank(place);
        }
    }

    /// Returns where `answer` is counted, after making a place for it if it is new.
    fn place<Q>(&mut self, answer: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        let counts = &self.counts;
        let compare = |place: &usize| -> Ordering { counts[*place].0.borrow().cmp(answer) };
        match self.sorted.binary_search_by(compare) {
            Ok(found) => self.sorted[found],
            Err(gap) => {
                let place = counts.len();
                self.counts.push((answer.to_owned(), 0));
                self.sorted.insert(gap, place);
                place
            }
        }
    }

    /// Moves the answer at `place`, which has just won a vote, up to its rank.
    fn rank(&mut self, place: usize) {
        if self.leader == Some(place) {
            return;
        }
        if self.beats(place, self.leader) {
            self.runner_up = self.leader;
            self.leader = Some(place);
        } else if self.beats(place, self.runner_up) {
            self.runner_up = Some(place);
        }
    }

    fn beats(&self, place: usize, other: Option<usize>) -> bool {
        let Some(other) = other else { return true };
        let (votes, other_votes) = (self.counts[place].1, self.counts[other].1);
        votes > other_votes || (votes == other_votes && place < other)
    }
}

impl<K> Tally<K> {
    /// Returns the answer with the most votes, and those; `None` before the first vote.
    pub fn leader(&self) -> Option<(&K, u64)> {
        self.at(self.leader)
    }

    /// Returns the second answer in rank and its votes; `None` while there is no second answer.
    pub fn runner_up(&self) -> Option<(&K, u64)> {
        self.at(self.runner_up)
    }

    fn at(&self, place: Option<usize>) -> Option<(&K, u64)> {
        let (answer, votes) = self.counts.get(place?)?;
        Some((answer, *votes))
    }

    /// Returns each answer with its votes, in the order of first appearance.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = (&K, u64)> {
        self.counts.iter().map(|(answer, votes)| (answer, *votes))
    }

    /// Returns how many different answers were given.
    pub fn options(&self) -> u64 {
        self.counts.len() as u64
    }

    /// Returns how many votes were counted.
    pub fn votes(&self) -> u64 {
        self.votes
    }

    /// Returns how many calls were spent: votes and abstentions.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Returns the leader's and the runner-up's votes, 0 where there is none.
    pub(super) fn front(&self) -> (u64, u64) {
        let votes = |place| self.at(place).map_or(0, |(_, votes)| votes);
        (votes(self.leader), votes(self.runner_up))
    }

    /// Returns whether the leader wins a tie with any answer that now has as many votes as the
    /// runner-up: the runner-up is the first seen of those.
    pub(super) fn leader_was_seen_first(&self) -> bool {
        self.runner_up.is_none() || self.leader < self.runner_up
    }
}

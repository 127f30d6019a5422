//! Counts the answers of one election while its votes come in.

/// The votes of one election so far, in the order in which they are counted.
///
/// Of answers with equally many votes, the one that was seen first ranks first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::voting) struct Tally {
    /// Each answer with its votes, in the order of first appearance.
    counts: Vec<(String, u64)>,
    leader: Option<usize>,
    runner_up: Option<usize>,
    votes: u64,
    calls: u64,
}

impl Tally {
    /// Counts one call: a vote for `answer`, or an abstention, which spends the call all the same.
    pub(in crate::voting) fn count(&mut self, answer: Option<&str>) {
        self.calls += 1;
        let Some(answer) = answer else { return };
        let seen = self.counts.iter().position(|it| it.0 == answer);
        let place = seen.unwrap_or(self.counts.len());
        match self.counts.get_mut(place) {
            Some((_, votes)) => *votes += 1,
            None => self.counts.push((answer.to_owned(), 1)),
        }
        self.votes += 1;
        self.rank(place);
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

    /// Returns the answer with the most votes; `None` before the first vote.
    #[cfg(test)]
    pub(super) fn leader(&self) -> Option<&str> {
        Some(self.counts.get(self.leader?)?.0.as_str())
    }

    /// Returns each answer with its votes, in the order of first appearance.
    pub(in crate::voting) fn counts(&self) -> &[(String, u64)] {
        &self.counts
    }

    /// Returns how many votes were counted.
    pub(super) fn votes(&self) -> u64 {
        self.votes
    }

    /// Returns how many calls were spent: votes and abstentions.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// Returns the leader's and the runner-up's votes, 0 where there is none.
    pub(in crate::voting) fn front(&self) -> (u64, u64) {
        let votes = |place: Option<usize>| place.map_or(0, |it| self.counts[it].1);
        (votes(self.leader), votes(self.runner_up))
    }

    /// Returns whether the leader wins a tie with any answer that now has as many votes as the
    /// runner-up: the runner-up is the first seen of those.
    pub(super) fn leader_was_seen_first(&self) -> bool {
        self.runner_up.is_none() || self.leader < self.runner_up
    }
}

//! Counts the answers of one election while its votes come in.

/// The votes of one election so far, in the order in which they are counted.
///
/// Of answers with equally many votes, the one that was seen first ranks first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::voting) struct Tally {
    /// Each answer with its votes, in the order of first appearance.
    counts: Vec<(String, u64)>,
    calls: u64,
}

impl Tally {
    /// Counts one call: a vote for `answer`, or an abstention, which spends the call all the same.
    pub(in crate::voting) fn count(&mut self, answer: Option<&str>) {
        self.calls += 1;
        let Some(answer) = answer else { return };
        match self.counts.iter_mut().find(|it| it.0 == answer) {
            Some((_, votes)) => *votes += 1,
            None => self.counts.push((answer.to_owned(), 1)),
        }
    }

    /// Returns each answer with its votes, in the order of first appearance.
    pub(in crate::voting) fn counts(&self) -> &[(String, u64)] {
        &self.counts
    }

    /// Returns how many votes were counted.
    pub(super) fn votes(&self) -> u64 {
        self.counts.iter().map(|it| it.1).sum()
    }

    /// Returns how many calls were spent: votes and abstentions.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// Returns the leader's and the runner-up's places, if there are any.
    fn first_two(&self) -> [Option<usize>; 2] {
        let beats =
            |votes: u64, other: Option<usize>| other.is_none_or(|it| votes > self.counts[it].1);
        let mut first = [None; 2];
        for (place, (_, votes)) in self.counts.iter().enumerate() {
            if beats(*votes, first[0]) {
                first = [Some(place), first[0]];
            } else if beats(*votes, first[1]) {
                first[1] = Some(place);
            }
        }
        first
    }

    /// Returns the leader's and the runner-up's votes, 0 where there is none.
    pub(in crate::voting) fn front(&self) -> (u64, u64) {
        let [leader, runner_up] = self.first_two();
        let votes = |place: Option<usize>| place.map_or(0, |it| self.counts[it].1);
        (votes(leader), votes(runner_up))
    }

    /// Returns whether the leader wins a tie with any answer that now has as many votes as the
    /// runner-up: the runner-up is the first seen of those.
    pub(super) fn leader_was_seen_first(&self) -> bool {
        let [leader, runner_up] = self.first_two();
        runner_up.is_none() || leader < runner_up
    }
}

//! Counts the answers of one election while its votes come in, and says what of that is told apart when it is
//! foreseen.

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

/// The most votes of an election that can be foreseen.
pub(in crate::voting) const MOST_VOTES: u64 = 100;

/// Elections with this many answers, or more, are one state.
pub(super) const MOST_OPTIONS: u8 = 10;

/// An election as one of its answers sees it.
///
/// The votes of all but two answers are known by their sum alone. Where it matters, they are
/// taken as spread evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// The votes of the answer looked at.
    pub(super) own: u8,
    /// The most votes that any other answer has.
    pub(super) rival: u8,
    /// All other votes.
    pub(super) rest: u8,
    /// How many different answers were given, at most [`MOST_OPTIONS`].
    pub(super) options: u8,
}

impl State {
    /// The state before the first vote.
    pub(super) const EMPTY: Self = Self {
        own: 0,
        rival: 0,
        rest: 0,
        options: 0,
    };

    /// Returns `tally` as its leader sees it; `None` if there are more votes than can be counted.
    pub(super) fn of(tally: &Tally) -> Option<Self> {
        let (leader, runner_up) = tally.front();
        let rest = tally.votes().checked_sub(leader)?.checked_sub(runner_up)?;
        Some(Self {
            own: u8::try_from(leader).ok()?,
            rival: u8::try_from(runner_up).ok()?,
            rest: u8::try_from(rest).ok()?,
            options: MOST_OPTIONS.min(u8::try_from(tally.counts().len()).unwrap_or(MOST_OPTIONS)),
        })
    }

    pub(super) fn votes(self) -> usize {
        self.sizes()[..3].iter().sum()
    }

    /// Returns own, rival, rest and options.
    pub(super) fn sizes(self) -> [usize; 4] {
        [self.own, self.rival, self.rest, self.options].map(usize::from)
    }

    /// Returns the same election as its leader sees it.
    pub(super) fn as_leader(self) -> Self {
        Self {
            own: self.own.max(self.rival),
            rival: self.own.min(self.rival),
            ..self
        }
    }

    /// Returns the states that one more vote can lead to: for the own answer, for the rival or
    /// one of the rest that passes it, for one of the rest, for an answer not seen before.
    pub(super) fn successors(self) -> [Self; 4] {
        let own = Self {
            own: self.own + 1,
            options: self.options.max(1),
            ..self
        };
        let rival = Self {
            rival: self.rival + 1,
            ..self
        };
        let rest = Self {
            rest: self.rest + 1,
            ..self
        };
        let new = match self {
            Self { own: 0, .. } => own,
            Self { rival: 0, .. } => Self {
                options: 2,
                ..rival
            },
            _ => Self {
                options: MOST_OPTIONS.min(self.options + 1),
                ..rest
            },
        };
        [own, rival, rest, new]
    }
}

//! The elections under way: whose ballot is due next, and which of them are over. Pure decisions;
//! the ballots are cast elsewhere.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use patterns_core::{Branch, BranchId};

use super::ballot::Question;
use super::stop::{Step, StopReason, Stopper, Tally};

/// An election under way, or over.
#[derive(Debug)]
pub(super) struct Course<V> {
    pub(super) id: String,
    pub(super) question: Arc<Question>,
    pub(super) tally: Tally,
    /// Those that are in, in voter order once a wave is whole.
    pub(super) ballots: Vec<Branch<V>>,
    pub(super) waves: u64,
    pub(super) stop: Option<StopReason>,
    /// Ballots of the present wave that are not in yet.
    pending: usize,
    /// Ballots that are counted.
    counted: usize,
    /// Voters that were asked so far.
    asked: usize,
}

/// A ballot that is due.
#[derive(Clone, Debug)]
pub(super) struct Due {
    election: u64,
    pub(super) voter: usize,
    pub(super) question: Arc<Question>,
    /// Names the election.
    pub(super) id: String,
}

/// All elections under way.
#[derive(Debug)]
pub(super) struct Polls<V> {
    stopper: Stopper,
    open: BTreeMap<u64, Course<V>>,
    due: VecDeque<Due>,
    /// Whose ballot a branch is.
    places: HashMap<BranchId, (u64, usize)>,
    next: u64,
}

impl<V> Polls<V> {
    pub(super) fn new(stopper: Stopper) -> Self {
        Self {
            stopper,
            open: BTreeMap::new(),
            due: VecDeque::new(),
            places: HashMap::new(),
            next: 0,
        }
    }

    /// Returns how many elections are not over.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Returns the elections that are not over, in the order in which they began, with the ballots
    /// that are in.
    pub(super) fn broken_off(self) -> Vec<Course<V>> {
        let in_order = |mut course: Course<V>| {
            // A wave that is not whole is in the order of its ends.
            course.ballots.sort_by_key(|branch| branch.id);
            course
        };
        self.open.into_values().map(in_order).collect()
    }

    /// Begins an election.
    pub(super) fn begin(&mut self, id: String, question: Arc<Question>) {
        let mut course = Course {
            id,
            question,
            tally: Tally::new(),
            ballots: Vec::new(),
            waves: 0,
            stop: None,
            pending: 0,
            counted: 0,
            asked: 0,
        };
        let election = self.next;
        self.next += 1;
        self.go_on(election, &mut course);
        self.open.insert(election, course);
    }

    /// Returns the next ballot that is due.
    pub(super) fn due(&mut self) -> Option<Due> {
        self.due.pop_front()
    }

    /// Takes note that a ballot is being cast.
    pub(super) fn cast(&mut self, branch: BranchId, due: &Due) {
        self.places.insert(branch, (due.election, due.voter));
    }

    /// Files a ballot that has ended; returns its election, with its number, if that is over now.
    /// `answer_of` finds what it is counted as.
    pub(super) fn file(
        &mut self,
        branch: Branch<V>,
        answer_of: impl Fn(&V) -> Option<String>,
    ) -> Option<(u64, Course<V>)> {
        let (election, _) = *self.places.get(&branch.id)?;
        let mut course = self.open.remove(&election)?;
        course.ballots.push(branch);
        course.pending -= 1;
        if course.pending == 0 {
            self.count(&mut course, answer_of);
            self.go_on(election, &mut course);
        }
        if course.stop.is_some() {
            return Some((election, course));
        }
        self.open.insert(election, course);
        None
    }

    /// Counts a wave, in voter order, whoever was first.
    fn count(&mut self, course: &mut Course<V>, answer_of: impl Fn(&V) -> Option<String>) {
        let places = &mut self.places;
        let voter = |branch: &Branch<V>| places.get(&branch.id).map(|place| place.1);
        let wave = &mut course.ballots[course.counted..];
        wave.sort_by_key(voter);
        for branch in wave {
            let answer = branch.value().and_then(&answer_of);
            course.tally.count(answer.as_deref());
            places.remove(&branch.id);
        }
        course.counted = course.ballots.len();
    }

    /// Makes the next wave due, or ends the election.
    fn go_on(&mut self, election: u64, course: &mut Course<V>) {
        match self.stopper.next(&course.tally) {
            Step::Stop(reason) => course.stop = Some(reason),
            Step::Draw(ballots) => {
                course.waves += 1;
                for _ in 0..ballots {
                    self.due.push_back(Due {
                        election,
                        voter: course.asked,
                        question: Arc::clone(&course.question),
                        id: course.id.clone(),
                    });
                    course.asked += 1;
                    course.pending += 1;
                }
            }
        }
    }
}

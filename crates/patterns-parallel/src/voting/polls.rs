//! The elections under way: whose ballot is due next, and which of them are over. Pure decisions;
//! the ballots are cast elsewhere.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use patterns_core::{Branch, BranchId};

use super::allotment::{Allotment, Step as Share};
use super::ballot::Question;
use super::course::{Cast, Course};
use super::manner::Manner;
use super::stop::{CallIndex, Step, Stopper};

/// A ballot that is due.
#[derive(Clone, Debug)]
pub(super) struct Due {
    election: u64,
    pub(super) voter: usize,
    pub(super) question: Arc<Question>,
    /// Names the election.
    pub(super) id: String,
}

/// What a ballot that has ended gave rise to.
#[derive(Debug)]
pub(super) struct Filed<V> {
    /// Elections that are over, with their numbers.
    pub(super) over: Vec<(u64, Course<V>)>,
    /// Ballots under way that nobody needs any more.
    pub(super) needless: Vec<BranchId>,
}

impl<V> Default for Filed<V> {
    fn default() -> Self {
        Self {
            over: Vec::new(),
            needless: Vec::new(),
        }
    }
}

/// All elections under way.
#[derive(Debug)]
pub(super) struct Polls<V> {
    stopper: Stopper,
    manner: Manner,
    /// Who gets the next call, where elections share them.
    allotment: Option<Allotment<V>>,
    open: BTreeMap<u64, Course<V>>,
    due: VecDeque<Due>,
    /// Whose ballot a branch is.
    places: HashMap<BranchId, (u64, usize)>,
    next: u64,
}

impl<V> Polls<V> {
    pub(super) fn new(stopper: Stopper, manner: Manner) -> Self {
        Self {
            stopper,
            manner,
            allotment: None,
            open: BTreeMap::new(),
            due: VecDeque::new(),
            places: HashMap::new(),
            next: 0,
        }
    }

    /// Lets the elections share so many calls, each of which goes where `index` is highest.
    pub(super) fn sharing(mut self, calls: u64, index: CallIndex) -> Self {
        self.allotment = Some(Allotment::new(calls, index));
        self
    }

    /// Returns how many elections are not over.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Returns whether the elections share calls; then all must have begun before a ballot is due.
    pub(super) fn shares(&self) -> bool {
        self.allotment.is_some()
    }

    /// Takes note that no further election begins; returns whether ballots may be due by that.
    pub(super) fn all_begun(&mut self) -> bool {
        let is_news = self.allotment.as_mut().is_some_and(Allotment::all_begun);
        if is_news {
            // No ballot is in, so none is counted by this.
            self.share(|_, _| None, &mut Filed::default());
        }
        is_news
    }

    /// Returns the elections that are not over, with their numbers and the ballots that are in.
    pub(super) fn broken_off(self) -> Vec<(u64, Course<V>)> {
        let open = self.open.into_iter();
        open.map(|(number, course)| (number, course.break_off()))
            .collect()
    }

    /// Ends the elections that are not over by the ballots that are in, if they shared calls and
    /// those are spent.
    pub(super) fn spent(&mut self) -> Vec<(u64, Course<V>)> {
        let is_spent = self.allotment.as_ref().is_some_and(Allotment::is_spent);
        if !is_spent {
            return Vec::new();
        }
        let open = std::mem::take(&mut self.open).into_iter();
        open.map(|(number, course)| (number, course.spent().break_off()))
            .collect()
    }

    /// Gives no more calls to elections that share them: the budget is used up.
    pub(super) fn spend_all(&mut self) {
        if let Some(allotment) = &mut self.allotment {
            allotment.spend_all();
        }
    }

    /// Begins an election.
    pub(super) fn begin(&mut self, id: String, question: Arc<Question>) {
        let election = self.next;
        self.next += 1;
        self.open.insert(election, Course::new(id, question));
        // No rule ends an election before the first vote.
        self.go_on(election);
    }

    /// Returns the next ballot that is due.
    pub(super) fn due(&mut self) -> Option<Due> {
        self.due.pop_front()
    }

    /// Takes note that a ballot is being cast.
    pub(super) fn cast(&mut self, branch: BranchId, due: &Due) {
        self.places.insert(branch, (due.election, due.voter));
        if let Some(course) = self.open.get_mut(&due.election) {
            course.launched(due.voter, branch);
        }
        if let Some(allotment) = &mut self.allotment {
            allotment.launched(branch);
        }
    }

    /// Files a ballot that has ended. `answer_of` finds what it is counted as.
    pub(super) fn file(
        &mut self,
        branch: Branch<V>,
        answer_of: impl Fn(&Question, &V) -> Option<String>,
    ) -> Filed<V> {
        let mut filed = Filed::default();
        match &mut self.allotment {
            Some(allotment) => {
                allotment.ended(branch);
                self.share(answer_of, &mut filed);
                filed.over.extend(self.spent());
            }
            None => self.file_one(branch, answer_of, &mut filed),
        }
        filed
    }

    /// Gives calls to elections that share them, and counts their ballots, as far as it goes.
    fn share(&mut self, answer_of: impl Fn(&Question, &V) -> Option<String>, filed: &mut Filed<V>) {
        while let Some(allotment) = &mut self.allotment {
            match allotment.step() {
                Share::Give(election) => self.ask(election, 1),
                Share::Count(ballot) => self.file_one(ballot, &answer_of, filed),
                Share::Wait => break,
            }
        }
    }

    fn file_one(
        &mut self,
        branch: Branch<V>,
        answer_of: impl Fn(&Question, &V) -> Option<String>,
        filed: &mut Filed<V>,
    ) {
        let Some((election, voter)) = self.places.remove(&branch.id) else {
            return;
        };
        let Some(course) = self.open.get_mut(&election) else {
            return;
        };
        course.ended(Cast { voter, branch });
        while let Some(course) = self.open.get_mut(&election)
            && course.stop.is_none()
            && course.count_next(self.manner, &answer_of)
        {
            if self.manner.is_streaming() || course.is_wave_whole() {
                self.go_on(election);
            }
        }
        self.close(election, filed);
    }

    /// If an election is decided, sees to it that nobody works for it any more, and ends it then.
    fn close(&mut self, election: u64, filed: &mut Filed<V>) {
        let course = self.open.get_mut(&election);
        let Some(course) = course.filter(|it| it.stop.is_some()) else {
            return;
        };
        if course.recall() {
            self.due.retain(|due| due.election != election);
        }
        filed.needless.extend(course.under_way());
        if course.is_wave_whole()
            && let Some(course) = self.open.remove(&election)
        {
            filed.over.push((election, course));
        }
    }

    /// Makes further ballots due, or ends the election.
    fn go_on(&mut self, election: u64) {
        let Some(course) = self.open.get_mut(&election) else {
            return;
        };
        match (self.stopper.next(&course.tally), &mut self.allotment) {
            (Step::Stop(reason), _) => course.stop = Some(reason),
            (Step::Draw(_), Some(allotment)) => allotment.offer(election, &course.tally),
            (Step::Draw(needed), None) => {
                let left = self.stopper.left(&course.tally);
                let wanted = needed.saturating_add(self.manner.spare()).min(left);
                let more = wanted.saturating_sub(course.pending());
                self.ask(election, more);
            }
        }
    }

    fn ask(&mut self, election: u64, ballots: u64) {
        let Some(course) = self.open.get_mut(&election) else {
            return;
        };
        course.waves += u64::from(ballots > 0);
        for _ in 0..ballots {
            self.due.push_back(Due {
                election,
                voter: course.ask(),
                question: Arc::clone(&course.question),
                id: course.id.clone(),
            });
        }
    }
}

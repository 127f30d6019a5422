//! Elections whose votes are in and that are not decided: they are being judged, or a stronger voter
//! has been asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use patterns_core::BranchId;

use super::ballot::Question;
use super::course::Course;
use super::judging::{Inquiry, JudgeTask, Judgement, Judging};
use super::polls::Due;

/// What a branch of an election works on.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    Ballot(Due),
    Judge(JudgeTask),
    /// Asks the stronger voter.
    Escalate(Arc<Question>),
}

/// What a branch of an election makes.
#[derive(Debug)]
pub(super) enum Found<V> {
    Ballot(V),
    Judgement(Judgement),
}

impl<V> Found<V> {
    pub(super) fn ballot(self) -> Option<V> {
        match self {
            Self::Ballot(ballot) => Some(ballot),
            Self::Judgement(_) => None,
        }
    }
}

/// What an election needs whose votes are in.
pub(super) enum Need {
    /// Nothing: it is decided, or cannot be.
    Nothing,
    Judge(Judging, Vec<Inquiry>),
    Escalation,
}

/// Elections whose votes are in and that are not decided.
#[derive(Debug)]
pub(super) struct Bench<V> {
    courses: BTreeMap<u64, Course<V>>,
    places: HashMap<BranchId, (u64, Matter)>,
}

/// What was asked about an election.
#[derive(Clone, Copy, Debug)]
enum Matter {
    Inquiry(Inquiry),
    Escalation,
}

impl<V> Bench<V> {
    pub(super) fn new() -> Self {
        Self {
            courses: BTreeMap::new(),
            places: HashMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.courses.len()
    }

    pub(super) fn has(&self, branch: BranchId) -> bool {
        self.places.contains_key(&branch)
    }

    /// Gives an election what it needs; returns it if that is nothing. `add` begins an errand.
    pub(super) fn admit(
        &mut self,
        election: u64,
        mut course: Course<V>,
        need: Need,
        mut add: impl FnMut(String, Errand) -> BranchId,
    ) -> Option<(u64, Course<V>)> {
        match need {
            Need::Nothing => return Some((election, course)),
            Need::Judge(judging, inquiries) => {
                for inquiry in inquiries {
                    let errand = Errand::Judge(judging.task(inquiry));
                    let branch = add(label(&course.id, "judgement"), errand);
                    let matter = Matter::Inquiry(inquiry);
                    self.places.insert(branch, (election, matter));
                }
                course.judging = Some(judging);
            }
            Need::Escalation => {
                let errand = Errand::Escalate(Arc::clone(&course.question));
                let branch = add(label(&course.id, "escalation"), errand);
                self.places.insert(branch, (election, Matter::Escalation));
            }
        }
        self.courses.insert(election, course);
        None
    }

    /// Files what an errand has found; returns the election if nothing else is under way for it.
    pub(super) fn file(
        &mut self,
        branch: BranchId,
        found: Option<Found<V>>,
        mut add: impl FnMut(String, Errand) -> BranchId,
    ) -> Option<(u64, Course<V>)> {
        let (election, matter) = self.places.remove(&branch)?;
        let course = self.courses.get_mut(&election)?;
        match (matter, found) {
            (Matter::Escalation, found) => {
                course.escalated = Some(found.and_then(Found::ballot));
            }
            (Matter::Inquiry(inquiry), found) => {
                let judging = course.judging.as_mut()?;
                let judgement = match found {
                    Some(Found::Judgement(judgement)) => Some(judgement),
                    Some(Found::Ballot(_)) | None => None,
                };
                for inquiry in judging.record(inquiry, judgement) {
                    let errand = Errand::Judge(judging.task(inquiry));
                    let branch = add(label(&course.id, "judgement"), errand);
                    self.places
                        .insert(branch, (election, Matter::Inquiry(inquiry)));
                }
                if !judging.is_over() {
                    return None;
                }
            }
        }
        Some((election, self.courses.remove(&election)?))
    }

    /// Returns the elections that are not decided, with their numbers.
    pub(super) fn broken_off(self) -> impl Iterator<Item = (u64, Course<V>)> {
        self.courses.into_iter()
    }
}

/// Names an errand; single elections have no id.
fn label(id: &str, what: &str) -> String {
    if id.is_empty() {
        what.to_owned()
    } else {
        format!("{id}/{what}")
    }
}

//! The course of judging one election: what is to be asked, and who wins by what was said.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::knockout::{Knockout, Match, Verdict};
use super::result::{JudgedAnswer, JudgedElection};
use super::rule::JudgedRule;
use super::same::Classes;
use super::task::{JudgeTask, Judgement};
use crate::voting::ballot::Question;
use crate::voting::rule::{AnswerCount, Decision, TieBreak, by_tie_break};

/// Answers of which each two are compared for their meaning; each further one would cost a call for
/// every other.
const MOST_COMPARED: usize = 10;

/// An election that is being judged. It says what is to be asked and calls nobody.
#[derive(Clone, Debug)]
pub(in crate::voting) struct Judging {
    rule: JudgedRule,
    question: Arc<Question>,
    answers: Vec<AnswerCount>,
    state: State,
    /// What was asked for and has not ended.
    under_way: BTreeSet<Inquiry>,
    judgements: u64,
    failed: u64,
}

#[derive(Clone, Debug)]
enum State {
    Pairs(Knockout),
    Same(Classes),
}

/// One thing to ask, by the places of the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::voting) enum Inquiry {
    Compare(Match),
    Same(usize, usize),
}

impl Judging {
    /// Begins with the distinct answers, most frequent first; returns what is to be asked at once.
    pub(in crate::voting) fn begin(
        rule: JudgedRule,
        question: Arc<Question>,
        answers: Vec<AnswerCount>,
    ) -> (Self, Vec<Inquiry>) {
        let count = answers.len();
        let state = match rule {
            JudgedRule::BestOf => State::Pairs(Knockout::new(count)),
            JudgedRule::SameMeaning => State::Same(Classes::new(count)),
        };
        let mut judging = Self {
            rule,
            question,
            answers,
            state,
            under_way: BTreeSet::new(),
            judgements: 0,
            failed: 0,
        };
        let first = judging.first_inquiries();
        judging.ask(first.clone());
        (judging, first)
    }

    fn first_inquiries(&self) -> Vec<Inquiry> {
        let count = self.answers.len();
        // One answer needs no judge.
        if count < 2 {
            return Vec::new();
        }
        match &self.state {
            State::Pairs(it) => it.due().into_iter().map(Inquiry::Compare).collect(),
            State::Same(_) => {
                let compared = count.min(MOST_COMPARED);
                let pairs = (0..compared).flat_map(|a| (a + 1..compared).map(move |b| (a, b)));
                pairs.map(|(a, b)| Inquiry::Same(a, b)).collect()
            }
        }
    }

    fn ask(&mut self, inquiries: impl IntoIterator<Item = Inquiry>) {
        for inquiry in inquiries {
            self.judgements += 1;
            self.under_way.insert(inquiry);
        }
    }

    /// Puts an inquiry into the words for the judge.
    pub(in crate::voting) fn task(&self, inquiry: Inquiry) -> JudgeTask {
        let question = Arc::clone(&self.question);
        let answer = |place: usize| self.answers[place].answer.clone();
        match inquiry {
            Inquiry::Compare(it) => JudgeTask::Compare {
                question,
                first: answer(it.first),
                second: answer(it.second),
            },
            Inquiry::Same(a, b) => JudgeTask::Same {
                question,
                first: answer(a),
                second: answer(b),
            },
        }
    }

    /// Takes a judgement, `None` for one that failed or is none of what was asked; returns what is to
    /// be asked next.
    pub(in crate::voting) fn record(
        &mut self,
        inquiry: Inquiry,
        judgement: Option<Judgement>,
    ) -> Vec<Inquiry> {
        if !self.under_way.remove(&inquiry) {
            return Vec::new();
        }
        let is_given = self.take(inquiry, judgement);
        self.failed += u64::from(!is_given);
        let State::Pairs(knockout) = &self.state else {
            return Vec::new();
        };
        let due = knockout.due().into_iter().map(Inquiry::Compare);
        let new: Vec<Inquiry> = due.filter(|it| !self.under_way.contains(it)).collect();
        self.ask(new.clone());
        new
    }

    /// Returns whether it was a judgement of what was asked.
    fn take(&mut self, inquiry: Inquiry, judgement: Option<Judgement>) -> bool {
        match (inquiry, &mut self.state, judgement) {
            (Inquiry::Compare(it), State::Pairs(knockout), judgement) => {
                let verdict = match judgement {
                    Some(Judgement::Better(verdict)) => Some(verdict),
                    _ => None,
                };
                knockout.record(it, verdict.unwrap_or(Verdict::Tie));
                verdict.is_some()
            }
            (Inquiry::Same(a, b), State::Same(classes), Some(Judgement::Same(is_same))) => {
                if is_same {
                    classes.join(a, b);
                }
                true
            }
            _ => false,
        }
    }

    /// Returns whether nothing more is to be asked.
    pub(in crate::voting) fn is_over(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Returns who wins, why, and all that was found.
    pub(in crate::voting) fn result(
        &self,
        tie_break: TieBreak,
    ) -> (Option<String>, Decision, JudgedElection) {
        let (order, decision) = match &self.state {
            State::Pairs(knockout) => self.by_pairs(knockout, tie_break),
            State::Same(classes) => self.by_class(classes, tie_break),
        };
        let winner = order.first().filter(|_| decision.is_won());
        let winner = winner.map(|it| self.answers[it.0].answer.clone());
        let flipped = match &self.state {
            State::Pairs(it) => Some(it.flipped()),
            State::Same(_) => None,
        };
        let election = JudgedElection {
            rule: self.rule,
            judgements: self.judgements,
            failed: self.failed,
            flipped,
            answers: order.into_iter().map(|it| self.judged(it)).collect(),
        };
        (winner, decision, election)
    }

    fn judged(&self, (place, wins): (usize, Option<u64>)) -> JudgedAnswer {
        let members = self.members(place);
        JudgedAnswer {
            answer: self.answers[place].answer.clone(),
            votes: members.iter().map(|it| it.votes).sum(),
            wins,
            same: members[1..].iter().map(|it| it.answer.clone()).collect(),
        }
    }

    /// Returns the answers that count together with one, itself first.
    fn members(&self, place: usize) -> Vec<&AnswerCount> {
        match &self.state {
            State::Same(classes) => {
                let members = (0..self.answers.len()).filter(|it| classes.first(*it) == place);
                members.map(|it| &self.answers[it]).collect()
            }
            _ => vec![&self.answers[place]],
        }
    }

    /// Orders answers by the pairs they won. A judge that says nothing at all has not chosen.
    fn by_pairs(&self, knockout: &Knockout, tie_break: TieBreak) -> (Ranking, Decision) {
        let (order, decision) = knockout.result(tie_break);
        let is_mute = self.judgements > 0 && self.failed == self.judgements;
        let decision = if is_mute {
            Decision::NotJudged
        } else {
            decision
        };
        let order = order.into_iter().map(|(place, wins)| (place, Some(wins)));
        (order.collect(), decision)
    }

    /// Orders classes by their votes; of equals the one that was seen first is first.
    fn by_class(&self, classes: &Classes, tie_break: TieBreak) -> (Ranking, Decision) {
        let places = 0..self.answers.len();
        let mut heads: Vec<usize> = places.filter(|it| classes.first(*it) == *it).collect();
        let votes = |place: usize| -> u64 { self.members(place).iter().map(|it| it.votes).sum() };
        heads.sort_by_key(|place| std::cmp::Reverse(votes(*place)));
        let decision = match heads.as_slice() {
            [] => Decision::QuorumMissed,
            [first, second, ..] => by_tie_break(votes(*first) == votes(*second), tie_break),
            [_] => Decision::Won,
        };
        (heads.into_iter().map(|it| (it, None)).collect(), decision)
    }
}

/// Places of answers, best first, with the pairs they won.
type Ranking = Vec<(usize, Option<u64>)>;

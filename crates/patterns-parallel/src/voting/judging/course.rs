//! The course of judging one election: what is to be asked, and who wins by what was said.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::result::{JudgedAnswer, JudgedElection};
use super::rule::JudgedRule;
use super::same::Classes;
use super::task::{JudgeTask, Judgement};
use crate::voting::ballot::Question;
use crate::voting::pairwise::{Match, Tournament, Verdict, best_of_n};
use crate::voting::rule::{AnswerCount, Decision, TieBreak};

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
    Scores(Vec<Option<f64>>),
    Tournament(Tournament),
    /// The order in which answers are shown, by their places, and the place that was chosen.
    Choice(Vec<usize>, Option<usize>),
    Same(Classes),
}

/// One thing to ask, by the places of the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::voting) enum Inquiry {
    Score(usize),
    Compare(Match),
    Choose,
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
            JudgedRule::BestOf => State::Scores(vec![None; count]),
            JudgedRule::Tournament(kind) => State::Tournament(Tournament::new(count, kind)),
            JudgedRule::Universal => State::Choice(shuffled(&answers), None),
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
            State::Scores(_) => (0..count).map(Inquiry::Score).collect(),
            State::Tournament(it) => it.due().into_iter().map(Inquiry::Compare).collect(),
            State::Choice(..) => vec![Inquiry::Choose],
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
            Inquiry::Score(place) => JudgeTask::Score {
                question,
                answer: answer(place),
            },
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
            Inquiry::Choose => {
                let shown = match &self.state {
                    State::Choice(shown, _) => shown.as_slice(),
                    _ => &[],
                };
                JudgeTask::MostConsistent {
                    question,
                    answers: shown.iter().map(|place| answer(*place)).collect(),
                }
            }
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
        let State::Tournament(tournament) = &self.state else {
            return Vec::new();
        };
        let due = tournament.due().into_iter().map(Inquiry::Compare);
        let new: Vec<Inquiry> = due.filter(|it| !self.under_way.contains(it)).collect();
        self.ask(new.clone());
        new
    }

    /// Returns whether it was a judgement of what was asked.
    fn take(&mut self, inquiry: Inquiry, judgement: Option<Judgement>) -> bool {
        match (inquiry, &mut self.state, judgement) {
            (Inquiry::Score(place), State::Scores(scores), Some(Judgement::Score(score))) => {
                scores[place] = Some(score);
                !score.is_nan()
            }
            (Inquiry::Compare(it), State::Tournament(tournament), judgement) => {
                let verdict = match judgement {
                    Some(Judgement::Better(verdict)) => Some(verdict),
                    _ => None,
                };
                // It is due: nothing else is asked for.
                let _ = tournament.record(it, verdict.unwrap_or(Verdict::Tie));
                verdict.is_some()
            }
            (
                Inquiry::Choose,
                State::Choice(shown, chosen),
                Some(Judgement::MostConsistent(number)),
            ) => {
                *chosen = number.checked_sub(1).and_then(|n| shown.get(n)).copied();
                chosen.is_some()
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
            State::Scores(scores) if self.answers.len() > 1 => by_score(scores, tie_break),
            State::Tournament(it) => {
                let result = it.result(tie_break);
                let points = |n: u64, ties: u64| Some(n as f64 + 0.5 * ties as f64);
                let ranking = result.ranking.iter();
                let order = ranking.map(|it| (it.entrant, points(it.wins, it.ties)));
                (order.collect(), result.decision)
            }
            State::Choice(_, Some(place)) => {
                let others = (0..self.answers.len()).filter(|it| it != place);
                let order = std::iter::once(*place).chain(others);
                (order.map(|it| (it, None)).collect(), Decision::Won)
            }
            State::Same(classes) => self.by_class(classes, tie_break),
            // One answer wins unasked; of several, the judge did not say which.
            State::Scores(_) | State::Choice(..) => {
                let order = (0..self.answers.len()).map(|it| (it, None));
                let decision = match self.answers.len() {
                    1 => Decision::Won,
                    _ => Decision::NotJudged,
                };
                (order.collect(), decision)
            }
        };
        let winner = order.first().filter(|_| decision.is_won());
        let winner = winner.map(|it| self.answers[it.0].answer.clone());
        let flipped = match &self.state {
            State::Tournament(it) => Some(it.result(tie_break).flipped),
            _ => None,
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

    fn judged(&self, (place, score): (usize, Option<f64>)) -> JudgedAnswer {
        let members = self.members(place);
        JudgedAnswer {
            answer: self.answers[place].answer.clone(),
            votes: members.iter().map(|it| it.votes).sum(),
            score,
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

    /// Orders classes by their votes; of equals the one that was seen first is first.
    fn by_class(&self, classes: &Classes, tie_break: TieBreak) -> (Ranking, Decision) {
        let places = 0..self.answers.len();
        let mut heads: Vec<usize> = places.filter(|it| classes.first(*it) == *it).collect();
        let votes = |place: usize| -> u64 { self.members(place).iter().map(|it| it.votes).sum() };
        heads.sort_by_key(|place| std::cmp::Reverse(votes(*place)));
        let decision = match heads.as_slice() {
            [] => Decision::QuorumMissed,
            [first, second, ..] if votes(*first) == votes(*second) => match tie_break {
                TieBreak::FirstSeen => Decision::WonByTieBreak,
                TieBreak::NoConsensus | TieBreak::Extend { .. } => Decision::Tied,
            },
            [..] => Decision::Won,
        };
        (heads.into_iter().map(|it| (it, None)).collect(), decision)
    }
}

/// Places of answers, best first, with their scores.
type Ranking = Vec<(usize, Option<f64>)>;

fn by_score(scores: &[Option<f64>], tie_break: TieBreak) -> (Ranking, Decision) {
    let best = best_of_n(scores, tie_break);
    let scored = best.ranking.iter().map(|it| (it.candidate, Some(it.score)));
    let mut order: Ranking = scored.collect();
    let unscored = (0..scores.len()).filter(|it| best.ranking.iter().all(|b| b.candidate != *it));
    order.extend(unscored.map(|it| (it, None)));
    let decision = match best.decision {
        Decision::QuorumMissed => Decision::NotJudged,
        decision => decision,
    };
    (order, decision)
}

/// Returns the places of all answers, each as often as it was given, in an order that depends on
/// their words alone.
fn shuffled(answers: &[AnswerCount]) -> Vec<usize> {
    let mut places: Vec<(blake3::Hash, usize)> = Vec::new();
    for (place, answer) in answers.iter().enumerate() {
        for copy in 0..answer.votes {
            let text = format!("{copy} {}", answer.answer);
            places.push((blake3::hash(text.as_bytes()), place));
        }
    }
    places.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    places.into_iter().map(|it| it.1).collect()
}

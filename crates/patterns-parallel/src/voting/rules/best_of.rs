//! Decides for the best answer, by a knockout of pairwise judgements.
//!
//! Each pair is judged twice, once in each order, as judges favour a place (arXiv 2305.17926,
//! 2406.07791). Who is better in both wins; all else, a verdict that flips with the order above all,
//! is a tie (as in arXiv 2306.05685), and the earlier answer goes on.
//!
//! It is a knockout and not everybody against everybody because ballots of a free question are often
//! all different: twenty drafts cost 38 judgements instead of 380.

use patterns_core::Agent;

use super::count::count_answers;
use super::rule::{Rule, Ruling};
use super::tie_break::{Decision, TieBreak};
use crate::voting::ballot::Ballot;
use crate::voting::judge::{
    JudgeTask, Judged, JudgedAnswer, JudgedBy, Judgement, Judgements, Pair,
};

/// The best answer wins: a judge compares answers in pairs, each pair in both orders. Who loses is out,
/// so n answers cost 2 (n − 1) calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BestOf<J>(J);

impl<J> BestOf<J> {
    /// The name under which the rule is written.
    pub const NAME: &'static str = "best-of";

    /// Makes the rule with its judge; see [`judge_agent`](crate::voting::judge_agent).
    pub fn new(judge: J) -> Self {
        Self(judge)
    }
}

impl<J: Agent<JudgeTask, Judgement>> Rule for BestOf<J> {
    type Winner = String;
    type Detail = Judged;

    fn decide(
        &self,
        ballots: &[Ballot],
        tie_break: TieBreak,
        judgements: &Judgements,
    ) -> Ruling<String, Judged> {
        let answers = count_answers(ballots);
        let knockout = Knockout::new(answers.len(), judgements);
        let judged = knockout.order.iter().map(|place| JudgedAnswer {
            answer: answers[*place].answer.clone(),
            votes: answers[*place].votes,
            wins: Some(knockout.wins(*place)),
            same: Vec::new(),
        });
        let (decision, flipped) = (knockout.decision(tie_break, judgements), knockout.flipped);
        judgements.ruling(JudgedBy::BestOf, decision, judged.collect(), Some(flipped))
    }

    fn judge(&self) -> Option<(JudgedBy, &dyn Agent<JudgeTask, Judgement>)> {
        Some((JudgedBy::BestOf, &self.0))
    }

    fn to_judge(&self, answers: usize, judgements: &Judgements) -> Vec<(usize, usize)> {
        Knockout::new(answers, judgements).due
    }
}

/// A knockout as far as it has been judged.
#[derive(Clone, Debug, PartialEq)]
struct Knockout {
    /// What is to be judged before it can go on.
    due: Vec<Pair>,
    /// All entrants, the best first. Those who went out in the same round keep their order.
    order: Vec<usize>,
    /// Who won each pair; of a tie, `None` with the earlier one.
    ends: Vec<(Option<usize>, usize)>,
    /// How many pairs got another verdict in the other order.
    flipped: u64,
}

/// Who has a place in the tree of a knockout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Not decided yet.
    Open,
    /// Nobody: who would meet nobody goes on.
    Free,
    Taken(usize),
}

impl Knockout {
    /// Plays it with what has been judged. The places are a binary tree: the children of place `n` are
    /// `2n` and `2n + 1`; place 1 is the winner's, and the leaves are the second half. Where entrants
    /// don't come out even, the first ones go on without a pair.
    fn new(entrants: usize, judgements: &Judgements) -> Self {
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
        let mut knockout = Self {
            due: Vec::new(),
            order: Vec::new(),
            ends: Vec::new(),
            flipped: 0,
        };
        for place in (1..leaves).rev() {
            places[place] = match (places[2 * place], places[2 * place + 1]) {
                (Place::Open, _) | (_, Place::Open) => Place::Open,
                (Place::Free, other) | (other, Place::Free) => other,
                (Place::Taken(a), Place::Taken(b)) => knockout.meet(a.min(b), a.max(b), judgements),
            };
        }
        knockout.order = order(entrants, &places);
        knockout
    }

    /// Returns who of two entrants goes on, the earlier one first.
    fn meet(&mut self, a: usize, b: usize, judgements: &Judgements) -> Place {
        use Judgement::{First, Second};
        let (forward, backward) = (judgements.get((a, b)), judgements.get((b, a)));
        let (Some(forward), Some(backward)) = (forward, backward) else {
            self.due.extend(forward.is_none().then_some((a, b)));
            self.due.extend(backward.is_none().then_some((b, a)));
            return Place::Open;
        };
        // A judgement that failed prefers neither.
        let winner = match (forward, backward) {
            (Some(First), Some(Second)) => Some(a),
            (Some(Second), Some(First)) => Some(b),
            _ => None,
        };
        // Then the judge preferred a place, not an answer.
        let is_flipped = forward == backward && matches!(forward, Some(First | Second));
        self.flipped += u64::from(is_flipped);
        self.ends.push((winner, a));
        Place::Taken(winner.unwrap_or(a))
    }

    /// It is a tie if the winner came through a pair without a winner as the earlier one. A judge that
    /// says nothing at all has not chosen.
    fn decision(&self, tie_break: TieBreak, judgements: &Judgements) -> Decision {
        match self.order.first() {
            None => Decision::QuorumMissed,
            Some(_) if judgements.is_mute() || !self.due.is_empty() => Decision::NotJudged,
            Some(first) => tie_break.decide(self.ends.contains(&(None, *first))),
        }
    }

    /// Returns how many pairs an entrant won.
    fn wins(&self, entrant: usize) -> u64 {
        let won = self.ends.iter().filter(|it| it.0 == Some(entrant));
        won.count() as u64
    }
}

/// Orders entrants by how many steps below the top they came.
fn order(entrants: usize, places: &[Place]) -> Vec<usize> {
    let mut depths = vec![u32::MAX; entrants];
    for (number, place) in places.iter().enumerate().skip(1) {
        if let Place::Taken(entrant) = place {
            depths[*entrant] = depths[*entrant].min(number.ilog2());
        }
    }
    let mut order: Vec<usize> = (0..entrants).collect();
    order.sort_by_key(|it| depths[*it]);
    order
}

#[cfg(test)]
mod tests;

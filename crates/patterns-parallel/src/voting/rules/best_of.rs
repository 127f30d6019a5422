//! Decides for the best answer, by a knockout of pairwise judgements.
//!
//! Each pair is judged twice, once in each order, as judges favour a place (arXiv 2305.17926,
//! 2406.07791). Who is better in both wins; all else, a verdict that flips with the order above all,
//! is a tie (as in arXiv 2306.05685), and the earlier answer goes on.
//!
//! It is a knockout and not everybody against everybody because ballots of a free question are often
//! all different: twenty drafts cost 38 judgements instead of 380.

use std::cmp::Reverse;
use std::sync::Arc;

use patterns_core::{Agent, Model};

use super::count::{AnswerCount, count_answers};
use super::tie_break::{Decision, TieBreak};
use super::{Rule, Ruling};
use crate::AgentOptions;
use crate::voting::judge::{Judge, JudgeTask, Judgement, Judgements, Pair, judge_of_better};
use crate::voting::question::Ballot;

/// The best answer wins: a judge compares answers in pairs, each pair in both orders. Who loses is out,
/// so n answers cost 2 (n − 1) calls.
#[derive(Clone, Debug)]
pub struct BestOf(Judge);

impl BestOf {
    /// The name under which the rule is written.
    pub const NAME: &'static str = "best-of";

    /// Makes the rule with its judge, who says which of two answers is better.
    pub fn new(judge: impl Agent<JudgeTask, Judgement> + 'static) -> Self {
        Self(Arc::new(judge))
    }

    /// Makes the rule with a model as the judge.
    pub fn by_model(model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        Self(judge_of_better(model, options))
    }
}

impl Rule for BestOf {
    type Winner = String;

    fn decide(
        &self,
        ballots: &[Ballot],
        tie_break: TieBreak,
        judgements: &Judgements,
    ) -> Ruling<String> {
        let answers = count_answers(ballots);
        let knockout = Knockout::new(answers.len(), judgements);
        let judged = knockout.order.iter().map(|place| AnswerCount {
            wins: Some(knockout.wins(*place)),
            ..answers[*place].clone()
        });
        let (decision, flipped) = (knockout.decision(tie_break, judgements), knockout.flipped);
        let judged = judged.collect();
        Ruling::judged(Self::NAME, decision, judged, Some(flipped), judgements)
    }

    fn judge(&self) -> Option<&dyn Agent<JudgeTask, Judgement>> {
        Some(&*self.0)
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

impl Knockout {
    /// Plays it with what has been judged, round by round. Where entrants don't come out even, the first ones
    /// go on without a pair.
    fn new(entrants: usize, judgements: &Judgements) -> Self {
        let mut knockout = Self {
            due: Vec::new(),
            order: (0..entrants).collect(),
            ends: Vec::new(),
            flipped: 0,
        };
        let mut free = entrants.next_power_of_two() - entrants;
        // Who goes on, as far as that is decided.
        let mut round: Vec<Option<usize>> = (0..entrants).map(Some).collect();
        let mut rounds = vec![0; entrants];
        while round.len() > 1 {
            let (going_on, meeting) = round.split_at(free);
            let met = meeting.chunks(2).map(|pair| match *pair {
                [Some(a), Some(b)] => knockout.meet(a.min(b), a.max(b), judgements),
                _ => None,
            });
            round = going_on.iter().copied().chain(met).collect();
            free = 0;
            round.iter().flatten().for_each(|it| rounds[*it] += 1);
        }
        knockout.order.sort_by_key(|it| Reverse(rounds[*it]));
        knockout
    }

    /// Returns who of two entrants goes on, the earlier one first; `None` as long as that is not judged.
    fn meet(&mut self, a: usize, b: usize, judgements: &Judgements) -> Option<usize> {
        use Judgement::{First, Second};
        let (forward, backward) = (judgements.get(&(a, b)), judgements.get(&(b, a)));
        let (Some(forward), Some(backward)) = (forward, backward) else {
            self.due.extend(forward.is_none().then_some((a, b)));
            self.due.extend(backward.is_none().then_some((b, a)));
            return None;
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
        Some(winner.unwrap_or(a))
    }

    /// It is a tie if the winner came through a pair without a winner as the earlier one. A judge that
    /// says nothing at all has not chosen.
    fn decision(&self, tie_break: TieBreak, judgements: &Judgements) -> Decision {
        let is_mute = !judgements.is_empty() && judgements.values().all(Option::is_none);
        match self.order.first() {
            None => Decision::QuorumMissed,
            Some(_) if is_mute || !self.due.is_empty() => Decision::NotJudged,
            Some(first) => tie_break.decide(self.ends.contains(&(None, *first))),
        }
    }

    /// Returns how many pairs an entrant won.
    fn wins(&self, entrant: usize) -> u64 {
        let won = self.ends.iter().filter(|it| it.0 == Some(entrant));
        won.count() as u64
    }
}

#[cfg(test)]
mod tests;

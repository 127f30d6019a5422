//! Decides for the meaning with the most votes: answers that a judge finds to say the same count
//! together. For free text; semantic clusters are those of arXiv 2302.09664.

use std::cmp::Reverse;
use std::sync::Arc;

use patterns_core::text::classes;
use patterns_core::{Agent, Model};

use super::count::{AnswerCount, count_answers};
use super::tie_break::{Decision, TieBreak};
use super::{Rule, Ruling};
use crate::AgentOptions;
use crate::voting::judge::{Judge, JudgeTask, Judgement, Judgements, judge_of_meaning};
use crate::voting::question::Ballot;

/// Answers of which each two are compared; each further one would cost a call for every other.
const MOST_COMPARED: usize = 10;

/// Answers that mean the same count together; then the most votes win. One call for each two of the
/// ten most frequent answers; others stay apart.
#[derive(Clone, Debug)]
pub struct SameMeaning(Judge);

impl SameMeaning {
    /// The name under which the rule is written.
    pub const NAME: &'static str = "same-meaning";

    /// Makes the rule with its judge, who says whether answers mean the same.
    pub fn new(judge: impl Agent<JudgeTask, Judgement> + 'static) -> Self {
        Self(Arc::new(judge))
    }

    /// Makes the rule with a model as the judge.
    pub fn by_model(model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        Self(judge_of_meaning(model, options))
    }
}

impl Rule for SameMeaning {
    type Winner = String;

    fn decide(
        &self,
        ballots: &[Ballot],
        tie_break: TieBreak,
        judgements: &Judgements,
    ) -> Ruling<String> {
        let answers = count_answers(ballots);
        let is_open = !self.to_judge(answers.len(), judgements).is_empty();
        let judged = meanings(&answers, judgements);
        let decision = match judged.as_slice() {
            [] => Decision::QuorumMissed,
            _ if is_open => Decision::NotJudged,
            [_] => Decision::Won,
            [first, second, ..] => tie_break.decide(first.votes == second.votes),
        };
        Ruling::judged(Self::NAME, decision, judged, None, judgements)
    }

    fn judge(&self) -> Option<&dyn Agent<JudgeTask, Judgement>> {
        Some(&*self.0)
    }

    fn to_judge(&self, answers: usize, judgements: &Judgements) -> Vec<(usize, usize)> {
        let compared = answers.min(MOST_COMPARED);
        let pairs = (0..compared).flat_map(|a| (a + 1..compared).map(move |b| (a, b)));
        pairs.filter(|it| !judgements.contains_key(it)).collect()
    }
}

/// Joins answers that mean the same under the most frequent of them; most votes first, of equals the
/// one that was seen first.
fn meanings(answers: &[AnswerCount], judgements: &Judgements) -> Vec<AnswerCount> {
    let said = |what: Judgement| {
        let said = judgements.iter().filter(move |it| *it.1 == Some(what));
        said.map(|it| *it.0)
    };
    let different: Vec<_> = said(Judgement::Different).collect();
    let heads = classes(answers.len(), said(Judgement::Same), &different).heads;
    let heads = heads.as_slice();
    let members = |head: usize| (0..answers.len()).filter(move |it| heads[*it] == head);
    let mut meanings: Vec<AnswerCount> = (0..answers.len())
        .filter(|it| members(*it).next().is_some())
        .map(|head| AnswerCount {
            answer: answers[head].answer.clone(),
            votes: members(head).map(|it| answers[it].votes).sum(),
            same: members(head)
                .skip(1)
                .map(|it| answers[it].answer.clone())
                .collect(),
            ..AnswerCount::default()
        })
        .collect();
    meanings.sort_by_key(|it| Reverse(it.votes));
    meanings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_as_a_third_is_the_same_unless_the_judge_denies_it() {
        let answers = [("a", 1), ("b", 1), ("c", 1), ("d", 2)].map(|(answer, votes)| AnswerCount {
            answer: answer.to_owned(),
            votes,
            ..AnswerCount::default()
        });
        let found = |a_and_b: Option<Judgement>| {
            let (same, different) = (Some(Judgement::Same), Some(Judgement::Different));
            let said = [
                ((0, 1), a_and_b),
                ((0, 2), same),
                ((0, 3), different),
                ((1, 2), same),
            ];
            let meanings = meanings(&answers, &Judgements::from(said));
            let shown = meanings
                .iter()
                .map(|it| format!("{} {} {:?}", it.answer, it.votes, it.same));
            shown.collect::<Vec<_>>()
        };
        assert_eq!(found(None), [r#"a 3 ["b", "c"]"#, "d 2 []"]);
        let apart = [r#"a 2 ["c"]"#, "d 2 []", "b 1 []"];
        assert_eq!(found(Some(Judgement::Different)), apart);
    }
}

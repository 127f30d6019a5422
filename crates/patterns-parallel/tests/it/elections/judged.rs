//! Elections that a judge decides, and those that go to a stronger voter.

use std::sync::Arc;

use futures_util::stream;
use patterns_core::{ModelErrorKind, StepRole};
use patterns_parallel::voting::{
    BallotTask, BestOf, Decision, Election, JudgeTask, Judged, JudgedBy, Judgement, Rule,
    SameMeaning, Voter,
};
use patterns_parallel::{Plurality, Question, RunOptions, Voting};
use patterns_testkit::ScriptedAgent;

use super::{agent, samples};
use crate::support::{failure, hand_over, logged, nonzero, panel};

/// Judges by length: the longer, the better; answers with the same first letter mean the same.
fn judge() -> ScriptedAgent<JudgeTask, Judgement> {
    ScriptedAgent::new(|task: &JudgeTask| {
        let (first, second) = (&task.first, &task.second);
        match task.by {
            JudgedBy::BestOf if first == "lost" => Err(failure(ModelErrorKind::Refused)),
            JudgedBy::BestOf if first.len() < second.len() => Ok(Judgement::Second),
            // Of two as long, it likes what it sees first.
            JudgedBy::BestOf => Ok(Judgement::First),
            JudgedBy::SameMeaning if first.as_bytes()[0] == second.as_bytes()[0] => {
                Ok(Judgement::Same)
            }
            JudgedBy::SameMeaning => Ok(Judgement::Different),
        }
    })
}

type Judge = Arc<ScriptedAgent<JudgeTask, Judgement>>;

async fn held<R>(rule: fn(Judge) -> R, answers: &[&str]) -> (Election<String, Judged>, usize)
where
    R: Rule<Winner = String, Detail = Judged>,
{
    let voters = agent(answers.iter().map(|it| ((*it).to_owned(), 1)).collect());
    let judge = Arc::new(judge());
    let rule = rule(Arc::clone(&judge));
    let voting = Voting::new(samples(voters), rule).voters(nonzero(answers.len()));
    let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
    assert_eq!(outcome.steps.len(), judge.inputs().len());
    assert!(outcome.steps.iter().all(|it| it.role == StepRole::Judge));
    assert_eq!(outcome.branches.len(), answers.len());
    (outcome.value.unwrap(), judge.inputs().len())
}

/// Checks the winner and its votes; four distinct answers are asked about six times.
async fn check<R>(rule: fn(Judge) -> R, winner: &str, votes: u64)
where
    R: Rule<Winner = String, Detail = Judged>,
{
    let (election, calls) = held(rule, &["aa", "b", "aa", "cccc", "a"]).await;
    assert_eq!(election.winning_answer.as_deref(), Some(winner));
    assert_eq!(election.decision, Decision::Won, "{winner}");
    assert_eq!((election.vote_count, election.total_votes), (votes, 5));
    assert_eq!(calls, 6, "{winner}");
    let (election, calls) = held(rule, &["aa", "AA", "aa."]).await;
    assert_eq!(election.winning_answer.as_deref(), Some("aa"), "{winner}");
    assert_eq!(calls, 0, "one answer needs no judge: {winner}");
}

#[tokio::test(start_paused = true)]
async fn each_rule_asks_what_it_says_and_no_more() {
    check(BestOf::new, "cccc", 1).await;
    check(SameMeaning::new, "aa", 3).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_judge_found_is_told() {
    let same = held(SameMeaning::new, &["aa", "ab", "b", "aa"]).await.0;
    let same = same.detail.unwrap();
    assert_eq!(same.answers[0].same, ["ab"]);
    assert_eq!((same.answers[0].votes, same.answers[1].votes), (3, 1));
    let best = held(BestOf::new, &["a", "bbb", "lost"]).await.0;
    let best = best.detail.unwrap();
    let wins: Vec<_> = best.answers.iter().map(|it| it.wins).collect();
    // A judgement that fails makes a tie, and the earlier one goes on.
    assert_eq!(wins, [Some(1), Some(0), Some(0)]);
    assert_eq!((best.judgements, best.failed), (4, 1));
    assert_eq!(best.answers[0].answer, "bbb");
    // A verdict that flips with the order is a tie.
    let flipped = held(BestOf::new, &["aa", "bb"]).await.0;
    assert_eq!(flipped.decision, Decision::WonByTieBreak);
    assert_eq!(flipped.detail.unwrap().flipped, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_judge_that_says_nothing_decides_nothing() {
    let voters = agent(vec![("a".to_owned(), 1), ("b".to_owned(), 1)]);
    let mute = ScriptedAgent::new(|_: &JudgeTask| Err(failure(ModelErrorKind::Refused)));
    let voting = Voting::new(samples(voters), BestOf::new(mute)).voters(nonzero(2));
    let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
    let election = outcome.value.unwrap();
    assert_eq!(election.decision, Decision::NotJudged);
    assert_eq!(election.winning_answer, None);
    assert!(outcome.counts.failed > 0);
}

#[tokio::test(start_paused = true)]
async fn the_stronger_voter_is_asked_only_where_there_is_no_consensus() {
    let agent = ScriptedAgent::new(|task: &BallotTask| {
        let is_torn = task.question.text.starts_with("torn") && task.sample % 2 == 1;
        Ok(if is_torn { "no" } else { "yes" }.to_owned())
    });
    let strong = ScriptedAgent::new(|task: &BallotTask| match &*task.question.text {
        "torn, hopeless" => Err(failure(ModelErrorKind::Refused)),
        _ => Ok("perhaps".to_owned()),
    });
    let strong = Arc::new(strong);
    let voting = Voting::new(panel(agent), Plurality::majority())
        .voters(nonzero(4))
        .escalate_to(Voter::new(Arc::clone(&strong)).named("strong"));
    let questions =
        ["clear", "torn", "torn, hopeless"].map(|it| (it.to_owned(), Question::new(it)));
    let mut seen = Vec::new();
    let outcome = hand_over(
        voting.run_batch(stream::iter(questions), &logged(8).0),
        |it| {
            let voter = it.election.escalation.map(|it| it.voter);
            seen.push((it.election.winning_answer, it.election.decision, voter));
        },
    )
    .await
    .unwrap();
    let strong_name = Some("strong".to_owned());
    let expected = [
        (Some("yes".to_owned()), Decision::Won, None),
        (
            Some("perhaps".to_owned()),
            Decision::Escalated,
            strong_name.clone(),
        ),
        (None, Decision::ThresholdMissed, strong_name),
    ];
    assert_eq!(seen, expected);
    assert_eq!(strong.inputs().len(), 2);
    let tally = outcome.value.unwrap();
    assert_eq!((tally.decided, tally.undecided), (2, 1));
    // Answered calls to the stronger voter are steps that a batch does not keep.
    assert_eq!((outcome.steps.len(), outcome.counts.failed), (1, 1));
}

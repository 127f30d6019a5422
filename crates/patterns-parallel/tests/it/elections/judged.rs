//! Elections that a judge decides, and those that go to a stronger voter.

use std::sync::Arc;

use futures_util::stream;
use patterns_core::{ModelErrorKind, StepRole};
use patterns_parallel::voting::{
    AnswerCount, BallotTask, BestOf, Decision, Detail, Election, JudgeTask, Judgement, Rule,
    SameMeaning, Voter,
};
use patterns_parallel::{Plurality, Question, RunOptions, Voting};
use patterns_testkit::ScriptedAgent;

use super::{agent, samples};
use crate::support::{failure, hand_over, logged, nonzero, panel};

/// Judges by length: the longer, the better. Of two as long, it likes what it sees first.
fn judge_of_length() -> ScriptedAgent<JudgeTask, Judgement> {
    ScriptedAgent::new(|task: &JudgeTask| match (&task.first, &task.second) {
        (first, _) if first == "lost" => Err(failure(ModelErrorKind::Refused)),
        (first, second) if first.len() < second.len() => Ok(Judgement::Second),
        _ => Ok(Judgement::First),
    })
}

/// To this judge answers with the same first letter mean the same.
fn judge_of_letters() -> ScriptedAgent<JudgeTask, Judgement> {
    ScriptedAgent::new(|task: &JudgeTask| {
        let is_same = task.first.as_bytes()[0] == task.second.as_bytes()[0];
        Ok(match is_same {
            true => Judgement::Same,
            false => Judgement::Different,
        })
    })
}

type Judge = ScriptedAgent<JudgeTask, Judgement>;

async fn best_of(answers: &[&str]) -> (Election, usize) {
    held(BestOf::new, judge_of_length(), answers).await
}

async fn same_meaning(answers: &[&str]) -> (Election, usize) {
    held(SameMeaning::new, judge_of_letters(), answers).await
}

async fn held<R>(rule: fn(Arc<Judge>) -> R, judge: Judge, answers: &[&str]) -> (Election, usize)
where
    R: Rule<Winner = String>,
{
    let voters = agent(answers.iter().map(|it| ((*it).to_owned(), 1)).collect());
    let judge = Arc::new(judge);
    let rule = rule(Arc::clone(&judge));
    let voting = Voting::new(samples(voters), rule).voters(nonzero(answers.len()));
    let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
    assert_eq!(outcome.steps.len(), judge.inputs().len());
    assert!(outcome.steps.iter().all(|it| it.role == StepRole::Judge));
    assert_eq!(outcome.branches.len(), answers.len());
    (outcome.value.unwrap(), judge.inputs().len())
}

const DISTINCT: [&str; 5] = ["aa", "b", "aa", "cccc", "a"];
const EQUAL: [&str; 3] = ["aa", "AA", "aa."];

/// Checks the winner and its votes; four distinct answers are asked about six times.
fn check(
    (election, calls): (Election, usize),
    (equal, none): (Election, usize),
    winner: &str,
    votes: u64,
) {
    assert_eq!(election.winning_answer.as_deref(), Some(winner));
    assert_eq!(election.decision, Decision::Won, "{winner}");
    assert_eq!((election.vote_count, election.total_votes), (votes, 5));
    assert_eq!(calls, 6, "{winner}");
    assert_eq!(equal.winning_answer.as_deref(), Some("aa"), "{winner}");
    assert_eq!(none, 0, "one answer needs no judge: {winner}");
}

#[tokio::test(start_paused = true)]
async fn each_rule_asks_what_it_says_and_no_more() {
    check(best_of(&DISTINCT).await, best_of(&EQUAL).await, "cccc", 1);
    let equal = same_meaning(&EQUAL).await;
    check(same_meaning(&DISTINCT).await, equal, "aa", 3);
}

#[tokio::test(start_paused = true)]
async fn what_the_judge_found_is_told() {
    let (same, ..) = judged(same_meaning(&["aa", "ab", "b", "aa"]).await.0);
    assert_eq!(same[0].same, ["ab"]);
    assert_eq!((same[0].votes, same[1].votes), (3, 1));
    let (best, judgements, failed, _) = judged(best_of(&["a", "bbb", "lost"]).await.0);
    let wins: Vec<_> = best.iter().map(|it| it.wins).collect();
    // A judgement that fails makes a tie, and the earlier one goes on.
    assert_eq!(wins, [Some(1), Some(0), Some(0)]);
    assert_eq!((judgements, failed), (4, 1));
    assert_eq!(best[0].answer, "bbb");
    // A verdict that flips with the order is a tie.
    let flipped = best_of(&["aa", "bb"]).await.0;
    assert_eq!(flipped.decision, Decision::WonByTieBreak);
    assert_eq!(judged(flipped).3, Some(1));
}

/// Returns the answers, how many judgements there were, how many failed, and how many pairs were flipped.
fn judged(election: Election) -> (Vec<AnswerCount>, u64, u64, Option<u64>) {
    match election.detail {
        Some(Detail::Judged {
            answers,
            judgements,
            failed,
            flipped,
            ..
        }) => (answers, judgements, failed, flipped),
        other => panic!("{other:?}"),
    }
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

//! A batch whose elections share calls: where they go, and that it does not depend on who is quick.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use patterns_core::{AgentErrorKind, ModelErrorKind};
use patterns_parallel::voting::{Asking, BallotTask, Decision, Election, StopReason, StoppingRule};
use patterns_parallel::{Plurality, Question, RunError, Voting};
use patterns_testkit::ScriptedAgent;
use proptest::prelude::*;

use crate::support::{failure, hand_over, logged, nonzero, panel};

fn shared(calls: u64) -> Asking {
    Asking::SharedCalls(NonZeroU64::new(calls).expect("a call"))
}

/// Holds a batch in which voter n answers a question with its letter n, over and over.
fn held(
    questions: &[String],
    calls: u64,
    latency: impl Fn(&BallotTask) -> u64 + Send + Sync + 'static,
    concurrency: usize,
) -> Vec<Election> {
    let agent = ScriptedAgent::new(|task: &BallotTask| {
        let letters: Vec<char> = task.question.text.chars().collect();
        Ok(letters[task.sample as usize % letters.len()].to_string())
    });
    let agent = Arc::new(agent.latency(move |task| Duration::from_millis(latency(task))));
    let voting = Voting::new(panel(Arc::clone(&agent)), Plurality::new())
        .voters(nonzero(9))
        .asking(shared(calls));
    let questions: Vec<_> = questions
        .iter()
        .map(|it| (String::new(), Question::new(it.clone())))
        .collect();
    let (options, _) = logged(concurrency);
    let mut elections = Vec::new();
    let run = hand_over(voting.run_batch(stream::iter(questions), &options), |it| {
        elections.push(it.election);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let outcome = runtime.block_on(run).unwrap();
    let tally = outcome.value.unwrap();
    let spent = |it: &&Election| it.stop_reason == StopReason::CallsSpent;
    let spent = elections.iter().filter(spent).count() as u64;
    assert_eq!(tally.cut_short + tally.unasked, spent);
    assert_eq!(outcome.counts.started, agent.inputs().len() as u64);
    elections
}

fn texts(questions: &[&str]) -> Vec<String> {
    questions.iter().map(|it| (*it).to_owned()).collect()
}

fn asked(elections: &[Election]) -> Vec<usize> {
    elections.iter().map(|it| it.ballots.len()).collect()
}

#[test]
fn calls_go_where_they_help() {
    let questions = texts(&["a", "a", "ab", "a", "a", "aab", "a", "a"]);
    let elections = held(&questions, 32, |_| 1, 8);
    let calls = asked(&elections);
    assert_eq!(calls.iter().sum::<usize>(), 32, "{calls:?}");
    // Who agrees gets fewer than an equal share, who is torn more.
    for (question, calls) in questions.iter().zip(&calls) {
        let (few, many) = (*calls < 4, *calls > 4);
        assert!(
            if question == "a" { few } else { many },
            "{question}: {calls}"
        );
    }
    let reasons = elections.iter().map(|it| it.stop_reason);
    assert!(reasons.clone().any(|it| it == StopReason::CallsSpent));
}

#[test]
fn with_calls_enough_nobody_is_cut_short() {
    let elections = held(&texts(&["a", "ab", "abc"]), 1000, |_| 1, 8);
    assert_eq!(asked(&elections), [5, 9, 9]);
    let winners: Vec<_> = elections
        .iter()
        .map(|it| it.winning_answer.as_deref())
        .collect();
    assert_eq!(winners, [Some("a"); 3]);
}

#[test]
fn without_a_call_for_everybody_some_have_no_ballot() {
    let elections = held(&texts(&["a", "a", "a"]), 2, |_| 1, 8);
    assert_eq!(asked(&elections), [1, 1, 0]);
    assert_eq!(elections[2].winning_answer, None);
    assert_eq!(elections[2].decision, Decision::NotAsked);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_ended_hands_over_the_questions_that_it_put_to_nobody() {
    let (mut options, _) = logged(1);
    options.drain = tokio_util::sync::CancellationToken::new();
    let drain = options.drain.clone();
    let agent = ScriptedAgent::new(move |task: &BallotTask| {
        if task.question.text == "2" {
            drain.cancel();
        }
        Ok("a".to_owned())
    });
    let voting = Voting::new(panel(agent), Plurality::new());
    let voting = voting.voters(nonzero(9)).asking(shared(100));
    let questions = (0..5).map(|n| (n.to_string(), Question::new(n.to_string())));
    let mut seen = Vec::new();
    let run = hand_over(voting.run_batch(stream::iter(questions), &options), |it| {
        assert_ne!(it.election.stop_reason, StopReason::CallsSpent);
        seen.push((it.id, it.election.decision));
    });
    assert!(run.await.unwrap().value.is_err());
    let not_asked = ["3", "4"].map(|it| (it.to_owned(), Decision::NotAsked));
    assert_eq!(seen, not_asked);
}

/// A budget that is used up is what shared calls are for, not a failure.
#[tokio::test(start_paused = true)]
async fn the_end_of_the_budget_ends_all_elections_by_the_ballots_that_are_in() {
    let budget = Arc::new(std::sync::atomic::AtomicI64::new(7));
    let agent = ScriptedAgent::new(move |_: &BallotTask| {
        match budget.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) {
            1.. => Ok("a".to_owned()),
            _ => Err(failure(ModelErrorKind::BudgetExhausted)),
        }
    });
    let voting = Voting::new(panel(agent), Plurality::new());
    let voting = voting.voters(nonzero(9)).asking(shared(u64::MAX));
    let questions = (0..5).map(|n| (n.to_string(), Question::new("Well?")));
    let (options, _) = logged(8);
    let mut ballots = 0;
    let run = hand_over(voting.run_batch(stream::iter(questions), &options), |it| {
        assert_eq!(it.election.stop_reason, StopReason::CallsSpent);
        assert_eq!(it.election.abstentions, 0);
        ballots += it.election.ballots.len();
    });
    let outcome = run.await.unwrap();
    assert_eq!((outcome.value.unwrap().cut_short, ballots), (5, 7));
    assert_eq!((outcome.counts.answered, outcome.counts.failed), (7, 0));
}

#[tokio::test]
async fn a_budget_that_allows_no_call_is_to_blame_for_that() {
    let agent = ScriptedAgent::new(|_: &BallotTask| -> Result<String, _> {
        Err(failure(ModelErrorKind::BudgetExhausted))
    });
    let voting = Voting::new(panel(agent), Plurality::new());
    let voting = voting.asking(shared(u64::MAX));
    let questions = stream::iter([(String::new(), Question::new("Well?"))]);
    let run = voting.run_batch(questions, &logged(8).0).await;
    let error = run.unwrap().value.unwrap_err();
    let cause = error.agent_error().map(|it| it.kind());
    let out_of_budget = AgentErrorKind::Model(ModelErrorKind::BudgetExhausted);
    assert_eq!(cause, Some(out_of_budget));
}

#[tokio::test]
async fn shares_that_cannot_be_are_refused() {
    let voting = || {
        let agent = ScriptedAgent::new(|_: &BallotTask| Ok("a".to_owned()));
        Voting::new(panel(agent), Plurality::new())
    };
    let refused = async |voting: Voting<String>| {
        let questions = stream::iter([(String::new(), Question::new("Well?"))]);
        let run = voting.run_batch(questions, &logged(1).0).await;
        run.unwrap_err()
    };
    let many = voting()
        .stop_by(StoppingRule::Exact)
        .voters(nonzero(101))
        .asking(shared(9));
    assert!(matches!(refused(many).await, RunError::Part(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn who_is_quick_changes_nothing(
        questions in prop::collection::vec("[abc]{1,4}", 1..24),
        calls in 1..100_u64,
        seed in any::<u64>(),
        concurrency in 1..20_usize,
    ) {
        let one = held(&questions, calls, |_| 1, 4);
        let other = held(&questions, calls, move |task| {
            let text = format!("{seed} {} {}", task.question.text, task.sample);
            text.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte)) % 97
        }, concurrency);
        prop_assert!(asked(&one).iter().sum::<usize>() as u64 <= calls);
        prop_assert_eq!(one, other);
    }
}

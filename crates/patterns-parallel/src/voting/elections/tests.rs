//! Properties of elections under way, driven without a runtime: branches end in any order.

use std::num::{NonZeroU64, NonZeroUsize};
use std::task::Waker;

use futures_util::stream;
use patterns_core::{Counts, Outcome, Usage};
use patterns_testkit::ScriptedAgent;
use proptest::prelude::*;

use super::*;
use crate::RunOptions;
use crate::voting::judge::{JudgeTask, Judgement};
use crate::voting::panel::Panel;
use crate::voting::question::BallotTask;
use crate::voting::rules::{BestOf, Detail, Plurality, TieBreak};
use crate::voting::stop::StoppingRule;
use crate::voting::{Election, Voter};

/// A panel that nobody asks: the tests say what it answers.
fn panel() -> Panel<String> {
    let agent = ScriptedAgent::new(|_: &BallotTask| Ok(String::new()));
    Panel::new([Voter::new(agent)], |answer: &String| {
        (answer != "?").then(|| answer.clone())
    })
}

fn voting(stopping: &str, asking: Asking) -> Voting<String, Plurality> {
    let stopping: StoppingRule = stopping.parse().unwrap();
    Voting::new(panel(), Plurality::new())
        .voters(NonZeroUsize::new(9).unwrap())
        .stop_by(stopping)
        .asking(asking)
}

/// What came of elections, and of their branches.
type Held<R> = (Vec<Election<<R as Rule>::Winner>>, Counts);

/// Holds an election on each question, whose letters its voters answer with, again and again; the
/// judge likes the first answer of the alphabet. Branches end in the order of `picks`.
fn hold<R: Rule>(voting: &Voting<String, R>, questions: &[String], picks: &[usize]) -> Held<R> {
    let options = RunOptions::default();
    let asked = questions
        .iter()
        .map(|it| (it.clone(), Question::new(it.as_str())));
    let asked = stream::iter(asked.collect::<Vec<_>>());
    let mut machine = voting.elections(asked, &options, true, ()).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut under_way: Vec<(BranchId, DueTask<'_, String>)> = Vec::new();
    let mut over = Vec::new();
    let mut next = 0;
    for pick in picks.iter().cycle() {
        while under_way.len() < 5 {
            let Poll::Ready(Some(due)) = machine.due(BranchId(next), &mut cx) else {
                break;
            };
            under_way.push((BranchId(next), due));
            next += 1;
        }
        if under_way.is_empty() {
            break;
        }
        let (id, due) = under_way.swap_remove(pick % under_way.len());
        let done = BranchEnd::Answered(answer(&due));
        let mut needless = machine.ended(due.purpose, branch(id, &due, done));
        while let Some(id) = needless.pop() {
            // It may be named again while others are cancelled.
            let Some(at) = under_way.iter().position(|it| it.0 == id) else {
                continue;
            };
            let (id, due) = under_way.swap_remove(at);
            needless.extend(machine.ended(due.purpose, branch(id, &due, BranchEnd::Cancelled)));
        }
        over.extend(std::iter::from_fn(|| machine.over.next()));
    }
    assert!(matches!(
        machine.due(BranchId(next), &mut cx),
        Poll::Ready(None)
    ));
    machine.stop(None);
    assert!(machine.over.next().is_none());
    let ids: Vec<&String> = over.iter().map(|it| &it.id).collect();
    assert_eq!(ids, questions.iter().collect::<Vec<_>>(), "in their order");
    let elections = over
        .into_iter()
        .map(|it| voting.decide(it, None).0)
        .collect();
    let outcome: Outcome<(), ()> = machine.run.finish(Ok(()), Vec::new());
    assert_eq!(outcome.counts.started, next);
    (elections, outcome.counts)
}

fn answer(due: &DueTask<'_, String>) -> Done<String> {
    match &due.work {
        Work::Vote(..) if due.role == StepRole::Judge => Done::Ballot("escalated".to_owned()),
        Work::Vote(_, task) => {
            let letters: Vec<char> = task.question.text.chars().collect();
            Done::Ballot(letters[task.sample as usize % letters.len()].to_string())
        }
        Work::Judge(_, task) => Done::Judgement(match task.first < task.second {
            true => Judgement::First,
            false => Judgement::Second,
        }),
    }
}

fn branch(
    id: BranchId,
    due: &DueTask<'_, String>,
    end: BranchEnd<Done<String>>,
) -> Branch<Done<String>> {
    Branch {
        id,
        role: due.role,
        label: due.label.clone(),
        usage: Usage::default(),
        end,
        columns: None,
    }
}

fn questions() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[abc?]{1,5}", 1..12)
}

fn picks() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..99_usize, 1..40)
}

fn stopping() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["fixed", "exact", "ahead-by:2", "adaptive:0.9"][..])
}

fn askings() -> impl Strategy<Value = Asking> {
    let streaming = (0..4_u64).prop_map(|spare| Asking::Streaming { spare });
    let shared = (1..60_u64).prop_map(|it| Asking::SharedCalls(NonZeroU64::new(it).unwrap()));
    prop_oneof![Just(Asking::Waves), streaming, shared]
}

proptest! {
    #[test]
    fn who_is_quick_changes_nothing(
        questions in questions(), stopping in stopping(), asking in askings(),
        one in picks(), other in picks(),
    ) {
        let voting = voting(stopping, asking);
        let strip = |(elections, _): Held<Plurality>| -> Vec<Election> {
            let mut elections = elections;
            // Only who is cancelled depends on it.
            elections.iter_mut().for_each(|it| it.spare_ballots = 0);
            elections
        };
        let first = strip(hold(&voting, &questions, &one));
        prop_assert_eq!(first, strip(hold(&voting, &questions, &other)));
    }

    #[test]
    fn every_ballot_that_began_is_counted_or_spare(
        questions in questions(), stopping in stopping(), asking in askings(), picks in picks(),
    ) {
        let voting = voting(stopping, asking);
        let (elections, counts) = hold(&voting, &questions, &picks);
        let ballots: u64 = elections.iter().map(|it| it.ballots.len() as u64).sum();
        let spare: u64 = elections.iter().map(|it| it.spare_ballots).sum();
        prop_assert_eq!(counts.started, ballots + spare);
        prop_assert_eq!(counts.started, counts.answered + counts.failed + counts.cancelled);
        if let Asking::SharedCalls(calls) = asking {
            prop_assert!(counts.started <= calls.get());
        }
    }

    #[test]
    fn nobody_is_escalated_who_has_a_winner(questions in questions(), picks in picks()) {
        let voting = voting("fixed", Asking::Waves)
            .tie_break(TieBreak::NoConsensus)
            .escalate_to(Voter::new(ScriptedAgent::new(|_: &BallotTask| Ok(String::new()))));
        for election in hold(&voting, &questions, &picks).0 {
            let winner = election.winning_answer.as_deref();
            prop_assert_eq!(election.escalation.is_some(), winner == Some("escalated"));
        }
    }

    #[test]
    fn an_escalation_that_is_paid_for_counts(
        questions in questions(), calls in 1..60_u64, picks in picks(),
    ) {
        let shared = Asking::SharedCalls(NonZeroU64::new(calls).unwrap());
        let voting = voting("fixed", shared)
            .tie_break(TieBreak::NoConsensus)
            .escalate_to(Voter::new(ScriptedAgent::new(|_: &BallotTask| Ok(String::new()))));
        let (elections, counts) = hold(&voting, &questions, &picks);
        let ballots: u64 = elections.iter().map(|it| it.ballots.len() as u64).sum();
        let spare: u64 = elections.iter().map(|it| it.spare_ballots).sum();
        let escalated = elections.iter().filter(|it| it.escalation.is_some()).count() as u64;
        prop_assert_eq!(counts.started, ballots + spare + escalated);
    }

    #[test]
    fn every_judgement_is_asked_once(questions in questions(), picks in picks()) {
        let judge = ScriptedAgent::new(|_: &JudgeTask| Ok(Judgement::Same));
        let voting = Voting::new(panel(), BestOf::new(judge)).voters(NonZeroUsize::new(9).unwrap());
        let (elections, counts) = hold(&voting, &questions, &picks);
        let judgements: u64 = elections
            .iter()
            .filter_map(|it| match it.detail {
                Some(Detail::Judged { judgements, .. }) => Some(judgements),
                _ => None,
            })
            .sum();
        prop_assert_eq!(counts.started, 9 * questions.len() as u64 + judgements);
        for election in elections {
            let best = election.counts.iter().map(|it| it.answer.as_str()).min();
            prop_assert_eq!(election.winning_answer.as_deref(), best);
        }
    }
}

//! Replays the votes: a batch of elections for each policy and each budget, through `Voting` itself.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures_util::stream;
use patterns_core::{Agent, AgentError, Answer, BoxFuture, Scope, name_and_value};
use patterns_parallel::voting::{Asking, BallotTask, StoppingRule, Voter};
use patterns_parallel::{Panel, Plurality, Question, RunOptions, Voting};

use super::Args;
use super::trace::{Trace, files, read};
use crate::random::Random;

const WAYS: [&str; 14] = [
    "fixed",
    "exact",
    "ahead-by:3",
    "ahead-by:4",
    "adaptive:0.95",
    "plan",
    "uniform:3",
    "shared:3",
    "uniform:4",
    "shared:4",
    "uniform:6",
    "shared:6",
    "uniform:8",
    "shared:8",
];

/// How elections are held.
#[derive(Clone, Debug)]
enum Way {
    /// Each by itself, until the rule says stop.
    Policy(StoppingRule),
    /// Each with so many ballots.
    Uniform(usize),
    /// All of them share a budget of so many calls each.
    Shared(u64),
}

impl FromStr for Way {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match name_and_value(text) {
            ("uniform", Some(ballots)) => Self::Uniform(ballots.parse()?),
            ("shared", Some(calls)) => Self::Shared(calls.parse()?),
            _ => Self::Policy(text.parse()?),
        })
    }
}

impl Way {
    /// Sets a batch of elections up that have so many recorded votes each.
    fn set_up<V>(&self, voting: Voting<V>, voters: usize, questions: u64) -> Voting<V> {
        let voters_at_most =
            |most: usize| NonZeroUsize::new(voters.min(most)).unwrap_or(NonZeroUsize::MIN);
        match self {
            Self::Policy(rule) => voting.voters(voters_at_most(usize::MAX)).stop_by(*rule),
            Self::Uniform(ballots) => voting
                .voters(voters_at_most(*ballots))
                .stop_by(StoppingRule::Fixed),
            // No table looks further ahead than a hundred votes.
            Self::Shared(calls) => {
                let calls = NonZeroU64::new(calls * questions).unwrap_or(NonZeroU64::MIN);
                voting
                    .voters(voters_at_most(100))
                    .asking(Asking::SharedCalls(calls))
            }
        }
    }
}

/// What came of one election.
#[derive(Clone, Debug)]
struct Held {
    winner: Option<String>,
    calls: u64,
    waves: u64,
}

/// Prints a table for each file.
pub(super) fn run(args: &Args) -> Result<()> {
    let names: Vec<String> = if args.policies.is_empty() {
        WAYS.map(str::to_owned).to_vec()
    } else {
        args.policies.clone()
    };
    let ways = names.iter().map(|name| {
        let way: Way = name.parse().with_context(|| name.clone())?;
        Ok((name.as_str(), way))
    });
    let ways: Vec<(&str, Way)> = ways.collect::<Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    for file in files(&args.directory)? {
        let traces = read(&file, args.half)?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let votes: usize = traces.iter().map(|it| it.answers.len()).sum();
        println!(
            "\n{name}: {} questions, {votes} votes, {} shuffles",
            traces.len(),
            args.shuffles
        );
        println!(
            "{:<18} {:>7} {:>7} {:>8} {:>9} {:>7}",
            "policy", "calls", "rounds", "agree", "accuracy", "diff"
        );
        let traces: Vec<Arc<Trace>> = shuffled(&traces, args.shuffles);
        let everybody = runtime.block_on(hold(&traces, &Way::Policy(StoppingRule::Fixed)))?;
        for (name, way) in &ways {
            let results = runtime.block_on(hold(&traces, way))?;
            println!("{name:<18} {}", row(&traces, &results, &everybody));
        }
    }
    Ok(())
}

/// Holds an election on every question, those with equally many votes in one batch.
async fn hold(traces: &[Arc<Trace>], way: &Way) -> Result<Vec<Option<Held>>> {
    let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (n, trace) in traces.iter().enumerate() {
        by_length.entry(trace.answers.len()).or_default().push(n);
    }
    let mut results = vec![None; traces.len()];
    let options = RunOptions {
        concurrency: const { NonZeroUsize::new(64).expect("it is not zero") },
        ..RunOptions::default()
    };
    for (voters, places) in by_length {
        let voter = Voter::new(Recorded(traces.to_vec()));
        // The files hold final answers, which their sources compare as they are.
        let panel = Panel::new([voter], |answer: &Option<String>| answer.clone())
            .counted_as(|answer| Some(answer.to_owned()));
        let voting = Voting::new(panel, Plurality::new());
        let voting = way.set_up(voting, voters, places.len() as u64);
        let questions = places
            .into_iter()
            .map(|n| (n.to_string(), Question::new(n.to_string())));
        let run = voting
            .run_batch(stream::iter(questions), &options)
            .each(|it| {
                let Some(it) = it.into_value() else { return };
                let Some(place) = it.id.parse().ok().and_then(|n: usize| results.get_mut(n)) else {
                    return;
                };
                *place = Some(Held {
                    winner: it.election.winning_answer,
                    calls: it.branches.len() as u64,
                    waves: it.election.waves,
                });
            });
        let outcome = run.await?;
        ensure!(outcome.value.is_ok(), "the batch was broken off");
    }
    Ok(results)
}

fn row(traces: &[Arc<Trace>], results: &[Option<Held>], everybody: &[Option<Held>]) -> String {
    let (mut calls, mut waves, mut agree) = (0, 0, 0_u64);
    let (mut right, mut right_at_all, mut told) = (0_u64, 0_u64, 0_u64);
    let pairs = results.iter().flatten().zip(everybody.iter().flatten());
    for (trace, (one, all)) in traces.iter().zip(pairs) {
        calls += one.calls;
        waves += one.waves;
        agree += u64::from(one.winner == all.winner);
        if let (Some(now), Some(then)) = (
            trace.is_right(one.winner.as_deref()),
            trace.is_right(all.winner.as_deref()),
        ) {
            told += 1;
            right += u64::from(now);
            right_at_all += u64::from(then);
        }
    }
    let questions = traces.len().max(1) as f64;
    let share = |count: u64, of: f64| 100.0 * count as f64 / of;
    let accuracy = if told == 0 {
        format!("{:>9} {:>7}", "-", "-")
    } else {
        let (one, all) = (share(right, told as f64), share(right_at_all, told as f64));
        format!("{one:>9.2} {:>+7.2}", one - all)
    };
    format!(
        "{:>7.2} {:>7.2} {:>8.2} {accuracy}",
        calls as f64 / questions,
        waves as f64 / questions,
        share(agree, questions),
    )
}

/// Answers with what was recorded: the question is the number of its trace, the sample that of the
/// vote.
struct Recorded(Vec<Arc<Trace>>);

impl Agent<BallotTask, Option<String>> for Recorded {
    fn run<'a>(
        &'a self,
        task: &'a BallotTask,
        _: Scope,
    ) -> BoxFuture<'a, Result<Answer<Option<String>>, AgentError>> {
        let trace = task
            .question
            .text
            .parse()
            .ok()
            .and_then(|n: usize| self.0.get(n));
        let answer = trace.and_then(|it| it.answers.get(task.sample as usize)?.clone());
        Box::pin(async move { Ok(Answer::new(answer)) })
    }
}

/// Returns each question so many times, its votes in another order each time.
fn shuffled(traces: &[Trace], times: u64) -> Vec<Arc<Trace>> {
    let mut random = Random::new(1);
    let mut all = Vec::new();
    for _ in 0..times.max(1) {
        for trace in traces {
            let mut trace = trace.clone();
            for n in (1..trace.answers.len()).rev() {
                let other = random.draw() % (n as u64 + 1);
                trace
                    .answers
                    .swap(n, usize::try_from(other).unwrap_or_default());
            }
            all.push(Arc::new(trace));
        }
    }
    all
}

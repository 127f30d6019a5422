//! Elections that go beyond waves and counts: streaming, shared calls, judges, stronger voters.

mod judged;
mod shared_calls;
mod streaming;
mod voters;

use std::sync::Arc;
use std::time::Duration;

use patterns_parallel::voting::{BallotTask, Voter};
use patterns_parallel::{Panel, Plurality, Voting};
use patterns_testkit::ScriptedAgent;

use crate::support::nonzero;

type Answers = Arc<ScriptedAgent<BallotTask, String>>;

/// An agent whose sample n is answer n, after so many milliseconds.
fn agent(ballots: Vec<(String, u64)>) -> Answers {
    let answers: Vec<String> = ballots.iter().map(|it| it.0.clone()).collect();
    let agent =
        ScriptedAgent::new(move |task: &BallotTask| Ok(answers[task.sample as usize].clone()));
    Arc::new(agent.latency(move |task| Duration::from_millis(ballots[task.sample as usize].1)))
}

/// Samples of an agent; `?` is an abstention.
fn samples(agent: Answers) -> Panel<String> {
    Panel::new([Voter::new(agent)], |answer: &String| {
        (answer != "?").then(|| answer.clone())
    })
}

/// A voting whose voter n gives answer n, after so many milliseconds; and its agent.
fn timed(ballots: Vec<(String, u64)>) -> (Voting<String>, Answers) {
    let voters = nonzero(ballots.len());
    let agent = agent(ballots);
    let voting = Voting::new(samples(Arc::clone(&agent)), Plurality::new());
    (voting.voters(voters), agent)
}

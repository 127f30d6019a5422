//! Elections that go beyond waves and counts: streaming, shared calls, judges, stronger voters.

mod judged;
mod shared_calls;
mod streaming;
mod voters;

use std::sync::Arc;
use std::time::Duration;

use patterns_parallel::{BallotTask, Voting};
use patterns_testkit::ScriptedAgent;

/// A voting whose voter n gives answer n, after so many milliseconds; and its agent.
fn timed(ballots: Vec<(String, u64)>) -> (Voting<String>, Arc<ScriptedAgent<BallotTask, String>>) {
    let voters = ballots.len();
    let answers: Vec<String> = ballots.iter().map(|it| it.0.clone()).collect();
    let agent =
        ScriptedAgent::new(move |task: &BallotTask| Ok(answers[task.sample as usize].clone()));
    let agent = agent.latency(move |task| Duration::from_millis(ballots[task.sample as usize].1));
    let agent = Arc::new(agent);
    let voting = Voting::new(Arc::clone(&agent) as _, |answer: &String| {
        (answer != "?").then(|| answer.clone())
    });
    (voting.voters(voters), agent)
}

//! What several of these tests need: options with a log, and requests in readable form.

use std::num::NonZeroUsize;
use std::sync::Arc;

use patterns_core::{Agent, AgentError, ModelError, ModelErrorKind, Outcome, Request, Role};
use patterns_parallel::voting::{BallotTask, Panel, Plurality, Voter};
use patterns_parallel::{RunError, RunOptions, Running};
use patterns_testkit::EventLog;

/// Run options with this bound, and the log of their events.
pub(crate) fn logged(concurrency: usize) -> (RunOptions, Arc<EventLog>) {
    let log = Arc::new(EventLog::default());
    let options = RunOptions {
        concurrency: NonZeroUsize::new(concurrency).expect("a bound is positive"),
        events: log.clone(),
        ..RunOptions::default()
    };
    (options, log)
}

/// The error of a step whose model failed.
pub(crate) fn failure(kind: ModelErrorKind) -> AgentError {
    AgentError::from(ModelError::new(kind))
}

/// Everything that a model is told by a request, as a person would read it.
pub(crate) fn words(request: &Request) -> String {
    let mut words = format!("[instructions]\n{}\n", request.instructions);
    for message in &request.messages {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        words += &format!("[{role}]\n{}\n", message.to_text());
    }
    words + &format!("[sample {}]", request.sample)
}

/// Samples of an agent whose ballot is its answer.
pub(crate) fn panel(agent: impl Agent<BallotTask, String> + 'static) -> Panel<String> {
    Panel::new([Voter::new(agent)], |answer: &String| Some(answer.clone()))
}

pub(crate) fn nonzero(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("it is not zero")
}

/// The rule that is written like this.
pub(crate) fn rule(text: &str) -> Plurality {
    text.parse().expect("a rule")
}

/// Hands over what each branch of a run has answered.
pub(crate) async fn hand_over<A, B>(
    run: Running<'_, A, B>,
    mut each: impl FnMut(B),
) -> Result<Outcome<A, B>, RunError> {
    run.each(|it| it.into_value().into_iter().for_each(&mut each))
        .await
}

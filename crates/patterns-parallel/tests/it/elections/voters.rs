//! Voters with words and weights of their own.

use std::sync::Arc;

use patterns_core::{Message, Prompt, Request};
use patterns_parallel::voting::{BallotTask, StoppingRule, Voter};
use patterns_parallel::{Panel, Plurality, Question, RunOptions, Voting};
use patterns_testkit::ScriptedAgent;

use crate::support::{nonzero, words};

#[tokio::test(start_paused = true)]
async fn voters_take_turns_and_are_told_their_words_last() {
    let agent = Arc::new(ScriptedAgent::new(|_: &BallotTask| Ok("a".to_owned())));
    let voter = || Voter::new(Arc::clone(&agent));
    let panel = Panel::new(
        [
            voter().named("plain"),
            voter().named("sceptic").with_prompt("Doubt everything."),
        ],
        |it: &String| Some(it.clone()),
    );
    let voting = Voting::new(panel, Plurality::new())
        .voters(nonzero(3))
        .stop_by(StoppingRule::Fixed);
    let question = Question::new("Well?").options(["a", "b"]);
    let outcome = voting.run(question, &RunOptions::default()).await.unwrap();
    let names: Vec<String> = outcome.branches.into_iter().map(|it| it.label).collect();
    assert_eq!(names, ["plain #1", "sceptic #1", "plain #2"]);
    let asked = agent.inputs();
    let shown = |task: &BallotTask| {
        let prompt = Prompt::from(task);
        words(&Request {
            messages: vec![Message::user(prompt.parts)],
            sample: prompt.sample,
            ..Request::default()
        })
    };
    let asked: Vec<String> = asked.iter().map(shown).collect();
    // The beginning is the same for all, for the provider's prompt cache.
    assert!(asked[1].starts_with(asked[0].trim_end_matches("[sample 0]").trim_end()));
    assert!(
        asked[1].contains("Doubt everything.\n[sample 0]"),
        "{}",
        asked[1]
    );
    assert!(asked[2].ends_with("[sample 1]"));
}

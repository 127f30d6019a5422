//! Best of N: a model proposes several ideas in parallel, then judges vote for the best.
//!
//! Notice that the ideas are samples of one prompt, drawn by `fan_out` itself, and that the judges
//! choose among them by an ordinary election whose options are the ideas.

use std::num::NonZeroUsize;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use patterns_core::{Agent, Contract, ModelAgent, Part, Prompt};
use patterns_parallel::{AgentOptions, Panel, Plurality, Question, RunOptions, Voting, fan_out};
use patterns_testkit::ScriptedModel;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
struct Idea {
    /// The name alone.
    name: String,
}

const TASK: &str = "Invent a name for a café at a small harbour.";

/// Asks for one idea; the number tells the draws apart, and no model sees it.
struct Attempt(u32);

impl From<&Attempt> for Prompt {
    fn from(attempt: &Attempt) -> Self {
        Self::new([Part::text(TASK)]).sample(attempt.0)
    }
}

const THREE: NonZeroUsize = NonZeroUsize::new(3).expect("it is not zero");

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let vote = |answer| {
        format!(r#"{{"reasoning": "Short and apt.", "answer": "{answer}", "confidence": 0.7}}"#)
    };
    let model = examples::model(ScriptedModel::new([
        r#"{"name": "Low Water"}"#.to_owned(),
        r#"{"name": "The Mole"}"#.to_owned(),
        r#"{"name": "Bollard"}"#.to_owned(),
        vote("The Mole"),
        vote("Bollard"),
        vote("The Mole"),
    ]))?;
    let contract = Contract::of::<Idea>()?;
    let author: ModelAgent<Attempt, Idea> =
        ModelAgent::new(Arc::clone(&model), "You are inventive.", contract);

    let samples = stream::iter(0..3).map(|n| (format!("idea {}", n + 1), Attempt(n)));
    let ideas: Vec<String> = fan_out(samples, &RunOptions::default(), |attempt, origin| {
        let author = &author;
        Box::pin(async move { author.run(&attempt, origin).await })
    })
    .filter_map(async |branch| branch.value().map(|idea| idea.name.clone()))
    .collect()
    .await;

    let question = Question::new(format!("{TASK} Which is the best?")).options(&ideas);
    let judges = Panel::of_model(model, &AgentOptions::default());
    let voting = Voting::new(judges, Plurality::new()).voters(THREE);
    let election = voting.run(question, &RunOptions::default()).await?.value?;
    println!("ideas: {}", ideas.join(", "));
    println!("best:  {}", election.winning_answer.unwrap_or_default());
    Ok(())
}

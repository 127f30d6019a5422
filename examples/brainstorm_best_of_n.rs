//! Best of N: a model proposes several ideas in parallel, then judges vote for the best.
//!
//! Notice that the ideas are samples of one prompt, drawn by `FanOut` itself, and that the judges
//! choose among them by an ordinary election whose options are the ideas.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use patterns_core::{Agent, Contract, ModelAgent, Part, Prompt};
use patterns_parallel::{AgentOptions, FanOut, Order, Question, RunOptions, Voting};
use patterns_testkit::ScriptedModel;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
struct Idea {
    /// The name alone.
    name: String,
}

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
    let task = "Invent a name for a café at a small harbour.";
    let author: ModelAgent<u32, Idea> = ModelAgent::new(
        Arc::clone(&model),
        "You are inventive.",
        Contract::of::<Idea>()?,
    )
    .prompt(|_| Prompt::default());
    let author = author.prompt(move |sample: &u32| Prompt::new([Part::text(task)]).sample(*sample));

    let samples = stream::iter(0..3).map(|n: u32| (format!("idea {}", n + 1), n));
    let ideas: Vec<String> = FanOut::new(samples, &RunOptions::default(), |n, origin| {
        let author = &author;
        Box::pin(async move { author.run(&n, origin).await })
    })
    .order(Order::Input)
    .filter_map(async |branch| branch.value().map(|idea| idea.name.clone()))
    .collect()
    .await;

    let question = Question::new(format!("{task} Which is the best?")).options(&ideas);
    let judges = Voting::with_model(model, &question.options, &AgentOptions::default())?.voters(3);
    let election = judges.run(question, &RunOptions::default()).await?.value?;
    println!("ideas: {}", ideas.join(", "));
    println!("best:  {}", election.winning_answer.unwrap_or_default());
    Ok(())
}

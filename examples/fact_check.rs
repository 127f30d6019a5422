//! Voting: five samples of one model check a claim, and a majority decides.
//!
//! Notice that the voters get the same words, that spellings don't split votes, and that "no
//! consensus" is an outcome, not an error.

use patterns_parallel::{AgentOptions, Panel, Plurality, Question, RunOptions, Voting};
use patterns_testkit::ScriptedModel;
use serde_json::json;

const CLAIM: &str = "The Great Wall of China is visible from the Moon with the naked eye.";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(ScriptedModel::new([
        json!({"reasoning": "It is long, but only metres wide.", "answer": "false", "confidence": 0.9}),
        json!({"reasoning": "Astronauts on the Moon saw no building.", "answer": "false", "confidence": 0.95}),
        json!({"reasoning": "It is often said to be visible.", "answer": "true", "confidence": 0.4}),
        json!({"reasoning": "The eye cannot resolve it from that far.", "answer": "false", "confidence": 0.9}),
    ]))?;
    let question = Question::new(format!("Is this claim true? {CLAIM}")).options([
        "true",
        "false",
        "cannot be told",
    ]);
    let panel = Panel::of_model(model, &AgentOptions::default());
    let voting = Voting::new(panel, Plurality::majority()).quorum(3);
    let outcome = voting.run(question, &RunOptions::default()).await?;

    println!("{CLAIM}\n");
    for vote in outcome.branches.iter().filter_map(|it| it.value()) {
        println!("{:>14}  {}", vote.answer, vote.reasoning);
    }
    let election = outcome.value?;
    let (votes, of) = (election.vote_count, election.total_votes);
    match &election.winning_answer {
        Some(winner) => println!("\n{winner}: {votes} of {of} votes"),
        None => println!("\nno consensus: {:?}", election.counts),
    }
    Ok(())
}

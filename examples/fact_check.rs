//! Voting: five samples of one model check a claim, and a majority decides.
//!
//! Notice that the voters get the same words, that spellings don't split votes, and that "no
//! consensus" is an outcome, not an error.

use patterns_parallel::{AgentOptions, Question, Rule, RunOptions, Voting};
use patterns_testkit::ScriptedModel;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let vote = |reasoning: &str, answer: &str, confidence: f64| {
        serde_json::json!({ "reasoning": reasoning, "answer": answer, "confidence": confidence })
            .to_string()
    };
    let model = examples::model(ScriptedModel::new([
        vote("It is long, but only metres wide.", "false", 0.9),
        vote("Astronauts on the Moon saw no building.", "false", 0.95),
        vote("It is often said to be visible.", "true", 0.4),
        vote("The eye cannot resolve it from that far.", "false", 0.9),
        vote(
            "One could argue about good conditions.",
            "cannot be told",
            0.2,
        ),
    ]))?;
    let claim = "The Great Wall of China is visible from the Moon with the naked eye.";
    let question = Question::new(format!("Is this claim true? {claim}")).options([
        "true",
        "false",
        "cannot be told",
    ]);
    let voting = Voting::with_model(model, &AgentOptions::default())
        .voters(5)
        .rule(Rule::Majority)
        .quorum(3);
    let outcome = voting.run(question, &RunOptions::default()).await?;

    println!("{claim}\n");
    for vote in outcome.branches.iter().filter_map(|branch| branch.value()) {
        println!("{:>14}  {}", vote.answer, vote.reasoning);
    }
    let election = outcome.value?;
    match &election.winning_answer {
        Some(winner) => println!(
            "\n{winner}: {} of {} votes",
            election.vote_count, election.total_votes
        ),
        None => println!("\nno consensus: {:?}", election.counts),
    }
    Ok(())
}

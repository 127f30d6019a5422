//! Voting: a mail is classified, and a claim about it is checked, vote by vote.
//!
//! Notice that an election ends as soon as no vote can change it, that the voters of a wave are
//! asked at once, none of them in vain, and that all this can be told from the ballots alone.

use std::sync::Arc;

use patterns_core::Model;
use patterns_parallel::voting::{Standing, Step};
use patterns_parallel::{AgentOptions, Panel, Plurality, Question, RunOptions, Voting};
use patterns_testkit::ScriptedModel;
use serde_json::json;

const MAIL: &str = "Please send us 40 m of rope and two buoys, as in March, to quay 7 by 12 May. \
    The crane there lifts 5 t, as your driver knows.";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let vote = |answer: &str| {
        json!({"reasoning": "It says so.", "answer": answer, "confidence": 0.8}).to_string()
    };
    let script = [
        "order", "order", "question", "order", "no", "yes", "no", "no",
    ];
    let model = examples::model(ScriptedModel::new(script.map(vote)))?;
    elect(
        &model,
        "What kind of mail is it?",
        &["order", "complaint", "question"],
    )
    .await?;
    let claim = "Does the mail support that the crane at quay 7 lifts 6 tonnes?";
    elect(&model, claim, &["yes", "no"]).await
}

/// Lets five voters choose one of the options, and prints how it stands after each vote.
async fn elect(model: &Arc<dyn Model>, question: &str, options: &[&str]) -> anyhow::Result<()> {
    let asked = Question::new(format!("{question}\n\n{MAIL}")).options(options.iter().copied());
    let panel = Panel::of_model(Arc::clone(model), &AgentOptions::default());
    let voting = Voting::new(panel, Plurality::new());
    let election = voting.run(asked, &RunOptions::default()).await?.value?;
    println!("{question}");
    for standing in voting.standings(&election.ballots)? {
        print(&standing);
    }
    let winner = election.winning_answer.as_deref();
    println!("{}\n", winner.unwrap_or("no consensus"));
    Ok(())
}

fn print(standing: &Standing) {
    let counts = standing.counts.iter().map(|(it, n)| format!("{it} {n}"));
    let counts: Vec<String> = counts.collect();
    let next = match standing.next {
        None => String::new(),
        Some(Step::Ask(more)) => format!("; {more} more"),
        Some(Step::Stop(reason)) => format!("; {reason:?}"),
    };
    println!(
        "  wave {}, {}: {}{next}",
        standing.wave,
        standing.voter,
        counts.join(", ")
    );
}

//! Voting: a mail is classified, a claim in it is checked, and its order is extracted field by field.
//!
//! Notice that the first two elections end as soon as no vote can change them, which the printed
//! course shows; and that of the extracted object every field is decided on its own, so that a slip
//! in one field of a ballot costs none of the others.

use patterns_core::Contract;
use patterns_parallel::{
    AgentOptions, CourseStep, Election, FieldRules, Next, Question, RuleDetail, RunOptions, Voting,
    VotingRule, course,
};
use patterns_testkit::ScriptedModel;
use serde_json::{Value, json};

const MAIL: &str = "Hello, please send us 40 m of rope, 16 mm, and two buoys as in March. \
    Deliver to quay 7 by 12 May. The crane there lifts 5 t, as your driver knows.";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    elect(
        "What kind of mail is it?",
        &["order", "complaint", "question"],
        &["order", "order", "question", "order", "order"],
    )
    .await?;
    elect(
        "Is this claim supported by the mail? The crane at quay 7 lifts 6 tonnes.",
        &["supported", "not supported"],
        &[
            "not supported",
            "supported",
            "not supported",
            "not supported",
            "supported",
        ],
    )
    .await?;
    extract().await
}

/// Lets five voters choose one of the options, and prints the course of the election.
async fn elect(question: &str, options: &[&str], script: &[&str]) -> anyhow::Result<()> {
    let vote = |answer: &&str| {
        json!({"reasoning": "It says so.", "answer": answer, "confidence": 0.8}).to_string()
    };
    let model = examples::model(ScriptedModel::new(script.iter().map(vote)))?;
    let asked = Question::new(format!("{question}\n\n{MAIL}")).options(options.iter().copied());
    let voting = Voting::with_model(model, &asked.options, &AgentOptions::default())?;
    let outcome = voting.run(asked, &RunOptions::default()).await?;
    let election = outcome.value?;
    println!("{question}");
    for step in course(&election.ballots, &voting.stopper()?) {
        print(&step);
    }
    println!("{}\n", summary(&election));
    Ok(())
}

fn print(step: &CourseStep) {
    let counts: Vec<String> = step
        .counts
        .iter()
        .map(|(it, n)| format!("{it} {n}"))
        .collect();
    let next = match step.next {
        None => String::new(),
        Some(Next::Ask(more)) => format!("; {more} more"),
        Some(Next::Stop(reason)) => format!("; {reason:?}"),
    };
    println!(
        "  wave {}, {}: {}{next}",
        step.wave,
        step.voter,
        counts.join(", ")
    );
}

fn summary(election: &Election) -> String {
    let winner = election.winning_answer.as_deref().unwrap_or("no consensus");
    let (asked, voters) = (election.ballots.len(), election.voters);
    format!("{winner}, {asked} of {voters} voters asked")
}

/// Extracts the order: items by what more than half have, the length within a tolerance.
async fn extract() -> anyhow::Result<()> {
    let schema = json!({
        "title": "order", "type": "object", "additionalProperties": false,
        "required": ["quay", "metres", "items", "is_urgent"],
        "properties": {
            "quay": {"type": "string"},
            "metres": {"type": "number"},
            "items": {"type": "array", "items": {"type": "string"}},
            "is_urgent": {"type": "boolean"},
        },
    });
    let order = |quay: &str, metres: f64, items: &[&str], urgent: bool| {
        json!({"quay": quay, "metres": metres, "items": items, "is_urgent": urgent}).to_string()
    };
    let model = examples::model(ScriptedModel::new([
        order("quay 7", 40.0, &["rope", "buoy"], false),
        order("Quay 7", 16.0, &["rope", "buoys"], false),
        order("quay 7", 40.0, &["rope", "buoy", "crane"], true),
    ]))?;
    let rules = FieldRules::parse(&schema, ["metres=median:1%"])?;
    let voting = Voting::with_contract(
        model,
        Contract::from_schema(schema.clone())?,
        &AgentOptions::default(),
        |ballot: &Value| Some(ballot.to_string()),
    );
    let voting = voting.voters(3).rule(VotingRule::Fields { schema, rules });
    let question = format!("Extract the order.\n\n{MAIL}");
    let election = voting.run(question, &RunOptions::default()).await?.value?;
    println!("Extract the order.");
    if let Some(RuleDetail::Fields(detail)) = &election.detail {
        for field in &detail.fields {
            let (votes, total) = (field.votes, field.total);
            println!(
                "  {} = {} ({votes} of {total}, {})",
                field.path, field.value, field.rule
            );
        }
    }
    println!("{}", summary(&election));
    Ok(())
}

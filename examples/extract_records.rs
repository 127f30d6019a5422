//! Batch extraction: one typed record per document, written as they come, in input order.
//!
//! Notice the second advert: its first answer breaks a rule that no schema can express, and the
//! re-ask says exactly what is wrong.

use futures_util::stream;
use patterns_core::{Contract, Document, Violation};
use patterns_parallel::map_reduce::document_agent;
use patterns_parallel::{AgentOptions, MapReduce, RunOptions};
use patterns_testkit::ScriptedModel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Advert {
    kind: Kind,
    /// What is offered or wanted, in a few words.
    item: String,
    /// The price in crowns, if one is given.
    price: Option<u32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Offer,
    Request,
}

fn plausible(advert: &Advert) -> Vec<Violation> {
    match advert.price {
        Some(0) => vec![Violation::new(
            "/price",
            "is 0; use null where no price is given",
        )],
        _ => Vec::new(),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(ScriptedModel::new([
        r#"{"kind": "offer", "item": "rowing boat", "price": 4800}"#,
        r#"{"kind": "request", "item": "mooring for a 7 m sloop", "price": 0}"#,
        r#"{"kind": "offer", "item": "outboard motor, 6 hp", "price": 1950}"#,
        r#"{"kind": "request", "item": "mooring for a 7 m sloop", "price": 2000}"#,
    ]))?;
    let text = std::fs::read_to_string(examples::data("adverts.txt"))?;
    let adverts = text.split("\n\n").enumerate();
    let documents = adverts.map(|(n, text)| Document::new(format!("advert-{}", n + 1), text));
    let contract = Contract::of::<Advert>()?.check(plausible);
    let agent = document_agent::<Advert>(model, contract, &AgentOptions::default());

    let extraction = MapReduce::rows(agent);
    let options = RunOptions::default();
    let documents = stream::iter(documents.collect::<Vec<_>>());
    let mut run = extraction.run(documents, &options);
    while let Some(branch) = run.next().await {
        match (branch.value(), branch.error()) {
            (Some(advert), _) => println!("{}: {}", branch.label, serde_json::json!(advert)),
            (None, error) => println!("{}: {error:?}", branch.label),
        }
    }
    let outcome = run.await?;
    println!(
        "{} calls for {} adverts",
        outcome.usage.calls, outcome.counts.answered
    );
    Ok(())
}

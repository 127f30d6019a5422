//! Map-reduce over a log: an agent classifies each stretch of it, and code does the counting.
//!
//! Notice that nothing is asked of a model that code can compute: the table is exact, and says which
//! rows it could not count.

use futures_util::stream;
use patterns_core::{Contract, Document};
use patterns_parallel::map_reduce::{KeyedReduce, MapReduce, document_agent};
use patterns_parallel::{AgentOptions, RunOptions};
use patterns_testkit::ScriptedModel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Findings {
    /// One entry per problem in this stretch of the log; none if all is well.
    problems: Vec<Problem>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Problem {
    /// The part of the system, in one or two words.
    component: String,
    /// How many lines report it.
    lines: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(ScriptedModel::new([
        r#"{"problems": [{"component": "login", "lines": 4}]}"#,
        r#"{"problems": [{"component": "database", "lines": 6}, {"component": "requests", "lines": 2}]}"#,
        r#"{"problems": [{"component": "login", "lines": 1}]}"#,
        r#"{"problems": []}"#,
    ]))?;
    let log = std::fs::read_to_string(examples::data("service.log"))?;
    let lines: Vec<&str> = log.lines().collect();
    let stretches = lines.chunks(12).enumerate();
    let documents: Vec<Document> = stretches
        .map(|(n, lines)| Document::new(format!("lines {}-", n * 12 + 1), lines.join("\n")))
        .collect();

    let contract = Contract::of::<Findings>()?;
    let triage = document_agent::<Findings>(model, contract, &AgentOptions::default());
    let totals = KeyedReduce::new(["sum:lines".parse()?, "count".parse()?])
        .each("problems")
        .group_by("component");
    let map_reduce = MapReduce::new(triage, totals);
    let outcome = map_reduce
        .run(stream::iter(documents), &RunOptions::default())
        .await?;
    let table = outcome.value?;
    println!("{}", table.columns.join(" "));
    for row in &table.rows {
        println!("{}", serde_json::json!(row));
    }
    for problem in table.problems {
        println!("{problem}");
    }
    Ok(())
}

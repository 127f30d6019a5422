//! Map-reduce over a log: an agent classifies each stretch of it, and code does the counting.
//!
//! Notice that the reduce step is an ordinary function: what code can compute, no model is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream;
use patterns_core::{AgentError, Answer, Contract, Document, agent_fn};
use patterns_parallel::{
    AgentOptions, MapReduce, ReduceItem, ReduceTask, RunOptions, document_agent,
};
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

type Totals = BTreeMap<String, u32>;

async fn total(task: ReduceTask<Findings, Totals>) -> Result<Answer<Totals>, AgentError> {
    let mut totals = Totals::new();
    for item in task.items {
        match item {
            ReduceItem::Mapped { answer, .. } => {
                for problem in answer.problems {
                    *totals.entry(problem.component).or_default() += problem.lines;
                }
            }
            ReduceItem::Reduced { answer, .. } => {
                for (component, lines) in answer {
                    *totals.entry(component).or_default() += lines;
                }
            }
        }
    }
    Ok(Answer::new(totals))
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
    let triage = document_agent(model, contract, &AgentOptions::default());
    let map_reduce = MapReduce::new(Arc::new(triage), Arc::new(agent_fn(total)));
    let outcome = map_reduce
        .run(stream::iter(documents), &RunOptions::default())
        .await?;
    for (component, lines) in outcome.value? {
        println!("{lines:>4} lines  {component}");
    }
    Ok(())
}

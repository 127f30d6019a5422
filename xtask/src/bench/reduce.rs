//! What it saves to combine answers as soon as they are there: each topology against a tree with a
//! barrier between its levels, on the same provider, in simulated time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures_util::stream;
use patterns_core::{Agent, Contract, Document, Model};
use patterns_llm::{Pace, connect};
use patterns_parallel::map_reduce::{
    Combine, DocumentSummary, ReduceItem, ReduceTask, Topology, reduce_agent, summary_agent,
};
use patterns_parallel::{AgentOptions, MapReduce, RunOptions, fan_out};
use patterns_simulator::{Latency, Simulator};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::ReduceArgs;
use crate::in_memory::Wire;

/// The usual time of an answer, as that of recorded calls of reasoning models.
const MEDIAN: Duration = Duration::from_secs(7);

/// Runs every topology as often as asked for, and prints how long each took on average.
pub(super) fn run(args: &ReduceArgs) -> Result<()> {
    let ReduceArgs {
        documents,
        in_flight,
        fan_in,
        sigma,
        runs,
    } = *args;
    println!(
        "{documents} documents, {in_flight} in flight, fan-in {fan_in}, mean of {runs} runs; \
         answers after 7 s in the median, lognormal with sigma {sigma}, in simulated time\n"
    );
    println!("{:<28} {:>8} {:>9}", "topology", "seconds", "saved");
    let barrier = mean(args, None)?;
    println!("{:<28} {barrier:>8.0} {:>9}", "tree with barriers", "");
    for topology in [Topology::Tree, Topology::Unordered, Topology::Refine] {
        let seconds = mean(args, Some(topology))?;
        let saved = 100.0 * (1.0 - seconds / barrier);
        println!(
            "{:<28} {seconds:>8.0} {saved:>7.1} %",
            format!("{topology:?}")
        );
    }
    Ok(())
}

/// Returns how many simulated seconds a run takes on average; without a topology, in a tree whose
/// levels wait for each other.
fn mean(args: &ReduceArgs, topology: Option<Topology>) -> Result<f64> {
    let mut sum = 0.0;
    for seed in 0..args.runs {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        sum += runtime.block_on(once(args, topology, seed))?.as_secs_f64();
    }
    Ok(sum / args.runs as f64)
}

async fn once(args: &ReduceArgs, topology: Option<Topology>, seed: u64) -> Result<Duration> {
    let latency = Latency::LogNormal {
        median: MEDIAN,
        sigma: args.sigma,
    };
    let provider = Simulator::builder()
        .seed(seed)
        .latency(latency)
        .in_memory()?;
    let model = connect("compatible:sim")?
        .base_url("http://simulated/v1")
        .exchange(Arc::new(Wire(provider)))
        .timeout(Duration::from_secs(36_000))
        .pace(Pace {
            max_in_flight: args.in_flight.get(),
            starts_slowly: false,
            ..Pace::default()
        })
        .build()?;
    let options = RunOptions {
        concurrency: args.in_flight,
        ..RunOptions::default()
    };
    let documents = (0..args.documents.get()).map(|n| {
        let text = format!("Ship {n} came in on day {seed}.");
        Document::new(format!("{seed}/{n}"), text)
    });
    let begun = Instant::now();
    match topology {
        None => with_barriers(args, model, documents, &options).await?,
        Some(topology) => {
            let agents = AgentOptions::default();
            let map = summary_agent(Arc::clone(&model), &agents);
            let fan_in = match topology {
                // One after the other is what it is for.
                Topology::Refine => 2,
                Topology::Tree | Topology::Unordered => args.fan_in,
            };
            let combine = Combine::summaries(model, &agents);
            let _ = MapReduce::new(map, combine.topology(topology).fan_in(fan_in))
                .run(stream::iter(documents), &options)
                .await?
                .value?;
        }
    }
    Ok(begun.elapsed())
}

type Item = ReduceItem<DocumentSummary, Value>;

/// Combines level by level: none begins before the one below it has ended.
async fn with_barriers(
    args: &ReduceArgs,
    model: Arc<dyn Model>,
    documents: impl Iterator<Item = Document> + Send,
    options: &RunOptions,
) -> Result<()> {
    let agents = AgentOptions::default();
    let map = MapReduce::rows(summary_agent(Arc::clone(&model), &agents));
    let contract = Contract::from_schema(json!({
        "title": "reduction",
        "type": "object",
        "properties": {"combined_summary": {"type": "string"}},
        "required": ["combined_summary"],
    }))?;
    let reduce: Arc<dyn Agent<ReduceTask<DocumentSummary, Value>, Value>> =
        Arc::new(reduce_agent(model, contract, &agents));
    let mut items = Vec::new();
    let mut run = map.run(stream::iter(documents), options);
    while let Some(branch) = run.next().await {
        let id = branch.label.clone();
        let answer = branch.value().cloned();
        items.extend(answer.map(|answer| Item::Mapped { id, answer }));
    }
    let _ = run.await?;
    let mut level = 0;
    while items.len() > 1 {
        let tasks = items.chunks(args.fan_in as usize).map(|items| {
            let items = items.to_vec();
            let task = ReduceTask { items, level };
            (task.name(), task)
        });
        let mut run = fan_out(stream::iter(tasks), options, |task, origin| {
            let reduce = Arc::clone(&reduce);
            Box::pin(async move { reduce.run(&task, origin).await })
        });
        let mut next = Vec::new();
        while let Some(branch) = run.next().await {
            let (first, last) = (branch.label.clone(), branch.label.clone());
            let answer = branch.value().cloned();
            next.extend(answer.map(|answer| Item::Reduced {
                first,
                last,
                answer,
            }));
        }
        drop(run);
        items = next;
        level += 1;
    }
    Ok(())
}

//! One bad day: our whole stack against a provider in memory, on a clock that nobody waits for.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures_util::stream;
use patterns_core::{BranchEnd, Document, Model, Sampling};
use patterns_llm::{HedgePolicy, connect};
use patterns_parallel::map_reduce::summary_agent;
use patterns_parallel::{AgentOptions, MapReduce, RunOptions};
use patterns_simulator::{InMemory, Latency, Ledger, Scenario, Simulator};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::storms::Storm;
use crate::bench::peak_memory;
use crate::in_memory::Wire;

/// Calls in flight at most.
const IN_FLIGHT: usize = 256;

/// The usual time of an answer.
const LATENCY: Duration = Duration::from_secs(1);

/// How often an allowed or a healed rate is measured.
const SPAN: Duration = Duration::from_secs(5);

/// What came of a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) completed: usize,
    /// A digest of all answers in order.
    pub(super) answers: String,
    pub(super) requests: u64,
    pub(super) throttled: u64,
    pub(super) wall: f64,
    /// Tokens of the requests that were taken, as the provider counts them.
    pub(super) tokens: u64,
    pub(super) peak_memory: u64,
    /// Seconds from the end of the outage until nine tenths of the rate before it.
    pub(super) healed_after: Option<f64>,
    /// Requests that arrived after the first reply of status 429 for want of credit.
    pub(super) after_billing_stop: u64,
}

/// Lives through a day.
pub(super) fn run(storm: &Storm, calls: usize, seed: u64) -> Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(live_through(storm, calls, seed))
}

async fn live_through(storm: &Storm, calls: usize, seed: u64) -> Result<Report> {
    let latency = Latency::LogNormal {
        median: LATENCY,
        sigma: 0.3,
    };
    let provider = Simulator::builder()
        .seed(seed)
        .latency(latency)
        .scenario(Scenario::from_toml(storm.scenario)?)
        .in_memory()?;
    let model = model(storm, provider.clone(), seed)?;
    let options = AgentOptions {
        sampling: Sampling {
            max_output_tokens: Some(300),
            ..Sampling::default()
        },
        ..AgentOptions::default()
    };
    let summaries = MapReduce::rows(summary_agent(model, &options));
    // Second tries need slots that nobody else has.
    let branches = IN_FLIGHT - if storm.hedges { IN_FLIGHT / 20 } else { 0 };
    let run = RunOptions {
        concurrency: NonZeroUsize::new(branches).expect("it is not zero"),
        ..RunOptions::default()
    };
    let documents = (0..calls).map(document);
    let mut answers = BTreeMap::new();
    let begun = Instant::now();
    let mut run = summaries.run(stream::iter(documents), &run);
    while let Some(branch) = run.next().await {
        if let BranchEnd::Answered(summary) = branch.end {
            answers.insert(branch.id, summary.summary);
        }
    }
    let counts = run.await?.counts;
    let wall = begun.elapsed();
    let ledger = provider.ledger();
    let text: Vec<String> = answers.into_values().collect();
    Ok(Report {
        completed: usize::try_from(counts.answered)?,
        answers: digest(&text),
        requests: ledger.requests,
        throttled: count_status(&ledger, 429),
        wall: wall.as_secs_f64(),
        tokens: ledger.tokens,
        peak_memory: peak_memory()?,
        healed_after: storm
            .outage
            .and_then(|outage| healed_after(&ledger, outage)),
        after_billing_stop: after_billing_stop(&ledger),
    })
}

/// Returns our whole stack, in front of a provider in memory.
fn model(storm: &Storm, provider: InMemory, seed: u64) -> Result<Arc<dyn Model>> {
    let mut model = connect("compatible:sim")?
        .base_url("http://simulated/v1")
        .exchange(Arc::new(Wire(provider)))
        .timeout(Duration::from_secs(60))
        .seed(seed);
    if storm.hedges {
        model = model.hedge(HedgePolicy::default());
    }
    Ok(model.build()?)
}

/// Documents of different lengths, so that tokens and requests are not the same thing.
fn document(n: usize) -> Document {
    let words = "The ship came in at dawn with a load of timber and left at dusk. ";
    Document::new(
        n.to_string(),
        format!("{n}. {}", words.repeat(1 + n * 7 % 40)),
    )
}

fn digest(answers: &[String]) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    answers.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn count_status(ledger: &Ledger, status: u16) -> u64 {
    let entries = ledger.entries.iter();
    entries.filter(|entry| entry.status == Some(status)).count() as u64
}

/// Returns the answers a second that ended within a span.
fn rate(ledger: &Ledger, from: Duration) -> f64 {
    let entries = ledger.entries.iter().filter(|entry| {
        let is_within = |end| (from..from + SPAN).contains(&end);
        entry.status == Some(200) && entry.end.is_some_and(is_within)
    });
    entries.count() as f64 / SPAN.as_secs_f64()
}

fn healed_after(ledger: &Ledger, (from, to): (u64, u64)) -> Option<f64> {
    let before = rate(ledger, Duration::from_secs(from) - SPAN);
    let healed = Duration::from_secs(to);
    let mut spans = (0..600).map(|n| Duration::from_millis(n * 500));
    let until = spans.find(|after| rate(ledger, healed + *after) >= 0.9 * before)?;
    Some(until.as_secs_f64())
}

fn after_billing_stop(ledger: &Ledger) -> u64 {
    if !ledger.faults.contains_key("billing") {
        return 0;
    }
    let refused = ledger
        .entries
        .iter()
        .filter(|entry| entry.status == Some(429));
    let Some(first) = refused.filter_map(|entry| entry.end).min() else {
        return 0;
    };
    let later = ledger.entries.iter().filter(|entry| entry.start > first);
    later.count() as u64
}

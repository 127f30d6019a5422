//! Our whole stack: map over documents with a contract, layers, adapter and events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use futures_util::stream;
use patterns_core::{Agent, Contract, Document, Event, EventSink};
use patterns_llm::{Pace, Streaming, connect};
use patterns_parallel::map_reduce::document_agent;
use patterns_parallel::{AgentOptions, MapReduce, RunOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Load;
use super::measure::{Measurement, measure};

/// The same document in every call, so that the bare loop can send just what we send.
const DOCUMENT: &str = "At 06:12 the harbour crane stopped with a load in the air. The operator \
    lowered it by hand and closed the quay. The log of the drive shows an over-temperature trip: \
    the fan behind the cabinet had been unplugged, probably when the cabinet was cleaned on \
    Friday. The fan was plugged in again, the drive was reset at 07:40, and the crane was tested \
    with an empty hook, then with half a load. Loading went on at 08:05. Two lorries had to wait \
    and one was sent to the north quay. Nobody was hurt. The plug now has a clip, and cleaning the \
    cabinet has got a line in the check-list that asks whether the fan turns.";

/// What the model is asked for.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Incident {
    /// Why it is as severe as it is, in one sentence.
    reasoning: String,
    severity: Severity,
    /// What broke.
    component: String,
    /// How many minutes work stood still.
    minutes: u32,
    /// What was done about it.
    measures: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Severity {
    Low,
    Medium,
    High,
}

/// Counts events: the least that a reader of them can do.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl EventSink for Counter {
    fn emit(&self, _: Event) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes the agent that is measured.
pub(super) fn agent(adapter: &str, url: &str) -> Result<Arc<dyn Agent<Document, Incident>>> {
    // The bare loop has no key, and `compatible` needs none.
    let key = if adapter == "compatible" { "" } else { "k" };
    let model = connect(&format!("{adapter}:sim"))?
        .api_key(key)
        .base_url(url)
        // The bare loop reads whole replies, too.
        .streaming(Streaming::Never)
        // What is measured is the work, not how the pacer feels its way.
        .pace(Pace {
            starts_slowly: false,
            ..Pace::default()
        })
        .build()?;
    let options = AgentOptions::default();
    Ok(Arc::new(document_agent(
        model,
        Contract::of::<Incident>()?,
        &options,
    )))
}

/// Returns what the agent works on.
pub(super) fn document(n: usize) -> Document {
    // Equal calls would share their answers.
    Document::new(format!("incident-{n:06}"), DOCUMENT)
}

/// Makes the calls.
pub(super) async fn run(adapter: &str, url: &str, load: Load) -> Result<Measurement> {
    let counter = Arc::new(Counter::default());
    let agent = agent(adapter, url)?;
    let events: Arc<dyn EventSink> = Arc::<Counter>::clone(&counter);
    let options = RunOptions {
        concurrency: load.in_flight,
        events,
        ..RunOptions::default()
    };
    let calls = load.calls.get();
    measure(async {
        let documents = stream::iter((0..calls).map(document));
        let rows = MapReduce::rows(agent);
        let mut run = rows.run(documents, &options);
        while run.next().await.is_some() {}
        let outcome = run.await?;
        let counts = outcome.counts;
        ensure!(
            counts.answered == calls as u64,
            "not all calls were answered: {counts:?}"
        );
        let spent = outcome.usage.calls;
        ensure!(
            spent == calls as u64,
            "{spent} calls were made, so some were asked again"
        );
        let told = counter.0.load(Ordering::Relaxed);
        ensure!(told >= 2 * counts.answered, "only {told} events were told");
        Ok(())
    })
    .await
}

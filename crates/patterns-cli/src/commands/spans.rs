//! `patterns spans`: sends a recorded run to a collector of OpenTelemetry.
//!
//! Spans are made from the store and not while a run goes on: it knows all of a call (its model, its bill, its
//! waits), has runs that failed or were killed, and nothing leaves this machine that nobody has asked for. OTLP
//! in JSON is a handful of objects, so no SDK is needed for it.

mod collector;
mod span;

use patterns_store::{RunRecord, Store};
use serde_json::{Value, json};

use self::collector::Collector;
use self::span::{Trace, run_span};
use super::show::find;
use crate::args::{LookFormat, SpansArgs};
use crate::error::Error;
use crate::store::{open_to_read, refused};
use crate::terminal::write_json;

/// So many spans are sent together.
const BATCH: usize = 500;

pub(super) async fn run(args: &SpansArgs) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let run = find(&store, args.run)?;
    let mut sending = Sending {
        collector: Collector::of_environment()?,
        waiting: Vec::new(),
        sent: 0,
    };
    send(&store, &run, args.content, &mut sending).await?;
    let (spans, url) = (sending.sent, sending.collector.shown());
    let line = match args.look.output {
        LookFormat::Json => json!({"run": run.id, "spans": spans, "to": url}).to_string(),
        LookFormat::Human => format!("run {}: {spans} spans were sent to {url}", run.id),
    };
    write_json(&(line + "\n"))
}

/// Sends the spans of the latest session of a run: those of its branches and calls, and its own last, since it
/// begins with the first and ends with the last of them.
async fn send(
    store: &Store,
    run: &RunRecord,
    with_content: bool,
    sending: &mut Sending,
) -> Result<(), Error> {
    let trace = Trace::new(&store.id().map_err(refused)?, run);
    let mut extent: Option<(i64, i64)> = None;
    let mut widen = |from: i64, to: i64| {
        let (begun, ended) = extent.unwrap_or((from, to));
        extent = Some((begun.min(from), ended.max(to)));
    };
    for branch in store.branches_of(run.id, run.sessions) {
        let branch = branch.map_err(refused)?;
        // Of a branch that has not ended nothing is sent: spans are sent once, whole.
        if let Some(ended) = branch.ended {
            widen(branch.began, ended);
            sending.add(trace.branch(&branch, ended)).await?;
        }
    }
    for call in store.calls_of(run.id) {
        let call = call.map_err(refused)?;
        if call.session != run.sessions {
            continue;
        }
        let texts = with_content.then(|| store.texts(&call)).transpose();
        widen(call.began, span::end_of(&call));
        for span in trace.call(&call, texts.map_err(refused)?.as_ref()) {
            sending.add(span).await?;
        }
    }
    let second = run.started.saturating_mul(1_000_000);
    let extent = extent.unwrap_or((second, second));
    sending.add(run_span(&trace, run, extent)).await?;
    sending.flush().await
}

/// Spans on their way.
struct Sending {
    collector: Collector,
    waiting: Vec<Value>,
    sent: usize,
}

impl Sending {
    async fn add(&mut self, span: Value) -> Result<(), Error> {
        self.waiting.push(span);
        match self.waiting.len() {
            BATCH => self.flush().await,
            _ => Ok(()),
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let spans = std::mem::take(&mut self.waiting);
        self.sent += spans.len();
        self.collector.send(spans).await
    }
}

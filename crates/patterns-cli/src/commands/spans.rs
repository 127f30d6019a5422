//! `patterns spans`: sends a recorded run to a collector of OpenTelemetry, or one that goes on, as it does.
//!
//! Spans are made from the store and not by the run: it knows all of a call (its model, its bill, its waits),
//! has runs that failed or were killed, and nothing leaves this machine that nobody has asked for. So a run
//! is followed from another terminal, as `watch` does, and is no slower for it. OTLP in JSON is a handful of
//! objects, so no SDK is needed for it.

mod collector;
mod span;

use std::time::Duration;

use patterns_core::BranchId;
use patterns_store::{BranchRecord, RunRecord, Store};
use serde_json::{Value, json};

use self::collector::Collector;
use self::span::{Trace, run_span};
use super::show::find;
use crate::args::{LookFormat, SpansArgs, Which};
use crate::error::Error;
use crate::store::{open_to_read, refused};
use crate::terminal::write_shown;

/// So many spans are sent together.
const BATCH: usize = 500;

/// How often the store is looked at for more.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(args: &SpansArgs) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let run = find(&store, args.run)?;
    let mut sending = Sending {
        collector: Collector::of_environment()?,
        waiting: Vec::new(),
        sent: 0,
    };
    let mut session = Session::new(&store, &run, args.content)?;
    loop {
        // What ends a run is written before its lock is free, so a look after that sees all of it.
        let is_under_way = store.is_running(run.id).map_err(refused)?;
        session.send_ended(&store, &mut sending).await?;
        sending.flush().await?;
        let now = find(&store, Which::Number(run.id))?;
        let is_over = !is_under_way || now.sessions != run.sessions;
        if is_over || !args.follow {
            session.send_rest(&now, is_over, &mut sending).await?;
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let (spans, url) = (sending.sent, sending.collector.shown());
    let line = match args.look.output {
        LookFormat::Json => json!({"run": run.id, "spans": spans, "to": url}).to_string(),
        LookFormat::Human => format!("run {}: {spans} spans were sent to {url}", run.id),
    };
    write_shown(args.look.output, &(line + "\n"))
}

/// What was sent of the latest session of a run: spans of branches and calls as they end, and its own last, since it
/// begins with the first and ends with the last of them.
struct Session {
    run: i64,
    number: i64,
    trace: Trace,
    with_content: bool,
    extent: Option<(i64, i64)>,
    /// The branches that had not ended when they were looked at last, by number.
    open: Vec<BranchRecord>,
    /// The last branch that was looked at, and the last call that was sent.
    last: (Option<BranchId>, i64),
}

impl Session {
    fn new(store: &Store, run: &RunRecord, with_content: bool) -> Result<Self, Error> {
        Ok(Self {
            run: run.id,
            number: run.sessions,
            trace: Trace::new(&store.id().map_err(refused)?, run),
            with_content,
            extent: None,
            open: Vec::new(),
            last: (None, 0),
        })
    }

    /// Sends what has ended since this was done last.
    async fn send_ended(&mut self, store: &Store, sending: &mut Sending) -> Result<(), Error> {
        let open = std::mem::take(&mut self.open);
        for branch in open {
            let now = store.branch(self.run, self.number, branch.branch);
            self.branch(now.map_err(refused)?.unwrap_or(branch), sending)
                .await?;
        }
        for branch in store.branches_of(self.run, self.number).after(self.last.0) {
            let branch = branch.map_err(refused)?;
            self.last.0 = Some(branch.branch);
            self.branch(branch, sending).await?;
        }
        for call in store.calls_of(self.run).after(self.last.1) {
            let call = call.map_err(refused)?;
            self.last.1 = call.number;
            if call.session != self.number {
                continue;
            }
            let texts = self.with_content.then(|| store.texts(&call)).transpose();
            self.widen(call.began, call.ended());
            for span in self.trace.call(&call, texts.map_err(refused)?.as_ref()) {
                sending.add(span).await?;
            }
        }
        Ok(())
    }

    /// Sends the span of a branch that has ended, and keeps in mind one that has not: spans are sent once, whole.
    async fn branch(&mut self, branch: BranchRecord, sending: &mut Sending) -> Result<(), Error> {
        match branch.ended {
            Some(ended) => {
                self.widen(branch.began, ended);
                sending.add(self.trace.branch(&branch, ended)).await
            }
            None => {
                self.open.push(branch);
                Ok(())
            }
        }
    }

    /// Sends the span of the run; and those of branches that will not end any more, if it is over: calls
    /// that were made for them would be of nobody.
    async fn send_rest(
        &mut self,
        run: &RunRecord,
        is_over: bool,
        sending: &mut Sending,
    ) -> Result<(), Error> {
        for branch in std::mem::take(&mut self.open).iter().filter(|_| is_over) {
            self.widen(branch.began, branch.began);
            let (_, last) = self.extent.unwrap_or_default();
            sending.add(self.trace.branch(branch, last)).await?;
        }
        let second = run.started.saturating_mul(1_000_000);
        let extent = self.extent.unwrap_or((second, second));
        sending.add(run_span(&self.trace, run, extent)).await?;
        sending.flush().await
    }

    fn widen(&mut self, from: i64, to: i64) {
        let (begun, ended) = self.extent.unwrap_or((from, to));
        self.extent = Some((begun.min(from), ended.max(to)));
    }
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
        if spans.is_empty() {
            return Ok(());
        }
        self.sent += spans.len();
        self.collector.send(spans).await
    }
}

//! The processes that a benchmark consists of.

use std::io::{Read, Write, stdin, stdout};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use patterns_simulator::{Latency, Simulator};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::{Part, bare, openai, stack};

/// Any seed does; the answers of all processes must be the same.
const SEED: u64 = 7;

/// Is one of the processes.
pub(super) fn run(part: Part) -> Result<()> {
    let runtime = Runtime::new()?;
    let measurement = match part {
        Part::Simulator { latency_ms } => {
            return runtime.block_on(simulate(Duration::from_millis(latency_ms)));
        }
        Part::OpenAi {
            url,
            rows,
            request,
            in_flight,
        } => {
            return runtime.block_on(openai::run(&url, &rows, &request, in_flight));
        }
        Part::Bare(client) => runtime.block_on(bare::run(&client.url, client.load))?,
        Part::Stack(client) => {
            runtime.block_on(stack::run(&client.adapter, &client.url, client.load))?
        }
    };
    println!("{}", serde_json::to_string(&measurement)?);
    Ok(())
}

async fn simulate(latency: Duration) -> Result<()> {
    let simulator = Simulator::builder()
        .seed(SEED)
        .latency(Latency::Fixed(latency))
        .model("sim")
        .record_entries(false)
        .bind()
        .await?;
    println!("{}", simulator.base_url());
    stdout().flush()?;
    tokio::select! {
        () = end_of_stdin() => Ok(()),
        never = simulator.serve() => match never {},
    }
}

/// Ends when whoever started us closes our stdin, be it by its own death.
async fn end_of_stdin() {
    let (tell, told) = oneshot::channel::<()>();
    thread::spawn(move || {
        let _ = stdin().read_to_end(&mut Vec::new());
        drop(tell);
    });
    let _ = told.await;
}

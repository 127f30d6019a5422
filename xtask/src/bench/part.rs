//! The processes that a benchmark consists of.

use anyhow::Result;
use tokio::runtime::Runtime;

use super::{Part, bare, openai, stack};

/// Is one of the processes.
pub(super) fn run(part: Part) -> Result<()> {
    let runtime = Runtime::new()?;
    let measurement = match part {
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

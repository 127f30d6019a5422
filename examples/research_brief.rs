//! Sectioning: a research brief from documents, one agent per section, then a synthesis.
//!
//! Notice that it runs without any model at all: the offline model quotes key sentences of the
//! material, and says so.

use patterns_offline::Offline;
use patterns_parallel::{AgentOptions, RunOptions, Sectioning};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(Offline::new())?;
    let plan = ["State of the harbour", "Costs and fees", "What was decided"];
    let sectioning = Sectioning::with_model(plan, model, &AgentOptions::default())
        .context(examples::documents("harbour")?);
    let outcome = sectioning
        .run("The harbour: what to do next", &RunOptions::default())
        .await?;

    for section in outcome.branches.iter().filter_map(|branch| branch.value()) {
        println!("## {}\n\n{}\n", section.section_name, section.content);
    }
    let synthesis = outcome.value?;
    println!("## Summary\n\n{}\n", synthesis.summary);
    for point in &synthesis.all_key_points {
        println!("- {point}");
    }
    Ok(())
}

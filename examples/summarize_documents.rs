//! Map-reduce: summarise each document, then combine the summaries.
//!
//! Notice the account at the end: every branch that began is answered, failed or cancelled.

use futures_util::stream;
use patterns_offline::Offline;
use patterns_parallel::{AgentOptions, MapReduce, RunOptions};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(Offline::new())?;
    let map_reduce = MapReduce::with_model(model, &AgentOptions::default());
    let documents = stream::iter(examples::documents("harbour")?);
    let outcome = map_reduce.run(documents, &RunOptions::default()).await?;

    for document in outcome.branches.iter().filter_map(|branch| branch.value()) {
        println!("{} ({} words)", document.doc_id, document.word_count);
        println!("  {}\n", document.summary);
    }
    let counts = outcome.counts;
    let reduction = outcome.value?;
    println!(
        "all {} documents, {} words\n  {}\n",
        reduction.total_documents, reduction.total_words, reduction.combined_summary
    );
    println!(
        "{} started = {} answered + {} failed + {} cancelled",
        counts.started, counts.answered, counts.failed, counts.cancelled
    );
    Ok(())
}

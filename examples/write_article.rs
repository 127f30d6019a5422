//! Sectioning with the user's own types: introduction, body and conclusion of an article.
//!
//! Notice that a section is a Rust type of yours, and that its schema, the validation and the
//! re-ask follow from it.

use patterns_core::ModelAgent;
use patterns_parallel::{RunOptions, Sectioning};
use patterns_testkit::ScriptedModel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Passage {
    /// One or two paragraphs of prose, without a heading.
    prose: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Headline {
    /// At most ten words that make people read on.
    headline: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(ScriptedModel::new([
        r#"{"prose": "Every harbour is a slow argument with mud."}"#,
        r#"{"prose": "Streams bring silt, tides leave it, and dredgers take it away again."}"#,
        r#"{"prose": "Whoever wants deep water has to pay for it, year after year."}"#,
        r#"{"headline": "The price of deep water"}"#,
    ]))?;
    let plan = [
        ("Introduction", "open with an image"),
        ("Body", "how harbours silt up and what is done about it"),
        ("Conclusion", "what it means for those who pay"),
    ];
    let writer = ModelAgent::of(model.clone(), "You write a passage of an article.")?;
    let editor = ModelAgent::of(model, "You find the headline of an article.")?;
    let article: Sectioning<Passage, Headline> = Sectioning::new(plan, writer, editor);
    let outcome = article.run("Dredging", &RunOptions::default()).await?;

    println!("{}\n", outcome.value?.headline);
    for passage in outcome.branches.iter().filter_map(|branch| branch.value()) {
        println!("{}\n", passage.prose);
    }
    Ok(())
}

//! Sectioning with the user's own types: introduction, body and conclusion of an article.
//!
//! Notice that a section is a Rust type of yours, and that its schema, the validation and the
//! re-ask follow from it.

use std::sync::Arc;

use patterns_core::{Contract, ModelAgent};
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
struct Article {
    /// A headline of at most ten words.
    headline: String,
    /// One sentence that makes people read on.
    teaser: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(ScriptedModel::new([
        r#"{"prose": "Every harbour is a slow argument with mud."}"#,
        r#"{"prose": "Streams bring silt, tides leave it, and dredgers take it away again."}"#,
        r#"{"prose": "Whoever wants deep water has to pay for it, year after year."}"#,
        r#"{"headline": "The price of deep water", "teaser": "Mud always comes back."}"#,
    ]))?;
    let passage = Contract::of::<Passage>()?;
    let writer = "You write one passage of a newspaper article.";
    let writer = ModelAgent::new(Arc::clone(&model), writer, passage);
    let editor = "You are the editor. Find the headline for the passages.";
    let editor = ModelAgent::new(model, editor, Contract::of::<Article>()?);
    let plan = [
        ("Introduction", "open with an image"),
        ("Body", "how harbours silt up and what is done about it"),
        ("Conclusion", "what it means for those who pay"),
    ];
    let article = Sectioning::new(plan, writer, editor);
    let outcome = article.run("Dredging", &RunOptions::default()).await?;

    let Article { headline, teaser } = outcome.value?;
    println!("{headline}\n{teaser}\n");
    for passage in outcome.branches.iter().filter_map(|branch| branch.value()) {
        println!("{}\n", passage.prose);
    }
    Ok(())
}

//! Voting: an order is extracted by three voters and decided field by field.
//!
//! Notice that a slip in one field of a ballot costs none of the others: texts go by plurality,
//! numbers by the median, lists by the items that more than half have.

use std::num::NonZeroUsize;

use patterns_core::Contract;
use patterns_parallel::voting::Fields;
use patterns_parallel::{AgentOptions, Panel, RunOptions, Voting};
use patterns_testkit::ScriptedModel;
use serde_json::{Value, json};

const THREE: NonZeroUsize = NonZeroUsize::new(3).expect("it is not zero");

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let schema = json!({
        "title": "order", "type": "object", "additionalProperties": false,
        "required": ["quay", "metres", "items", "is_urgent"],
        "properties": {
            "quay": {"type": "string"},
            "metres": {"type": "number"},
            "items": {"type": "array", "items": {"type": "string"}},
            "is_urgent": {"type": "boolean"},
        },
    });
    let order = |quay: &str, metres: f64, items: &[&str], urgent: bool| {
        json!({"quay": quay, "metres": metres, "items": items, "is_urgent": urgent}).to_string()
    };
    let model = examples::model(ScriptedModel::new([
        order("quay 7", 40.0, &["rope", "buoy"], false),
        order("Quay 7", 16.0, &["rope", "buoys"], false),
        order("quay 7", 40.0, &["rope", "buoy", "crane"], true),
    ]))?;
    let contract = Contract::from_schema(schema.clone())?;
    let whole = |ballot: &Value| Some(ballot.to_string());
    let panel = Panel::of_ballots(model, contract, &AgentOptions::default(), whole);
    let rule = Fields::parse(schema, ["metres=median:1%"])?;
    let voting = Voting::new(panel, rule).voters(THREE);
    let question = "Extract the order.\n\nPlease send us 40 m of rope, 16 mm, and two buoys, to \
        quay 7. The crane there lifts 5 t.";
    let election = voting.run(question, &RunOptions::default()).await?.value?;
    for field in election.fields() {
        let (path, value, rule) = (&field.path, &field.value, &field.rule);
        let (votes, total) = (field.votes, field.total);
        println!("{path} = {value} ({votes} of {total}, {rule})");
    }
    println!("{}", election.winning_answer.unwrap_or_default());
    Ok(())
}

//! Voting with the user's own ballot: three moderators classify a post, and caution has a quorum.
//!
//! Notice the enum: it becomes an enum of the schema, so no model can vote for a category that
//! does not exist.

use std::num::NonZeroUsize;

use patterns_core::Contract;
use patterns_parallel::voting::{Share, TieBreak};
use patterns_parallel::{AgentOptions, Panel, Plurality, RunOptions, Voting};
use patterns_testkit::ScriptedModel;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// Nothing to object to.
    Safe,
    /// A person should look at it.
    Review,
    /// It must not be published.
    Unsafe,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Moderation {
    /// Which rule it touches, if any.
    reasoning: String,
    verdict: Verdict,
}

const THREE: NonZeroUsize = NonZeroUsize::new(3).expect("it is not zero");

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(ScriptedModel::new([
        r#"{"reasoning": "A question about computers.", "verdict": "safe"}"#,
        r#"{"reasoning": "The word kill means to end a program.", "verdict": "safe"}"#,
        r#"{"reasoning": "It mentions killing.", "verdict": "review"}"#,
    ]))?;
    let options = AgentOptions {
        instructions: Some("You moderate a forum about programming.".to_owned()),
        ..AgentOptions::default()
    };
    let contract = Contract::of::<Moderation>()?;
    let moderators = Panel::of_ballots(model, contract, &options, |ballot: &Moderation| {
        Some(format!("{:?}", ballot.verdict))
    });
    let voting = Voting::new(moderators, Plurality::of_at_least(Share::TWO_THIRDS))
        .voters(THREE)
        .tie_break(TieBreak::NoConsensus)
        .quorum(3);
    let post = "How can I kill a Python process?";
    let outcome = voting.run(post, &RunOptions::default()).await?;

    println!("{post}");
    for ballot in outcome.branches.iter().filter_map(|branch| branch.value()) {
        println!("- {:?}: {}", ballot.verdict, ballot.reasoning);
    }
    let election = outcome.value?;
    // Where the moderators don't agree, a person decides.
    let verdict = election
        .winning_answer
        .unwrap_or_else(|| "Review".to_owned());
    println!("=> {verdict} ({:.0} % agree)", election.share * 100.0);
    Ok(())
}

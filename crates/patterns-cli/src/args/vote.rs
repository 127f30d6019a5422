//! The command line of `patterns vote`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use patterns_parallel::{StoppingRule, VotingRule};

use super::Common;

pub(super) const EXAMPLES: &str = "Examples:
  patterns vote 'Is glass a liquid?' --option yes --option no
  patterns vote 'Is this claim true?' --context claim.txt -n 7 --rule threshold:0.8 --explain
  patterns vote 'Extract the bill.' --context mail.txt --schema bill.json --field total=median:1%
  patterns vote --batch questions.jsonl -n 40 --policy plan --output jsonl -o elections.jsonl";

/// The command line of `patterns vote`.
#[derive(Debug, Args)]
pub(crate) struct VoteArgs {
    /// What to ask; - reads standard input
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) question: Option<String>,

    /// How many ballots are cast [default: 5, or one per --panel model]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) voters: Option<u16>,

    /// An answer to choose from; repeat for more
    #[arg(long = "option", value_name = "ANSWER")]
    pub(crate) options: Vec<String>,

    /// Material that the answer should rest on: a file, a directory or a glob; repeat for more
    #[arg(long, value_name = "PATH")]
    pub(crate) context: Vec<PathBuf>,

    /// Hold one election per row of a JSONL, CSV or TSV file; a row may have its own `options`
    #[arg(long, value_name = "FILE")]
    pub(crate) batch: Option<PathBuf>,

    /// Field of a row with the question
    #[arg(
        long,
        value_name = "NAME",
        default_value = "question",
        requires = "batch"
    )]
    pub(crate) question_field: String,

    /// Field of a row with its id [default: id, else file:line]
    #[arg(long, value_name = "NAME", requires = "batch")]
    pub(crate) id_field: Option<String>,

    /// When to stop asking: fixed (never early), exact (when nothing can change any more),
    /// ahead-by:4, first-to:5, adaptive:0.95, adaptive-dirichlet:0.95, early-stopping:5,
    /// certificate:0.05, horizon:0.01 or plan
    #[arg(long, value_name = "POLICY", default_value = "exact")]
    pub(crate) policy: StoppingRule,

    /// How ballots become a result: plurality, majority, supermajority, unanimous or threshold:0.8
    /// of the votes; weighted (by the ballots' confidence); median, mean, trimmed-mean:10% or
    /// cluster:1% of numbers; schulze, borda, irv, approval:2 or mrr of rankings
    #[arg(long, value_name = "RULE", default_value = "plurality")]
    pub(crate) rule: VotingRule,

    /// Decide every field of the --schema on its own
    #[arg(long, requires = "schema", conflicts_with_all = ["rule", "answer_field"])]
    pub(crate) by_field: bool,

    /// The rule of one field, such as /price=median:1% or tags=union:0.6; implies --by-field; repeat
    /// for more
    #[arg(long, value_name = "PATH=RULE", requires = "schema", conflicts_with_all = ["rule", "answer_field"])]
    pub(crate) field: Vec<String>,

    /// Show the course of the election, vote by vote
    #[arg(long, conflicts_with = "batch")]
    pub(crate) explain: bool,

    /// Field of a row with the right answer: how many elections found it, and what shares are worth
    #[arg(long, value_name = "NAME", requires = "batch")]
    pub(crate) gold: Option<String>,

    /// Least number of valid votes
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) quorum: u16,

    /// What happens when several answers lead
    #[arg(long, value_name = "WAY", default_value = "first-seen")]
    pub(crate) tie: TieName,

    /// A model that votes, in place of --model; repeat for more
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["model", "schema"])]
    pub(crate) panel: Vec<String>,

    /// Field of the --schema that is counted, by name or JSON pointer [default: answer, else the
    /// whole ballot]
    #[arg(long, value_name = "FIELD", requires = "schema")]
    pub(crate) answer_field: Option<String>,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// What happens when several answers lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TieName {
    /// The answer of the earliest voter wins
    FirstSeen,
    /// Nobody wins
    NoConsensus,
}

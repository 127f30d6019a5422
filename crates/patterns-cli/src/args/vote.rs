//! The command line of `patterns vote`.

use std::path::PathBuf;

use clap::Args;
use patterns_job::{Spelled, Tie};
use patterns_parallel::voting::{AnyRule, StoppingRule};

use super::Common;

pub(super) const EXAMPLES: &str = "Examples:
  patterns vote 'Is glass a liquid?' --option yes --option no
  patterns vote 'Is this claim true?' --context claim.txt -n 7 --rule threshold:0.8 --explain
  patterns vote 'Extract the bill.' --context mail.txt --schema bill.json --field total=median:1%
  patterns vote 'Name this product.' --context brief.md -n 8 --rule best-of --judge openai:gpt-5
  patterns vote --batch questions.jsonl -n 40 --policy plan --output jsonl -o elections.jsonl
  patterns vote --batch questions.jsonl -n 40 --max-cost 5 --gold answer";

/// The command line of `patterns vote`.
#[derive(Debug, Args)]
pub(crate) struct VoteArgs {
    /// What to ask; - reads standard input
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) question: Option<String>,

    /// How many ballots are cast at most [default: 5, or one per voter of --voters or --panel]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) votes: Option<u16>,

    /// An answer to choose from; repeat for more
    #[arg(long = "option", value_name = "ANSWER")]
    pub(crate) options: Vec<String>,

    /// Material that the answer should rest on: a file, a directory or a glob; repeat for more
    #[arg(long, value_name = "PATH")]
    pub(crate) context: Vec<PathBuf>,

    /// Hold one election per row of a JSONL, CSV or TSV file; a row may have its own `options`. Under
    /// --max-calls or --max-cost, each call goes to the election where it helps most
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
    /// ahead-by:4, adaptive:0.95 or plan
    #[arg(long, value_name = "POLICY", default_value = "exact")]
    pub(crate) policy: Spelled<StoppingRule>,

    /// Ask one by one instead of in waves, with N ballots more under way than are needed; those under
    /// way when it is decided are cancelled. Quicker, and dearer by the more the larger N is
    #[arg(long, value_name = "N")]
    pub(crate) spare: Option<u16>,

    /// Count ballots as they come in, not in the order of the voters: quicker and biased, since quick
    /// answers are not as often right as slow ones
    #[arg(long, requires = "spare")]
    pub(crate) count_as_they_come: bool,

    /// How ballots become a result: plurality, majority, supermajority, unanimous or threshold:0.8
    /// of the votes, or of their weight where --voters have weights; median or median:1% of numbers;
    /// and by a judge: same-meaning (answers that mean the same count together) or best-of (answers
    /// in pairs, each pair in both orders)
    #[arg(long, value_name = "RULE", default_value = "plurality")]
    pub(crate) rule: Spelled<AnyRule>,

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

    /// What happens when several answers lead: first-seen (the earliest voter's wins), no-consensus,
    /// or extend (ask on until one leads, with up to twice as many ballots, or extend:21)
    /// [default: first-seen; of two voters, whose second could change nothing then, no-consensus]
    #[arg(long, value_name = "WAY")]
    pub(crate) tie: Option<Tie>,

    /// A model that votes, in place of --model; repeat for more
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["model", "voters"])]
    pub(crate) panel: Vec<String>,

    /// A TOML file of voters that take turns, each a `[[voter]]` with a `name` and its own `prompt`
    /// behind the question, `model` or `weight`. Different prompts are worth more than more votes
    #[arg(long, value_name = "FILE")]
    pub(crate) voters: Option<PathBuf>,

    /// Who judges the answers under a --rule with a judge [default: the first model that votes]
    #[arg(long, value_name = "MODEL")]
    pub(crate) judge: Option<String>,

    /// Ask this model, once, where the voters come to no consensus; its answer wins then
    #[arg(long, value_name = "MODEL")]
    pub(crate) escalate: Option<String>,

    /// Field of the --schema that is counted, by name or JSON pointer [default: answer, else the
    /// whole ballot]
    #[arg(long, value_name = "FIELD", requires = "schema")]
    pub(crate) answer_field: Option<String>,

    #[command(flatten)]
    pub(crate) common: Common,
}

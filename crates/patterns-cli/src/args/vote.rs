//! The command line of `patterns vote`.

use std::path::PathBuf;

use clap::Args;
use patterns_job::{AnyRule, Spelled};
use patterns_parallel::voting::{StoppingRule, TieBreak};

use super::named::named;
use super::values;
use super::{Common, PartArgs};

pub(super) const EXAMPLES: &str = "Examples:
  patterns vote 'Is glass a liquid?' --option yes --option no
  patterns vote 'Is this claim true?' --context claim.txt -n 7 --rule threshold:0.8 --explain
  patterns vote 'Extract the bill.' --context mail.txt --schema bill.json --field total=median:1%
  patterns vote 'Name this product.' --context brief.md -n 8 --rule best-of --judge openai:gpt-5
  patterns vote --batch questions.jsonl -n 40 --max-cost 5 --gold answer -o elections.jsonl";

/// The command line of `patterns vote`.
#[derive(Debug, Args)]
#[command(
    next_display_order = 1,
    mut_arg("limit", |it| it.help_heading("Question").hide_short_help(true)),
    mut_arg("sample", |it| it.help_heading("Question"))
)]
pub(crate) struct VoteArgs {
    /// What to ask; - reads standard input
    #[arg(
        required_unless_present = "batch",
        conflicts_with = "batch",
        help_heading = "Question",
        display_order = 0
    )]
    pub(crate) question: Option<String>,

    /// An answer to choose from; repeat for more
    #[arg(long = "option", value_name = "ANSWER", help_heading = "Question")]
    pub(crate) options: Vec<String>,

    /// Material to answer from: a file, a directory or a glob; repeat for more
    #[arg(long, value_name = "PATH", help_heading = "Question")]
    pub(crate) context: Vec<PathBuf>,

    /// Show voters examples: a JSONL file of {"input": …, "output": …}
    ///
    /// An input is a question, its output a ballot: {"reasoning": …, "answer": …}, or what the --schema
    /// allows. All are checked before anything is sent.
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Question",
        hide_short_help = true
    )]
    pub(crate) examples: Option<PathBuf>,

    /// Hold one election per row of a JSONL, CSV or TSV file
    ///
    /// A row may have its own `options`. Under --max-calls or --max-cost, each call goes to the election
    /// where it helps most.
    #[arg(long, value_name = "FILE", help_heading = "Question")]
    pub(crate) batch: Option<PathBuf>,

    /// Field of a row with the question
    #[arg(
        long,
        value_name = "NAME",
        default_value = "question",
        requires = "batch",
        help_heading = "Question",
        hide_short_help = true
    )]
    pub(crate) question_field: String,

    /// Field of a row with its id [default: id, else file:line]
    #[arg(
        long,
        value_name = "NAME",
        requires = "batch",
        help_heading = "Question",
        hide_short_help = true
    )]
    pub(crate) id_field: Option<String>,

    /// Field of a row with the right answer
    ///
    /// Says how many elections found it, and what shares are worth.
    #[arg(
        long,
        value_name = "NAME",
        requires = "batch",
        help_heading = "Question",
        hide_short_help = true
    )]
    pub(crate) gold: Option<String>,

    #[command(flatten)]
    pub(crate) part: PartArgs,

    /// Columns of the batch that its results have, too: names with commas, or all
    ///
    /// In tables and, as `in`, in JSON. A name that results have themselves gets `in.` before it.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        requires = "batch",
        help_heading = "Question",
        hide_short_help = true
    )]
    pub(crate) keep: Vec<String>,

    /// Ballots at most [default: 5, or one per voter]
    #[arg(short = 'n', long, value_name = "N", value_parser = values::whole::<u16>(1, 1000), help_heading = "Counting")]
    pub(crate) votes: Option<u16>,

    /// A model that votes, in place of --model; repeat for more
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["model", "voters"], help_heading = "Counting")]
    pub(crate) panel: Vec<String>,

    /// A TOML file of voters with their own words, models or weights
    ///
    /// They take turns, each a `[[voter]]` with a `name` and its own `prompt` behind the question, `model`
    /// or `weight`. Different prompts are worth more than more votes.
    #[arg(long, value_name = "FILE", help_heading = "Counting")]
    pub(crate) voters: Option<PathBuf>,

    /// By majority, threshold:0.8, median, best-of, …
    ///
    /// How ballots become a result: plurality, majority, supermajority, unanimous or threshold:0.8 of the
    /// votes, or of their weight where --voters have weights; median or median:1% of numbers; and by a
    /// judge: same-meaning (answers that mean the same count together) or best-of (answers in pairs, each
    /// pair in both orders).
    #[arg(
        long,
        value_name = "RULE",
        default_value = "plurality",
        help_heading = "Counting"
    )]
    pub(crate) rule: Spelled<AnyRule>,

    /// Decide every field of the --schema on its own
    #[arg(long, requires = "schema", conflicts_with_all = ["rule", "answer_field"], help_heading = "Counting", hide_short_help = true)]
    pub(crate) by_field: bool,

    /// The rule of one field of the --schema, such as total=median:1%
    ///
    /// Repeat for more. Or /price=median:1%, tags=union:0.6. Implies --by-field.
    #[arg(long, value_name = "PATH=RULE", requires = "schema", conflicts_with_all = ["rule", "answer_field"], help_heading = "Counting")]
    pub(crate) field: Vec<String>,

    /// Field of the --schema that is counted, by name or JSON pointer [default: answer, else the
    /// whole ballot]
    #[arg(
        long,
        value_name = "FIELD",
        requires = "schema",
        help_heading = "Counting",
        hide_short_help = true
    )]
    pub(crate) answer_field: Option<String>,

    /// Who judges under --rule same-meaning or best-of
    ///
    /// [default: the first model that votes]
    #[arg(long, value_name = "MODEL", help_heading = "Counting")]
    pub(crate) judge: Option<String>,

    /// Least number of valid votes
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        value_parser = values::whole::<u16>(0, 1000),
        help_heading = "Counting",
        hide_short_help = true
    )]
    pub(crate) quorum: u16,

    /// Who wins a tie
    ///
    /// [default: first-seen; of two voters, whose second could change nothing then, no-consensus]
    #[arg(long, value_name = "WAY", value_parser = named::<TieBreak>(), help_heading = "Counting")]
    pub(crate) tie: Option<TieBreak>,

    /// Ask this model, once, where there is no consensus; its answer wins then
    #[arg(long, value_name = "MODEL", help_heading = "Counting")]
    pub(crate) escalate: Option<String>,

    /// fixed, exact, ahead-by:4, adaptive:0.95 or plan
    ///
    /// When to stop asking: fixed (never early), exact (when nothing can change any more), ahead-by:4,
    /// adaptive:0.95 or plan.
    #[arg(
        long,
        value_name = "POLICY",
        default_value = "exact",
        help_heading = "Stopping"
    )]
    pub(crate) policy: Spelled<StoppingRule>,

    /// Show how the election stands after each vote
    #[arg(long, conflicts_with = "batch", help_heading = "Stopping")]
    pub(crate) explain: bool,

    #[command(flatten)]
    pub(crate) common: Common,
}

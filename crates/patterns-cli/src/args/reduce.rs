//! The options of `patterns map-reduce` for reductions by code and checked statements.

use clap::Args;
use patterns_job::{Spelled, Unsupported};
use patterns_parallel::map_reduce::CodeReduce;

use super::named::named;

/// What says how something else than code combines.
const NO_CODE: [&str; 6] = [
    "no_reduce",
    "schema",
    "reduce_instructions",
    "topology",
    "statements",
    "unsupported",
];

/// Reductions by code and checked statements.
#[derive(Debug, Args)]
#[command(next_help_heading = "Combine")]
pub(crate) struct ReduceArgs {
    /// Combine by code, without a model: count, sum:FIELD and others
    ///
    /// Repeat for more columns: count, distinct:FIELD, sum:FIELD, mean:FIELD, min:FIELD, max:FIELD, median:FIELD, top:K:FIELD,
    /// union:FIELD
    #[arg(
        long = "reduce",
        value_name = "FUNCTION",
        conflicts_with_all = NO_CODE,
    )]
    pub(crate) code: Vec<Spelled<CodeReduce>>,

    /// Field of the answers whose values are the groups of --reduce
    ///
    /// A list puts an answer into several groups. in.NAME is a column of the input's rows.
    // A `requires` says nothing where what it wants conflicts with something that was given (`given.rs`).
    #[arg(long, value_name = "FIELD", requires = "code", conflicts_with_all = NO_CODE)]
    pub(crate) group_by: Option<String>,

    /// Field of the answers with a list of rows for --reduce
    ///
    /// --reduce and --group-by then name fields of a row.
    #[arg(long, value_name = "FIELD", requires = "code", conflicts_with_all = NO_CODE)]
    pub(crate) each: Option<String>,

    /// Ask the model which groups have the same name in other words, and put them together
    #[arg(long, hide_short_help = true, requires = "group_by", conflicts_with_all = NO_CODE)]
    pub(crate) resolve_keys: bool,

    /// Answer with statements that quote documents; code checks them
    ///
    /// They name their documents, too; code checks both, at every combination.
    #[arg(long, conflicts_with_all = ["no_reduce", "schema", "map_schema"])]
    pub(crate) statements: bool,

    /// What becomes of statements whose sources or quotes are wrong
    #[arg(
        long,
        value_name = "WHAT",
        value_parser = named::<Unsupported>(),
        default_value = "flag",
        hide_short_help = true,
        requires = "statements",
        conflicts_with_all = [
            "no_reduce", "schema", "map_schema", "code", "examples", "glean",
        ]
    )]
    pub(crate) unsupported: Unsupported,
}

//! The options that work on a part of the input, to try.

use clap::Args;

use super::values;

/// How much of the input is worked on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct PartArgs {
    /// Work on a part of the input: the first so many, to try
    ///
    /// The same command without it goes on from there: what is answered is not paid for again.
    #[arg(long, value_name = "N", value_parser = values::whole::<u64>(1, u64::MAX))]
    pub(crate) limit: Option<u64>,

    /// Work on a part of the input: so many, drawn evenly; the same ones for the same --seed
    ///
    /// A larger sample has the smaller one in it.
    #[arg(long, value_name = "N", value_parser = values::whole::<u64>(1, u64::MAX), conflicts_with = "limit", hide_short_help = true)]
    pub(crate) sample: Option<u64>,
}

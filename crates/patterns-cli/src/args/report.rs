//! The options of `patterns report`.

use std::path::PathBuf;

use clap::Args;

use super::store::{DEFAULT_STORE, Which};
use crate::terminal::ColorChoice;

/// What it is good for.
pub(super) const EXAMPLES: &str = "\
The page needs no network and may use none. Prompts and answers are on it, so it is readable by you alone.

Examples:
  patterns report                        the latest run, as run-N.html
  patterns report 3 -o incidents.html    run 3
  patterns report --no-prompts           to show to others: what was asked stays out";

/// The command line of `patterns report`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// Number of the run, as `patterns runs` has it; or latest; or -2 for the one before the latest
    #[arg(
        value_name = "RUN",
        default_value = "latest",
        allow_negative_numbers = true
    )]
    pub(crate) run: Which,

    /// File to write the page to; - is standard output [default: run-N.html, here]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,

    /// Leave out what was asked
    #[arg(long)]
    pub(crate) no_prompts: bool,

    /// File with the recorded answers; also by run.store
    #[arg(long, value_name = "FILE", default_value = DEFAULT_STORE)]
    pub(crate) store: PathBuf,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

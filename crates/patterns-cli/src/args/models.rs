//! The command line of `patterns models`.

use clap::Args;

use super::LookFormat;
use crate::terminal::ColorChoice;

/// What can be done with `patterns models`.
pub(super) const EXAMPLES: &str = "Examples:
  patterns models claude            those with this in their names
  patterns models openai mini       those with both
  patterns models --output json     all that is known, a JSON object per line";

/// The command line of `patterns models`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ModelsArgs {
    /// What has to be in their names; of several, all
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,

    /// Form of the result
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(crate) output: LookFormat,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,

    /// Set a key, too, as for a run
    #[arg(short = 'c', long = "config", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

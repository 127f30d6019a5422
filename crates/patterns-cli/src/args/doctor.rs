//! The command line of `patterns doctor`.

use std::path::PathBuf;

use clap::Args;

use super::LookFormat;
use crate::terminal::ColorChoice;

/// What can be done with `patterns doctor`, and what it says by its exit code.
pub(super) const EXAMPLES: &str = "\
Examples:
  patterns doctor                                    what is configured, and whether it works
  patterns doctor -m openai:gpt-5-mini --probe       what the model keeps, at the price of five small calls

Servers are asked for their list of models, which is free. What is not configured is no fault.
Exit codes: 0 nothing is at fault (\u{2717}), else that of the first fault: 65 the store is damaged, 66 a file is
missing, 69 a server does not answer, 77 a key is refused, 78 a key or the configuration is wrong.";

/// The command line of `patterns doctor`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The model that is meant, as for a run [default: run.model]
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Address of its provider, as for a run
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Make a small call for each answer format, to see which of them the model's server enforces; it
    /// costs what five small calls cost
    #[arg(long)]
    pub(crate) probe: bool,

    /// File with the recorded answers; also by run.store
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,

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

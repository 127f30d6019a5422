//! The command line of `patterns run`.

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "Examples:
  patterns vote 'Is glass a liquid?' --option yes --option no --print-job > glass.toml
  patterns run glass.toml
  patterns run glass.toml --model ollama:qwen3:8b --max-calls 10

A job is TOML or JSON; schema/job.json of the source is its schema. Its \
paths are relative to its file.";

pub(super) const PLAN_EXAMPLES: &str = "Examples:
  patterns plan nightly.toml
  patterns plan nightly.toml --json --limit 100";

/// The command line of `patterns run` and `patterns plan`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// The job: a TOML or JSON file, or - for standard input
    #[arg(value_name = "JOB")]
    pub(crate) job: PathBuf,

    /// Run a job that says where your key goes, or writes outside its folder, without being asked
    #[arg(long)]
    pub(crate) trust: bool,

    /// Options to add to those of the job, or to change, such as --max-cost 5
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "OPTION"
    )]
    pub(crate) more: Vec<String>,
}

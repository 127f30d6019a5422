//! The command line of `patterns attach`.

use std::path::PathBuf;

use clap::Args;

use super::values;

pub(super) const EXAMPLES: &str = "Examples:
  patterns run nightly.toml --on restate:http://127.0.0.1:8080 --detach
  patterns attach 5f0c1e9a77d2b364 --on restate:http://127.0.0.1:8080

It prints the result and ends as the run has ended, any time and as often as you like while the server keeps \
it (a week). docs/restate.md is about all of it.";

/// The command line of `patterns attach`.
#[derive(Clone, Debug, Args)]
pub(crate) struct AttachArgs {
    /// What --detach has printed
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// The Restate server that it was handed over to: restate:http://HOST:8080 [default: restate.url]
    #[arg(long, value_name = "WHERE", value_parser = values::on)]
    pub(crate) on: Option<String>,

    /// Write the result to a file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,

    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Set what is no option, such as restate.admin=http://HOST:9070 (`patterns config keys`)
    #[arg(short = 'c', long = "config", value_name = "KEY=VALUE")]
    pub(crate) config: Vec<String>,
}

#[cfg(feature = "restate")]
impl AttachArgs {
    /// Returns what is set for this command alone, as `-c` says it.
    pub(crate) fn set(&self) -> Vec<String> {
        values::set(&self.config, self.on.as_ref())
    }
}

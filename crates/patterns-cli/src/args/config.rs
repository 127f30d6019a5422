//! The command line of `patterns config`.

use clap::Subcommand;

/// What can be done with the configuration.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show what is set, and where: one key a line
    Show {
        /// Set a key, too, as for a run
        #[arg(short = 'c', long = "config", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// List every key with its meaning
    Keys,
    /// Say which files are read, whether they are there or not
    Path,
    /// Trust what the project's file says about where inputs and keys go, as it is now
    Trust,
    /// Print the JSON Schema of a file, for editors
    Schema,
}

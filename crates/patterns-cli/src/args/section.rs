//! The command line of `patterns section`.

use std::path::PathBuf;

use clap::Args;

use super::Common;

pub(super) const EXAMPLES: &str = "Examples:
  patterns section 'The Rust language' -s History -s 'Pros and cons'
  patterns section 'Our outage of 3 May' --plan 4 --context notes.md --context timeline.log";

/// The command line of `patterns section`.
#[derive(Debug, Args)]
pub(crate) struct SectionArgs {
    /// What to write about; - reads standard input
    #[arg(help_heading = "Sections", display_order = 0)]
    pub(crate) topic: String,

    /// A section to write; repeat for more
    #[arg(
        short,
        long = "section",
        value_name = "NAME",
        conflicts_with = "plan",
        help_heading = "Sections"
    )]
    pub(crate) sections: Vec<String>,

    /// Let the model plan this many sections [default: 3, if no section is named]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100), help_heading = "Sections")]
    pub(crate) plan: Option<u16>,

    /// Material to work from: a file, a directory or a glob; repeat for more
    #[arg(long, value_name = "PATH", help_heading = "Sections")]
    pub(crate) context: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) common: Common,
}

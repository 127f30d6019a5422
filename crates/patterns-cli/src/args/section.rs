//! The command line of `patterns section`.

use std::path::PathBuf;

use clap::Args;

use super::Common;
use super::values;

pub(super) const EXAMPLES: &str = "Examples:
  patterns section 'The Rust language' -s History -s 'Pros and cons'
  patterns section 'Our outage of 3 May' --plan 4 --context notes.md --context timeline.log
  patterns section 'Small harbours' --outline-only > outline.md
  patterns section --outline outline.md --context docs --stitch --consistency -o harbours.md";

/// The command line of `patterns section`.
#[derive(Debug, Args)]
pub(crate) struct SectionArgs {
    /// What to write about; - reads standard input [default: the title of the --outline]
    #[arg(
        help_heading = "Sections",
        display_order = 0,
        required_unless_present = "outline"
    )]
    pub(crate) topic: Option<String>,

    /// A section to write; repeat for more
    #[arg(
        short,
        long = "section",
        value_name = "NAME",
        conflicts_with_all = ["plan", "outline"],
        help_heading = "Sections"
    )]
    pub(crate) sections: Vec<String>,

    /// Let the model plan this many sections, 2 to 20 [default: 3, if no section is named]
    #[arg(long, value_name = "N", value_parser = values::whole::<u16>(2, 20), conflicts_with = "outline", help_heading = "Sections")]
    pub(crate) plan: Option<u16>,

    /// Take the sections from a Markdown file, each under a heading such as ## History
    ///
    /// Below the heading there may be lines such as `- words: 300` and `- after: history, costs` (what it
    /// builds on, which is written first), then a text that says what it covers. --outline-only writes
    /// such a file.
    #[arg(long, value_name = "FILE", help_heading = "Sections")]
    pub(crate) outline: Option<PathBuf>,

    /// Print the outline as Markdown, to be edited, and write no section
    #[arg(long, help_heading = "Sections")]
    pub(crate) outline_only: bool,

    /// Ask first whether the topic divides at all; one that does not is written in a single call
    #[arg(long, conflicts_with_all = ["sections", "outline"], help_heading = "Sections")]
    pub(crate) gate: bool,

    /// Material to work from: a file, a directory or a glob; repeat for more
    #[arg(long, value_name = "PATH", help_heading = "Sections")]
    pub(crate) context: Vec<PathBuf>,

    /// Put the sections together without a further call: numbers, contents, sources
    #[arg(long, help_heading = "Sections")]
    pub(crate) stitch: bool,

    /// Read all sections together and write again, at most twice, what contradicts or repeats others
    #[arg(long, help_heading = "Sections")]
    pub(crate) consistency: bool,

    /// Write out each section as soon as its turn has come
    #[arg(long, conflicts_with = "consistency", help_heading = "Sections")]
    pub(crate) live: bool,

    #[command(flatten)]
    pub(crate) common: Common,
}

//! The options about the store, and the commands that look into it.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::values::{self, Since};
use crate::terminal::ColorChoice;

/// Where the store is, if nobody says so.
pub(crate) const DEFAULT_STORE: &str = ".patterns/store.db";

/// Which store a run uses, and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoreArgs {
    /// File in which answers are recorded, so that none is paid for twice [default: run.store, or
    /// .patterns/store.db; none for the offline model]
    ///
    /// postgres://USER@HOST/DATABASE shares them with others, too (docs/store.md).
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Store",
        hide_short_help = true
    )]
    pub(crate) store: Option<PathBuf>,

    /// Record nothing and find nothing
    #[arg(long, conflicts_with_all = ["fresh", "read_only", "store"], help_heading = "Store", hide_short_help = true)]
    pub(crate) no_store: bool,

    /// Pay for every call again; the new answers take the place of the recorded ones
    #[arg(long, help_heading = "Store", hide_short_help = true)]
    pub(crate) fresh: bool,

    /// Make no call: a run that needs one fails, and names what it needs it for
    #[arg(
        long,
        conflicts_with = "fresh",
        help_heading = "Store",
        hide_short_help = true
    )]
    pub(crate) read_only: bool,
}

/// Which run is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one of that number.
    Number(i64),
    /// The latest, or so many before it.
    BeforeLatest(u32),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let before = |it: u32| it.checked_sub(1).map(Self::BeforeLatest);
        let number = |it: &i64| *it > 0;
        let which = match (text, text.strip_prefix('-')) {
            ("latest", _) => Some(Self::BeforeLatest(0)),
            (_, Some(back)) => back.parse().ok().and_then(before),
            _ => text.parse().ok().filter(number).map(Self::Number),
        };
        which.ok_or_else(|| {
            "expected the number of a run, latest, or -1 for the latest, -2 for the one before"
                .to_owned()
        })
    }
}

/// The options of commands that look into a store.
#[derive(Clone, Debug, Args)]
pub(crate) struct LookArgs {
    /// File with the recorded answers; also by run.store
    #[arg(long, value_name = "FILE", default_value = DEFAULT_STORE)]
    pub(crate) store: PathBuf,

    /// Form of the result
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(crate) output: LookFormat,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

/// The form of what is found in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LookFormat {
    /// Text to read
    Human,
    /// JSON
    Json,
}

/// The command line of `patterns runs`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunsArgs {
    /// How many, the latest first
    #[arg(short = 'n', long, value_name = "N", value_parser = values::whole::<u32>(1, 4_294_967_295), default_value_t = 20)]
    pub(crate) limit: u32,

    /// Only those that began since then: 7d or 12h ago, or a date such as 2026-11-27
    #[arg(long, value_name = "WHEN", value_parser = values::since)]
    pub(crate) since: Option<Since>,

    /// Only those with these words in the question, in the name of a branch or in an answer
    #[arg(long, value_name = "WORDS")]
    pub(crate) grep: Option<String>,

    /// Only those of a pattern
    #[arg(long, value_name = "PATTERN")]
    pub(crate) pattern: Option<PatternName>,

    #[command(flatten)]
    pub(crate) look: LookArgs,
}

/// A pattern, by the name of its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PatternName {
    /// Sectioning
    Section,
    /// Voting
    Vote,
    /// Map-reduce
    MapReduce,
}

/// The command line of `patterns diff`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier run, as `patterns runs` has it; or latest; or -2 for the one before the latest
    #[arg(value_name = "RUN", allow_negative_numbers = true)]
    pub(crate) before: Which,

    /// The run that it is compared with
    #[arg(
        value_name = "RUN",
        default_value = "latest",
        allow_negative_numbers = true
    )]
    pub(crate) after: Which,

    /// How many branches of each kind are shown; the figures are of all
    #[arg(short = 'n', long, value_name = "N", value_parser = values::whole::<usize>(0, 4_294_967_295), default_value_t = 20)]
    pub(crate) limit: usize,

    #[command(flatten)]
    pub(crate) look: LookArgs,
}

/// The command line of `patterns show`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShowArgs {
    /// Number of the run, as `patterns runs` has it; or latest; or -2 for the one before the latest
    #[arg(
        value_name = "RUN",
        default_value = "latest",
        allow_negative_numbers = true
    )]
    pub(crate) run: Which,

    /// A branch of it, by its name, the beginning of its name, or its number: its prompts, answers,
    /// re-asks, times and costs
    #[arg(value_name = "BRANCH", conflicts_with = "trace")]
    pub(crate) branch: Option<String>,

    /// How many branches are listed, those that failed first
    #[arg(short = 'n', long, value_name = "N", value_parser = values::whole::<usize>(0, 4_294_967_295), default_value_t = 10)]
    pub(crate) limit: usize,

    /// Unfold a statement of a run with --statements down to its documents: its number in the result,
    /// from 1, or some of its words
    #[arg(long, value_name = "STATEMENT")]
    pub(crate) trace: Option<String>,

    #[command(flatten)]
    pub(crate) look: LookArgs,
}

/// The command line of `patterns watch`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WatchArgs {
    /// Number of the run, as `patterns runs` has it; or latest; or -2 for the one before the latest
    #[arg(
        value_name = "RUN",
        default_value = "latest",
        allow_negative_numbers = true
    )]
    pub(crate) run: Which,

    #[command(flatten)]
    pub(crate) look: LookArgs,
}

/// The command line of `patterns ctl`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CtlArgs {
    /// Number of the run, as `patterns runs` has it; or latest; or -2 for the one before the latest
    #[arg(value_name = "RUN", allow_negative_numbers = true)]
    pub(crate) run: Which,

    /// What it is to do
    pub(crate) what: CtlWhat,

    /// How many calls in flight at once, 1 to 10000, for concurrency
    #[arg(value_name = "N", value_parser = values::calls_at_once, required_if_eq("what", "concurrency"))]
    pub(crate) most: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) look: LookArgs,
}

/// What can be asked of a run that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CtlWhat {
    /// Begin no new call; what is in flight ends, and --max-time runs on
    Pause,
    /// Go on
    Resume,
    /// Have at most N calls in flight at once from now on, for each model
    Concurrency,
    /// End as by Ctrl-C: what is in flight ends, and `patterns resume` goes on with it
    Stop,
}

/// The command line of `patterns resume`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Number of the run, as `patterns runs` has it; or latest; or -2 for the one before the latest
    #[arg(value_name = "RUN", allow_negative_numbers = true)]
    pub(crate) run: Which,

    /// Go on with a run of a store that was made elsewhere, without being asked
    #[arg(long)]
    pub(crate) trust: bool,

    /// File with the recorded answers; also by run.store
    #[arg(long, value_name = "FILE", default_value = DEFAULT_STORE)]
    pub(crate) store: PathBuf,

    /// Options to add to those of the run, or to change, such as --max-cost 5
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "OPTION"
    )]
    pub(crate) more: Vec<String>,
}

/// What can be done with a store.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Say what is in it
    Stats {
        #[command(flatten)]
        look: LookArgs,
    },
    /// Read everything and compare it with what was written
    Verify {
        #[command(flatten)]
        look: LookArgs,
    },
    /// Remove answers that are never given out again, and give the room back; what they cost stays
    /// known
    Gc {
        /// Remove all answers that were recorded longer ago than this, too, such as 30d or 12h
        #[arg(long, value_name = "DURATION", value_parser = values::duration)]
        older_than: Option<Duration>,

        /// Remove what models were asked, and nothing else; answers and what they cost stay
        #[arg(long, conflicts_with = "older_than")]
        prompts: bool,

        /// Say what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,

        #[command(flatten)]
        look: LookArgs,
    },
    /// Write all records to standard output: one JSON object per line
    Export {
        /// Write what was asked, too; it has your documents in it
        #[arg(long)]
        prompts: bool,

        #[command(flatten)]
        look: LookArgs,
    },
    /// Take in records from a file, or - for standard input
    Import {
        /// What export has written
        #[arg(value_name = "FILE")]
        file: PathBuf,

        #[command(flatten)]
        look: LookArgs,
    },
}

impl StoreCommand {
    /// Returns where the store is.
    pub(crate) fn look(&self) -> &LookArgs {
        match self {
            Self::Stats { look }
            | Self::Verify { look }
            | Self::Gc { look, .. }
            | Self::Export { look, .. }
            | Self::Import { look, .. } => look,
        }
    }

    /// Returns where the store is, to fill it.
    pub(crate) fn look_mut(&mut self) -> &mut LookArgs {
        match self {
            Self::Stats { look }
            | Self::Verify { look }
            | Self::Gc { look, .. }
            | Self::Export { look, .. }
            | Self::Import { look, .. } => look,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_number_or_its_place() {
        for (text, expected) in [
            ("7", Some(Which::Number(7))),
            ("latest", Some(Which::BeforeLatest(0))),
            ("-1", Some(Which::BeforeLatest(0))),
            ("-3", Some(Which::BeforeLatest(2))),
            ("0", None),
            ("-0", None),
            ("--1", None),
            ("last", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }
}

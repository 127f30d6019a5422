//! The command line of `patterns map-reduce`.

use std::path::PathBuf;

use clap::Args;
use patterns_parallel::map_reduce::Topology;

use super::named::named;
use super::source::SourceArgs;
use super::values;
use super::{Common, PartArgs, ReduceArgs};

pub(super) const EXAMPLES: &str = "Examples:
  patterns map-reduce docs/
  patterns map-reduce 'logs/**/*.log.gz' --records line --map-instructions 'List every error.'
  patterns map-reduce mails.jsonl --no-reduce --map-schema invoice.json --output jsonl
  patterns map-reduce mails.jsonl --map-schema invoice.json --reduce sum:total --group-by customer
  patterns map-reduce docs/ --statements";

pub(super) const DOCUMENTS: &str = "\
A file is one document: text, Markdown, HTML, PDF, DOCX, a mail or a picture; a .jsonl, .csv, .tsv or \
.parquet file has one per row, a log with --records one per record, each of them also as .gz. Directories and globs \
leave out hidden files and what .gitignore and .ignore files name; links to directories are not \
followed.";

/// The command line of `patterns map-reduce`.
#[derive(Debug, Args)]
pub(crate) struct MapReduceArgs {
    /// Documents: files, directories, globs, or - for standard input
    #[arg(
        required = true,
        value_name = "PATH",
        help_heading = "Input",
        display_order = 0
    )]
    pub(crate) inputs: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) part: PartArgs,

    /// Columns of the input's rows that --no-reduce writes, too: names with commas, or all
    ///
    /// In tables and, as `in`, in JSON. A name that an answer has itself gets `in.` before it.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        help_heading = "Input",
        hide_short_help = true
    )]
    pub(crate) keep: Vec<String>,

    /// What to do with each document, on top of --instructions
    #[arg(long, value_name = "TEXT", help_heading = "Map")]
    pub(crate) map_instructions: Option<String>,

    /// JSON Schema of the answer to each document, or its fields
    ///
    /// --schema is that of the combination.
    #[arg(long, value_name = "FILE", help_heading = "Map")]
    pub(crate) map_schema: Option<PathBuf>,

    /// Show the model examples: a JSONL file of {"input": …, "output": …}
    ///
    /// Each output is an answer that the --map-schema allows, which is checked before anything is sent.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "statements",
        help_heading = "Map",
        hide_short_help = true
    )]
    pub(crate) examples: Option<PathBuf>,

    /// Ask up to so many times what was missed in a document
    ///
    /// Until nothing new comes; it is added to the lists of the answer. Each time is a call.
    #[arg(long, value_name = "ROUNDS", requires = "map_schema", conflicts_with = "statements", hide_short_help = true, value_parser = values::whole::<u32>(1, 20), help_heading = "Map")]
    pub(crate) glean: Option<u32>,

    /// How to combine the answers, on top of --instructions
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with = "no_reduce",
        help_heading = "Combine"
    )]
    pub(crate) reduce_instructions: Option<String>,

    /// Do not combine; write each answer as soon as it can be
    ///
    /// In input order.
    #[arg(long, conflicts_with = "schema", help_heading = "Combine")]
    pub(crate) no_reduce: bool,

    /// Which answers are combined, and when
    #[arg(
        long,
        value_name = "NAME",
        value_parser = named::<Topology>(),
        default_value = "tree",
        conflicts_with = "no_reduce",
        help_heading = "Combine",
        hide_short_help = true
    )]
    pub(crate) topology: Topology,

    #[command(flatten)]
    pub(crate) reduce: ReduceArgs,

    /// Succeed although some documents or chunks are in no answer
    ///
    /// --max-failures decides how many may fail before there is no result at all.
    #[arg(long, help_heading = "Combine")]
    pub(crate) allow_gaps: bool,

    #[command(flatten)]
    pub(crate) common: Common,
}

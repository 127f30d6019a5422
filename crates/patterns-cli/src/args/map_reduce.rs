//! The command line of `patterns map-reduce`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use patterns_parallel::map_reduce::Topology;

use super::source::SourceArgs;
use super::{Common, ReduceArgs};

pub(super) const EXAMPLES: &str = "Examples:
  patterns map-reduce docs/
  patterns map-reduce 'logs/**/*.log.gz' --records line --map-instructions 'List every error with its cause.'
  patterns map-reduce mails.jsonl --no-reduce --map-schema invoice.json --output jsonl
  patterns map-reduce mails.jsonl --map-schema invoice.json --reduce count --reduce sum:total \
--group-by customer --output csv
  patterns map-reduce docs/ --statements --unsupported drop
  patterns map-reduce books/ --chunk-tokens 4000 --map-schema people.json --glean 2 --reduce union:names

A file is one document: text, Markdown, HTML, PDF or DOCX; a .jsonl, .csv, .tsv or .parquet file has \
one per row, a log with --records one per record, each of them also as .gz. Directories and globs \
leave out hidden files and what .gitignore and .ignore files name; links to directories are not \
followed.";

/// The command line of `patterns map-reduce`.
#[derive(Debug, Args)]
pub(crate) struct MapReduceArgs {
    /// Documents: files, directories, globs, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) inputs: Vec<PathBuf>,

    /// What to do with each document, on top of --instructions
    #[arg(long, value_name = "TEXT")]
    pub(crate) map_instructions: Option<String>,

    /// How to combine the answers, on top of --instructions
    #[arg(long, value_name = "TEXT", conflicts_with = "no_reduce")]
    pub(crate) reduce_instructions: Option<String>,

    /// How to combine combinations, in place of --reduce-instructions
    #[arg(long, value_name = "TEXT", conflicts_with = "no_reduce")]
    pub(crate) inner_instructions: Option<String>,

    /// JSON Schema of the answer to each document; --schema is that of the combination
    #[arg(long, value_name = "FILE")]
    pub(crate) map_schema: Option<PathBuf>,

    /// Do not combine the answers; write each one, in input order, as soon as it can be
    #[arg(long, conflicts_with_all = ["schema", "reduce_tokens"])]
    pub(crate) no_reduce: bool,

    /// Which answers are combined, and when
    #[arg(
        long,
        value_name = "NAME",
        default_value = "tree",
        conflicts_with = "no_reduce"
    )]
    pub(crate) topology: TopologyName,

    /// Tokens of answers that one reduce call may combine
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(100..))]
    pub(crate) reduce_tokens: Option<u64>,

    /// Answers that a reduce call combines on average, twice as many at most [default: 8, where not all
    /// fit in one call; for --topology refine 2: the next answer and the combination so far]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=64), conflicts_with = "no_reduce")]
    pub(crate) fan_in: Option<u32>,

    /// Ask up to so many times what was missed in a document, until nothing new comes, and add it to
    /// the lists of its answer; each time is a call
    #[arg(long, value_name = "ROUNDS", requires = "map_schema", conflicts_with = "statements", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) glean: Option<u32>,

    /// Model that is asked first whether anything was missed, such as a cheaper one
    #[arg(long, value_name = "MODEL", requires_all = ["glean", "model"])]
    pub(crate) glean_judge: Option<String>,

    /// Succeed although some documents or chunks are in no answer; --max-failures decides how many
    /// may fail before there is no result at all
    #[arg(long)]
    pub(crate) allow_gaps: bool,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) reduce: ReduceArgs,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// Which answers are combined, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TopologyName {
    /// One call where all fit; else neighbours, then combinations of neighbours
    Tree,
    /// Whatever answers are there: the fastest, and grouped in another way each time
    Unordered,
    /// One after the other, added to the combination so far
    Refine,
}

impl From<TopologyName> for Topology {
    fn from(name: TopologyName) -> Self {
        match name {
            TopologyName::Tree => Self::Tree,
            TopologyName::Unordered => Self::Unordered,
            TopologyName::Refine => Self::Refine,
        }
    }
}

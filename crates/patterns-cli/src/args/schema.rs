//! The command line of `patterns schema`.

use clap::Args;

pub(super) const EXAMPLES: &str = "\
NAME TYPE: MEANING, with commas between fields, or a line for each (then meanings may have commas).
Types are text (where there is none), int, number, bool, options such as yes|no, and lists such as [text].
A field whose name ends in ? may be missing.

Examples:
  patterns schema 'name, age int, tags [text]'
  patterns schema 'vendor, total number: with tax, paid yes|no' > bill.json
  patterns map-reduce mails.jsonl --no-reduce --map-schema 'vendor, total number' -o bills.csv";

/// The command line of `patterns schema`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The fields of the answer
    #[arg(value_name = "FIELDS")]
    pub(crate) fields: String,
}

//! How documents are read.

use clap::Args;
use patterns_source::{Format, Records, TextEncoding};

use super::values::{self, ChunkTokens};

/// How documents are read.
#[derive(Clone, Debug, Args)]
pub(crate) struct SourceArgs {
    /// What to read the inputs as, in place of what their names say: text, markdown, html, pdf, docx,
    /// mail, mailbox, jsonl, csv, tsv, parquet or picture
    #[arg(
        long,
        value_name = "FORMAT",
        help_heading = "Input",
        hide_short_help = true
    )]
    pub(crate) format: Option<Format>,

    /// Encoding of the texts, such as windows-1252 or shift_jis [default: UTF-8, or what marks and
    /// declarations say, else a guess that is told]
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Input",
        hide_short_help = true
    )]
    pub(crate) encoding: Option<TextEncoding>,

    /// What separates the fields of CSV files: a character, or tab [default: found out of , ; | and tab]
    #[arg(long, value_name = "CHAR", help_heading = "Input", value_parser = values::delimiter, hide_short_help = true)]
    pub(crate) delimiter: Option<char>,

    /// Divide texts into a document per record: by line, blank, or start:PATTERN
    ///
    /// blank divides at empty lines; a record of start:PATTERN begins with a line that matches.
    #[arg(long, value_name = "BY", help_heading = "Input")]
    pub(crate) records: Option<Records>,

    /// Field of a row with the text
    ///
    /// [default: the first of text, content, body, message, question]
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Input",
        conflicts_with = "text_template"
    )]
    pub(crate) text_field: Option<String>,

    /// Text of a row, made of its fields, such as '{{ title }}: {{ body }}', or @FILE
    #[arg(
        long,
        value_name = "TEMPLATE",
        help_heading = "Input",
        hide_short_help = true
    )]
    pub(crate) text_template: Option<String>,

    /// Field of a row with its id [default: id, else file:line]
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Input",
        hide_short_help = true
    )]
    pub(crate) id_field: Option<String>,

    /// Cut documents of more tokens into chunks; auto: what does not fit
    ///
    /// auto, the default, cuts what is too long for the model, where it is known how much that reads. Cuts
    /// are at the best boundaries there are. Each chunk is a branch of its own, called name#1 and so on;
    /// what the model still calls too long is cut further.
    #[arg(long, value_name = "N", default_value = "auto", hide_default_value = true, value_parser = values::chunk_tokens, help_heading = "Input")]
    pub(crate) chunk_tokens: ChunkTokens,

    /// Tokens of a chunk that the next one repeats, at most half of it
    #[arg(
        long,
        value_name = "N",
        help_heading = "Input",
        hide_short_help = true,
        requires = "chunk_tokens",
        value_parser = values::whole::<u64>(0, u64::MAX),
        default_value_t = 0
    )]
    pub(crate) chunk_overlap: u64,

    /// Read and check everything before the first call; without it, what cannot be read is a failed
    /// branch
    #[arg(long, help_heading = "Input", hide_short_help = true)]
    pub(crate) strict: bool,
}

//! The options that every pattern has.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use patterns_core::Money;
use patterns_job::{Form, MaxFailures, Stream};

use super::store::StoreArgs;
use super::values::{self, Concurrency};
use crate::terminal::ColorChoice;

/// The options that every pattern has.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// openai:NAME, anthropic:NAME, gemini:NAME, ollama:NAME, compatible:NAME (with --base-url) or offline
    /// [default: PATTERNS_MODEL, else OpenAI if its key is set, else a local Ollama, else offline]
    #[arg(short, long, value_name = "MODEL", help_heading = "Model")]
    pub(crate) model: Option<String>,

    /// Address of the provider, such as http://localhost:8000/v1 [default: PATTERNS_BASE_URL, else
    /// the provider's own, such as OPENAI_BASE_URL]
    #[arg(long, value_name = "URL", help_heading = "Model")]
    pub(crate) base_url: Option<String>,

    /// Proxy for all requests, such as http://localhost:3128 or socks5h://localhost:1080 [default:
    /// HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, but for the hosts of NO_PROXY]
    #[arg(long, value_name = "URL", help_heading = "Model")]
    pub(crate) proxy: Option<String>,

    /// File with the API key [default: OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY;
    /// PATTERNS_API_KEY for compatible:NAME]
    #[arg(long, value_name = "FILE", help_heading = "Model")]
    pub(crate) key_file: Option<PathBuf>,

    /// What the model is told on top of the pattern's own instructions
    #[arg(long, value_name = "TEXT", help_heading = "Model")]
    pub(crate) instructions: Option<String>,

    /// JSON Schema of the answer you want instead of the default one
    #[arg(long, value_name = "FILE", help_heading = "Model")]
    pub(crate) schema: Option<PathBuf>,

    /// Randomness, 0 to 2 [default: the provider's]
    #[arg(long, value_name = "NUMBER", value_parser = values::temperature, help_heading = "Model")]
    pub(crate) temperature: Option<f32>,

    /// Upper bound of each answer, hidden reasoning included
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Model")]
    pub(crate) max_output_tokens: Option<u32>,

    /// Makes draws and the run's id repeatable, as far as the provider can
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32), help_heading = "Model")]
    pub(crate) seed: Option<u32>,

    /// Calls in flight at once, 1 to 10000; or auto: as many as the provider takes, 256 at most (4
    /// for Ollama)
    #[arg(
        long,
        value_name = "N",
        default_value = "auto",
        value_parser = values::concurrency,
        help_heading = "Run"
    )]
    pub(crate) concurrency: Concurrency,

    /// Requests a minute that the provider allows, if it does not say so itself
    #[arg(long, value_name = "RPM", value_parser = values::rate, help_heading = "Run")]
    pub(crate) requests_per_minute: Option<f64>,

    /// Tokens a minute that the provider allows, if it does not say so itself
    #[arg(long, value_name = "TPM", value_parser = values::rate, help_heading = "Run")]
    pub(crate) tokens_per_minute: Option<f64>,

    /// Time for one attempt of a call, such as 30s or 2m
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = values::timeout, help_heading = "Run")]
    pub(crate) timeout: Duration,

    /// What a failed branch means for the others: keep-going, fail-fast, or a share such as 10%
    #[arg(
        long,
        value_name = "POLICY",
        default_value = "keep-going",
        help_heading = "Run"
    )]
    pub(crate) max_failures: MaxFailures,

    /// The most requests to send to providers; retries and repairs count
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Run")]
    pub(crate) max_calls: Option<u64>,

    /// The most tokens to use, read and written; each call reserves its --max-output-tokens, or 4096
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Run")]
    pub(crate) max_tokens: Option<u64>,

    /// The most dollars to spend, such as 2.50; each call reserves the price of its tokens, likewise
    #[arg(long, value_name = "USD", help_heading = "Run")]
    pub(crate) max_cost: Option<Money>,

    /// TOML file with prices of models, for those that are not known or have changed
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    pub(crate) prices: Option<PathBuf>,

    /// Time for the whole run, such as 10m; shortly before its end nothing new is sent
    #[arg(long, value_name = "DURATION", value_parser = values::timeout, help_heading = "Run")]
    pub(crate) max_time: Option<Duration>,

    /// Send a call a second time that takes longer than 19 of 20 do; the first answer is taken, both
    /// are paid for, and at most one call in 20 is sent twice
    #[arg(long, help_heading = "Run")]
    pub(crate) hedge: bool,

    /// Where many calls begin with the same 4 KB or more, send one first, so that the others find
    /// its beginning in the provider's prompt cache
    #[arg(long, help_heading = "Run")]
    pub(crate) prime: bool,

    /// Whether answers are streamed, so that a call that is dropped ends at the server too
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Run"
    )]
    pub(crate) stream: StreamWhen,

    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Form of the result
    #[arg(
        long,
        value_name = "FORM",
        default_value = "human",
        help_heading = "Output"
    )]
    pub(crate) output: Format,

    /// Write the result to a file, all at once at the end
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output_file: Option<PathBuf>,

    /// Write what happens, as it happens, to a file: one JSON object per line
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) events: Option<PathBuf>,

    /// Say nothing but errors on standard error
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// When to use colours
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) color: ColorChoice,

    /// Print the job, as `patterns run` takes it, and make no call
    #[arg(long, help_heading = "Output")]
    pub(crate) print_job: bool,
}

/// The form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text to read
    Human,
    /// One JSON object; with --batch or --no-reduce the same as jsonl
    Json,
    /// A JSON object per branch and line, the outcome last; of a table, per row
    Jsonl,
    /// The rows of a table, for map-reduce --reduce; the answers, with --no-reduce
    Csv,
    /// The same as Parquet
    Parquet,
}

impl From<Form> for Format {
    fn from(form: Form) -> Self {
        match form {
            Form::Human => Self::Human,
            Form::Json => Self::Json,
            Form::Jsonl => Self::Jsonl,
            Form::Csv => Self::Csv,
            Form::Parquet => Self::Parquet,
        }
    }
}

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
            Format::Jsonl => Self::Jsonl,
            Format::Csv => Self::Csv,
            Format::Parquet => Self::Parquet,
        }
    }
}

/// When answers are streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamWhen {
    /// By servers of your own, and with --prime
    Auto,
    /// By every server
    Always,
    /// By none
    Never,
}

impl From<StreamWhen> for Stream {
    fn from(when: StreamWhen) -> Self {
        match when {
            StreamWhen::Auto => Self::Auto,
            StreamWhen::Always => Self::Always,
            StreamWhen::Never => Self::Never,
        }
    }
}

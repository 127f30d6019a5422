//! The options that every pattern has.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use patterns_core::{Effort, Money};
use patterns_job::{Form, MaxFailures};
use patterns_llm::Streaming;

use super::named::named;
use super::store::StoreArgs;
use super::values::{self, Concurrency};
use crate::terminal::{ColorChoice, ProgressChoice};

/// The options that every pattern has.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// PROVIDER:NAME such as openai:gpt-5-mini, a short name, or offline
    ///
    /// openai:NAME, anthropic:NAME, gemini:NAME, azure:NAME, openrouter:NAME, ollama:NAME, compatible:NAME
    /// (with --base-url), and the providers and short names that are configured (docs/configuration.md) [default: run.model, else
    /// OpenAI if its key is set, else a local Ollama, else offline]
    #[arg(short, long, value_name = "MODEL", help_heading = "Model")]
    pub(crate) model: Option<String>,

    /// Address of the provider, such as http://localhost:8000/v1
    ///
    /// [default: that of the provider, else run.base_url, else the provider's own variable, such as
    /// OPENAI_BASE_URL]
    #[arg(long, value_name = "URL", help_heading = "Model")]
    pub(crate) base_url: Option<String>,

    /// Where calls are made: here, or by the workers of a Restate server: restate:http://HOST:8080
    ///
    /// For a command that is built with it (docs/restate.md). [default: restate.url, else here]
    #[arg(long, value_name = "WHERE", value_parser = values::on, help_heading = "Model", hide_short_help = true)]
    pub(crate) on: Option<String>,

    /// Hand the whole run over to the workers of --on, and print an id for `patterns attach`
    ///
    /// It goes on whatever becomes of this command, and reads its files where a worker runs
    /// (docs/restate.md).
    #[arg(
        long,
        conflicts_with_all = ["dry_run", "print_job", "confirm_above", "events", "plots", "fresh"],
        help_heading = "Model",
        hide_short_help = true
    )]
    pub(crate) detach: bool,

    /// What the model is told on top of the pattern's own instructions
    ///
    /// @FILE is the text of a file; @@ stands for an @ at the beginning. So it is with all instructions.
    #[arg(long, value_name = "TEXT", help_heading = "Model")]
    pub(crate) instructions: Option<String>,

    /// JSON Schema of the answer, or its fields: 'name, age int, ok yes|no'
    ///
    /// `patterns schema` says what can be written, and shows what it stands for.
    #[arg(long, value_name = "FILE", help_heading = "Model")]
    pub(crate) schema: Option<PathBuf>,

    /// Randomness, 0 to 2 [default: the provider's]
    #[arg(long, value_name = "NUMBER", value_parser = values::temperature, help_heading = "Model", hide_short_help = true)]
    pub(crate) temperature: Option<f32>,

    /// Upper bound of each answer, hidden reasoning included
    #[arg(long, value_name = "TOKENS", value_parser = values::whole::<u32>(1, 4_294_967_295), help_heading = "Model", hide_short_help = true)]
    pub(crate) max_output_tokens: Option<u32>,

    /// How long models think before they answer: none, minimal, low, medium, high or max
    #[arg(
        long,
        value_name = "EFFORT",
        help_heading = "Model",
        hide_short_help = true
    )]
    pub(crate) effort: Option<Effort>,

    /// Makes draws and the run's id repeatable, as far as the provider can
    #[arg(long, value_name = "NUMBER", value_parser = values::whole::<u32>(0, 4_294_967_295), help_heading = "Model", hide_short_help = true)]
    pub(crate) seed: Option<u32>,

    /// Time for one attempt of a call, such as 30s or 5m [default: 2m; 15m with run.tier=flex]
    #[arg(long, value_name = "DURATION", value_parser = values::timeout, help_heading = "Model", hide_short_help = true)]
    pub(crate) timeout: Option<Duration>,

    /// Whether answers are streamed, so that a call that is dropped ends at the server too
    #[arg(
        long,
        value_name = "WHEN",
        value_parser = named::<Streaming>(),
        default_value = "auto",
        help_heading = "Model",
        hide_short_help = true
    )]
    pub(crate) stream: Streaming,

    /// The most dollars to spend, such as 2.50
    ///
    /// Each call reserves the price of its tokens.
    #[arg(long, value_name = "USD", help_heading = "Spend")]
    pub(crate) max_cost: Option<Money>,

    /// The most requests to send to providers; retries and repairs count
    #[arg(long, value_name = "N", value_parser = values::whole::<u64>(1, u64::MAX), help_heading = "Spend")]
    pub(crate) max_calls: Option<u64>,

    /// Say what it would do and cost, and make no call
    ///
    /// Calls, tokens, money and time of each stage, what the store has already, and the first prompt of
    /// each stage. With --output json as JSON.
    #[arg(long, help_heading = "Spend")]
    pub(crate) dry_run: bool,

    /// Plan first, and ask before more than that is likely to be spent
    ///
    /// Where nobody can be asked, the run is refused, with exit code 5.
    #[arg(
        long,
        value_name = "USD",
        help_heading = "Spend",
        hide_short_help = true
    )]
    pub(crate) confirm_above: Option<Money>,

    /// Go on without being asked by --confirm-above
    #[arg(
        long,
        requires = "confirm_above",
        conflicts_with = "detach",
        help_heading = "Spend",
        hide_short_help = true
    )]
    pub(crate) yes: bool,

    /// The most tokens to use, read and written; each call reserves its --max-output-tokens, or 4096
    #[arg(long, value_name = "N", value_parser = values::whole::<u64>(1, u64::MAX), help_heading = "Spend", hide_short_help = true)]
    pub(crate) max_tokens: Option<u64>,

    /// Time for the whole run, such as 10m
    ///
    /// Shortly before its end nothing new is sent.
    #[arg(long, value_name = "DURATION", value_parser = values::timeout, help_heading = "Spend")]
    pub(crate) max_time: Option<Duration>,

    /// Calls in flight at once, 1 to 10000, or auto
    ///
    /// auto is as many as the provider takes, 256 at most, and 4 for Ollama.
    #[arg(
        long,
        value_name = "N",
        default_value = "auto",
        value_parser = values::concurrency,
        help_heading = "Spend"
    )]
    pub(crate) concurrency: Concurrency,

    /// What a failed branch means for the others: keep-going, fail-fast, or a share such as 10%
    #[arg(
        long,
        value_name = "POLICY",
        default_value = "keep-going",
        help_heading = "Spend",
        hide_short_help = true
    )]
    pub(crate) max_failures: MaxFailures,

    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// Form
    ///
    /// [default: what the ending of the file says, else human]
    #[arg(long, value_name = "FORM", value_parser = named::<Form>(), help_heading = "Output")]
    pub(crate) output: Option<Form>,

    /// Write the result to a file, all at once at the end
    ///
    /// Its ending says in which form: .csv, .json, .jsonl, .parquet, .db, .html, .md.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output_file: Option<PathBuf>,

    /// Write what happens, as it happens, to a file: one JSON object per line
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Output",
        hide_short_help = true
    )]
    pub(crate) events: Option<PathBuf>,

    /// Say nothing but errors on standard error
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// When to use colours
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output",
        hide_short_help = true
    )]
    pub(crate) color: ColorChoice,

    /// How to show how far the run is, on standard error
    #[arg(
        long,
        value_name = "HOW",
        default_value = "auto",
        help_heading = "Output",
        hide_short_help = true
    )]
    pub(crate) progress: ProgressChoice,

    /// At the end, draw calls over time, working against waiting, and tokens by stage; on a terminal only
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub(crate) plots: bool,

    /// Set what is no option, such as run.hedge=true (`patterns config keys`)
    #[arg(
        short = 'c',
        long = "config",
        value_name = "KEY=VALUE",
        help_heading = "Output"
    )]
    pub(crate) config: Vec<String>,

    /// Print the job, as `patterns run` takes it, and make no call
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub(crate) print_job: bool,

    /// Print this; --help has every option
    #[arg(
        short,
        long,
        action = ArgAction::Help,
        long_help = "Print this; -h is a summary",
        help_heading = "Output"
    )]
    help: Option<bool>,
}

impl Common {
    /// Returns what is set for this run alone, as `-c` says it.
    pub(crate) fn set(&self) -> Vec<String> {
        values::set(&self.config, self.on.as_ref())
    }
}

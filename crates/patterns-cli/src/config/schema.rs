//! Every key that can be set, with its type and its meaning. What is documented here is what
//! `patterns config keys`, `docs/configuration.md` and `schema/config.json` say.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

use patterns_core::{Effort, Money};
use patterns_job::{Form, MaxFailures};
use patterns_llm::{Streaming, Tier};
use patterns_store::Durability;
use schemars::JsonSchema;
use serde::Deserialize;

use super::read;
use crate::args::Concurrency;
use crate::terminal::{ColorChoice, ProgressChoice};

/// What is set once instead of typed with every command.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The defaults of every run. A variable sets each of them, too: `PATTERNS_` and its name in
    /// capitals, such as `PATTERNS_MODEL`.
    #[serde(deserialize_with = "read::table")]
    pub(crate) run: RunKeys,
    /// How sections are written; as variables `PATTERNS_SECTION_` and the name.
    #[serde(deserialize_with = "read::table")]
    pub(crate) section: SectionKeys,
    /// How votes are carried out; as variables `PATTERNS_VOTE_` and the name.
    #[serde(deserialize_with = "read::table")]
    pub(crate) vote: VoteKeys,
    /// How documents are worked on; as variables `PATTERNS_MAP_REDUCE_` and the name.
    #[serde(deserialize_with = "read::table")]
    pub(crate) map_reduce: MapReduceKeys,
    /// What is kept in the store; as variables `PATTERNS_STORE_` and the name.
    #[serde(deserialize_with = "read::table")]
    pub(crate) store: StoreKeys,
    /// The Restate server whose workers make the calls, for a command that is built with it; as variables
    /// `PATTERNS_RESTATE_` and the name.
    #[serde(deserialize_with = "read::table")]
    pub(crate) restate: RestateKeys,
    /// Short names of models: with `fast = "groq:llama-3.3-70b"`, `-m fast` is enough.
    pub(crate) models: BTreeMap<String, String>,
    /// Servers by name. `openai`, `anthropic`, `gemini`, `azure`, `openrouter`, `ollama` and `compatible` are there; what is set below their names
    /// is added to what is known of them. With `[providers.groq]`, `-m groq:MODEL` is a model of it.
    #[serde(deserialize_with = "read::tables")]
    pub(crate) providers: BTreeMap<String, ProviderKeys>,
}

/// The defaults of every run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RunKeys {
    /// The model: PROVIDER:NAME, or one of `[models]`; --model.
    pub(crate) model: Option<String>,
    /// Models that are asked instead, one after the other, where a model gives no answer that keeps its
    /// schema, refuses, or finds a question or an answer too long.
    pub(crate) fallback: Option<Vec<String>>,
    /// The server of models whose provider has none otherwise, and of a `model` that is set in the same
    /// place; --base-url.
    pub(crate) base_url: Option<String>,
    /// Proxy for all requests, such as http://localhost:3128 or socks5h://localhost:1080; without
    /// it, that of HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, but for the hosts of NO_PROXY.
    pub(crate) proxy: Option<String>,
    /// Randomness, 0 to 2; --temperature.
    #[serde(deserialize_with = "read::temperature")]
    #[schemars(with = "Option<f32>")]
    pub(crate) temperature: Option<f32>,
    /// Upper bound of each answer, hidden reasoning included; --max-output-tokens.
    pub(crate) max_output_tokens: Option<NonZeroU32>,
    /// How long models think before they answer: none, minimal, low, medium, high or max; --effort. What
    /// a model does not know is put to it as the nearest that it knows, and that is said.
    pub(crate) effort: Option<Effort>,
    /// How urgently answers are wanted: standard, or flex, which costs about half and may take a quarter
    /// of an hour an answer (OpenAI, Gemini, Azure, OpenRouter).
    pub(crate) tier: Option<Tier>,
    /// Makes draws and the run's id repeatable; --seed.
    pub(crate) seed: Option<u32>,
    /// Calls in flight at once, 1 to 10000, or auto; --concurrency.
    #[serde(deserialize_with = "read::concurrency")]
    #[schemars(with = "Option<read::NumberOrText>")]
    pub(crate) concurrency: Option<Concurrency>,
    /// Time for one attempt of a call, such as 30s or 2m; --timeout.
    #[serde(deserialize_with = "read::timeout")]
    #[schemars(with = "Option<String>")]
    pub(crate) timeout: Option<Duration>,
    /// What a failed branch means for the others: keep-going, fail-fast or a share such as 10%;
    /// --max-failures.
    pub(crate) max_failures: Option<MaxFailures>,
    /// The most requests to send; --max-calls.
    pub(crate) max_calls: Option<NonZeroU64>,
    /// The most tokens to use; --max-tokens.
    pub(crate) max_tokens: Option<NonZeroU64>,
    /// The most dollars to spend; --max-cost.
    #[schemars(with = "Option<read::NumberOrText>")]
    pub(crate) max_cost: Option<Money>,
    /// Time for the whole run, such as 10m; --max-time.
    #[serde(deserialize_with = "read::timeout")]
    #[schemars(with = "Option<String>")]
    pub(crate) max_time: Option<Duration>,
    /// Whether a call that takes longer than 19 of 20 do is sent a second time: the first answer is
    /// taken, both are paid for, and at most one call in 20 is sent twice.
    pub(crate) hedge: Option<bool>,
    /// Whether, where many calls begin with the same 4 KB or more, one is sent first, so that the
    /// others find its beginning in the provider's prompt cache.
    pub(crate) prime: Option<bool>,
    /// Whether answers are streamed, so that a call that is dropped ends at the server too; auto is by
    /// servers of your own, and with prime; --stream.
    pub(crate) stream: Option<Streaming>,
    /// File in which answers are recorded; --store. In a file, it is relative to that file. An address that
    /// begins with postgres:// is store.shared.
    pub(crate) store: Option<PathBuf>,
    /// What recorded answers survive: the end of the process, or a loss of power, too (the default).
    pub(crate) durability: Option<Durability>,
    /// Form of the result, where the ending of its file says none; --output.
    pub(crate) output: Option<Form>,
    /// Whether nothing but errors is said; --quiet.
    pub(crate) quiet: Option<bool>,
    /// When to use colours; --color.
    pub(crate) color: Option<ColorChoice>,
    /// How it is shown on standard error how far a run is: in lines that change on a terminal and a line
    /// every few seconds elsewhere (auto), in plain lines, as JSON, or not at all; --progress.
    pub(crate) progress: Option<ProgressChoice>,
}

/// How sections are written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SectionKeys {
    /// Tokens of material that a section gets at most, without it 8000; of more, it gets the passages that
    /// concern it.
    pub(crate) context_tokens: Option<NonZeroU64>,
}

/// How votes are carried out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VoteKeys {
    /// Ask one by one instead of in waves, with so many ballots more under way than are needed; those
    /// under way when it is decided are cancelled. Quicker, and dearer by the more the larger it is.
    pub(crate) spare: Option<u16>,
}

/// How documents are worked on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MapReduceKeys {
    /// Answers that a reduce call combines on average, 2 to 64, twice as many at most; without it 8,
    /// where not all fit in one call (with --topology refine 2: the next answer and the combination
    /// so far).
    #[serde(deserialize_with = "read::fan_in")]
    #[schemars(with = "Option<u32>", range(min = 2, max = 64))]
    pub(crate) fan_in: Option<u32>,
    /// Tokens of answers that one reduce call may combine, at least 100; without it what fits the window
    /// of its model, and 24000 at most, since models lose some of more.
    #[serde(deserialize_with = "read::reduce_tokens")]
    #[schemars(with = "Option<u64>", range(min = 100))]
    pub(crate) reduce_tokens: Option<u64>,
    /// Largest document that is read, such as 500k or 64m; without it 32m.
    #[serde(deserialize_with = "read::size")]
    #[schemars(with = "Option<read::NumberOrText>")]
    pub(crate) max_document_size: Option<u64>,
}

/// What is kept in the store.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StoreKeys {
    /// Whether it is kept what models are asked, for `patterns show` and reports; it is, unless this is
    /// false. Answers are kept in any case.
    pub(crate) prompts: Option<bool>,
    /// Postgres database whose answers are shared with other processes, as postgres://USER@HOST/DATABASE, for a
    /// command that is built with it.
    pub(crate) shared: Option<String>,
}

/// The Restate server whose workers make the calls.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RestateKeys {
    /// Where calls go in, such as http://127.0.0.1:8080; without it, or if it is empty, calls are made here;
    /// --on.
    pub(crate) url: Option<String>,
    /// Where the server is looked after: calls are cancelled there, and workers registered. Without it, port
    /// 9070 of the same host.
    pub(crate) admin: Option<String>,
    /// The variable with the token that the server wants; none, if it isn't set.
    pub(crate) token_variable: Option<String>,
    /// Whether the server has lanes (scopes with limits); without it, it is asked.
    pub(crate) lanes: Option<bool>,
    /// Whether calls, answers and jobs are encrypted on their way and at the server, with a key that driver and
    /// workers share: 64 hexadecimal digits, as `openssl rand -hex 32` makes them. Several are separated by
    /// commas, of which the first encrypts.
    pub(crate) private: Option<bool>,
    /// The variable with that key.
    pub(crate) key_variable: Option<String>,
    /// The file with that key; in a file, it is relative to that file.
    pub(crate) key_file: Option<PathBuf>,
    /// A command that prints that key; no shell is involved, and it runs in your home directory.
    pub(crate) key_command: Option<String>,
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProviderKeys {
    /// What it speaks; compatible, which most servers are, if nothing is said.
    pub(crate) kind: Option<Kind>,
    /// Its address, up to and including its `/v1`.
    pub(crate) base_url: Option<String>,
    /// In place of `base_url`, addresses of several servers with the same models: a call goes to the one
    /// that has the fewest under way, and to the next where one keeps failing. Each has a pace of its
    /// own; what they answer is recorded under the first.
    pub(crate) base_urls: Vec<String>,
    /// The variable with its key; without any of the three, OPENAI_API_KEY for `openai`,
    /// ANTHROPIC_API_KEY, GEMINI_API_KEY, AZURE_OPENAI_API_KEY, OPENROUTER_API_KEY, PATTERNS_API_KEY for
    /// `compatible`, and no key for others.
    pub(crate) key_variable: Option<String>,
    /// In place of `key_variable`, variables with a key each, which are used side by side as servers are;
    /// with `base_urls`, one for each address. A key that is refused is left out.
    pub(crate) key_variables: Vec<String>,
    /// The file with its key; in a file, it is relative to that file.
    pub(crate) key_file: Option<PathBuf>,
    /// A command that prints its key, such as `pass show groq`; no shell is involved, and it runs in your
    /// home directory.
    pub(crate) key_command: Option<String>,
    /// Headers that are sent with every request.
    pub(crate) headers: BTreeMap<String, String>,
    /// Fields that are added to the body of every request, such as `reasoning_effort = "low"`. An
    /// answer is recorded under them, too.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub(crate) extra: BTreeMap<String, toml::Value>,
    /// Requests a minute that it allows, if it does not say so itself.
    pub(crate) requests_per_minute: Option<NonZeroU64>,
    /// Tokens a minute that it allows, if it does not say so itself.
    pub(crate) tokens_per_minute: Option<NonZeroU64>,
    /// Tokens that its models read and write at most in one call: what is longer is asked about in
    /// parts without being sent first, or fails.
    pub(crate) context_window: Option<NonZeroU64>,
    /// The version of Azure's API, such as 2024-10-21: its deployments are asked by it. Without it its
    /// `/openai/v1` is asked, which needs none.
    pub(crate) api_version: Option<String>,
    /// What its models cost, by their names, which may end in `*`.
    #[serde(deserialize_with = "read::tables")]
    pub(crate) prices: BTreeMap<String, PriceKeys>,
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// OpenAI's own protocol.
    Openai,
    /// Anthropic's.
    Anthropic,
    /// Gemini's.
    Gemini,
    /// OpenAI's models at Azure.
    Azure,
    /// OpenRouter.
    Openrouter,
    /// Ollama.
    Ollama,
    /// Any server of OpenAI's chat completions protocol.
    Compatible,
}

impl Kind {
    /// Returns what models of it are named by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Azure => "azure",
            Self::Openrouter => "openrouter",
            Self::Ollama => "ollama",
            Self::Compatible => "compatible",
        }
    }
}

/// What a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceKeys {
    /// Dollars per million tokens read.
    #[schemars(with = "read::NumberOrText")]
    pub(crate) input: Money,
    /// Dollars per million tokens read from the provider's prompt cache, if it differs.
    #[schemars(with = "Option<read::NumberOrText>")]
    pub(crate) cached_input: Option<Money>,
    /// Dollars per million tokens written into the provider's prompt cache, if it differs; of Anthropic's
    /// models a quarter more than `input`, if it isn't set.
    #[schemars(with = "Option<read::NumberOrText>")]
    pub(crate) cache_write: Option<Money>,
    /// Dollars per million tokens written.
    #[schemars(with = "read::NumberOrText")]
    pub(crate) output: Money,
}

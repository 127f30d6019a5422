//! Finds a model by its name, and everything that can be set about the connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use patterns_core::{AnswerFormat, Budget, Caps, Model};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::exchange::Exchange;
use crate::layer::{HedgePolicy, RetryPolicy};
use crate::pace::Pace;
use crate::price::Prices;
use crate::provider::{Provider, named, unknown_provider};
use crate::proxies::Proxies;
use crate::streaming::Streaming;
use crate::tier::Tier;

mod checked;
mod made;
mod members;
mod reach;

pub use members::connect_all;
pub use reach::Reached;

/// How long one attempt may take: reasoning models think for minutes.
const TIMEOUT: Duration = Duration::from_secs(600);

/// How long a reply may stall.
const IDLE: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Names a model to connect to: `PROVIDER:MODEL`.
///
/// | name | speaks to |
/// |---|---|
/// | `openai:gpt-5-mini` | OpenAI; needs a key |
/// | `anthropic:claude-sonnet-4-5` | Anthropic; needs a key |
/// | `gemini:gemini-2.5-flash` | Gemini; needs a key |
/// | `ollama:qwen3:8b` | Ollama, at [`OLLAMA_BASE_URL`](crate::OLLAMA_BASE_URL) unless told otherwise |
/// | `azure:DEPLOYMENT` | Azure OpenAI; needs a key and the base URL of the resource |
/// | `openrouter:MAKER/MODEL` | OpenRouter; needs a key |
/// | `compatible:NAME` | any server of OpenAI's chat completions protocol; needs a base URL |
///
/// ```
/// use patterns_llm::{ConnectErrorKind, connect};
///
/// let vllm = connect("compatible:qwen3-30b")?.base_url("http://localhost:8000/v1").build()?;
/// assert_eq!(vllm.id().to_string(), "compatible:qwen3-30b@http://localhost:8000/v1");
///
/// let error = connect("olama:qwen3:8b").unwrap_err();
/// assert_eq!(error.kind(), ConnectErrorKind::UnknownProvider);
/// assert_eq!(error.suggestion(), Some("ollama:qwen3:8b"));
/// # Ok::<(), patterns_llm::ConnectError>(())
/// ```
///
/// # Errors
///
/// Returns an error of kind [`UnknownProvider`](ConnectErrorKind::UnknownProvider) or
/// [`MissingModel`](ConnectErrorKind::MissingModel).
pub fn connect(name: &str) -> Result<Connect, ConnectError> {
    let (provider, model) = match name.split_once(':') {
        Some((provider, model)) => (provider, Some(model.trim())),
        None => (name, None),
    };
    let provider = named(provider.trim()).ok_or_else(|| unknown_provider(name))?;
    let model = match (provider, model) {
        (_, Some(model)) if !model.is_empty() => model,
        (provider, _) => {
            let name = provider.name;
            let message = format!("the model is missing: write `{name}:MODEL`");
            return Err(ConnectError::new(ConnectErrorKind::MissingModel, message));
        }
    };
    Ok(Connect::new(provider, model))
}

/// A connection to be made; made by [`connect`].
#[derive(Clone)]
#[must_use = "nothing is connected before `build`"]
pub struct Connect {
    provider: &'static Provider,
    model: String,
    key: Option<SecretString>,
    base_url: Option<String>,
    headers: Vec<(String, SecretString)>,
    extra: Map<String, Value>,
    context_window: Option<u64>,
    tier: Tier,
    api_version: Option<String>,
    proxies: Proxies,
    timeout: Duration,
    connect_timeout: Duration,
    is_priming: bool,
    streaming: Streaming,
    answer_format: Option<AnswerFormat>,
    retry: RetryPolicy,
    hedge: Option<HedgePolicy>,
    pace: Pace,
    first_byte: Option<Duration>,
    idle: Duration,
    exchange: Option<Arc<dyn Exchange>>,
    budget: Budget,
    prices: Prices,
    seed: u64,
}

impl Connect {
    fn new(provider: &'static Provider, model: &str) -> Self {
        Self {
            provider,
            model: model.to_owned(),
            key: None,
            base_url: None,
            headers: Vec::new(),
            extra: Map::new(),
            context_window: None,
            tier: Tier::Standard,
            api_version: None,
            proxies: Proxies::default(),
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            is_priming: false,
            streaming: Streaming::default(),
            answer_format: None,
            retry: RetryPolicy::default(),
            hedge: None,
            pace: Pace::default(),
            first_byte: None,
            idle: IDLE,
            exchange: None,
            budget: Budget::new(Caps::default()),
            prices: Prices::known(),
            seed: 0,
        }
    }

    /// Sets the key. An empty one counts as none.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the server, up to and including the `/v1` of OpenAI's protocol; for others with or without
    /// what the paths of their requests begin with.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Returns where the provider is found unless told otherwise.
    pub fn usual_base_url(&self) -> Option<&'static str> {
        self.provider.usual_base_url
    }

    /// Returns the server, if it is known: the one that was set, else the usual one.
    pub fn server(&self) -> Option<&str> {
        self.base_url.as_deref().or(self.usual_base_url())
    }

    /// Sets headers that are sent with every request, beside ours. A value may be a key: where the name
    /// of a header says so, it is kept out of a provider's words as the key is.
    pub fn headers(mut self, headers: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        self.headers = headers.into_iter().collect();
        self
    }

    /// Sets fields that are added to the body of every request, such as `reasoning_effort`. They are part
    /// of the model's identity: an answer is recorded under them, too.
    ///
    /// ```
    /// use patterns_llm::connect;
    /// use serde_json::json;
    ///
    /// let fields = json!({"think": "low"});
    /// let model = connect("ollama:gpt-oss:20b")?.extra(fields.as_object().unwrap().clone()).build()?;
    /// assert_eq!(model.id().extra.as_deref(), Some(r#"{"think":"low"}"#));
    /// # Ok::<(), patterns_llm::ConnectError>(())
    /// ```
    pub fn extra(mut self, extra: Map<String, Value>) -> Self {
        self.extra = extra;
        self
    }

    /// Sets how many tokens the model reads and writes at most in one call. What is clearly longer is
    /// refused as too long without being sent; by default the server decides.
    pub fn context_window(mut self, tokens: u64) -> Self {
        self.context_window = Some(tokens);
        self
    }

    /// Sets how urgently answers are wanted; as usual, if it isn't set. Answers of [`Tier::Flex`] may take
    /// a quarter of an hour: set the [time-out](Self::timeout) with it.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Sets the version of the API that a deployment of Azure is asked by, such as `2024-10-21`; without
    /// it, its `/openai/v1`, which needs none. It is an error for others.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// Sets through which proxies the server is reached; none, if it isn't set.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Sets how long one attempt may take, from its first byte sent to its last byte read; ten
    /// minutes if it isn't set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Sets how long making a connection may take; five seconds if it isn't set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets how long the head of a reply may take, which most servers send when the answer is whole;
    /// no longer than the attempt if it isn't set.
    pub fn first_byte_timeout(mut self, limit: Duration) -> Self {
        self.first_byte = Some(limit);
        self
    }

    /// Sets how long nothing but white space may come in the middle of a reply; a minute if it
    /// isn't set.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// Sets who carries out the HTTP exchanges, in place of the built-in client and its time-outs.
    pub fn exchange(mut self, exchange: Arc<dyn Exchange>) -> Self {
        self.exchange = Some(exchange);
        self
    }

    /// Lets the first of the calls with a long common beginning go ahead, so that the others find it
    /// in the provider's prompt cache. They wait for its first token, or for its answer where none is
    /// streamed; it is off if it isn't set.
    pub fn prime(mut self, is_on: bool) -> Self {
        self.is_priming = is_on;
        self
    }

    /// Sets whether answers are streamed; [`Streaming::Auto`] if it isn't set. No answer depends on it.
    pub fn streaming(mut self, streaming: Streaming) -> Self {
        self.streaming = streaming;
        self
    }

    /// Asks for structured answers in this format only, say to find out whether the server knows it. If it
    /// isn't set, it is the strongest that the server is found to know. It is an error to
    /// [`build`](Self::build) with one that servers of this kind are never asked for.
    pub fn answer_format(mut self, format: AnswerFormat) -> Self {
        self.answer_format = Some(format);
        self
    }

    /// Sets when a failed attempt is tried again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets when a slow call is sent a second time; never, if it isn't set. The answer that comes first
    /// is taken, and both are paid for.
    pub fn hedge(mut self, policy: HedgePolicy) -> Self {
        self.hedge = Some(policy);
        self
    }

    /// Sets how many calls may be in flight, and what is known of the provider's limits. All models
    /// of this process that are connected with one server, model, key and pace share it.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Sets the budget of all attempts, failed ones and repeated ones included. Models that are given
    /// clones of one budget share it. Without it, nothing is capped.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Sets what models cost; [`Prices::known`] if it isn't set.
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = prices;
        self
    }

    /// Sets the seed of the random waits between attempts. It does not touch the model's draws:
    /// those are seeded by [`Sampling::seed`](patterns_core::Sampling::seed).
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Makes the model. No request is sent yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the key or the base URL is missing or unusable, if a header or a field cannot
    /// be sent beside ours, if the budget caps the cost of a model whose price isn't known, or if the
    /// HTTP client cannot be set up.
    pub fn build(self) -> Result<Arc<dyn Model>, ConnectError> {
        let retry = self.retry;
        Ok(self.made(&[])?.stack(retry))
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("provider", &self.provider.name)
            .field("model", &self.model)
            .field("has_key", &self.key.is_some())
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("pace", &self.pace)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

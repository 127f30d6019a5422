//! Connects [`patterns_core`] to language models: provider adapters and the layers that tame them.
//!
//! ```text
//! connect("openai:gpt-5-mini")? ─► single flight ► window ► prime ► retry ► step down ► pace ► hedge ► budget ► trace ► timeout
//!                                  ─► adapter ─► HTTP
//! ```
//!
//! ```
//! use patterns_llm::connect;
//!
//! let model = connect("openai:gpt-5-mini")?
//!     .api_key("the key, wherever you keep it")
//!     .build()?;
//! assert_eq!(model.id().to_string(), "openai:gpt-5-mini");
//!
//! let local = connect("ollama:qwen3:8b")?.build()?;
//! assert_eq!(local.id().model, "qwen3:8b");
//! # Ok::<(), patterns_llm::ConnectError>(())
//! ```
//!
//! Keys come from the caller; nothing here reads the environment. Every reply of a provider, however
//! odd, becomes either a whole [`Response`](patterns_core::Response) or a
//! [`ModelError`](patterns_core::ModelError) that says what to do next.

mod address;
mod attached;
mod connect;
mod connect_error;
mod exchange;
mod first_tokens;
mod http;
mod inflate;
mod known_model;
mod layer;
mod model_list;
mod no_reply;
mod pace;
mod post;
mod price;
mod provider;
mod proxies;
mod streaming;
mod tier;
#[cfg(feature = "tiktoken")]
mod tokenizer;

pub use connect::{Connect, Reached, connect, connect_all};
pub use connect_error::{ConnectError, ConnectErrorKind};
pub use exchange::{Exchange, ExchangeError, ExchangeErrorKind};
pub use http::models_at;
pub use known_model::KnownModel;
pub use layer::{
    ASSUMED_OUTPUT_TOKENS, Attempts, BudgetLayer, Budgeted, Decision, HedgeLayer, HedgePolicy,
    Hedged, PaceLayer, Paced, PrimeLayer, Primed, Retry, RetryLayer, RetryPolicy, SingleFlight,
    SingleFlightLayer, Timeout, TimeoutLayer, Trace, TraceLayer,
};
pub use pace::{
    Admission, Demand, Pace, Pacer, PacerState, Permit, Pool, RateLimits, Reason, Slot, Verdict,
    Window,
};
pub use post::post_json;
pub use price::{LongPrice, Price, Prices, PricesError};
pub use provider::{OLLAMA_BASE_URL, takes};
pub use proxies::Proxies;
pub use streaming::Streaming;
pub use tier::Tier;
#[cfg(feature = "tiktoken")]
pub use tokenizer::token_counter;

//! Traits and plain types for parallel LLM work with typed answers.
//!
//! ```text
//! input ─► Agent ─► Model (wrapped in Layers) ─► provider
//!            ▲          Request ─►   ◄─ Response or ModelError
//!            └─ Contract: decode, validate, ask again ─► Answer ─► Branch ─► Outcome
//! every step tells an EventSink what happened
//! ```
//!
//! A **run** executes one pattern; a **branch** is one unit of its fan-out; a **call** is one
//! request that an agent makes to a model; an **attempt** is one HTTP try of a call.
//!
//! This crate performs no I/O, reads no clock, needs no runtime and names no provider.
//! `patterns-llm` provides models, `patterns-parallel` the patterns.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use patterns_core::{Agent, Contract, ModelAgent, Scope};
//! use patterns_testkit::ScriptedModel;
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Sentiment {
//!     /// Why, in one sentence.
//!     reasoning: String,
//!     positive: bool,
//! }
//!
//! let model = Arc::new(ScriptedModel::new([r#"{"reasoning": "It praises.", "positive": true}"#]));
//! let agent = ModelAgent::new(model, "Judge the sentiment.", Contract::of::<Sentiment>()?);
//! let answer = agent.run(&"What a day!", Scope::default()).await?;
//! assert!(answer.value.positive);
//! # Ok(()) }
//! ```

mod agent;
mod agent_error;
mod answer_schema;
mod attachment;
mod budget;
mod call_digest;
mod call_key;
mod chunk;
mod columns;
mod contract;
mod coverage;
pub mod decimal;
mod event;
mod event_line;
mod fallback;
mod format;
mod grouped;
mod layer;
mod model;
mod model_agent;
mod model_error;
mod name_and_value;
mod nearest;
mod never_valid;
mod origin;
mod outcome;
pub mod pointer;
mod request;
mod response;
mod schema_view;
mod scope;
mod some_of;
mod steering;
mod system_reason;
pub mod text;
mod tokens;
mod usage;

pub use agent::{Agent, AgentFn, Answer, Map, Prompt, agent_fn};
pub use agent_error::{AgentError, AgentErrorKind};
pub use answer_schema::AnswerSchema;
pub use attachment::{Attachment, MediaType};
pub use budget::{
    Budget, Caps, Exhausted, Journal, Limit, Money, MoneyError, NoRoom, Reservation, Reserve,
    Spend, Spent,
};
pub use call_key::CallKey;
pub use chunk::{Chunk, Heading, Select, Split, cut_in_two};
pub use columns::Columns;
pub use contract::{
    Contract, ContractError, Decoded, Fix, MAX_ANSWER_BYTES, MAX_DEPTH, Rejection, SchemaProblem,
    Strict, Violation, parse_schema,
};
pub use coverage::{Coverage, CoverageCounts, Covered, Gap};
pub use event::{Event, EventSink, PauseReason, Waits};
pub use event_line::{EventFileBegun, EventLine, Recorded};
pub use format::AnswerFormat;
pub use grouped::grouped;
pub use layer::Layer;
pub use model::{BoxFuture, Model, ModelId};
pub use model_agent::ModelAgent;
pub use model_error::{ModelError, ModelErrorKind};
pub use name_and_value::name_and_value;
pub use nearest::{meant, nearest};
pub use origin::{BranchId, Origin, RunId};
pub use outcome::{
    AggregateError, AggregateErrorKind, Branch, BranchEnd, Counts, Outcome, Pattern, StepRole,
    Warning,
};
pub use request::{Document, Effort, Message, Part, Request, Role, Sampling};
pub use response::{FinishReason, Response};
pub use schema_view::{SchemaKind, SchemaView};
pub use scope::Scope;
pub use some_of::some_of;
pub use steering::Steering;
pub use system_reason::system_reason;
pub use tokens::{TokenCounter, estimate_tokens};
pub use usage::Usage;

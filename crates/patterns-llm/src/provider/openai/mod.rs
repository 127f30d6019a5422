//! Speaks OpenAI's chat completions protocol, and the many dialects of it that other servers speak.
//!
//! ```text
//! Request ─► wire ─► async-openai ─► transport ─► HTTP
//! Response or ModelError ◄─ classify ◄─ Reply (status, headers, body) ◄─┘
//! ```
//!
//! async-openai builds requests. It never sees a reply: the transport reads the whole of it and
//! hands it to [`classify`], because async-openai drops headers, and calls every reply that differs
//! from OpenAI's own a deserialisation failure. A streamed answer is put together (`stream`) to the
//! very body that would have come whole.

mod adapter;
mod answer;
mod assembly;
mod classify;
mod endpoint;
mod failure;
mod foreign;
mod hint;
mod lenient;
mod no_credit;
mod redact;
mod refused;
mod sse;
mod stream;
mod system_role;
mod too_long;
mod transport;
mod wire;

pub(crate) use adapter::{OpenAi, Setup};
pub(crate) use transport::{Route, Transport};
pub(crate) use wire::Dialect;

/// Where a local Ollama serves the protocol unless told otherwise.
pub const OLLAMA_BASE_URL: &str = "http://localhost:11434/v1";

/// Where OpenAI serves it.
pub(crate) const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";

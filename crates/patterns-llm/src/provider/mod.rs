//! The providers: what all of them share, and one folder for each way of speaking to models.
//!
//! ```text
//! Request ─► adapter ─► dialect (writes) ─► transport ─► HTTP
//! Response or ModelError ◄─ reply (classifies) ◄─ dialect (reads) ◄─ stream (puts together) ◄─┘
//! ```
//!
//! A provider is a row of facts ([`Provider`]) and a [`Dialect`](dialect::Dialect), which writes requests
//! and reads answers. Errors, waits, streams, refused parameters and the memory of what a server does not
//! know are here, once for all.

mod adapter;
mod anthropic;
mod beside;
mod dialect;
mod facts;
mod gemini;
mod known;
mod ollama;
mod openai;
mod refused;
mod reply;
mod schema;
mod stream;
#[cfg(test)]
mod test_requests;
mod told;
mod transport;
mod truncated;
mod words;

pub(crate) use adapter::{Adapter, Setup};
pub(crate) use beside::Beside;
pub(crate) use facts::{Place, Provider};
pub use known::takes;
pub(crate) use known::{named, unknown_provider};
pub use ollama::OLLAMA_BASE_URL;
pub(crate) use reply::Rates;
pub(crate) use told::Told;
pub(crate) use transport::{Route, Server, Transport};

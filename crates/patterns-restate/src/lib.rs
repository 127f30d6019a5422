//! Carries model calls past one machine: a [`Model`](patterns_core::Model) whose calls are durable
//! invocations on a [Restate](https://restate.dev) server, and the worker that carries them out.
//!
//! ```text
//! pattern ─► store ─► budget ─► DurableModel ─► Restate ─► Worker ─► store ─► model stack ─► provider
//! ```
//!
//! A pattern runs where it always does, in one process that may die and be run again. Only calls travel:
//! under their [`CallKey`](patterns_core::CallKey), so that the server gives out the answer that it has.
//! Nothing of a pattern is replayed, so nothing in it has to be deterministic but its questions.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use patterns_core::{Model, ModelId, Request};
//! use patterns_restate::{Durable, Driver, Server};
//!
//! let server = Server::new("http://127.0.0.1:8080")?;
//! let durable = Durable::connect(server, Driver::named("this process, this time"))?;
//! durable.check().await?;
//! let model = durable.model(ModelId::new("openai", "gpt-5-mini"), "openai:gpt-5-mini");
//! let response = model.generate(&Request::default()).await?;
//! # Ok(()) }
//! ```

mod admin;
mod call;
mod client;
mod durable;
mod error;
mod handed;
mod idle;
mod ingress;
mod model;
mod notices;
mod private;
mod seal;
mod server;
mod verdict;
mod worker;

pub use admin::Admin;
pub use call::{Call, Failure, Reply};
pub use durable::{Driver, Durable};
pub use error::{RestateError, RestateErrorKind};
pub use model::DurableModel;
pub use seal::Seal;
pub use server::Server;
pub use worker::{Answering, Running, Worker};

//! Calls past this machine: a run has the workers of a Restate server make its calls, and `patterns worker` is
//! one of them. Only a command that is built with the feature `restate` can do either.

#[cfg(not(feature = "restate"))]
mod absent;
#[cfg(feature = "restate")]
mod answers;
#[cfg(feature = "restate")]
mod driver;
#[cfg(feature = "restate")]
mod server;
#[cfg(feature = "restate")]
mod worker;

#[cfg(not(feature = "restate"))]
pub(crate) use absent::{Driver, work};
#[cfg(feature = "restate")]
pub(crate) use driver::Driver;
#[cfg(feature = "restate")]
pub(crate) use worker::work;

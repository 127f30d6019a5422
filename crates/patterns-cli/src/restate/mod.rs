//! Calls past this machine: a run has the workers of a Restate server make its calls, and `patterns worker` is
//! one of them. Only a command that is built with the feature `restate` can do either.

#[cfg(not(feature = "restate"))]
mod absent;
#[cfg(feature = "restate")]
mod answers;
#[cfg(feature = "restate")]
mod detach;
#[cfg(feature = "restate")]
mod driver;
#[cfg(feature = "restate")]
mod handed;
#[cfg(feature = "restate")]
mod jobs;
#[cfg(feature = "restate")]
mod server;
#[cfg(feature = "restate")]
mod worker;

#[cfg(not(feature = "restate"))]
pub(crate) use absent::{Driver, attach, hand_over, work};
#[cfg(feature = "restate")]
pub(crate) use detach::{attach, hand_over};
#[cfg(feature = "restate")]
pub(crate) use driver::Driver;
#[cfg(feature = "restate")]
pub(crate) use worker::work;

/// Names this process, this time.
#[cfg(feature = "restate")]
fn name() -> String {
    use std::time::{SystemTime, UNIX_EPOCH};
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.map_or(0, |it| it.as_nanos());
    let names = format!("{} {now}", std::process::id());
    blake3::hash(names.as_bytes()).to_hex()[..16].to_owned()
}

//! What there is in a command that is built without Postgres: the words that say so.

use std::path::Path;
#[cfg(feature = "restate")]
use std::sync::Arc;

#[cfg(feature = "restate")]
use patterns_core::{CallKey, Model, Response};
use patterns_job::{Models, StoreMode};

#[cfg(feature = "restate")]
use patterns_store::StorePolicy;

use super::address::SharedAddress;
use crate::args::StoreCommand;
use crate::error::{Error, ErrorKind};
use crate::terminal::Terminal;

/// Nobody.
#[derive(Clone, Debug)]
pub(crate) enum Shared {}

#[expect(clippy::unused_async, reason = "so is the one that is there")]
impl Shared {
    /// # Errors
    ///
    /// Returns an error if answers are to be shared.
    pub(crate) async fn open(
        address: Option<&SharedAddress>,
        mode: StoreMode,
    ) -> Result<Option<Self>, Error> {
        match address {
            Some(_) if mode != StoreMode::None => Err(not_built()),
            _ => Ok(None),
        }
    }

    /// # Errors
    ///
    /// Returns an error, always.
    #[cfg(feature = "restate")]
    pub(crate) async fn at(_: &SharedAddress, _: StorePolicy) -> Result<Self, Error> {
        Err(not_built())
    }

    #[cfg(feature = "restate")]
    pub(crate) fn before(&self, _: Arc<dyn Model>, _: StorePolicy, _: i64) -> Arc<dyn Model> {
        match *self {}
    }

    #[cfg(feature = "restate")]
    pub(crate) async fn paid_for_by(&self, _: &CallKey, _: i64) -> Option<Response> {
        match *self {}
    }

    pub(crate) fn in_front_of(&self, _: Models, _: i64, _: bool) -> Models {
        match *self {}
    }

    pub(crate) async fn settle(&self, _: Terminal) {
        match *self {}
    }
}

/// # Errors
///
/// Returns an error, always.
pub(crate) async fn look_after(_: &Path, _: &StoreCommand, _: Terminal) -> Result<(), Error> {
    Err(not_built())
}

/// # Errors
///
/// Returns an error, always.
pub(crate) async fn check(_: &str) -> Result<String, Error> {
    Err(not_built())
}

fn not_built() -> Error {
    let message =
        "a store that is shared needs a command that is built with Postgres, and this one is not";
    Error::new(ErrorKind::Config, message)
        .help("cargo install --path crates/patterns-cli --features postgres (docs/store.md)")
}

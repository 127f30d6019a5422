//! What there is in a command that is built without Restate: the words that say so.

use std::sync::Arc;

use patterns_core::{Budget, Model, ModelId};
use patterns_job::Settings;

use crate::args::{AttachArgs, WorkerArgs};
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::terminal::Terminal;

/// Nobody.
#[derive(Debug)]
pub(crate) enum Driver {}

#[expect(clippy::unused_async, reason = "so is the one that is there")]
impl Driver {
    /// # Errors
    ///
    /// Returns an error if calls are to be made elsewhere.
    pub(crate) async fn connect(launch: &Launch, _: &Settings) -> Result<Option<Self>, Error> {
        match launch.restate.url.as_deref() {
            None | Some("") => Ok(None),
            Some(_) => Err(not_built("--on restate:URL")),
        }
    }

    pub(crate) fn model(&self, _: &ModelId, _: &str, _: &Settings, _: &Budget) -> Arc<dyn Model> {
        match *self {}
    }

    pub(crate) fn words(&self) -> String {
        match *self {}
    }

    pub(crate) async fn settle(&self, _: Terminal) {
        match *self {}
    }
}

/// # Errors
///
/// Returns an error, always.
pub(crate) async fn work(_: &WorkerArgs, _: Terminal) -> Result<(), Error> {
    Err(not_built("`patterns worker`"))
}

/// # Errors
///
/// Returns an error, always.
pub(crate) async fn attach(_: &AttachArgs, _: Terminal) -> Result<(), Error> {
    Err(not_built("`patterns attach`"))
}

/// # Errors
///
/// Returns an error, always.
pub(crate) async fn hand_over(_: &Launch) -> Result<(), Error> {
    Err(not_built("--detach"))
}

fn not_built(what: &str) -> Error {
    let message = format!("{what} needs a command that is built with Restate, and this one is not");
    Error::new(ErrorKind::Config, message)
        .help("cargo install --path crates/patterns-cli --features restate (docs/restate.md)")
}

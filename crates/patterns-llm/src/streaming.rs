//! Whether answers are streamed.
//!
//! By default only where it buys something, since a stream doubles what a call costs here: at servers that work
//! on after their client has gone, once answers are slow.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether answers are streamed to us.
///
/// A streamed call that is dropped ends at once at servers that otherwise work on to its end
/// (llama.cpp), a stall shows within [`idle_timeout`](crate::Connect::idle_timeout), and
/// [`prime`](crate::Connect::prime) waits for one token. It costs some CPU for each token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(description = "When answers are streamed.")]
pub enum Streaming {
    /// By servers of your own, and where calls go ahead for a prompt cache.
    ///
    /// Your own are Ollama, and any server but the provider's usual one: there, once an answer has taken five
    /// seconds.
    #[default]
    Auto,
    /// By every server.
    ///
    /// One that refuses is asked without from then on.
    Always,
    /// By none.
    Never,
}

/// An answer that takes so long may also hang, or be dropped, and is worth being watched.
pub(crate) const SLOW: Duration = Duration::from_secs(5);

/// When answers of one server are streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Streams {
    /// Not at all.
    Never,
    /// Once one has been [slow](SLOW): a stream costs as much CPU as the whole call does otherwise, and
    /// buys nothing where answers come at once.
    OnceSlow,
    /// Always.
    Always,
}

impl Streaming {
    /// Returns when answers are streamed by a server that is one's own or not.
    pub(crate) fn of_server(self, is_own: bool, is_priming: bool) -> Streams {
        match self {
            Self::Auto if is_priming => Streams::Always,
            Self::Auto if is_own => Streams::OnceSlow,
            Self::Always => Streams::Always,
            Self::Auto | Self::Never => Streams::Never,
        }
    }
}

//! Whether answers are streamed.

/// Whether answers are streamed to us.
///
/// A streamed call that is dropped ends at once at servers that otherwise work on to its end
/// (llama.cpp), a stall shows within [`idle_timeout`](crate::Connect::idle_timeout), and
/// [`prime`](crate::Connect::prime) waits for one token. It costs some CPU for each token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Streaming {
    /// By servers of one's own (Ollama, and any but the provider's usual one), and where calls wait
    /// for the first token of another.
    #[default]
    Auto,
    /// By every server. One that refuses is asked without from then on.
    Always,
    /// By none.
    Never,
}

impl Streaming {
    /// Returns whether answers are streamed, given whether that helps.
    pub(crate) fn is_on(self, helps: bool) -> bool {
        match self {
            Self::Auto => helps,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

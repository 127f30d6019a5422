//! The providers, and what each is called and usually found at.

use patterns_core::nearest;

use super::openai::{Dialect, OLLAMA_BASE_URL, OPENAI_BASE_URL};
use crate::connect_error::{ConnectError, ConnectErrorKind};

/// The providers, by the names users write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    OpenAi,
    Ollama,
    Compatible,
}

impl Provider {
    const ALL: [Self; 3] = [Self::OpenAi, Self::Ollama, Self::Compatible];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Ollama => "ollama",
            Self::Compatible => "compatible",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
    }

    pub(crate) fn usual_base_url(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some(OPENAI_BASE_URL),
            Self::Ollama => Some(OLLAMA_BASE_URL),
            Self::Compatible => None,
        }
    }

    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::OpenAi => Dialect::OpenAi,
            Self::Ollama | Self::Compatible => Dialect::Compatible,
        }
    }
}

pub(crate) fn unknown_provider(name: &str) -> ConnectError {
    let (provider, rest) = name.split_at(name.find(':').unwrap_or(name.len()));
    let provider = provider.trim().to_lowercase();
    let nearest = nearest(&provider, Provider::ALL.map(Provider::name));
    let known = Provider::ALL.map(Provider::name).join(", ");
    let message = format!("there is no provider {provider:?} (known: {known})");
    ConnectError::new(ConnectErrorKind::UnknownProvider, message)
        .with_suggestion(nearest.map(|known| format!("{known}{rest}")))
}

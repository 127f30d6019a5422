//! The providers, by the names that users write.

use patterns_core::{MediaType, ModelId, nearest};

use super::facts::Provider;
use super::{anthropic, gemini, ollama, openai};
use crate::connect_error::{ConnectError, ConnectErrorKind};

/// The providers. A new one is a folder and a line here.
const PROVIDERS: [&Provider; 7] = [
    &openai::OPENAI,
    &anthropic::ANTHROPIC,
    &gemini::GEMINI,
    &ollama::OLLAMA,
    &openai::AZURE,
    &openai::OPENROUTER,
    &openai::COMPATIBLE,
];

/// Returns the provider of a name.
pub(crate) fn named(name: &str) -> Option<&'static Provider> {
    PROVIDERS.into_iter().find(|it| it.name == name)
}

/// Returns whether a model's provider has a way to be sent this. Of a provider that is not known here,
/// nothing is said.
///
/// ```
/// use patterns_core::{MediaType, ModelId};
/// use patterns_llm::takes;
///
/// assert!(takes(&ModelId::new("anthropic", "claude-haiku-4-5"), MediaType::Pdf));
/// assert!(!takes(&ModelId::new("ollama", "qwen3:8b"), MediaType::Pdf));
/// ```
pub fn takes(model: &ModelId, media_type: MediaType) -> bool {
    named(&model.provider).is_none_or(|it| it.takes.contains(&media_type))
}

/// How the names of well-known models begin, and who serves them.
const MODELS: [(&str, &str); 4] = [
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("claude-", "anthropic"),
    ("gemini-", "gemini"),
];

pub(crate) fn unknown_provider(name: &str) -> ConnectError {
    let (provider, rest) = name.split_at(name.find(':').unwrap_or(name.len()));
    let provider = provider.trim().to_lowercase();
    let is_known = |(beginning, _): &&(&str, &str)| provider.starts_with(beginning);
    let suggestion = match MODELS.iter().find(is_known) {
        Some((_, owner)) => Some(format!("{owner}:{}", name.trim())),
        None => nearest(&provider, PROVIDERS.map(|it| it.name)).map(|it| format!("{it}{rest}")),
    };
    let known = PROVIDERS.map(|it| it.name).join(", ");
    let message = format!("there is no provider {provider:?} (known: {known})");
    ConnectError::new(ConnectErrorKind::UnknownProvider, message).with_suggestion(suggestion)
}

//! Speaks OpenAI's chat completions protocol, and the many dialects of it that other servers speak.
//!
//! async-openai builds requests. It never sees a reply: the transport reads the whole of it and
//! hands it to the classification, because async-openai drops headers, and calls every reply that
//! differs from OpenAI's own a deserialisation failure.

mod answer;
mod assembly;
mod chat;
mod content;
mod endpoint;
mod routing;
#[cfg(test)]
mod tests;
mod usual;
mod wire;

use std::sync::Arc;

#[cfg(test)]
pub(crate) use answer::read;
#[cfg(test)]
pub(crate) use assembly::Chunks;
use chat::Chat;
use wire::Flavour;

use super::facts::{KeyGoes, PICTURES, PICTURES_AND_FILES, Provider};

/// OpenAI itself.
pub(crate) const OPENAI: Provider = Provider {
    name: "openai",
    maker: "OpenAI",
    usual_base_url: Some("https://api.openai.com/v1"),
    versions: &[],
    models_path: "/models",
    needs_key: true,
    is_local: false,
    key_goes: KeyGoes::Bearer,
    headers: &[],
    cache_write_percent: 100,
    takes: PICTURES_AND_FILES,
    has_versions: false,
    dialect: |server, place| Arc::new(Chat::new(Flavour::OpenAi, server, place)),
    assembly: || Box::<assembly::Chunks>::default(),
};

/// OpenAI's models at Azure (<https://learn.microsoft.com/azure/ai-services/openai/reference>).
pub(crate) const AZURE: Provider = Provider {
    name: "azure",
    maker: "Azure",
    usual_base_url: None,
    versions: &["/openai/v1", "/openai"],
    models_path: "/openai/v1/models",
    key_goes: KeyGoes::InUnlessSigned("api-key"),
    has_versions: true,
    // Its reference for chat completions knows texts and pictures only.
    takes: PICTURES,
    dialect: |server, place| Arc::new(Chat::new(Flavour::Azure, server, place)),
    ..OPENAI
};

/// OpenRouter (<https://openrouter.ai/docs/api-reference/chat-completion>).
pub(crate) const OPENROUTER: Provider = Provider {
    name: "openrouter",
    maker: "OpenRouter",
    usual_base_url: Some("https://openrouter.ai/api/v1"),
    dialect: |server, place| Arc::new(Chat::new(Flavour::OpenRouter, server, place)),
    ..OPENAI
};

/// Any other server of its protocol.
pub(crate) const COMPATIBLE: Provider = Provider {
    name: "compatible",
    maker: "the server",
    usual_base_url: None,
    needs_key: false,
    // Few servers know OpenAI's way to send a PDF.
    takes: PICTURES,
    dialect: |server, place| Arc::new(Chat::new(Flavour::Compatible, server, place)),
    ..OPENAI
};

//! Speaks Ollama's own API (<https://docs.ollama.com/api/chat>).
//!
//! Its compatible endpoint takes no size of the context: what is longer than 4096 tokens is cut there,
//! and only the bill tells.

mod answer;
mod assembly;
mod chat;
mod context;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use super::facts::{KeyGoes, PICTURES, Provider};

/// Where a local Ollama listens unless told otherwise.
pub const OLLAMA_BASE_URL: &str = "http://localhost:11434";

/// Ollama.
pub(crate) const OLLAMA: Provider = Provider {
    name: "ollama",
    maker: "Ollama",
    usual_base_url: Some(OLLAMA_BASE_URL),
    versions: &["/v1", "/api"],
    models_path: "/api/tags",
    needs_key: false,
    is_local: true,
    key_goes: KeyGoes::Bearer,
    headers: &[],
    cache_write_percent: 100,
    takes: PICTURES,
    has_versions: false,
    dialect: |_, _| Arc::<chat::Chat>::default(),
    assembly: || Box::<assembly::Lines>::default(),
};

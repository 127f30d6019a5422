//! Speaks the Gemini API (<https://ai.google.dev/api/generate-content>).

mod answer;
mod assembly;
mod generate;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use patterns_core::MediaType;

use super::facts::{KeyGoes, Provider};

/// Google's Gemini, and servers of its protocol.
pub(crate) const GEMINI: Provider = Provider {
    name: "gemini",
    maker: "Gemini",
    usual_base_url: Some("https://generativelanguage.googleapis.com"),
    versions: &["/v1beta/openai", "/v1beta", "/v1"],
    models_path: "/v1beta/models",
    needs_key: true,
    is_local: false,
    key_goes: KeyGoes::In("x-goog-api-key"),
    headers: &[],
    cache_write_percent: 100,
    // No GIF.
    takes: &[
        MediaType::Png,
        MediaType::Jpeg,
        MediaType::Webp,
        MediaType::Pdf,
    ],
    has_versions: false,
    dialect: |_, _| Arc::new(generate::Generate),
    assembly: || Box::<assembly::Candidate>::default(),
};

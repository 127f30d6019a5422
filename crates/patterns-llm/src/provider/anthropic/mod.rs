//! Speaks Anthropic's Messages API (<https://platform.claude.com/docs/en/api/messages>).
//!
//! Its compatible endpoint ignores schemas and caching, so it is spoken to in its own words.

mod answer;
mod assembly;
mod messages;
mod schema;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use super::facts::{KeyGoes, PICTURES_AND_FILES, Provider};

/// Anthropic, and servers of its protocol.
pub(crate) const ANTHROPIC: Provider = Provider {
    name: "anthropic",
    maker: "Anthropic",
    usual_base_url: Some("https://api.anthropic.com"),
    versions: &["/v1"],
    models_path: "/v1/models",
    needs_key: true,
    is_local: false,
    key_goes: KeyGoes::In("x-api-key"),
    headers: &[("anthropic-version", "2023-06-01")],
    cache_write_percent: 125,
    takes: PICTURES_AND_FILES,
    has_versions: false,
    dialect: |_, _| Arc::<messages::Messages>::default(),
    assembly: || Box::<assembly::Blocks>::default(),
};

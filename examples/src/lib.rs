//! What the examples share: which model they run on, and where their documents are.

mod tape;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use patterns_core::{Document, Model};

/// Returns the model that `PATTERNS_MODEL` names (its key in `OPENAI_API_KEY`, its server in
/// `PATTERNS_BASE_URL`), or `stand_in` if the variable is not set.
///
/// `cargo xtask record NAME` has its calls recorded, and the tests have them replayed.
pub fn model(stand_in: impl Model + 'static) -> anyhow::Result<Arc<dyn Model>> {
    if let Some(path) = std::env::var_os(tape::REPLAY) {
        return tape::replay(path.into());
    }
    let model = connected(stand_in)?;
    Ok(match std::env::var_os(tape::RECORD) {
        Some(path) => tape::record(path.into(), model),
        None => model,
    })
}

fn connected(stand_in: impl Model + 'static) -> anyhow::Result<Arc<dyn Model>> {
    let Ok(name) = std::env::var("PATTERNS_MODEL") else {
        let who = match stand_in.id().provider.as_str() {
            "offline" => patterns_offline::OFFLINE_LABEL,
            _ => "a script answers",
        };
        if std::env::var_os(tape::RECORD).is_none() {
            println!("({who}; set PATTERNS_MODEL=openai:gpt-5-mini for a real model)\n");
        }
        return Ok(Arc::new(stand_in));
    };
    let mut connect = patterns_llm::connect(&name)?;
    if let Ok(key) = std::env::var("OPENAI_API_KEY") {
        connect = connect.api_key(secrecy::SecretString::from(key));
    }
    if let Ok(url) = std::env::var("PATTERNS_BASE_URL") {
        connect = connect.base_url(url);
    }
    Ok(connect.build()?)
}

/// Returns a file or folder of `examples/data`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name)
}

/// Reads the files of a folder of `examples/data`, by name.
pub fn documents(folder: &str) -> anyhow::Result<Vec<Document>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(data(folder))?
        .map(|entry| entry.map(|it| it.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_name().context("a file has a name")?;
        let text = std::fs::read_to_string(path)?;
        Ok(Document::new(name.to_string_lossy(), text))
    };
    paths.iter().map(read).collect()
}

/// Holds the README's Rust sample, which the tests compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

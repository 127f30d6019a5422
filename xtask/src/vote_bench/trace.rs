//! Recorded votes, as their files have them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Half;

/// One question and the votes on it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Trace {
    /// The right answer; `*` where it is no one string.
    #[serde(default)]
    gold: Option<String>,
    /// In the order of the source; `null` is a call without a usable answer.
    pub(super) answers: Vec<Option<String>>,
}

impl Trace {
    /// Returns whether an answer is right, if that can be told.
    pub(super) fn is_right(&self, answer: Option<&str>) -> Option<bool> {
        let gold = self.gold.as_deref().filter(|gold| *gold != "*")?;
        Some(answer == Some(gold))
    }
}

/// Returns the trace files of a directory, by name.
pub(super) fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    ensure!(
        !files.is_empty(),
        "{} has no .jsonl file",
        directory.display()
    );
    Ok(files)
}

/// Reads the questions of a file that have any vote.
pub(super) fn read(file: &Path, half: Half) -> Result<Vec<Trace>> {
    let text = fs::read_to_string(file)?;
    let mut traces = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let is_wanted = match half {
            Half::Test => n % 2 == 1,
            Half::Dev => n % 2 == 0,
            Half::All => true,
        };
        if !is_wanted || line.trim().is_empty() {
            continue;
        }
        let trace: Trace =
            serde_json::from_str(line).with_context(|| format!("{}:{}", file.display(), n + 1))?;
        if !trace.answers.is_empty() {
            traces.push(trace);
        }
    }
    Ok(traces)
}

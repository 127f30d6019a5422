//! What the runs that are killed work on.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Result;

/// Ballots for each question.
const VOTERS: u64 = 5;

/// A run that is killed.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: &'static str,
    pub(super) arguments: Vec<String>,
    file: &'static str,
    rows: String,
}

impl Job {
    /// Returns a map-reduce and a batch of elections of about so many calls.
    pub(super) fn all(calls: u64) -> Vec<Self> {
        let documents =
            (0..calls).map(|n| format!(r#"{{"id": {n}, "text": "Ship {n} came in."}}"#));
        let questions = (0..calls / VOTERS)
            .map(|n| format!(r#"{{"id": {n}, "question": "Did ship {n} come in?"}}"#));
        vec![
            Self::new(
                "map-reduce",
                "documents.jsonl",
                documents,
                &[
                    "map-reduce",
                    "documents.jsonl",
                    "-c",
                    "map_reduce.reduce_tokens=1000",
                ],
            ),
            Self::new(
                "vote",
                "questions.jsonl",
                questions,
                &[
                    "vote",
                    "--batch",
                    "questions.jsonl",
                    "--option",
                    "yes",
                    "--option",
                    "no",
                ],
            ),
        ]
    }

    fn new(
        name: &'static str,
        file: &'static str,
        rows: impl Iterator<Item = String>,
        arguments: &[&str],
    ) -> Self {
        let rows = rows.fold(String::new(), |mut all, row| {
            // Writing to a text never fails.
            let _ = writeln!(all, "{row}");
            all
        });
        let arguments = arguments.iter().map(|it| (*it).to_owned());
        Self {
            name,
            arguments: arguments.collect(),
            file,
            rows,
        }
    }

    /// Writes the input.
    pub(super) fn prepare(&self, folder: &Path) -> Result<()> {
        Ok(fs::write(folder.join(self.file), &self.rows)?)
    }
}

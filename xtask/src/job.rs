//! What runs work on that are killed, shared or handed over: rows that no other run has, so that no answer of
//! theirs is there.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// A run.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) arguments: Vec<String>,
}

impl Job {
    /// Writes documents down and returns a map-reduce of them.
    pub(crate) fn map_reduce(folder: &Path, name: &str, documents: u64) -> Result<Self> {
        let rows = (0..documents)
            .map(|n| format!("{{\"id\": {n}, \"text\": \"Ship {n} of {name} came in.\"}}\n"));
        let file = format!("{name}.jsonl");
        fs::write(folder.join(&file), rows.collect::<String>())?;
        let small = ["-c", "map_reduce.reduce_tokens=1000"];
        Ok(Self::new(&[&["map-reduce", &file][..], &small].concat()))
    }

    /// Writes questions down and returns an election about each.
    pub(crate) fn elections(folder: &Path, questions: u64) -> Result<Self> {
        let rows = (0..questions)
            .map(|n| format!("{{\"id\": {n}, \"question\": \"Did ship {n} come in?\"}}\n"));
        fs::write(folder.join("questions.jsonl"), rows.collect::<String>())?;
        let options = ["--option", "yes", "--option", "no"];
        Ok(Self::new(
            &[&["vote", "--batch", "questions.jsonl"][..], &options].concat(),
        ))
    }

    /// Writes documents down and returns a call for each.
    pub(crate) fn rows(folder: &Path, name: &str, documents: u64) -> Result<Self> {
        let mut job = Self::map_reduce(folder, name, documents)?;
        job.arguments.truncate(2);
        let rows = ["--no-reduce", "--output", "jsonl"].map(str::to_owned);
        job.arguments.extend(rows);
        Ok(job)
    }

    /// Returns a vote that is decided once an option is two ahead, with more ballots under way.
    pub(crate) fn vote(number: u64, spare: u64) -> Self {
        let (question, spare) = (
            format!("Did ship {number} come in?"),
            format!("vote.spare={spare}"),
        );
        let policy = ["--policy", "ahead-by:2", "-c", &spare];
        let question = ["vote", &question, "--option", "yes", "--option", "no"];
        Self::new(&[&question[..], &["--votes", "300"], &policy].concat())
    }

    fn new(arguments: &[&str]) -> Self {
        Self {
            arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
        }
    }
}

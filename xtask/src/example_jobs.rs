//! The jobs of `examples/jobs/`, run on a simulated provider.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::binary::{self, patterns};
use crate::cargo::{root, run as run_command};
use crate::provider::Provider;

/// Runs every job.
pub(crate) fn run() -> Result<()> {
    binary::build()?;
    let folder = root().join("examples").join("jobs");
    let provider = Provider::start(&patterns(), &folder, &[])?;
    let entries = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path()));
    let mut jobs = entries.collect::<Result<Vec<PathBuf>>>()?;
    jobs.retain(|path| path.extension().is_some_and(|it| it == "toml"));
    jobs.sort();
    ensure!(jobs.len() >= 3, "there is a job for each pattern");
    for job in jobs {
        println!("\n── {} ──\n", job.display());
        let mut command = Command::new(patterns());
        command.arg("run").arg(job).arg("--no-store");
        run_command(command.args(["--model", "compatible:sim", "--base-url", &provider.url]))?;
    }
    OFFLINE
        .into_iter()
        .try_for_each(|it| cites(&folder.join(it)))
}

/// The jobs that need no model: they quote, and cite what they quote.
const OFFLINE: [&str; 2] = ["research-brief.toml", "article.toml"];

/// Runs a job without a model, and checks that everything it cites is there.
fn cites(job: &Path) -> Result<()> {
    let mut command = Command::new(patterns());
    command
        .arg("run")
        .arg(job)
        .args(["--model", "offline", "--no-store", "--output", "json"]);
    let output = command.output()?;
    ensure!(output.status.success(), "{} runs offline", job.display());
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let [cited, hold] =
        ["citations", "citations_that_hold"].map(|it| outcome["figures"][it].as_u64());
    ensure!(
        cited > Some(0) && cited == hold,
        "{}: {hold:?} of {cited:?} citations hold",
        job.display()
    );
    Ok(())
}
